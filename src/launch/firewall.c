/*
 * nft(8) and not libnftables: it is the same code in a process of its own, so neither this program nor a launch without rules
 * carries it, and its build needs nothing.  It enters the sandbox's user and network namespace with one capability there, at a time
 * when nothing of the profile's choice runs in them.
 */
#include "launch/firewall.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/sys.h"
#include "base/tool.h"
#include "launch/privileges.h"

enum { TOOL_SECONDS = 10, CAP_NET_ADMIN_NUMBER = 12 };

static int enter(void *data, const char **ret_failed)
{
	const int *pidfd = data;
	*ret_failed = "cannot enter the sandbox's network";
	if (setns(*pidfd, CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -errno;
	/* Lost on the way: prctl(2). */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	*ret_failed = "cannot give up what making the rules does not need";
	return privileges_drop(UINT64_C(1) << CAP_NET_ADMIN_NUMBER, false);
}

static int write_text(const char *text)
{
	int fd = (int)sys_result(syscall(SYS_memfd_create, "rules", 1U /* MFD_CLOEXEC */));
	size_t len = strlen(text);
	ssize_t n = fd >= 0 ? write(fd, text, len) : fd;
	int error = n < 0 ? errno : n != (ssize_t)len ? EIO : 0;
	if (fd < 0 || (error == 0 && lseek(fd, 0, SEEK_SET) == 0))
		return fd;
	(void)close(fd);
	return error != 0 ? -error : -EIO;
}

static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	return poll(&p, 1, 0) > 0;
}

int firewall_load(const struct plan *plan, int pidfd, const sigset_t *mask, struct err *e)
{
	static char name[] = "nft", option[] = "-f", input[] = "-";
	char *const argv[] = { name, option, input, NULL };
	int text = write_text(plan->firewall.ruleset);
	if (text < 0) {
		(void)err_set(e, -text, "cannot write the rules of the sandbox's network");
		return err_at(e, plan->firewall.origin);
	}
	const struct tool_extra extra = { .input = text, .prepare = enter, .data = &pidfd };
	int r = tool_run_with(
		&extra, plan->firewall.nft, argv, mask, TOOL_SECONDS, "cannot make the rules of the sandbox's network: nft", e);
	(void)close(text);
	if (r == 0)
		return 0;
	if (has_ended(pidfd))
		return -ESRCH;
	(void)err_hint(e, "the kernel needs nf_tables with conntrack and reject (CONFIG_NF_TABLES_INET, NFT_CT, NFT_REJECT_INET)");
	return err_at(e, plan->firewall.origin);
}
