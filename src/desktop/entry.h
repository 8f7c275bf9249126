/* Desktop entries and service files of D-Bus: what one says, and the same with its commands under bailey. */
#ifndef BAILEY_DESKTOP_ENTRY_H
#define BAILEY_DESKTOP_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "desktop/programs.h"

enum desktop_kind { DESKTOP_APPLICATION, DESKTOP_AUTOSTART, DESKTOP_SERVICE, DESKTOP_COMMAND, DESKTOP_KINDS };

/* What a file of the first three kinds says. Texts in the arena. */
struct desktop_entry {
	const char *name; /* Name, not translated; of a service the name on the bus; "" without one */
	const char *program; /* the first Exec of the main group starts it; NULL when there is none */
	const char *argument; /* the word behind it, or NULL */
	const char *types; /* MimeType, "" without one */
	bool starts; /* an entry of Type=Application, or a service */
	bool hidden; /* Hidden=true: the file takes an entry away */
	bool activatable; /* DBusActivatable=true */
	bool ours; /* it has bailey's mark */
};

/* Reads the text of a file. 0, or -EINVAL with the reason in words (no such file, an Exec that cannot be read). */
int desktop_entry_read(
	struct desktop_entry *ret, struct arena *a, enum desktop_kind kind, const char *text, size_t len, const char **ret_why);

struct desktop_change {
	enum desktop_kind kind;
	const char *bailey; /* the absolute path of the program */
	const struct programs *programs;
	const char *profile; /* for each command whose program has none of its own */
	bool all; /* for the others too: --profile */
	const char *source; /* where the text comes from */
};

/*
 * Writes the text to `out` with each Exec of each group under bailey, and with bailey's marks.  DBusActivatable becomes false, the
 * SystemdService of a service is left out (both lead around Exec), a TryExec is put in where there is none, so that the entry is not
 * shown when the program is gone.  All other lines stay byte for byte.  0, or -EINVAL with `e`.
 */
int desktop_entry_rewrite(struct buf *out, const struct desktop_change *change, const char *text, size_t len, struct err *e);

/* The script that starts the program at `path` under bailey; with bailey's mark. -EINVAL with `e` for a path with a line break. */
int desktop_entry_wrapper(struct buf *out, const char *bailey, const char *profile, const char *path, struct err *e);

#endif
