#include "launch/entering.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/path.h"
#include "base/sys.h"
#include "launch/child.h"
#include "launch/entrance.h"
#include "launch/reaper.h"
#include "launch/transfer.h"

struct visit {
	int channel;
	struct template template;
	struct request request;
	int terminal; /* the pseudo terminal's slave, or -1 */
};

static _Noreturn void fail(const struct visit *v, enum step step, long error, size_t index)
{
	(void)message_send(v->channel, MESSAGE_FAILED, step, (int)-error, (uint32_t)index); /* a caller that is gone needs none */
	_exit(125);
}

/* Clear of the numbers that the command's own descriptors are to have. */
static int move_up(const struct visit *v, int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		fail(v, STEP_ENTER, -errno, 0);
	return moved;
}

/* ---- the command's process ---- */

static void default_signals(void)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &plain, NULL); /* refused for SIGKILL and SIGSTOP, and those of libc's own */
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void enter_group(const struct visit *v)
{
	if (setpgid(0, 0) < 0)
		fail(v, STEP_GROUP, -errno, 0);
	/* SIGTTOU is blocked here. */
	if (v->terminal >= 0 && v->request.head->foreground && tcsetpgrp(v->terminal, getpid()) < 0 && errno != EIO)
		fail(v, STEP_GROUP, -errno, 0);
}

/* As program.c does it for the program. */
static void set_limits(const struct visit *v)
{
	const struct template_head *t = v->template.head;
	for (size_t i = 0; i < t->limits; i++)
		if (setrlimit((__rlimit_resource_t)v->template.limits[i].resource, &v->template.limits[i].value) < 0)
			fail(v, STEP_LIMITS, -errno, i);
	if (t->has_nice && setpriority(PRIO_PROCESS, 0, t->nice) < 0)
		fail(v, STEP_NICE, -errno, 0);
	if (t->has_umask)
		(void)umask((mode_t)t->umask);
}

static void set_descriptors(const struct visit *v)
{
	for (int fd = 0; fd < 3; fd++) {
		bool pty = v->terminal >= 0 && (v->request.head->pty_fds >> fd & 1) != 0;
		if (dup2(pty ? v->terminal : v->request.fds[fd], fd) < 0)
			fail(v, STEP_DESCRIPTORS, -errno, 0);
	}
	int r = sys_close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	if (r < 0)
		fail(v, STEP_DESCRIPTORS, r, 0);
}

static const char *variable(char *const *envp, const char *name)
{
	size_t len = strlen(name);
	for (; *envp != NULL; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

/* The caller's terminal is not the one that the program was started on; what the profile does not show stays unseen. */
static void set_term(const struct visit *v)
{
	char **e = v->template.envp;
	if (v->request.term[0] == '\0')
		return;
	while (*e != NULL && strncmp(*e, "TERM=", 5) != 0)
		e++;
	if (*e == NULL) { /* started without one, by a service for example */
		if (!v->template.head->keeps_term)
			return;
		e[1] = NULL;
	}
	*e = (char *)(uintptr_t)v->request.term;
}

static bool executable(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* As execvp(3) looks for it, in the program's own PATH. -errno when there is none. */
static int find(const struct visit *v, const char *name, char *ret, size_t size)
{
	const char *path = variable(v->template.envp, "PATH");
	if (strchr(name, '/') != NULL || path == NULL) {
		if (strlen(name) >= size)
			return -ENAMETOOLONG;
		memcpy(ret, name, strlen(name) + 1);
		return 0;
	}
	for (;;) {
		size_t len = strcspn(path, ":"), name_len = strlen(name);
		if (len > 0 && len + 1 + name_len < size) {
			memcpy(ret, path, len);
			ret[len] = '/';
			memcpy(ret + len + 1, name, name_len + 1);
			if (executable(ret))
				return 0;
		}
		if (path[len] == '\0')
			return -ENOENT;
		path += len + 1;
	}
}

/* The user's shell, as far as the profile shows it. */
static char **shell(const struct visit *v)
{
	const char *own = variable(v->template.envp, "SHELL");
	char **words = v->request.words; /* without any there is room for one */
	words[0] = (char *)(uintptr_t)(own != NULL && own[0] == '/' && executable(own) ? own : "/bin/sh");
	return words;
}

static _Noreturn void command_main(const struct visit *v, pid_t parent)
{
	char path[PATH_MAX];
	enter_group(v);
	/* Whoever watches over it cannot end without it; and it may have ended already. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(1);
	if (v->request.head->need_root && geteuid() != 0)
		fail(v, STEP_ENTER, -EPERM, 0);
	set_limits(v);
	set_descriptors(v);
	if (chdir(v->request.directory[0] != '\0' ? v->request.directory : v->template.directory) < 0)
		fail(v, STEP_DIRECTORY, -errno, 0);
	set_term(v);
	char **words = v->request.head->words > 0 ? v->request.words : shell(v);
	int r = find(v, words[0], path, sizeof path);
	if (r == 0)
		r = program_check_interpreter(path);
	if (r < 0)
		fail(v, STEP_EXEC, r, 0);
	default_signals();
	r = sys_seccomp_filter(&v->template.filter);
	if (r < 0)
		fail(v, STEP_LOAD, r, 0);
	(void)execve(path, words, v->template.envp);
	fail(v, STEP_EXEC, -errno, 0);
}

/* ---- the process that watches over it ---- */

static void make_terminal(struct visit *v)
{
	const struct request_head *q = v->request.head;
	int master, r;
	v->terminal = -1;
	if (q->pty_fds == 0) {
		r = (int)sys_result(setsid());
	} else {
		r = pty_make(&q->modes, &q->window, &master);
		if (r >= 0) {
			v->terminal = move_up(v, r);
			r = message_send_fd(v->channel, MESSAGE_PTY, master);
			(void)close(master);
		}
	}
	if (r < 0)
		fail(v, STEP_PTY, r, 0);
}

void entering_main(int channel, int template)
{
	struct visit v = { .channel = channel };
	v.channel = move_up(&v, channel);
	template = move_up(&v, template);
	/* Above all pid 1's own socket to the launcher. */
	int low = v.channel < template ? v.channel : template, high = v.channel < template ? template : v.channel;
	int r = sys_close_range(0, (unsigned)low - 1, 0);
	if (r == 0 && high > low + 1)
		r = sys_close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	if (r == 0)
		r = sys_close_range((unsigned)high + 1, ~0U, 0);
	if (r == 0)
		r = template_read(&v.template, template);
	if (r == 0)
		r = request_receive(&v.request, v.channel);
	if (r != 0)
		fail(&v, STEP_ENTER, r, 0);
	if (v.request.head->files) {
		if (v.template.head->has_umask)
			(void)umask((mode_t)v.template.head->umask);
		transfer_serve(v.channel, v.template.directory);
	}
	for (int i = 0; i < 3; i++)
		v.request.fds[i] = move_up(&v, v.request.fds[i]);
	make_terminal(&v);
	/* Waits until the command is executed (or that failed), with a copy of the memory: this one speaks to a caller meanwhile. */
	const pid_t own = getpid();
	pid_t pid = (pid_t)sys_result(syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL));
	if (pid == 0)
		command_main(&v, own);
	if (pid < 0)
		fail(&v, STEP_FORK, pid, 0);
	(void)message_send(v.channel, MESSAGE_STARTED, STEP_EXEC, 0, 0);
	struct reaper s = { .socket = v.channel, .terminal = v.terminal, .program = pid, .foreground = pid, .visitor = true };
	r = reaper_begin(&s);
	if (r == 0)
		r = reaper_confine();
	if (r < 0)
		fail(&v, STEP_REAPER, r, 0);
	reaper_watch(&s);
}
