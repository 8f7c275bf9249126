#include "launch/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/entrance.h"
#include "launch/prepare.h"
#include "launch/supervise.h"
#include "state/control.h"

enum { STATUS_SETUP = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

/* What the caller has open; which of it is a terminal, as a bit for each. */
static int look_at_descriptors(unsigned *ret_terminals, struct err *e)
{
	*ret_terminals = 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0)
			return err_set(e, errno, "cannot pass descriptor %d on", fd);
		if (S_ISDIR(st.st_mode)) {
			(void)err_set(e, EISDIR, "descriptor %d would let the command out of the sandbox", fd);
			return err_hint(e, "a directory can be left through its \"..\"");
		}
		if (isatty(fd) == 1)
			*ret_terminals |= 1U << fd;
	}
	return 0;
}

static int watch_signals(struct supervise *s, struct err *e)
{
	sigset_t set;
	supervise_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set(e, errno, "cannot block signals");
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? err_set(e, errno, "cannot receive signals") : 0;
}

/* A channel with the request in it: ours stays in way->channel. The other end, or -errno. */
static int make_channel(struct entrance *way, int request, const int fds[3])
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	way->channel = pair[0];
	int r = request_send(pair[0], request, fds);
	if (r == 0)
		return pair[1];
	(void)close(pair[1]);
	return r;
}

/* What the launcher answers at once. The connection stays open for as long as there is a caller. */
static int ask(struct entrance *way, const struct state_sandbox *s, int channel, struct err *e)
{
	const struct control_head head = { .kind = CONTROL_ENTER };
	struct control_message answer;
	way->connection = control_connect(s, e);
	if (way->connection < 0)
		return way->connection;
	return control_ask(way->connection, &head, NULL, 0, &channel, 1, &answer, s->record.name, e);
}

static int make_request(const struct request_head *head, const struct enter_options *o)
{
	static char *none[] = { NULL };
	char term[128] = "";
	if (o == NULL)
		return request_make(head, "", "", none);
	if (o->term != NULL && o->term[0] != '\0')
		(void)snprintf(term, sizeof term, "TERM=%s", o->term);
	return request_make(head, o->directory != NULL ? o->directory : "", term, o->words);
}

int entrance_open(struct entrance *ret, const struct state_sandbox *s, const struct request_head *head,
	const struct enter_options *o, struct err *e)
{
	*ret = (struct entrance){ -1, -1 };
	int nothing = o == NULL ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
	const int fds[3] = {
		o == NULL ? nothing : STDIN_FILENO,
		o == NULL ? nothing : STDOUT_FILENO,
		o == NULL ? nothing : STDERR_FILENO,
	};
	int request = make_request(head, o);
	int channel = request < 0 ? request : make_channel(ret, request, fds);
	int r = channel < 0 ? err_set(e, -channel, "cannot pass on what is to be done in the sandbox") : ask(ret, s, channel, e);
	if (request >= 0)
		(void)close(request);
	if (nothing >= 0)
		(void)close(nothing);
	if (channel >= 0)
		(void)close(channel); /* so that ours sees the end of the other */
	return r;
}

void entrance_close(struct entrance *way)
{
	if (way->channel >= 0)
		(void)close(way->channel);
	if (way->connection >= 0)
		(void)close(way->connection);
	*way = (struct entrance){ -1, -1 };
}

static int failure(struct outcome *ret, const struct message *m, const struct enter_options *o, struct err *e)
{
	const char *command = o->words[0] != NULL ? o->words[0] : "a shell";
	int error = m->value;
	switch (m->step) {
	case STEP_EXEC:
		ret->status = error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
		(void)err_set(e, error, "cannot execute %s in the sandbox", command);
		if (error == ENOENT)
			(void)err_hint(e, "it, or its interpreter, is not visible inside");
		break;
	case STEP_DIRECTORY:
		(void)err_set(e, error, "cannot enter the directory %s in the sandbox",
			o->directory != NULL ? o->directory : "of the program");
		break;
	case STEP_ENTER:
		if (error == EPERM && o->need_root) {
			(void)err_set(e, 0, "nobody is uid 0 in this sandbox");
			e->code = EPERM;
			return err_hint(e, "identity.user = \"root\" of the profile maps one");
		}
		(void)err_set(e, error, "cannot enter the sandbox");
		break;
	default: (void)err_set(e, error, "%s", prepare_words(m->step));
	}
	return -e->code;
}

int enter(struct outcome *ret, const struct state_sandbox *sandbox, const struct enter_options *o, struct err *e)
{
	struct pty pty; /* not touched without a terminal */
	struct cgroup no_group = { .ops = NULL };
	struct supervise s = { .terminal = { .fd = -1 }, .group = &no_group, .socket = -1 };
	struct request_head head = { .need_root = o->need_root };
	struct message failed = { .type = 0 };
	struct entrance way = { -1, -1 };
	*ret = (struct outcome){ .status = STATUS_SETUP };
	int r = look_at_descriptors(&head.pty_fds, e);
	if (r == 0 && head.pty_fds != 0) {
		s.pty = &pty;
		r = pty_open(&pty, head.pty_fds);
		if (r < 0)
			return err_set(e, -r, "cannot open the terminal");
		head.modes = pty.modes;
		head.window = pty_size(&pty);
		head.foreground = pty.lent;
	}
	if (r == 0)
		r = watch_signals(&s, e);
	if (r == 0)
		r = entrance_open(&way, sandbox, &head, o, e);
	s.socket = way.channel;
	if (r == 0)
		r = supervise_entered(&s, ret, &failed);
	if (r == 1)
		r = failure(ret, &failed, o, e);
	else if (r == -ESRCH && e->code == 0)
		(void)err_set(e, 0, "something in the sandbox has killed what watched over the command, or the sandbox has ended");
	if (s.pty != NULL)
		pty_close(s.pty);
	entrance_close(&way);
	return r < 0 ? r : 0;
}
