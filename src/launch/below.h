/* Sandboxes whose namespaces are made below, or beside, those of somebody else: of a user's hub, or of another sandbox. */
#ifndef BAILEY_LAUNCH_BELOW_H
#define BAILEY_LAUNCH_BELOW_H

#include <linux/sched.h>
#include <sys/types.h>

/* Descriptors for setns(2): of namespaces, or a pidfd. -1: none. */
struct below {
	int user; /* the sandbox's user namespace is made below this one */
	int network; /* and it starts in this network namespace */
	uid_t uid; /* what the user is called there; -1: the same as here */
	gid_t gid;
};

#define BELOW_NONE ((struct below){ .user = -1, .network = -1, .uid = (uid_t)-1, .gid = (gid_t)-1 })

/*
 * clone3(2) of a child of ours there.  Its pid (0 in itself) with `*ret_pidfd`, or -errno; `args` must not ask for a pidfd.
 */
pid_t below_clone(const struct below *b, struct clone_args *args, int *ret_pidfd);

#endif
