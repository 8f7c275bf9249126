#include "launch/child.h"
#include "base/write.h"
#include "launch/fault.h"
#include "launch/network.h"

#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/landlock.h"
#include "base/sys.h"
#include "launch/privileges.h"
#include "mount/mount.h"

enum { SETUP_FAILED = 125 };

void child_fail(const struct child_args *args, enum step step, long error, size_t index)
{
	(void)message_send(args->socket, MESSAGE_FAILED, step, (int)-error, (uint32_t)index); /* without a launcher, nobody asks */
	_exit(SETUP_FAILED);
}

/* The sandbox ends with its launcher, however that ends. */
static int guard(const struct child_args *args)
{
	(void)close(args->launcher_socket);
	int r = (int)sys_result(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	if (r < 0)
		return r;
	/* The launcher may have died before the prctl. getppid(2) is 0 in here in any case, but the socket tells. */
	char byte;
	if (recv(args->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		_exit(SETUP_FAILED);
	return 0;
}

/* user_namespaces(7): without CAP_SETGID outside, setgroups(2) has to be given up before a group can be mapped. */
static int map_identity(const struct child_args *args)
{
	int r = write_to_file("/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_to_file("/proc/self/uid_map", args->uid_map);
	if (r == 0)
		r = write_to_file("/proc/self/gid_map", args->gid_map);
	return r;
}

/* What the launcher does from outside is waited for. */
static int await(const struct child_args *args, enum message_type type)
{
	struct message m;
	ssize_t n;
	do
		n = recv(args->socket, &m, sizeof m, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		_exit(SETUP_FAILED); /* the launcher died, or gave up */
	if (n != (ssize_t)sizeof m || m.type != type)
		return n < 0 ? -errno : -EBADMSG;
	return 0;
}

static int leave_groups(const struct plan *plan)
{
	/* The caller's groups mean nothing to root in here, who could not even leave them to a service. */
	const gid_t only = 0;
	int r = (int)sys_result(syscall(SYS_setgroups, 1, &only));
	/* The launcher kept root's uid as its saved one, to write the maps. */
	if (r == 0 && plan->become)
		r = (int)sys_result(syscall(SYS_setresgid, 0, 0, 0));
	if (r == 0 && plan->become)
		r = (int)sys_result(syscall(SYS_setresuid, 0, 0, 0));
	return r;
}

static int loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int r = (int)sys_result(ioctl(fd, SIOCSIFFLAGS, &request));
	(void)close(fd);
	return r;
}

static void build_tree(const struct child_args *args)
{
	const struct plan *plan = args->plan;
	struct mount_state state;
	FAULT(ROOT);
	int r = mount_begin(&state, args->machine_id, args->served);
	if (r < 0)
		child_fail(args, STEP_ROOT, r, 0);
	FAULT(MOUNTS);
	r = mount_apply(&state, plan->mounts, plan->mount_count);
	if (r < 0)
		child_fail(args, STEP_MOUNTS, r, state.at);
	FAULT(PIVOT);
	r = mount_finish(&state, plan->mounts, plan->mount_count);
	if (r < 0)
		child_fail(args, STEP_PIVOT, r, state.at);
}

int pty_make(const struct termios *modes, const struct winsize *window, int *ret_master)
{
	int r = (int)sys_result(setsid());
	if (r < 0)
		return r;
	int unlocked = 0, slave = -1;
	int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (master < 0)
		return -errno;
	r = (int)sys_result(ioctl(master, TIOCSPTLCK, &unlocked));
	if (r == 0)
		r = slave = (int)sys_result(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	if (r >= 0)
		r = (int)sys_result(ioctl(slave, TIOCSCTTY, 0));
	if (r == 0)
		r = (int)sys_result(tcsetattr(slave, TCSANOW, modes));
	if (r == 0)
		r = (int)sys_result(ioctl(slave, TIOCSWINSZ, window));
	*ret_master = master;
	if (r == 0)
		return slave;
	if (slave >= 0)
		(void)close(slave);
	(void)close(master);
	return r;
}

static int give_pty(const struct child_args *args)
{
	int master = -1, slave = pty_make(&args->pty_modes, &args->pty_size, &master);
	int r = slave;
	if (slave < 0)
		return r;
	for (int fd = 0; fd < 3 && r >= 0; fd++)
		if ((args->plan->pty_fds >> fd & 1) != 0)
			r = (int)sys_result(dup2(slave, fd));
	if (r >= 0)
		r = message_send_fd(args->socket, MESSAGE_PTY, master);
	(void)close(slave);
	(void)close(master);
	return r;
}

/* The ruleset of the program's domain, or -1 for none. */
static int make_ruleset(const struct child_args *args)
{
	const struct landlock_plan *plan = &args->plan->landlock;
	if ((plan->handled_files | plan->handled_tcp | plan->scoped) == 0)
		return -1;
	size_t at;
	int ruleset = domain_make(plan, args->files, args->file_count, &at);
	if (ruleset < 0)
		child_fail(args, STEP_RULES, ruleset, at);
	return ruleset;
}

struct becoming {
	const struct child_args *args;
	int ruleset;
};

static int become_program(void *becoming)
{
	const struct becoming *b = becoming;
	program_main(b->args, b->ruleset);
}

void child_main(const struct child_args *args)
{
	const struct plan *plan = args->plan;
	FAULT(GUARD);
	int r = guard(args);
	if (r < 0)
		child_fail(args, STEP_GUARD, r, 0);
	FAULT(AFFINITY);
	if (plan->cgroup.affinity != NULL) {
		const struct numset *cpus = plan->cgroup.affinity;
		r = (int)sys_result(syscall(SYS_sched_setaffinity, 0, numset_bytes(cpus), cpus->words));
		if (r < 0)
			child_fail(args, STEP_AFFINITY, r, 0);
	}
	r = args->waits ? await(args, MESSAGE_GO) : 0;
	FAULT(MAP);
	if (r == 0)
		r = plan->uid_map.count > 0 ? leave_groups(plan) : map_identity(args);
	if (r < 0)
		child_fail(args, STEP_MAP, r, 0);
	FAULT(CGROUPS);
	/* Its root is the cgroup this process is in: cgroup_namespaces(7). clone3(2) would take the launcher's. */
	if (args->own_cgroups && unshare(CLONE_NEWCGROUP) < 0)
		child_fail(args, STEP_CGROUPS, -errno, 0);
	mode_t mask = umask(0); /* modes in the plan are exact */
	FAULT(LOOPBACK);
	/* Of one that is joined it is up already. */
	if ((plan->clone_flags & CLONE_NEWNET) != 0 && (r = loopback_up()) < 0)
		child_fail(args, STEP_LOOPBACK, r, 0);
	FAULT(HOSTNAME);
	if (args->hostname[0] != '\0' && sethostname(args->hostname, strlen(args->hostname)) < 0)
		child_fail(args, STEP_HOSTNAME, -errno, 0);
	FAULT(USERNS);
	/* user_namespaces(7), max_user_namespaces: the limit holds for namespaces made below this one; without CAP_SYS_RESOURCE in
	 * here nobody can raise it again. */
	if (!plan->nested && (r = write_to_file("/proc/sys/user/max_user_namespaces", "0")) < 0)
		child_fail(args, STEP_USERNS, r, 0);
	build_tree(args);
	(void)umask(mask); /* always succeeds */
	FAULT(PTY);
	if (plan->pty_fds != 0 && (r = give_pty(args)) < 0)
		child_fail(args, STEP_PTY, r, 0);
	/* Connected meanwhile: the launcher has to look into this process for it. */
	if (network_waits(plan) && (r = await(args, MESSAGE_CONNECTED)) < 0)
		child_fail(args, STEP_NETWORK, r, 0);
	FAULT(RULES);
	/* While nothing on the way to a path is closed to this process. */
	struct becoming becoming = { .args = args, .ruleset = make_ruleset(args) };

	/* From here on nothing outside can look into this process or its copy: /proc/1/exe, descriptors, memory (ptrace(2)). Not
	 * earlier, because the files in /proc/self then belong to root. */
	FAULT(PRIVILEGES);
	r = (int)sys_result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	if (r == 0)
		r = privileges_drop(plan->keep_caps, plan->uid_map.count > 0);
	if (r < 0)
		child_fail(args, STEP_PRIVILEGES, r, 0);

	/*
	 * A domain is only ever inherited: who is to enter the program's later has to come from somebody who is in it.  Then this
	 * process can be sent signals from inside, which do nothing to a pid 1; without entering, not even that.
	 */
	if (plan->enter && becoming.ruleset >= 0) {
		if ((r = sys_landlock_restrict(becoming.ruleset)) < 0)
			child_fail(args, STEP_DOMAIN, r, 0);
		becoming.ruleset = -1;
	}

	/* As posix_spawn(3) does it: the memory is shared, not copied, and we wait until the program is executed (or that failed). */
	FAULT(FORK);
	int pidfd = -1;
	pid_t program =
		clone(become_program, args->stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &becoming, &pidfd);
	if (program < 0)
		child_fail(args, STEP_FORK, -errno, 0);
	FAULT(REAPER);
	reaper_main(args, program, pidfd);
}
