/* The value of Exec, in a desktop entry and in a service file of D-Bus: a command line, quoted, inside a string, escaped. */
#ifndef BAILEY_DESKTOP_EXEC_H
#define BAILEY_DESKTOP_EXEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* What the command line starts, without the env(1) that may stand in front of it. */
struct exec_line {
	const char **set; /* NAME=VALUE words of env */
	size_t set_count;
	const char **unset; /* names after its -u */
	size_t unset_count;
	const char *program; /* as it is written, without quotes and escapes */
	const char *rest; /* the value from behind the program on, as it is in the file: "" or " ..." */
};

/* Reads one value. 0, or -EINVAL with the reason in words; texts in the arena. */
int exec_read(struct exec_line *ret, struct arena *a, const char *value, const char **ret_why);

/*
 * Adds a word to a value, quoted and escaped where it has to be.  `codes`: in desktop entries "%" begins a field code and is doubled,
 * D-Bus has none.
 */
void exec_word(struct buf *out, const char *word, bool codes);

/* Adds a word to a command line of the shell, in single quotes where it needs them. */
void exec_shell_word(struct buf *out, const char *word);

#endif
