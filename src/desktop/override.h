/* Files of bailey's in the place of others': which there are, what they should say, putting them there and taking them back. */
#ifndef BAILEY_DESKTOP_OVERRIDE_H
#define BAILEY_DESKTOP_OVERRIDE_H

#include "desktop/manifest.h"
#include "desktop/place.h"
#include "desktop/programs.h"

struct desktop {
	struct arena *arena;
	struct desktop_place place;
	struct programs programs;
	struct manifest manifest;
	const char *bailey; /* the absolute path of the program */
};

/* One file that the desktop has, as it is or would be without bailey. */
struct desktop_item {
	enum desktop_kind kind;
	const char *name, *id;
	const char *source; /* where its text is */
	bool own; /* that is the user's own file, or the one kept in the place of which bailey's is */
	struct desktop_entry entry;
	const char *path; /* of its program; NULL when there is none */
	const char *profile; /* of its program; NULL when it has none */
	bool script; /* the program only runs the file that it is told: that is what the entry is about, and it has no profile */
	struct override *record; /* when it is enabled */
	const char *wrong; /* why nothing can be made of it, or NULL */
};

/* All files of a kind that start something; entries that are taken away (Hidden) are not among them. */
void desktop_items(struct desktop *d, enum desktop_kind kind, struct desktop_item **ret, size_t *ret_count);

enum override_state {
	OVERRIDE_OK,
	OVERRIDE_OLD, /* what it was made from, or where bailey is, has changed */
	OVERRIDE_CHANGED, /* somebody else has changed bailey's file */
	OVERRIDE_MISSING, /* somebody has removed it */
	OVERRIDE_ORPHAN /* what it was made from is gone */
};

/* "ok", "out of date", ... */
const char *override_state_word(enum override_state state);

/*
 * Puts the item under bailey with that profile; `all`: for every command of it. What the user had there is kept beside it.  An item that is
 * enabled already is brought up to date.  0, or -errno with `e`, and then all is as it was.
 */
int override_enable(struct desktop *d, const struct desktop_item *item, const char *profile, bool all, struct err *e);

/* The same for a wrapper of the program at `path`, a command of that name. */
int override_command(struct desktop *d, const char *name, const char *path, const char *profile, struct err *e);

enum override_state override_state(struct desktop *d, const struct override *r);

/* Makes an old one new and a missing one again; takes an orphan back. 0, or -errno with `e`: one that was changed is left alone. */
int override_refresh(struct desktop *d, struct override *r, struct err *e);

/* Takes bailey's file away and puts what was there before back. 0, or -errno with `e`: one that was changed is left alone. */
int override_disable(struct desktop *d, struct override *r, struct err *e);

#endif
