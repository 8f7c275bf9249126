/* bailey pause, resume, signal: what is done to running sandboxes that go on afterwards. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/sandboxes.h"

enum { SIGNAL_MAX = 64 };

static int change(struct cli *cli, struct state_sandbox *s, bool pause, bool signals)
{
	struct err e = { .code = 0 };
	if (pause)
		sandboxes_await_start(cli, s);
	int lock = state_change(s, &cli->arena, &e);
	int r = lock < 0 ? lock : pause ? state_pause(s, signals, &e) : state_resume(s, &e);
	if (lock >= 0)
		(void)close(lock);
	return r < 0 ? cli_fail_err(cli, EXIT_SETUP, &e) : 0;
}

/* All of them, also when one of them could not be. */
static int change_all(struct cli *cli, const struct args *args, bool pause)
{
	struct sandboxes all;
	struct chosen chosen;
	int status = sandboxes_choose(cli, args, args->rest_count, false, &all, &chosen);
	for (size_t i = 0; status != EXIT_USAGE && i < chosen.count; i++)
		if (change(cli, chosen.items[i], pause, pause && args_has(args, "--signals")) != 0)
			status = EXIT_SETUP;
	return status;
}

int cmd_pause(struct cli *cli, struct args *args)
{
	return change_all(cli, args, true);
}

int cmd_resume(struct cli *cli, struct args *args)
{
	return change_all(cli, args, false);
}

/* "TERM", "SIGTERM", "15". 0 when there is no such signal. */
static int signal_number(const char *word)
{
	int64_t n;
	if (num_int(word, 1, SIGNAL_MAX, &n) == 0)
		return (int)n;
	if (strncmp(word, "SIG", 3) == 0)
		word += 3;
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		const char *name = sigabbrev_np(sig);
		if (name != NULL && strcmp(name, word) == 0)
			return sig;
	}
	return 0;
}

int cmd_signal(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	struct chosen chosen;
	int words = args->rest_count - 1;
	if (words < 0)
		return cli_fail(cli, EXIT_USAGE, "for example: bailey signal firefox-1 HUP", "signal takes sandboxes and a signal");
	const char *word = args->rest[words];
	int sig = signal_number(word);
	if (sig == 0)
		return cli_fail(
			cli, EXIT_USAGE, "the signal is the last word: bailey signal firefox-1 HUP", "%s is no signal", word);
	int status = sandboxes_choose(cli, args, words, false, &all, &chosen);
	for (size_t i = 0; status != EXIT_USAGE && i < chosen.count; i++) {
		struct state_sandbox *s = chosen.items[i];
		sandboxes_await_start(cli, s);
		int r = state_signal(&s->record, sig, args_has(args, "--group"));
		if (r < 0)
			status = cli_fail(cli, EXIT_SETUP, NULL, "cannot send %s to %s: %s", word, s->record.name, strerror(-r));
	}
	return status;
}
