#include "launch/resolver.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/domain.h"
#include "base/sys.h"
#include "base/tool.h"
#include "launch/events.h"
#include "launch/outside.h"
#include "resolver/nfset.h"

enum { START_MS = 10000, SAID_MAX = 32768 };

void resolver_begin(struct resolver *ret)
{
	*ret = (struct resolver){ .pidfd = -1, .said = -1, .sets = -1 };
}

static int fail(struct err *e, int error, const struct plan *plan, const struct outside *o, struct arena *a)
{
	const char *said = outside_said(o, a);
	if (error == -ECHILD)
		(void)err_set(e, EIO, "cannot look names up: %s", said[0] != '\0' ? said : "bailey-resolver ended without a word");
	else if (error == -EINTR)
		(void)err_set(e, EINTR, "interrupted while bailey-resolver was started");
	else
		(void)err_set(e, -error, "bailey-resolver did not serve in time%s%s", said[0] != '\0' ? ": " : "", said);
	return err_at(e, plan->firewall.names.origin);
}

int resolver_start(struct resolver *ret, const struct plan *plan, struct arena *a, const char *path,
	const struct firewall_sockets *sockets, int pidfd, int signals, const sigset_t *mask, struct undo *undo, struct err *e)
{
	static char name[] = "bailey-resolver";
	char *const argv[] = { name, NULL };
	const struct name_rules *n = &plan->firewall.names;
	struct outside o;
	undo_push(undo, undo_close, sockets->sets);
	const struct outside_program program = { .path = path,
		.argv = argv,
		.input = tool_text(n->spec, n->spec_len),
		.descriptors = { sockets->names, sockets->sets },
		.descriptor_count = 2 };
	int r = program.input < 0 ? err_set(e, -program.input, "cannot make a memory file for bailey-resolver")
				  : outside_start(&o, &program, mask, undo, e);
	(void)close(sockets->names); /* from here on nobody answers unless it does */
	if (program.input >= 0)
		(void)close(program.input);
	if (r < 0)
		return err_at(e, n->origin);
	*ret = (struct resolver){
		.pidfd = o.pidfd, .said = o.ready, .sets = sockets->sets, .groups = n->groups, .log = plan->firewall.log
	};
	(void)snprintf(ret->from, sizeof ret->from, "%s", origin_text(a, n->origin));
	r = outside_await(&o, pidfd, signals, START_MS);
	/* A sandbox that has ended meanwhile has said why, or is found out to be gone by whoever waits for it. */
	return r == 0 || r == -ESRCH ? 0 : fail(e, r, plan, &o, a);
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

void resolver_tell(const struct resolver *r, int status_fd, bool quiet)
{
	char text[SAID_MAX + 1], words[DOMAIN_TEXT + 16], *rest = NULL;
	if (!r->log || r->said < 0)
		return;
	(void)fcntl(r->said, F_SETFL, O_NONBLOCK);
	ssize_t n = read(r->said, text, SAID_MAX); /* a pipe holds all of it */
	text[n > 0 ? n : 0] = '\0';
	const char *first = strtok_r(text, "\n", &rest); /* "ready" */
	for (char *line = strtok_r(NULL, "\n", &rest); first != NULL && line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (!is_name(line))
			continue;
		(void)snprintf(words, sizeof words, "the name %s", line);
		event_refused(status_fd, words, r->from, 0);
		if (!quiet && event_room(STDERR_FILENO))
			(void)dprintf(STDERR_FILENO, "bailey: refused: %s was not looked up; rules from %s\n", words, r->from);
	}
}
