/*
 * bailey-unpack reads what strangers wrote, with decompressors that have had holes.  So before the first byte is read nothing is
 * left that such a hole could be used for: the process sees one directory and has two memory files besides the archive.
 */
#ifndef BAILEY_IMAGE_HELPER_CONFINE_H
#define BAILEY_IMAGE_HELPER_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Makes the directory at the absolute path `tree` the whole file system of this process: in its own mount namespace, without
 * devices, setuid, execution or symlinks that lead anywhere.  The caller has put it into user, mount, network, ipc and uts
 * namespaces of its own.  Returns a descriptor of the directory, or -errno with `e`.
 */
int confine_files(const char *tree, struct err *e);

/*
 * For good: no capability but those to write files of other owners, no descriptors above 2 but `keep`, no new privileges, limits of
 * memory and of file size (`bytes`), the calls that unpacking needs and no other; the end of `parent` is the end of this process.
 * `keep` becomes descriptor 3.  0 or -errno with `e`.
 */
int confine_process(int keep, pid_t parent, uint64_t bytes, struct err *e);

#endif
