/* Releases of kernel objects, run backwards when a launch ends or fails: each is pushed in the moment its object is made. */
#ifndef BAILEY_LAUNCH_UNDO_H
#define BAILEY_LAUNCH_UNDO_H

#include <stddef.h>

enum {
	UNDO_MAX = 96,
	UNDO_FEW = 60, /* more than all that a launch makes once; what there may be any number of leaves room for it */
};

struct undo {
	struct {
		void (*release)(int arg);
		int arg;
		void (*release_object)(void *object); /* in the place of `release`, or NULL */
		void *object;
	} items[UNDO_MAX];
	size_t count;
};

/* `arg` is what identifies the object: a descriptor. */
void undo_push(struct undo *u, void (*release)(int arg), int arg);

/* The same for an object that lives longer than the stack. */
void undo_push_object(struct undo *u, void (*release)(void *object), void *object);

/* Runs all, last made first, and empties the stack. */
void undo_run(struct undo *u);

/* close(2) as a release. */
void undo_close(int fd);

/* Kills the process behind a pidfd and waits for it, so that nothing of it is left, then closes the pidfd. */
void undo_kill(int pidfd);

#endif
