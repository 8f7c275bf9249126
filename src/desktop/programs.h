/* Which file a command line starts, and which profile that file has. */
#ifndef BAILEY_DESKTOP_PROGRAMS_H
#define BAILEY_DESKTOP_PROGRAMS_H

#include <stddef.h>

#include "base/arena.h"
#include "host/facts.h"

struct program_row {
	const char *name; /* PATH finds the file by it */
	const char *real; /* the file, symlinks followed */
	const char *profile;
};

struct programs {
	struct arena *arena;
	const char *path; /* PATH */
	struct facts *facts; /* tells bailey's own wrappers, which are passed over; NULL: they count */
	struct program_row *rows;
	size_t count, cap;
};

/*
 * The absolute path of what a word starts: itself when it has a slash, else what PATH finds; never a wrapper of bailey's.  NULL when
 * there is no such file that can be executed.
 */
const char *programs_path(const struct programs *p, const char *word);

/* From now on the file that PATH finds for `name` has the profile under that name. The first profile of a name counts. */
void programs_add(struct programs *p, const char *profile, const char *name);

/*
 * The profile of the file at an absolute path, or NULL: by its name there, or by the name of the file it leads to, when PATH finds that
 * very file by it.  Other names that lead to it do not count: alternatives such as gnome-www-browser are one program today and another
 * one tomorrow.
 */
const char *programs_profile(const struct programs *p, const char *path);

#endif
