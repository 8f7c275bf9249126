/*
 * libFuzzer over the files of the desktop: entries, services and Exec lines.  What is written has to be readable again, with the same
 * program behind bailey in each command, and nothing but commands, activation and bailey's marks may differ.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "desktop/entry.h"
#include "desktop/exec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void rewrite(struct arena *a, enum desktop_kind kind, const char *text, size_t len)
{
	struct programs none = { .arena = a, .path = "" };
	struct desktop_change c = {
		.kind = kind, .bailey = "/opt/a b/bailey", .programs = &none, .profile = "p\"$`\\ %u", .source = "/s\n\\t"
	};
	struct desktop_entry before, after;
	struct buf out = { .arena = a };
	struct err e = { .code = 0 };
	const char *why;
	bool read = desktop_entry_read(&before, a, kind, text, len, &why) == 0;
	if (desktop_entry_rewrite(&out, &c, text, len, &e) < 0 || !read)
		return;
	must(desktop_entry_read(&after, a, kind, buf_text(&out), out.len, &why) == 0);
	must(after.ours && !after.activatable && after.starts == before.starts && after.hidden == before.hidden);
	must((after.program == NULL) == (before.program == NULL));
	if (after.program != NULL)
		must(strcmp(after.program, c.bailey) == 0);
	must(strcmp(after.name, before.name) == 0 && strcmp(after.types, before.types) == 0);
}

/* A word comes out of a line as it went in. */
static void quote(struct arena *a, const char *text)
{
	struct buf line = { .arena = a };
	struct exec_line exec;
	const char *why;
	buf_puts(&line, "env A=");
	exec_word(&line, text, false);
	buf_puts(&line, " program");
	must(exec_read(&exec, a, buf_text(&line), &why) == 0 && exec.set_count == 1 && strcmp(exec.set[0] + 2, text) == 0);
	must(strcmp(exec.program, "program") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	const char *text = arena_strndup(&a, (const char *)data, size); /* up to a NUL */
	rewrite(&a, DESKTOP_APPLICATION, text, strlen(text));
	rewrite(&a, DESKTOP_AUTOSTART, (const char *)data, size);
	rewrite(&a, DESKTOP_SERVICE, text, strlen(text));
	quote(&a, text);
	arena_free(&a);
	return 0;
}
