/*
 * mimeinfo.cache: which entries of a directory open which types of files.  An entry in the user's directory hides the one of that name
 * of the system with all its types, so that a directory with bailey's entries needs the list too.
 */
#ifndef BAILEY_DESKTOP_MIME_H
#define BAILEY_DESKTOP_MIME_H

#include "desktop/override.h"

/*
 * Brings the list of the own directory up to date after entries were made or taken away; with none of bailey's left, what was there
 * before comes back.  0, or -errno with `e`.
 */
int desktop_mime_update(struct desktop *d, struct err *e);

#endif
