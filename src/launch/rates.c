/* network.rate_in and rate_out of mode "user": bailey-net makes the queues, in the sandbox's own network namespace. */
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/sys.h"
#include "base/tool.h"
#include "launch/network.h"
#include "launch/privileges.h"
#include "plan/networks.h"

enum { TOOL_SECONDS = 10, CAP_NET_ADMIN_NUMBER = 12, NUMBER_MAX = 24 };

struct entering {
	const struct plan *plan;
	int pidfd; /* of the sandbox's first process */
};

int network_enter(const struct plan *plan, int pidfd)
{
	int own = (plan->clone_flags & CLONE_NEWUSER) != 0 ? CLONE_NEWUSER : 0;
	if (setns(pidfd, own | CLONE_NEWNET) < 0)
		return -errno;
	/* Lost on the way: prctl(2). */
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

static int enter(void *data, const char **ret_failed)
{
	const struct entering *in = data;
	*ret_failed = "cannot enter the sandbox's network";
	int r = network_enter(in->plan, in->pidfd);
	return r == 0 ? privileges_drop(UINT64_C(1) << CAP_NET_ADMIN_NUMBER, false) : r;
}

int network_limit(const struct plan *plan, const char *helper, int pidfd, const sigset_t *mask, struct err *e)
{
	const struct user_network *n = &plan->user_network;
	static char name[] = "bailey-net", verb[] = "limit", device[] = PLAN_RATED_DEVICE;
	char in[NUMBER_MAX], out[NUMBER_MAX];
	(void)snprintf(in, sizeof in, "%" PRIu64, n->rate_in);
	(void)snprintf(out, sizeof out, "%" PRIu64, n->rate_out);
	char *const argv[] = { name, verb, device, in, out, NULL };
	struct entering where = { .plan = plan, .pidfd = pidfd };
	if (access(helper, X_OK) < 0) {
		(void)err_set(e, errno, "cannot limit the sandbox's network: cannot run bailey-net");
		(void)err_hint(e, "bailey-net makes rates, and comes with a bailey that was built with libnl");
		return err_at(e, n->rate_origin);
	}
	const struct tool_extra extra = { .prepare = enter, .data = &where };
	int r = tool_run_with(&extra, helper, argv, mask, TOOL_SECONDS, "cannot limit the sandbox's network: bailey-net", e);
	if (r == 0)
		return 0;
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	if (poll(&ended, 1, 0) > 0) { /* whoever waits for it tells why */
		*e = (struct err){ 0 };
		return 0;
	}
	if (strstr(e->text, "loading shared libraries") != NULL)
		(void)err_hint(e, "install libnl (Debian: libnl-route-3-200, Fedora: libnl3, Arch: libnl)");
	else
		(void)err_hint(e, "the kernel needs the modules sch_tbf, sch_ingress, cls_bpf, act_mirred and ifb");
	return err_at(e, n->rate_origin);
}
