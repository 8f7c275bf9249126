/* A page of the terminal that is written again and again, with single keys and changes of its size. */
#ifndef BAILEY_CLI_SCREEN_H
#define BAILEY_CLI_SCREEN_H

#include <signal.h>
#include <stddef.h>
#include <termios.h>

struct screen {
	struct termios before;
	sigset_t mask; /* as it was */
	int signals; /* signalfd of those that end it, stop it or tell of another size */
};

enum { SCREEN_TIME = -1, SCREEN_CHANGED = -2, SCREEN_END = -3 };

/* Standard input and output have to be a terminal. 0 or -errno. */
int screen_begin(struct screen *ret);

/* As it was before. */
void screen_end(struct screen *s);

unsigned screen_rows(void);

/* Lines in the place of those that are there; no more than there are rows. */
void screen_show(const char *text, size_t len);

/* Waits for a key, which is returned, or one of SCREEN_*: the time has passed; the size is another one; it is to end. */
int screen_wait(struct screen *s, int timeout_ms);

#endif
