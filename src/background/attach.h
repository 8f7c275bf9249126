/*
 * What bailey attach and the manager of a sandbox say to each other, on the socket "attach" beside state.json: messages of
 * state/control.h with kinds of their own.
 */
#ifndef BAILEY_BACKGROUND_ATTACH_H
#define BAILEY_BACKGROUND_ATTACH_H

#include <stdint.h>

#define ATTACH_SOCKET "attach"

enum attach_kind {
	ATTACH_ERROR, /* to the viewer: CONTROL_ERROR, words */
	ATTACH_HELLO, /* from it, first: `value` 1: it only looks on; the payload is a struct attach_size */
	ATTACH_SIZE, /* from it: its terminal has another size now */
	ATTACH_INPUT, /* from it: what was typed */
	ATTACH_OUTPUT, /* to it: for its terminal */
	ATTACH_END, /* to it: the program has ended for good, with status `value` or by signal `number` */
};

struct attach_size {
	uint16_t rows, columns; /* 0: not known */
};

#endif
