/*
 * bailey stop: SIGTERM, some time, then an end that nothing inside can refuse.
 *
 * All of them end at the same time, and none needs its launcher for it, which may be stopped itself: what is killed is the sandbox's
 * first process, and the kernel ends the others with it.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/sys.h"
#include "cli/sandboxes.h"

enum { GRACE_S = 10, GRACE_MAX_S = 24 * 3600, KILL_MS = 5000, LAUNCHER_MS = 2000 };

struct ending {
	struct state_sandbox *sandbox;
	int launcher, first; /* pidfds; -1: it is gone, or there is none yet */
	bool killed;
};

/* What is paused would see no signal. It goes on, whatever else is being changed: nobody is waited for. */
static void let_go_on(const struct state_sandbox *s)
{
	struct err ignored = { .code = 0 }; /* one that cannot be continued is killed in the end */
	if (state_activity(s) == STATE_PAUSED)
		(void)state_resume(s, &ignored);
}

/* One in the background would be started again. */
static void ask_for_no_more_starts(const struct ending *e)
{
	const struct state_sandbox *s = e->sandbox;
	if (s->record.log != NULL && state_ask_end(s) < 0 && e->launcher >= 0)
		(void)sys_pidfd_send_signal(e->launcher, SIGTERM); /* the manager understands that too */
}

static void ask(struct cli *cli, struct ending *e)
{
	struct state_sandbox *s = e->sandbox;
	if (s->record.waits_until == 0)
		sandboxes_await_start(cli, s);
	e->launcher = state_process_open(&s->record.launcher);
	ask_for_no_more_starts(e);
	e->first = state_process_open(&s->record.sandbox);
	if (e->first < 0) {
		if (e->launcher >= 0 && s->record.sandbox.pid == 0)
			(void)sys_pidfd_send_signal(e->launcher, SIGTERM); /* it passes the signal on as soon as it can */
		return;
	}
	(void)state_signal(&s->record, SIGTERM, true);
	let_go_on(s);
	(void)state_signal(&s->record, SIGCONT, true); /* one that was stopped by itself, or by ^Z */
}

/* In this order: a frozen control group of version 1 keeps what was killed until it is thawed. */
static void force(struct ending *e)
{
	e->killed = true;
	(void)sys_pidfd_send_signal(e->first >= 0 ? e->first : e->launcher, SIGKILL);
	let_go_on(e->sandbox);
}

/* The one whose end is waited for: with its first process the whole sandbox is gone. */
static int essential(const struct ending *e)
{
	return e->first >= 0 ? e->first : e->launcher;
}

static bool has_ended(int pidfd, int wait_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	return pidfd < 0 || poll(&p, 1, wait_ms) > 0;
}

/* Waits for the ends of all. The number of those that have not come. */
static size_t await(const struct ending *all, size_t count, int64_t end)
{
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t rest = end - clock_ms();
		left += !has_ended(essential(&all[i]), rest > 0 ? (int)rest : 0);
	}
	return left;
}

/* The launcher removes what it has made. One that was stopped with its job goes on for that. */
static void await_launcher(const struct ending *e)
{
	if (e->launcher < 0 || has_ended(e->launcher, 0))
		return;
	if (state_process_state(&e->sandbox->record.launcher) == 'T')
		(void)sys_pidfd_send_signal(e->launcher, SIGCONT);
	(void)has_ended(e->launcher, LAUNCHER_MS); /* it may still have output for somebody who does not read */
}

static int finish(struct cli *cli, const struct ending *all, size_t count, int64_t seconds)
{
	struct buf out = { .arena = &cli->arena };
	int status = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name = all[i].sandbox->record.name;
		if (!has_ended(essential(&all[i]), 0)) {
			status = cli_fail(cli, EXIT_SETUP, "a process that waits in the kernel ends when that is over",
				"%s does not end", name);
			continue;
		}
		await_launcher(&all[i]);
		if (all[i].killed && seconds > 0)
			buf_printf(&out, "%s: killed, it went on for %" PRIi64 " s after SIGTERM\n", name, seconds);
		else
			buf_printf(&out, "%s: %s\n", name, all[i].killed ? "killed" : "ended");
	}
	int written = cli_write(cli, &out);
	return status != 0 ? status : written;
}

int cmd_stop(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	struct chosen chosen;
	const char *time = args_value(args, "--time");
	int64_t seconds = GRACE_S;
	if (time != NULL && num_int(time, 0, GRACE_MAX_S, &seconds) < 0)
		return cli_fail(cli, EXIT_USAGE, "for example: --time 30", "--time=%s is no number of seconds", time);
	int status = sandboxes_choose(cli, args, args->rest_count, false, &all, &chosen);
	if (status != 0)
		return status;
	struct ending *list = arena_array(&cli->arena, chosen.count + 1, sizeof *list);
	for (size_t i = 0; i < chosen.count; i++) {
		list[i].sandbox = chosen.items[i];
		ask(cli, &list[i]);
	}
	if (await(list, chosen.count, clock_ms() + seconds * 1000) > 0) {
		for (size_t i = 0; i < chosen.count; i++)
			if (!has_ended(essential(&list[i]), 0))
				force(&list[i]);
		(void)await(list, chosen.count, clock_ms() + KILL_MS);
	}
	status = finish(cli, list, chosen.count, seconds);
	for (size_t i = 0; i < chosen.count; i++) {
		if (list[i].first >= 0)
			(void)close(list[i].first);
		if (list[i].launcher >= 0)
			(void)close(list[i].launcher);
	}
	return status;
}
