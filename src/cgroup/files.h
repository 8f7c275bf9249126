/* The directories and files of control groups, by descriptors. Not for other layers: they see cgroup.h. */
#ifndef BAILEY_CGROUP_FILES_H
#define BAILEY_CGROUP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"

/* Where the processes are, below the directory with the limits. */
#define CGROUP_INNER "payload"

/* Opens a directory by its absolute path, no symlink followed at its end. A descriptor or -errno. */
int cgroup_open_directory(const char *path);

/* Makes `name` below `parent` and opens it; `readable` for everybody, whatever the umask says. A descriptor or -errno. */
int cgroup_make_directory(int parent, const char *name, bool readable);

/* Writes the whole text at once to a file below `directory`, as cgroup files want it. 0 or -errno. */
int cgroup_write_file(int directory, const char *file, const char *text);

/* Writes one limit. 0, or -errno with `e`: what, which file, the line. */
int cgroup_write_limit(int directory, const struct cgroup_write *w, struct err *e);

/* Reads a small file below `directory`; NUL-terminated. The length or -errno. */
ssize_t cgroup_read_file(int directory, const char *file, char *ret, size_t size);

/* The number after "KEY " at the beginning of a line of the file, or -1. */
int64_t cgroup_read_count(int directory, const char *file, const char *key);

/* SIGKILL for every process in the files cgroup.procs of `directory` and of what is below. */
void cgroup_kill_listed(int directory);

/* Removes the directory `name` below `parent` with all that is below it; -EBUSY while there are processes in it. */
int cgroup_remove_tree(int parent, const char *name);

#endif
