/* Where the desktop looks for its files: XDG Base Directory Specification, Desktop Menu Specification, dbus-daemon(1). */
#ifndef BAILEY_DESKTOP_PLACE_H
#define BAILEY_DESKTOP_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "desktop/entry.h"
#include "desktop/files.h"

/* The variables as the caller has them; NULL where one is not set. */
struct desktop_variables {
	const char *home; /* "" when there is none */
	const char *data_home, *data_dirs, *config_home, *config_dirs;
};

/* Of one kind: where bailey writes, and whence the others come, the first of a name counting. */
struct desktop_dirs {
	struct files_dir own;
	const char **others; /* absolute paths */
	size_t other_count;
};

struct desktop_place {
	struct desktop_dirs dirs[DESKTOP_KINDS];
	struct files_dir manifest;
	mode_t directory_mode, file_mode;
};

/* The user's own place; with `system` those of all users, /usr/local and /etc/xdg. -ENOENT with `e` without a home. */
int desktop_place_find(struct desktop_place *ret, struct arena *a, const struct desktop_variables *v, bool system, struct err *e);

/* The text a file of bailey's replaced is kept beside it under this name. */
const char *desktop_kept_name(struct arena *a, const char *name);

/* All names of a kind, with those of the own place, sorted; a name in a subdirectory has its slashes. */
void desktop_names(
	const struct desktop_place *p, enum desktop_kind kind, struct arena *a, const char ***ret_names, size_t *ret_count);

/* The same, of the own place alone. */
void desktop_own_names(
	const struct desktop_place *p, enum desktop_kind kind, struct arena *a, const char ***ret_names, size_t *ret_count);

/* The first file of that name among the others, or NULL. */
const char *desktop_other(const struct desktop_place *p, enum desktop_kind kind, const char *name, struct arena *a);

/* What other programs call an entry: "kde/x.desktop" is kde-x; of a service and a command the name. */
const char *desktop_id(struct arena *a, enum desktop_kind kind, const char *name);

#endif
