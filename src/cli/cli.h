/* What the verbs share: places, facts, output, and the way from a command line to a plan. */
#ifndef BAILEY_CLI_CLI_H
#define BAILEY_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "cli/args.h"
#include "conf/conf.h"
#include "host/facts.h"
#include "plan/plan.h"
#include "schema/schema.h"
#include "seccomp/filter.h"

/* Exit statuses of bailey itself. */
enum {
	EXIT_USAGE = 2, /* wrong command line, mistakes in a profile */
	EXIT_TIMEOUT = 124, /* process.timeout passed */
	EXIT_SETUP = 125, /* the sandbox could not be set up, or output not be written */
	EXIT_NOT_EXECUTABLE = 126, /* program found, but it cannot be executed */
	EXIT_NOT_FOUND = 127 /* program not found */
};

struct cli {
	struct arena arena; /* for everything up to the end, or up to the launch */
	struct facts facts; /* live */
	struct conf_places places;
	struct filter_places filter;
	const char *scope_helper; /* path of bailey-scope */
	const char *identities; /* the directory with the homes of identities, by profile; or NULL without a home */
	const char *unpack; /* path of bailey-unpack */
	const char *net_helper; /* path of bailey-net */
	const char *resolver, *tls; /* paths of bailey-resolver, bailey-tls */
	const char *open_helper; /* path of bailey-open */
	bool color_out, color_err; /* standard output, standard error may have colours */
	bool verbose, quiet;
	const char *notify; /* the program whose failure to start is also shown as a notification, or NULL */
	char *command_line; /* argv[0] and what follows, in one piece */
	size_t command_line_len;
	bool explicit_verb; /* the command line named the verb ("bailey run x", not "bailey x") */
};

/* One file per verb. Each returns bailey's exit status. */
int cmd_run(struct cli *cli, struct args *args);
int cmd_check(struct cli *cli, struct args *args);
int cmd_explain(struct cli *cli, struct args *args);
int cmd_profiles(struct cli *cli, struct args *args);
int cmd_list(struct cli *cli, struct args *args);
int cmd_stats(struct cli *cli, struct args *args);
int cmd_logs(struct cli *cli, struct args *args);
int cmd_attach(struct cli *cli, struct args *args);
int cmd_cp(struct cli *cli, struct args *args);
int cmd_enter(struct cli *cli, struct args *args);
int cmd_limit(struct cli *cli, struct args *args);
int cmd_tree(struct cli *cli, struct args *args);
int cmd_stop(struct cli *cli, struct args *args);
int cmd_pause(struct cli *cli, struct args *args);
int cmd_resume(struct cli *cli, struct args *args);
int cmd_signal(struct cli *cli, struct args *args);
int cmd_wait(struct cli *cli, struct args *args);
int cmd_rename(struct cli *cli, struct args *args);
int cmd_top(struct cli *cli, struct args *args);
int cmd_events(struct cli *cli, struct args *args);
int cmd_schema(struct cli *cli, struct args *args);
int cmd_net(struct cli *cli, struct args *args);
int cmd_changes(struct cli *cli, struct args *args);
int cmd_desktop(struct cli *cli, struct args *args);
int cmd_doctor(struct cli *cli, struct args *args);

/* ---- run.c ---- */

struct outcome;

/* The status as a shell expects it: ends by the signal that killed the program. Returns the exit status otherwise. */
int cli_end_like(const struct outcome *o);

/* ---- places.c ---- */

/*
 * Fills `places`, `filter` and `scope_helper` from the path of the running program and the environment; needs cli->facts.  In a build tree
 * (the program's directory is named build* and has ../profiles/default.conf) the tree's own files are used, else PREFIX's, where
 * PREFIX follows the program when it was moved as a whole.
 */
void cli_find_places(struct cli *cli);

/* Counts the profile of this launch, given by its path, among the facts' own files. */
void cli_own_profile(struct cli *cli, const char *path);

/* The terminal's width for standard output: COLUMNS, else the terminal's own, else 80; never below 40. */
unsigned cli_width(const struct cli *cli);

/* ---- prepare.c: from the command line to a plan ---- */

/*
 * The settings that --set, --ro, --rw, --identity, --net, --fd, --with and --without stand for, into `ret` (which keeps its profile and
 * program).  Returns 0, or an exit status after printing what is wrong.
 */
int cli_request(struct cli *cli, const struct args *args, struct conf_request *ret);

/* What --allow-degraded and --strict say, into `ret`. Returns 0, or an exit status after printing what is wrong. */
int cli_consent(struct cli *cli, const struct args *args, struct plan_request *ret);

/*
 * The usual way: options -> conf_load() -> plan_make(), mistakes and warnings printed to standard error.  `profile` is NULL to go
 * by the program's name; r->program is NULL for a plan without a program.  Returns 0 with both filled in, or the exit status
 * (2, 126, 127).
 */
int cli_plan(struct cli *cli, const struct args *args, const char *profile, const struct plan_request *r, struct facts *facts,
	bool thorough, struct profile *ret_profile, struct plan *ret_plan);

/* The exit status for what plan_make() returned. */
int cli_plan_status(int made);

/*
 * The facts to plan with: cli->facts, or `*store` filled from the file of --facts.  NULL after printing what is wrong with it
 * (exit status 2).
 */
struct facts *cli_facts(struct cli *cli, const struct args *args, struct facts *store);

/* Where PATH finds a command name (no slash), as `facts` see it, or NULL. */
const char *cli_program_path(struct cli *cli, struct facts *facts, const char *name);

/*
 * What a word of explain or check means as a profile: a file (with a slash, or "-") or a profile's name as it is; for a program
 * the name of the profile it gets. A word that is neither is given back, for conf_load() to complain about.
 */
const char *cli_profile_for(struct cli *cli, struct facts *facts, const char *word);

/* ---- identities.c ---- */

/* Prints which profiles have identities (run --identity), and where their homes are. Returns as cli_write(). */
int cli_print_identities(struct cli *cli, bool json);

/* ---- explain.c ---- */

/* Prints a plan as explain does, as JSON under --json; for --dry-run too. Returns as cli_write(). */
int cli_print_plan(struct cli *cli, const struct args *args, const struct facts *facts, const struct profile *profile,
	const struct plan *plan);

/* ---- output.c ---- */

/* "bailey: error: TEXT" with the hint below, to standard error. `hint` may be NULL. Returns `status`. */
int cli_fail(const struct cli *cli, int status, const char *hint, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same for a struct err, with the line of the profile that asked. */
int cli_fail_err(struct cli *cli, int status, const struct err *e);

/* Sorts the mistakes and prints them to standard error; warnings not under --quiet. */
void cli_print_diags(struct cli *cli, struct diags *d);

/* Writes a text to standard output, all of it. Returns 0, or EXIT_SETUP after saying why it cannot. */
int cli_write(const struct cli *cli, const struct buf *text);

/* ---- notify.c ---- */

/*
 * Shows a text as a desktop notification when that was asked for (run --notify), there is no terminal to read standard error on, and
 * notify-send(1) is there.  Waits for a few seconds at most.
 */
void cli_notify(const struct cli *cli, const char *text);

/* ---- attach.c ---- */

/* What bailey attach does, for a sandbox that was started just now. Returns the exit status. */
int cli_attach(struct cli *cli, const char *name);

/* That standard input and output are a terminal. 0, or an exit status after saying that they are not. */
int cli_check_terminal(struct cli *cli);

/* ---- help.c ---- */

/* The long help of a verb, or of bailey as a whole with VERB_COUNT. Returns as cli_write(). */
int cli_help(struct cli *cli, enum verb verb);

/* The few lines shown on standard error for a command line that makes no sense. */
void cli_usage(void);

#endif
