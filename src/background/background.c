#include "background/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "background/manager.h"
#include "base/path.h"
#include "launch/track.h"

enum { STATUS_SETUP = 125 };

/* Name and log are taken by the command, whose messages the user sees. */
static int take(struct manager *m, const struct background *b, struct err *e)
{
	const char *place;
	int r = log_place(b->arena, b->facts, &place, e);
	if (r == 0)
		r = track_take(&m->entry, b->arena, b->facts, b->name, b->profile, e);
	if (r < 0)
		return r;
	const char *path = path_join(b->arena, place, m->entry.name);
	if (strlen(path) >= sizeof m->log_path)
		r = err_set(e, ENAMETOOLONG, "cannot write to the log in %s", path);
	else
		r = log_open(&m->log, path, b->log_size, e);
	(void)snprintf(m->log_path, sizeof m->log_path, "%s", path);
	if (r < 0)
		state_leave(&m->entry);
	return r;
}

static int await_verdict(int fd, pid_t manager)
{
	struct verdict v;
	ssize_t n;
	do
		n = read(fd, &v, sizeof v);
	while (n < 0 && errno == EINTR);
	(void)close(fd);
	if (n != (ssize_t)sizeof v) { /* it was killed */
		(void)waitpid(manager, NULL, 0);
		v = (struct verdict){ .status = STATUS_SETUP, .signal = SIGKILL };
	}
	if (v.signal != 0)
		(void)dprintf(STDERR_FILENO, "bailey: error: the launcher in the background was killed by signal %d\n", v.signal);
	return v.status;
}

/* The manager's own process: nothing of the command's session but standard error, until the verdict is told. */
static void leave_session(struct manager *m)
{
	(void)setsid(); /* not a group leader: it was forked just now */
	(void)!chdir("/"); /* what the command's directory lies on can be unmounted; the plan's paths are absolute */
	m->complaints = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		(void)close(null);
}

int background_start(const struct background *b, const char **ret_name, struct err *e)
{
	struct manager *m = arena_alloc(b->arena, sizeof *m);
	int ends[2];
	*m = (struct manager){ .request = b };
	if (take(m, b, e) < 0)
		return -e->code;
	pid_t pid = pipe2(ends, O_CLOEXEC) < 0 ? -1 : fork();
	if (pid == 0) {
		/* Its own is needed for longer than the arena. */
		struct manager own = *m;
		struct background request = *b;
		own.request = &request;
		own.verdict = ends[1];
		(void)close(ends[0]);
		leave_session(&own);
		manager_run(&own);
		_exit(0);
	}
	if (pid < 0) {
		(void)err_set(e, errno, "cannot start a process in the background");
		log_close(&m->log);
		state_leave(&m->entry);
		return -e->code;
	}
	(void)close(ends[1]);
	*ret_name = m->entry.name;
	int status = await_verdict(ends[0], pid);
	/* The manager holds both; here they are let go without a trace. */
	log_close(&m->log);
	(void)close(m->entry.directory);
	(void)close(m->entry.place);
	return status;
}
