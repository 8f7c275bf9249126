/*
 * What a terminal that comes later has to be told of the program's: the modes that are switched on, and the last of what was written
 * to the main screen.  Of the program's output only the few sequences that switch modes are understood; all else is bytes.
 */
#ifndef BAILEY_BACKGROUND_MODES_H
#define BAILEY_BACKGROUND_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODES_TEXT = 16 * 1024, MODES_SWITCHES = 512 };

struct modes {
	uint32_t on; /* bits of the modes in modes.c */
	enum { MODES_PLAIN, MODES_ESCAPE, MODES_CSI, MODES_PRIVATE, MODES_OTHER } at; /* within a sequence */
	unsigned numbers[8]; /* of the sequence */
	size_t count;
	size_t sequence; /* bytes of it that `text` has at its end */
	size_t len;
	char text[MODES_TEXT];
};

void modes_begin(struct modes *m);

/* The program has written this. */
void modes_follow(struct modes *m, const char *bytes, size_t n);

/* Whether the program draws on the other screen, as editors do. */
bool modes_draws(const struct modes *m);

/* The sequences that bring a terminal into these modes, at most MODES_SWITCHES bytes. Their number. */
size_t modes_switch_on(const struct modes *m, char ret[MODES_SWITCHES]);

/* What the main screen was last, from the beginning of a line on; nothing while the other screen is shown, which is drawn anew. */
const char *modes_text(const struct modes *m, size_t *ret_len);

#endif
