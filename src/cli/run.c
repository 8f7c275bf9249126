/* bailey [run]: from the command line to the program's end. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/num.h"
#include "base/path.h"
#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/detach.h"
#include "cli/instance.h"
#include "image/image.h"
#include "launch/launch.h"
#include "state/state.h"

int cli_end_like(const struct outcome *o)
{
	if (o->signal == 0)
		return o->status;
	/* The core that matters is the program's; ours would only say that it was passed on. */
	struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(o->signal, SIG_DFL);
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, o->signal);
	(void)raise(o->signal);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	return o->status; /* a signal that does not end a process */
}

static int status_descriptor(struct cli *cli, const struct args *args, int *ret)
{
	const char *text = args_value(args, "--status-fd");
	*ret = -1;
	if (text == NULL)
		return 0;
	int64_t n;
	if (num_int(text, 0, 1 << 20, &n) < 0 || fcntl((int)n, F_GETFD) < 0)
		return cli_fail(cli, EXIT_USAGE, "open it first: bailey run --status-fd 3 PROGRAM 3>events.json",
			"--status-fd %s: not an open descriptor", text);
	*ret = (int)n;
	return 0;
}

/*
 * The root is an archive that is not unpacked yet: what is in it decides over the plan, so that is made again.
 * As run_with_changes() not inline: cmd_run()'s frame, with the buffers of neither, is there for as long as the sandbox runs.
 */
static __attribute__((noinline)) int unpack_and_plan(
	struct cli *cli, const struct plan_request *request, const struct profile *profile, struct plan *plan)
{
	struct err e = { .code = 0 };
	struct diags diags = { .arena = &cli->arena };
	if (image_unpack(plan, &cli->arena, cli->unpack, cli->quiet, &e) < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	facts_forget(&cli->facts);
	int made = plan_make(plan, &cli->arena, profile, &cli->facts, request, false, &diags);
	if (made != 0) {
		cli_print_diags(cli, &diags); /* warnings were shown with the first plan */
		return cli_plan_status(made);
	}
	if (plan->image.absent)
		return cli_fail(cli, EXIT_SETUP, "start again when whoever writes it is done", "%s was changed at this very time",
			plan->image.asked);
	return 0;
}

/*
 * In the background, standard error leads to the log: messages go to who waits for the start as long as somebody does.  What it was
 * before, to be put back, or -1.
 */
static int complain_to_command(const struct launch_background *b)
{
	if (b == NULL || b->complaints < 0)
		return -1;
	int own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	(void)dup2(b->complaints, STDERR_FILENO);
	return own;
}

/* filesystem.changes: what the program changed is looked at afterwards, whatever ended it. */
static __attribute__((noinline)) int run_with_changes(struct cli *cli, const struct plan *plan, const struct launch_options *o)
{
	struct ending ending;
	struct outcome outcome;
	struct err e = { .code = 0 };
	sigset_t mask;
	int own = complain_to_command(o->background);
	int status = ending_begin(cli, &ending, plan);
	if (own >= 0 && dup2(own, STDERR_FILENO) >= 0)
		(void)close(own);
	if (status != 0)
		return status;
	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	if (launch(&outcome, &cli->arena, plan, &cli->facts, o, &e) < 0) {
		(void)complain_to_command(o->background);
		status = cli_fail_err(cli, outcome.status, &e);
		ending_cancel(cli, &ending);
		return status;
	}
	/* A signal that came meanwhile ends a question, and what was changed is kept then. */
	bool asks = ending.end == CHANGES_ASK && outcome.signal == 0;
	if (asks)
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	status = ending_finish(cli, &ending, outcome.signal != 0);
	if (outcome.signal == 0 && outcome.status == 0)
		outcome.status = status;
	return cli_end_like(&outcome);
}

/* As unpack_and_plan() it is kept out of frames that stay: here it is the frame that stays. */
static int carry_out(struct cli *cli, const struct plan *plan, const struct launch_options *o)
{
	if (plan->changes.end != CHANGES_DIRECT)
		return run_with_changes(cli, plan, o);
	struct outcome outcome;
	struct err e = { .code = 0 };
	if (launch(&outcome, &cli->arena, plan, &cli->facts, o, &e) < 0) {
		(void)complain_to_command(o->background);
		return cli_fail_err(cli, outcome.status, &e);
	}
	return cli_end_like(&outcome);
}

struct detached {
	struct cli *cli;
	const struct plan *plan;
	const struct launch_options *options;
};

static int launch_detached(void *data, struct launch_background *b)
{
	const struct detached *d = data;
	struct launch_options o = *d->options;
	o.background = b;
	return carry_out(d->cli, d->plan, &o);
}

int cmd_run(struct cli *cli, struct args *args)
{
	bool dry = args_has(args, "--dry-run");
	struct plan_request request = { .own_command = true, .new_name = dry ? NULL : run_new_name };
	if (args->rest_count > 0) {
		request.program = args->rest[0];
		request.argv = args->rest;
	}
	if (args_has(args, "--notify"))
		cli->notify = args->rest_count > 0 ? path_base(args->rest[0]) : args_value(args, "--profile");
	/* In the arena, as all that is not needed any more once the program runs. */
	struct profile *profile = arena_alloc(&cli->arena, sizeof *profile);
	struct plan *plan = arena_alloc(&cli->arena, sizeof *plan);
	struct detach detach;
	int status = detach_options(cli, args, &detach);
	request.streams = detach.terminal ? STREAMS_ARE_TERMINAL : detach.wanted ? STREAMS_OF_LOG : STREAMS_OF_CALLER;
	if (status == 0)
		status = cli_consent(cli, args, &request);
	if (status != 0)
		return status;
	status = cli_plan(cli, args, args_value(args, "--profile"), &request, &cli->facts, dry, profile, plan);
	if (status != 0)
		return status;
	if (dry)
		return cli_print_plan(cli, args, &cli->facts, profile, plan);
	struct launch_options o = { .filter = cli->filter,
		.scope_helper = cli->scope_helper,
		.net_helper = cli->net_helper,
		.resolver = cli->resolver,
		.tls = cli->tls,
		.open_helper = cli->open_helper,
		.verbose = cli->verbose,
		.quiet = cli->quiet,
		.notify = detach.wanted ? NULL : facts_env(&cli->facts, "NOTIFY_SOCKET"),
		.command_line = cli->command_line,
		.command_line_len = cli->command_line_len };
	status = status_descriptor(cli, args, &o.status_fd);
	if (status != 0)
		return status;
	o.name = args_value(args, "--name");
	const char *why;
	if (o.name != NULL && !state_name_valid(o.name, &why))
		return cli_fail(cli, EXIT_USAGE, "for example: --name browser-2", "--name %s: %s", o.name, why);
	if (plan->image.absent)
		status = unpack_and_plan(cli, &request, profile, plan);
	if (status != 0)
		return status;
	struct launch_instance instance = { .lock = -1 };
	bool joined = false;
	if (plan->single) {
		status = instance_join(cli, profile, plan, detach.wanted, &instance, &joined);
		o.instance = &instance;
		detach.lock = &instance.lock;
	}
	if (status != 0 || joined)
		return status;
	struct detached detached = { cli, plan, &o };
	return detach.wanted ? detach_run(cli, plan, &detach, o.name, launch_detached, &detached) : carry_out(cli, plan, &o);
}
