#include "background/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "launch/supervise.h"
#include "state/control.h"

enum { STATUS_SETUP = 125, POLLS = 5, DRAIN_READS = 1024 };

static const struct verdict executed = { .status = 0 };

static void close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* ---- the launcher's process ---- */

struct ends {
	int output[2], ready; /* the launcher's sides */
};

static int take_streams(struct manager *m, const struct ends *ends)
{
	if (m->viewers != NULL)
		return viewers_become_terminal(m->viewers);
	if (dup2(ends->output[0], STDOUT_FILENO) < 0 || dup2(ends->output[1], STDERR_FILENO) < 0)
		return -errno;
	(void)close(ends->output[0]);
	(void)close(ends->output[1]);
	return 0;
}

static _Noreturn void be_launcher(struct manager *m, const struct ends *ends, pid_t manager)
{
	struct launch_background b = {
		.entry = m->entry,
		.manager = manager,
		.control = m->control,
		.ready = ends->ready,
		.complaints = m->complaints,
		.log = m->log_path,
		.restarts = m->restarts,
	};
	(void)setsid();
	log_close(&m->log);
	close_end(&m->verdict);
	close_end(&m->signals);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != manager || take_streams(m, ends) < 0) {
		(void)dprintf(m->complaints, "bailey: error: cannot prepare the launcher in the background: %s\n", strerror(errno));
		_exit(STATUS_SETUP);
	}
	(void)sigaction(SIGCHLD, &m->sigchld, NULL);
	(void)sigprocmask(SIG_SETMASK, &m->mask, NULL);
	_exit(m->request->launch(m->request->data, &b));
}

static int make_pipe(int *ret_read, int *ret_write)
{
	int pair[2];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = pair[0];
	*ret_write = pair[1];
	return fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int start_launcher(struct manager *m)
{
	struct ends ends = { .output = { -1, -1 }, .ready = -1 };
	int r = m->viewers != NULL ? viewers_open(m->viewers) : make_pipe(&m->output[0], &ends.output[0]);
	if (r == 0 && m->viewers == NULL)
		r = make_pipe(&m->output[1], &ends.output[1]);
	if (r == 0)
		r = make_pipe(&m->ready, &ends.ready);
	pid_t manager = getpid();
	m->executed = false;
	m->began = clock_ms();
	pid_t pid = r == 0 ? fork() : 0;
	if (r == 0 && pid == 0)
		be_launcher(m, &ends, manager);
	if (r == 0 && pid < 0)
		r = -errno;
	if (r == 0)
		m->launcher = pid;
	close_end(&ends.output[0]);
	close_end(&ends.output[1]);
	close_end(&ends.ready);
	return r;
}

/* ---- what the program writes ---- */

/* One read. False at the end. */
static bool copy_output(struct manager *m, int which)
{
	static const enum log_stream streams[2] = { LOG_OUTPUT, LOG_ERROR };
	char bytes[LOG_RECORD_MAX];
	ssize_t n = read(m->output[which], bytes, sizeof bytes);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n > 0)
		log_write(&m->log, streams[which], bytes, (size_t)n);
	else
		close_end(&m->output[which]);
	return n > 0;
}

/* What is left in the pipes. Somebody outside may have been given an end and write for ever. */
static void drain(struct manager *m)
{
	if (m->viewers != NULL)
		viewers_drain(m->viewers, &m->log);
	for (int which = 0; which < 2; which++) {
		for (int i = 0; i < DRAIN_READS && m->output[which] >= 0 && copy_output(m, which); i++) {
		}
		close_end(&m->output[which]);
	}
}

/* ---- the launcher's messages and its end ---- */

static void tell(struct manager *m, struct verdict v)
{
	if (m->verdict < 0)
		return;
	(void)!write(m->verdict, &v, sizeof v); /* a command that is gone asks no more */
	close_end(&m->verdict);
	close_end(&m->complaints);
}

static void launcher_says(struct manager *m)
{
	char bytes[2];
	ssize_t n = read(m->ready, bytes, sizeof bytes);
	bool known = n == 2 || (n == 1 && m->executed);
	if (n > 0 && !m->executed) {
		m->executed = true;
		log_note(&m->log, "started");
		/* There is no other launch to come. */
		if (m->request->restart.when == RESTART_NO)
			arena_free(m->request->arena);
	}
	if (known)
		tell(m, executed);
	if (n == 0)
		close_end(&m->ready);
}

struct pause {
	unsigned restarts;
	int64_t until;
};

static void note_pause(struct state_record *r, const void *data)
{
	const struct pause *p = data;
	r->restarts = p->restarts;
	r->waits_until = p->until;
	r->sandbox = r->task = (struct state_process){ .pid = 0 };
}

/* The wait before the next start, or -1: there is none. */
static int64_t after(struct manager *m, bool failed)
{
	m->ending = m->ending || state_end_asked(&m->entry);
	int64_t ms = m->ending ? -1 : restart_after(&m->request->restart, &m->restart, failed, clock_ms() - m->began);
	if (ms < 0)
		return -1;
	m->restarts++;
	const struct pause p = { .restarts = m->restarts, .until = (int64_t)time(NULL) + (ms + 999) / 1000 };
	struct err e = { .code = 0 };
	if (state_update(&m->entry, note_pause, &p, &e) < 0)
		log_note(&m->log, "%s", e.text);
	log_note(&m->log, "is started again in %lld s", (long long)(ms / 1000));
	return ms;
}

/* Returns as after(). */
static int64_t launcher_ended(struct manager *m, int status)
{
	bool killed = WIFSIGNALED(status);
	m->launcher = 0;
	if (m->ready >= 0)
		launcher_says(m);
	bool was_executed = m->executed;
	m->last = (struct verdict){ killed ? 0 : WEXITSTATUS(status), killed ? WTERMSIG(status) : 0 };
	close_end(&m->ready);
	drain(m);
	if (killed)
		log_note(&m->log, "ended by signal %d", WTERMSIG(status));
	else
		log_note(&m->log, was_executed ? "ended with status %d" : "could not be started: status %d", WEXITSTATUS(status));
	if (was_executed) {
		tell(m, executed);
	} else if (m->verdict >= 0) { /* the command tells that the first start failed */
		m->failure = (struct verdict){ killed ? STATUS_SETUP : WEXITSTATUS(status), killed ? WTERMSIG(status) : 0 };
		return -1;
	}
	return after(m, killed || WEXITSTATUS(status) != 0);
}

/* Those that mean to end the program end the restarts too. */
static bool means_end(int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

static void read_signals(struct manager *m)
{
	struct signalfd_siginfo info;
	while (read(m->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		int sig = (int)info.ssi_signo;
		m->ending = m->ending || means_end(sig);
		if (sig != SIGCHLD && m->launcher > 0)
			(void)kill(m->launcher, sig);
	}
}

/* The command was interrupted before the program was executed: nobody wants it. */
static void command_is_gone(struct manager *m)
{
	m->ending = true;
	close_end(&m->verdict);
	close_end(&m->complaints);
	if (m->launcher > 0)
		(void)kill(m->launcher, SIGTERM);
}

static int watch(struct manager *m)
{
	sigset_t set;
	struct sigaction plain = { .sa_handler = SIG_DFL };
	supervise_signals(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, &m->mask) < 0 || sigaction(SIGCHLD, &plain, &m->sigchld) < 0)
		return -errno;
	m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals < 0)
		return -errno;
	m->control = control_listen(m->entry.directory);
	return m->control < 0 ? m->control : 0;
}

static void look(struct manager *m, int wait_ms)
{
	struct pollfd fds[POLLS + VIEWERS_POLLS] = {
		{ .fd = m->signals, .events = POLLIN },
		{ .fd = m->ready, .events = POLLIN },
		{ .fd = m->verdict, .events = 0 }, /* its reader's end is told all the same */
		{ .fd = m->output[0], .events = POLLIN },
		{ .fd = m->output[1], .events = POLLIN },
	};
	int viewers_ms = -1;
	if (m->viewers != NULL)
		viewers_wants(m->viewers, fds + POLLS, &viewers_ms);
	if (viewers_ms >= 0 && (wait_ms < 0 || wait_ms > viewers_ms))
		wait_ms = viewers_ms;
	if (poll(fds, m->viewers != NULL ? POLLS + VIEWERS_POLLS : POLLS, wait_ms) < 0)
		return;
	if (m->viewers != NULL)
		viewers_serve(m->viewers, fds + POLLS, &m->log);
	if (fds[0].revents != 0)
		read_signals(m);
	if (fds[1].revents != 0)
		launcher_says(m);
	if (fds[2].revents != 0)
		command_is_gone(m);
	for (int which = 0; which < 2; which++)
		if (fds[3 + which].revents != 0)
			(void)copy_output(m, which);
}

/* Waits for the end of the launcher. Its wait status. */
static int serve(struct manager *m)
{
	int status;
	while (waitpid(m->launcher, &status, WNOHANG) != m->launcher)
		look(m, -1);
	return status;
}

/* Until the next start. False when it is called off. */
static bool wait_for_start(struct manager *m, int64_t ms)
{
	for (int64_t end = clock_ms() + ms, left; !m->ending && (left = end - clock_ms()) > 0;)
		look(m, (int)left);
	return !m->ending && !state_end_asked(&m->entry);
}

void manager_run(struct manager *m)
{
	m->failure.status = STATUS_SETUP;
	m->signals = m->control = m->ready = m->output[0] = m->output[1] = -1;
	struct arena own = { .head = NULL }; /* the request's may be given back */
	int r = watch(m);
	if (r == 0 && m->request->terminal) {
		m->viewers = arena_alloc(&own, sizeof *m->viewers);
		r = viewers_begin(m->viewers, m->entry.directory, m->request->size);
	}
	int64_t wait_ms = 0;
	while (r == 0 && wait_ms >= 0) {
		r = start_launcher(m);
		if (m->request->lock != NULL)
			close_end(m->request->lock);
		if (r == 0)
			wait_ms = launcher_ended(m, serve(m));
		if (r == 0 && wait_ms >= 0 && !wait_for_start(m, wait_ms))
			wait_ms = -1;
	}
	if (r < 0) {
		log_note(&m->log, "cannot run in the background: %s", strerror(-r));
		if (m->complaints >= 0)
			(void)dprintf(m->complaints, "bailey: error: cannot run in the background: %s\n", strerror(-r));
	}
	if (m->viewers != NULL)
		viewers_end(m->viewers, m->last.status, m->last.signal);
	close_end(&m->control);
	/* Known to nobody any more once the command returns. */
	log_close(&m->log);
	state_leave(&m->entry);
	tell(m, m->failure);
}
