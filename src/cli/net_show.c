/* bailey net show NAME, where NAME is a running sandbox: what its network holds, as bailey-net finds it there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/tool.h"
#include "cli/net.h"
#include "cli/sandboxes.h"
#include "plan/networks.h"
#include "state/control.h"

enum { SHOW_SECONDS = 20 };

/* The network namespace of a sandbox, from its launcher. Or -errno with `e`. */
static int ask_namespace(const struct state_sandbox *s, struct err *e)
{
	const struct control_head question = { .kind = CONTROL_NETWORK };
	struct control_message answer;
	int socket = control_connect(s, e);
	if (socket < 0)
		return socket;
	int r = control_ask(socket, &question, NULL, 0, NULL, 0, &answer, s->record.name, e);
	(void)close(socket);
	if (r < 0)
		return r;
	if (answer.fd_count == 0)
		return err_set(e, EPROTO, "the launcher of %s says what makes no sense", s->record.name);
	int fd = answer.fds[0];
	answer.fds[0] = -1;
	control_drop(&answer);
	return fd;
}

int net_show_sandbox(struct cli *cli, const struct state_sandbox *s, bool as_json)
{
	struct err e = { .code = 0 };
	sigset_t none;
	struct arena *a = &cli->arena;
	const char *nft = plan_nft(&cli->facts);
	char *const argv[] = { arena_strdup(a, "bailey-net"), arena_strdup(a, "show"), arena_strdup(a, as_json ? "json" : "text"),
		arena_strdup(a, nft != NULL ? nft : "-"), arena_strdup(a, s->record.name), NULL };
	(void)sigemptyset(&none);
	int namespace = ask_namespace(s, &e);
	if (namespace < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	if (access(cli->net_helper, X_OK) < 0) {
		(void)err_set(&e, errno, "cannot run bailey-net");
		(void)err_hint(&e, "bailey-net looks into networks, and comes with a bailey that was built with libnl");
	} else {
		const struct tool_extra extra = { .input = namespace, .output = STDOUT_FILENO };
		(void)tool_run_with(&extra, cli->net_helper, argv, &none, SHOW_SECONDS, "bailey-net", &e);
	}
	(void)close(namespace);
	return e.code == 0 ? 0 : cli_fail_err(cli, EXIT_SETUP, &e);
}
