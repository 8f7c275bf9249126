/* The launcher while the program runs: passes signals on, keeps job control and the timeout, collects the status. */
#ifndef BAILEY_LAUNCH_SUPERVISE_H
#define BAILEY_LAUNCH_SUPERVISE_H

#include <linux/filter.h>
#include <stdint.h>

#include "base/arena.h"
#include "launch/caps.h"
#include "launch/control.h"
#include "launch/launch.h"
#include "launch/message.h"
#include "launch/pty.h"
#include "launch/refusals.h"
#include "launch/resolver.h"
#include "launch/terminal.h"
#include "launch/track.h"

struct supervise {
	struct arena *arena; /* freed once the program runs and is known to other commands */
	struct track *track;
	struct control *control; /* listener -1 until other commands can reach the launcher */
	int socket; /* to the sandbox */
	int pidfd; /* of its first process; -1: what is supervised is a command that has entered, by its channel alone */
	pid_t sandbox;
	int signals; /* signalfd of all that can be passed on */
	int status_fd;
	bool quiet;
	int network; /* pidfd of the program that connects its network, or -1 */
	const char *network_of, *network_is; /* what that is, and what is lost with it, in words */
	bool own_network; /* not the host's */
	int namespace; /* of a network that is connected, as a descriptor; or -1 */
	int bus; /* pidfd of the program that filters its D-Bus, or -1 */
	int open; /* pidfd of the program that opens addresses for it, or -1 */
	int screen; /* pidfd of an X server of its own, or -1 */
	struct refusals *refusals; /* of network.log, else NULL */
	struct resolver *resolver; /* of rules for names, else NULL */
	struct terminal terminal;
	struct pty *pty; /* with a pseudo terminal, else NULL */
	uint64_t timeout_ms; /* 0: none */
	char timeout_at[96]; /* "agent.conf:14: " for the message */
	struct launch_background *background; /* or NULL */
	struct launch_instance *instance; /* or NULL */
	const char *notify; /* the service manager's socket, or NULL */
	const struct plan *plan; /* in the arena */
	const struct sock_fprog *filter; /* the program's; as long as the arena */
	int template; /* for commands that enter: entrance.h. -1: none can, or -errno of what kept it from being made */
	char enter_at[96]; /* "agent.conf:14: " of the line that forbids entering, or "" */
	struct cgroup *group; /* of the sandbox, or one without an `ops` */
	struct caps caps; /* of that group */
};

/* The signals a launcher passes on: all but those that mean a fault of its own, and job control's, which it handles. */
void supervise_signals(sigset_t *ret);

/*
 * Until the sandbox is gone.  Returns 0 with the outcome, or 1 when a step failed before the program ran: then `failed` is the
 * message about it and the arena is untouched.
 */
int supervise(struct supervise *s, struct outcome *ret, struct message *failed);

/*
 * The same for a command that has entered: only `socket`, `signals`, `terminal` and `pty` of `s` are of meaning.  -ESRCH when what
 * watched over it is gone without a word: it was killed from inside, or with the sandbox.
 */
int supervise_entered(struct supervise *s, struct outcome *ret, struct message *failed);

#endif
