/* What the drivers and the keeper share. Not for other layers: they see cgroup.h. */
#ifndef BAILEY_CGROUP_DRIVER_H
#define BAILEY_CGROUP_DRIVER_H

#include "cgroup/cgroup.h"

/* ---- direct.c: for every driver of version 2 ---- */

/*
 * Makes the two directories of the group in the directory `parent` (a descriptor, which belongs to the group afterwards, also
 * after a failure). `where` is the path of the parent for messages. 0 or -errno with `e`.
 */
int cgroup_direct_make(struct cgroup *c, int parent, const char *where, struct err *e);

/* Moves a process into the group that was made. 0 or -errno with `e`. */
int cgroup_direct_enter(struct cgroup *c, pid_t pid, struct err *e);

/* Switches the controllers on and writes the limits; the parent must be free of processes by then. 0 or -errno with `e`. */
int cgroup_direct_limit(struct cgroup *c, const char *where, struct err *e);

int cgroup_direct_events(const struct cgroup *c, struct cgroup_events *ret);
int cgroup_direct_freeze(const struct cgroup *c, bool frozen);
int cgroup_direct_kill(const struct cgroup *c);

/* ---- cgroup.c ---- */

/* Kills, waits until empty, removes the directories and closes the descriptors: close() of every driver. */
void cgroup_remove(struct cgroup *c);

/* ---- keeper.c ---- */

/*
 * Forks the process that keeps root's rights: it does for the launcher what place, freeze and kill need them for, and removes the
 * group when the launcher has closed its end of the socket or is dead. 0 or -errno with `e`.
 */
int cgroup_keeper_start(struct cgroup *c, struct err *e);

enum keeper_request { KEEPER_PLACE = 1, KEEPER_FREEZE, KEEPER_THAW, KEEPER_KILL };

/* Asks it for one of these; `pid` for PLACE: a child of the launcher. 0 or -errno with `e` (which may be NULL). */
int cgroup_keeper_ask(struct cgroup *c, enum keeper_request what, pid_t pid, struct err *e);

/* Has it remove the group, and waits for that. */
void cgroup_keeper_end(struct cgroup *c);

#endif
