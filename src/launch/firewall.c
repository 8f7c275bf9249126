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
#include <sys/socket.h>

#include "base/sys.h"
#include "base/tool.h"
#include "launch/privileges.h"

enum { TOOL_SECONDS = 10, CAP_NET_ADMIN_NUMBER = 12 };

struct entering {
	int pidfd; /* of the sandbox's first process */
	int log; /* a socket that a descriptor goes through to the launcher, or -1 */
};

/* unix(7), SCM_RIGHTS: one descriptor and one byte. */
union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_descriptor(int socket, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union control control = { .head = { .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	return sendmsg(socket, &m, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* -1 when there is none. */
static int receive_descriptor(int socket)
{
	char byte;
	int fd = -1;
	struct iovec iov = { &byte, 1 };
	union control control;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	if (recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return -1;
	const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

static int enter(void *data, const char **ret_failed)
{
	const struct entering *in = data;
	*ret_failed = "cannot enter the sandbox's network";
	if (setns(in->pidfd, CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -errno;
	/* Lost on the way: prctl(2). */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	*ret_failed = "cannot listen to what the rules refuse";
	int log = in->log >= 0 ? refusals_open() : 0;
	int r = in->log >= 0 && log >= 0 ? send_descriptor(in->log, log) : log;
	if (r < 0)
		return r;
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

static int load(const struct plan *plan, struct entering *in, const sigset_t *mask, struct err *e)
{
	static char name[] = "nft", option[] = "-f", input[] = "-";
	char *const argv[] = { name, option, input, NULL };
	int text = write_text(plan->firewall.ruleset);
	if (text < 0)
		return err_set(e, -text, "cannot write the rules of the sandbox's network");
	const struct tool_extra extra = { .input = text, .prepare = enter, .data = in };
	int r = tool_run_with(
		&extra, plan->firewall.nft, argv, mask, TOOL_SECONDS, "cannot make the rules of the sandbox's network: nft", e);
	(void)close(text);
	if (r < 0)
		(void)err_hint(e,
			"the kernel needs nf_tables with conntrack and reject (CONFIG_NF_TABLES_INET, NFT_CT, NFT_REJECT_INET)%s",
			plan->firewall.log ? ", and for network.log NFT_LOG and NETFILTER_NETLINK_LOG" : "");
	return r;
}

int firewall_load(const struct plan *plan, int pidfd, const sigset_t *mask, struct refusals *log, struct err *e)
{
	int pair[2] = { -1, -1 }, r = 0;
	if (log != NULL && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		r = err_set(e, errno, "cannot make a socket pair");
	struct entering in = { .pidfd = pidfd, .log = pair[1] };
	if (r == 0)
		r = load(plan, &in, mask, e);
	if (r == 0 && log != NULL) {
		log->fd = receive_descriptor(pair[0]);
		if (log->fd < 0)
			r = err_set(e, EIO, "cannot listen to what the rules of the sandbox's network refuse");
	}
	for (int i = 0; i < 2 && pair[i] >= 0; i++)
		(void)close(pair[i]);
	if (r == 0)
		return 0;
	return has_ended(pidfd) ? -ESRCH : err_at(e, plan->firewall.origin);
}
