/* What the machine's control groups, memory, processors and disks are; each looked up when first asked for. */
#ifndef BAILEY_HOST_CGROUPS_H
#define BAILEY_HOST_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/numset.h"
#include "host/facts.h"

/* Where version 2 is mounted: "/sys/fs/cgroup", beside version 1 ".../unified"; NULL when it is not. */
const char *facts_cgroup2(struct facts *f);

/* Where the hierarchy of a version 1 controller is mounted, symlinks followed; NULL when it is not. */
const char *facts_cgroup1(struct facts *f, const char *controller);

/*
 * The directory of this process's own cgroup, in the hierarchy mounted at `mount`: of version 2 with `controller` NULL, else of that
 * controller.  `mount` itself where the path is not visible there (a container that shows only its own part); NULL when
 * /proc/self/cgroup does not tell.
 */
const char *facts_own_cgroup(struct facts *f, const char *mount, const char *controller);

/*
 * The directories in which a process of this cgroup would make cgroups of its own: of version 2 its cgroup and those above it, and
 * where systemd makes scopes for it; of version 1 its cgroup in each hierarchy with controllers.  At most `size`; returns how many.
 */
size_t facts_cgroup_places(struct facts *f, const char **ret, size_t size);

/* Whether this caller may write a file, or make entries in a directory. */
bool facts_writable(struct facts *f, const char *path);

/* Whether systemd says that the cgroup was delegated: the extended attribute user.delegate is 1. */
bool facts_delegated(struct facts *f, const char *path);

/* Whether systemd runs this machine. */
bool facts_systemd(struct facts *f);

/* Bytes of memory and of swap that the machine has (swap: that is on). 0, or -EINVAL when /proc/meminfo does not tell. */
int facts_memory(struct facts *f, uint64_t *ret_memory, uint64_t *ret_swap);

/*
 * Processors, or memory nodes: those that exist and are on, and those of them this process may use. False when the kernel does not
 * tell; then a set is empty.
 */
bool facts_cpus(struct facts *f, struct numset *ret_online, struct numset *ret_allowed);
bool facts_nodes(struct facts *f, struct numset *ret_online, struct numset *ret_allowed);

/*
 * The disk that a path lies on, or that is the device node `path`, as major and minor number; of a partition the whole disk.
 * 0, -ENODEV when its file system lies on no disk, or the error of looking the path up.
 */
int facts_disk(struct facts *f, const char *path, unsigned *ret_major, unsigned *ret_minor);

#endif
