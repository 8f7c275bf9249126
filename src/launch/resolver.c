#include "launch/resolver.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/diag.h"
#include "base/domain.h"
#include "base/num.h"
#include "base/sys.h"
#include "base/tool.h"
#include "launch/events.h"
#include "launch/outside.h"
#include "resolver/nfset.h"

enum { START_MS = 10000, SAID_MAX = 32768 };

void resolver_begin(struct resolver *ret)
{
	*ret = (struct resolver){ .pidfd = -1, .said = -1, .tls = -1, .tls_said = -1, .sets = -1 };
}

/* One of the programs: its name, and what it is told. */
struct service {
	const char *path;
	char *const *argv;
	const char *spec;
	size_t spec_len;
};

/* What starting one of them takes. */
struct starting {
	const struct plan *plan;
	struct arena *arena;
	int pidfd, signals;
	const sigset_t *mask;
	struct undo *undo;
};

static int fail(const struct starting *s, const struct service *v, int error, const struct outside *o, struct err *e)
{
	const char *said = outside_said(o, s->arena), *name = v->argv[0];
	if (error == -ECHILD)
		(void)err_set(e, EIO, "cannot look names up: %s",
			said[0] != '\0' ? said : arena_printf(s->arena, "%s ended without a word", name));
	else if (error == -EINTR)
		(void)err_set(e, EINTR, "interrupted while %s was started", name);
	else
		(void)err_set(e, -error, "%s did not serve in time%s%s", name, said[0] != '\0' ? ": " : "", said);
	return err_at(e, s->plan->firewall.names.origin);
}

static int start(const struct starting *s, const struct service *v, struct outside_program *p, struct outside *ret, struct err *e)
{
	p->path = v->path;
	p->argv = v->argv;
	p->input = tool_text(v->spec, v->spec_len);
	int r = p->input < 0 ? err_set(e, -p->input, "cannot make a memory file for %s", v->argv[0])
			     : outside_start(ret, p, s->mask, s->undo, e);
	if (p->input >= 0)
		(void)close(p->input);
	if (r < 0)
		return err_at(e, s->plan->firewall.names.origin);
	r = outside_await(ret, s->pidfd, s->signals, START_MS);
	return r == 0 || r == -ESRCH ? r : fail(s, v, r, ret, e);
}

/* bailey-tls, which enters the network by the sandbox's first process.  `answers` is its end of the way to bailey-resolver. */
static int start_tls(struct resolver *ret, const struct starting *s, const char *path, const struct firewall_sockets *sockets,
	int answers, struct err *e)
{
	static char name[] = "bailey-tls", by_user[] = "user", by_network[] = "network";
	const struct name_rules *n = &s->plan->firewall.names;
	char *const argv[] = { name, (s->plan->clone_flags & CLONE_NEWUSER) != 0 ? by_user : by_network, NULL };
	const struct service v = { path, argv, n->tls, n->tls_len };
	struct outside_program p = { .descriptors = { sockets->tls4, sockets->tls6, answers, s->pidfd }, .descriptor_count = 4 };
	struct outside o = { .pidfd = -1, .ready = -1, .said = -1 };
	int r = start(s, &v, &p, &o, e);
	if (r == 0) {
		ret->tls = o.pidfd;
		ret->tls_said = o.ready;
	}
	return r;
}

static int start_resolver(struct resolver *ret, const struct starting *s, const char *path, const struct firewall_sockets *sockets,
	int known, struct err *e)
{
	static char name[] = "bailey-resolver";
	char *const argv[] = { name, NULL };
	const struct name_rules *n = &s->plan->firewall.names;
	const struct service v = { path, argv, n->spec, n->spec_len };
	struct outside_program p = { .descriptors = { sockets->names, sockets->sets, known },
		.descriptor_count = known >= 0 ? 3 : 2 };
	struct outside o = { .pidfd = -1, .ready = -1, .said = -1 };
	int r = start(s, &v, &p, &o, e);
	if (r == 0) {
		ret->pidfd = o.pidfd;
		ret->said = o.ready;
	}
	return r;
}

int resolver_start(struct resolver *ret, const struct plan *plan, struct arena *a, const struct resolver_programs *programs,
	const struct firewall_sockets *sockets, int pidfd, int signals, const sigset_t *mask, struct undo *undo, struct err *e)
{
	const struct starting s = { plan, a, pidfd, signals, mask, undo };
	int known[2] = { -1, -1 }, r = 0;
	undo_push(undo, undo_close, sockets->sets);
	ret->sets = sockets->sets;
	ret->groups = plan->firewall.names.groups;
	ret->log = plan->firewall.log;
	(void)snprintf(ret->from, sizeof ret->from, "%s", origin_text(a, plan->firewall.names.origin));
	if (plan->firewall.names.tls != NULL) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, known) < 0)
			r = err_set(e, errno, "cannot make a socket pair");
		if (r == 0)
			r = start_tls(ret, &s, programs->tls, sockets, known[1], e);
	}
	if (r == 0)
		r = start_resolver(ret, &s, programs->resolver, sockets, known[0], e);
	/* From here on nobody answers unless they do. */
	const int done[] = { sockets->names, sockets->tls4, sockets->tls6, known[0], known[1] };
	for (size_t i = 0; i < sizeof done / sizeof *done; i++)
		if (done[i] >= 0)
			(void)close(done[i]);
	/* A sandbox that has ended meanwhile has said why, or is found out to be gone by whoever waits for it. */
	return r == -ESRCH ? 0 : r;
}

int resolver_close_sets(struct resolver *r)
{
	int result = 0;
	for (unsigned i = 0; i < r->groups; i++) {
		int one = nfset_empty(r->sets, i);
		result = result == 0 ? one : result;
	}
	return result;
}

/* Names as bailey-resolver writes them, and nothing else. */
static bool is_name(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (!domain_character(*c) && *c != '.')
			return false;
	return text[0] != '\0' && strlen(text) < DOMAIN_TEXT;
}

static void tell(const struct resolver *r, const char *words, const char *what, int status_fd, bool quiet)
{
	event_refused(status_fd, words, r->from, 0);
	if (!quiet && event_room(STDERR_FILENO))
		(void)dprintf(STDERR_FILENO, "bailey: refused: %s%s; rules from %s\n", words, what, r->from);
}

static void tell_name(const struct resolver *r, char *line, int status_fd, bool quiet)
{
	char words[DOMAIN_TEXT + 16];
	if (!is_name(line))
		return;
	(void)snprintf(words, sizeof words, "the name %s", line);
	tell(r, words, " was not looked up", status_fd, quiet);
}

/* A line of bailey-tls: gate_tell() there. */
static void tell_greeting(const struct resolver *r, char *line, int status_fd, bool quiet)
{
	static const struct {
		const char *why, *words;
	} reasons[] = {
		{ "nameless", "without a name in its greeting" },
		{ "unnamable", "without a name of a host in its greeting" },
		{ "unreadable", "without a greeting of TLS" },
		{ "silent", "without a greeting in time" },
	};
	char words[DOMAIN_TEXT + 160], *word[4], *rest = NULL;
	unsigned char bytes[sizeof(struct in6_addr)];
	int64_t port;
	for (int i = 0; i < 4; i++) {
		word[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
		if (word[i] == NULL)
			return;
	}
	if (num_int(word[1], 1, UINT16_MAX, &port) < 0 ||
		(inet_pton(AF_INET, word[2], bytes) != 1 && inet_pton(AF_INET6, word[2], bytes) != 1))
		return;
	int len = snprintf(words, sizeof words, "TCP port %d at %s ", (int)port, word[2]);
	if (strcmp(word[0], "name") == 0 && is_name(word[3]))
		(void)snprintf(words + len, sizeof words - (size_t)len, "for the name %s", word[3]);
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (strcmp(word[0], reasons[i].why) == 0)
			(void)snprintf(words + len, sizeof words - (size_t)len, "%s", reasons[i].words);
	tell(r, words, "", status_fd, quiet);
}

/* What is told in lines after the first, which is "ready". */
static void tell_lines(
	const struct resolver *r, int said, void (*one)(const struct resolver *, char *, int, bool), int status_fd, bool quiet)
{
	char text[SAID_MAX + 1], *rest = NULL;
	if (said < 0)
		return;
	(void)fcntl(said, F_SETFL, O_NONBLOCK);
	ssize_t n = read(said, text, SAID_MAX); /* a pipe holds all of it */
	text[n > 0 ? n : 0] = '\0';
	const char *first = strtok_r(text, "\n", &rest);
	for (char *line = strtok_r(NULL, "\n", &rest); first != NULL && line != NULL; line = strtok_r(NULL, "\n", &rest))
		one(r, line, status_fd, quiet);
}

void resolver_tell(const struct resolver *r, int status_fd, bool quiet)
{
	if (!r->log)
		return;
	tell_lines(r, r->said, tell_name, status_fd, quiet);
	tell_lines(r, r->tls_said, tell_greeting, status_fd, quiet);
}
