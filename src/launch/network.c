#include "launch/network.h"

#include <string.h>

#include "base/sys.h"

enum { PASTA_MS = 10000 };

static char **arguments(char *const *words, size_t count, struct arena *a, pid_t sandbox)
{
	char **argv = arena_array(a, count + 7, sizeof *argv);
	memcpy(argv, words, count * sizeof *argv);
	/* Not as descriptors of ours: once it has entered the user namespace it may look into the sandbox, but not into us. */
	argv[count++] = arena_strdup(a, "--userns");
	argv[count++] = arena_printf(a, "/proc/%d/ns/user", (int)sandbox);
	argv[count++] = arena_strdup(a, "--netns");
	argv[count++] = arena_printf(a, "/proc/%d/ns/net", (int)sandbox);
	argv[count++] = arena_strdup(a, "--pid");
	argv[count++] = arena_strdup(a, "/proc/self/fd/1");
	return argv;
}

static int fail(struct err *e, int error, const struct plan *plan, const struct outside *o, struct arena *a)
{
	const char *said = outside_said(o, a);
	if (error == -ECHILD)
		(void)err_set(e, EIO, "cannot connect the sandbox's network: pasta: %s",
			said[0] != '\0' ? said : "it ended without a word");
	else if (error == -EINTR)
		(void)err_set(e, EINTR, "interrupted while the sandbox's network was connected");
	else
		(void)err_set(
			e, -error, "pasta did not connect the sandbox's network in time%s%s", said[0] != '\0' ? ": " : "", said);
	return err_at(e, plan->network_origin);
}

int network_start(struct outside *ret, const struct plan *plan, char *const *words, size_t count, struct arena *a, pid_t sandbox,
	int pidfd, int signals, const sigset_t *mask, struct undo *undo, struct err *e)
{
	const struct outside_program pasta = { .path = plan->user_network.pasta, .argv = arguments(words, count, a, sandbox) };
	int r = outside_start(ret, &pasta, mask, undo, e);
	if (r < 0)
		return err_at(e, plan->network_origin);
	/* It writes its pid once the interface is up and it serves. */
	r = outside_await(ret, pidfd, signals, PASTA_MS);
	/* A sandbox that has ended meanwhile has said why, or is found out to be gone by whoever waits for it. */
	return r == 0 || r == -ESRCH ? 0 : fail(e, r, plan, ret, a);
}
