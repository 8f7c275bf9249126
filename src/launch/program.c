/* The process that becomes the program: what concerns it alone, in the order of steps.def, then the filter, then execve(2). */
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/landlock.h"
#include "base/sys.h"
#include "launch/child.h"
#include "launch/fault.h"

/* Inside a pid namespace the terminal's calls speak in pids of that namespace: tcsetpgrp(3). */
static int enter_group(const struct child_args *args)
{
	const struct plan *plan = args->plan;
	if (plan->terminal_mode == TERMINAL_NONE || (plan->terminal_mode == TERMINAL_PTY && plan->pty_fds == 0))
		return (int)sys_result(setsid());
	/* An own process group, so that kill(0, sig) inside cannot reach the callers outside. */
	int r = (int)sys_result(setpgid(0, 0));
	if (r == 0 && args->foreground) {
		/* SIGTTOU is blocked here, else a background process would be stopped for this. */
		r = (int)sys_result(tcsetpgrp(args->terminal, getpid()));
		/* The terminal may have hung up, or the shell have taken it: then the program is in the background like any other. */
		if (r == -EIO || r == -ENOTTY || r == -EPERM)
			r = 0;
	}
	return r;
}

static void set_limits(const struct child_args *args)
{
	const struct plan *plan = args->plan;
	FAULT(LIMITS);
	for (size_t i = 0; i < plan->limit_count; i++)
		if (setrlimit((__rlimit_resource_t)plan->limits[i].resource, &plan->limits[i].value) < 0)
			child_fail(args, STEP_LIMITS, -errno, i);
	FAULT(NICE);
	if (plan->has_nice && setpriority(PRIO_PROCESS, 0, plan->nice) < 0)
		child_fail(args, STEP_NICE, -errno, 0);
	if (plan->has_umask)
		(void)umask(plan->umask);
}

/* Descriptors 0 to 2 and those asked for outlive execve(2), all others (the socket too) end with it. */
static int keep_descriptors(const struct plan *plan)
{
	int r = sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < plan->descriptor_count && r == 0; i++)
		r = (int)sys_result(fcntl(plan->descriptors[i], F_SETFD, 0));
	return r;
}

int program_check_interpreter(const char *path)
{
	enum { LINE = 256, LEVELS = 5 }; /* as far as the kernel looks, and as deep: execve(2) */
	char line[LINE + 1], name[LINE + 1];
	for (int level = 0; level <= LEVELS; level++) {
		int fd = sys_openat2(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_NO_MAGICLINKS);
		if (fd < 0)
			return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd; /* those execve(2) tells */
		ssize_t n = pread(fd, line, LINE, 0);
		(void)close(fd);
		line[n > 0 ? n : 0] = '\0';
		if (line[0] != '#' || line[1] != '!')
			return 0;
		const char *from = line + 2 + strspn(line + 2, " \t");
		size_t len = strcspn(from, " \t\n");
		memcpy(name, from, len);
		name[len] = '\0';
		path = name;
	}
	return 0;
}

void program_main(const struct child_args *args, int ruleset)
{
	const struct plan *plan = args->plan;
	FAULT(GROUP);
	int r = enter_group(args);
	if (r < 0)
		child_fail(args, STEP_GROUP, r, 0);
	set_limits(args);
	FAULT(DIRECTORY);
	if (chdir(plan->directory) < 0)
		child_fail(args, STEP_DIRECTORY, -errno, 0);
	FAULT(DESCRIPTORS);
	r = keep_descriptors(plan);
	if (r < 0)
		child_fail(args, STEP_DESCRIPTORS, r, 0);
	/* What a caller ignores stays ignored (nohup), with what bailey itself had to change put back. */
	(void)sigaction(SIGCHLD, &args->sigchld, NULL);
	(void)sigprocmask(SIG_SETMASK, &args->mask, NULL);
	if (plan->program_check && (r = program_check_interpreter(plan->program)) < 0)
		child_fail(args, STEP_EXEC, r, 0);
	FAULT(DOMAIN);
	if (ruleset >= 0 && (r = sys_landlock_restrict(ruleset)) < 0)
		child_fail(args, STEP_DOMAIN, r, 0);
	FAULT(LOAD);
	r = sys_seccomp_filter(&args->filter);
	if (r < 0)
		child_fail(args, STEP_LOAD, r, 0);
	FAULT(EXEC);
	(void)execve(plan->program, plan->argv, plan->envp);
	child_fail(args, STEP_EXEC, -errno, 0);
}
