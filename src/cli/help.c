/* --help: for a person who has not used bailey before, and for one who forgot the name of an option. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const char top[] = "bailey runs a program inside a sandbox that a short text file describes.\n"
			  "\n"
			  "Usage: bailey [run] [OPTIONS] [--] PROGRAM [ARGS...]\n"
			  "       bailey VERB [OPTIONS] ...\n"
			  "\n"
			  "Examples:\n"
			  "  bailey firefox                 Firefox in the sandbox that its profile describes\n"
			  "  bailey explain firefox         what it could see and do there, and which line says so\n"
			  "  bailey -p shell sh             look around in a sandbox\n"
			  "  bailey --rw . make             let make read and change the current directory\n"
			  "  bailey check ./mine.conf       all mistakes of a profile at once\n";

static const char top_end[] =
	"\n"
	"A first word that is a verb is that verb; `bailey run NAME` or `bailey -- NAME` starts a program of such a name.\n"
	"\n"
	"Exit status: the program's own; when a signal killed it, bailey dies of the same signal. 124 timeout, 125 the\n"
	"sandbox could not be set up, 126 the program cannot be executed, 127 it was not found, 2 wrong usage or profile.\n"
	"\n"
	"More: bailey VERB --help, bailey(1), bailey.conf(5), bailey-profiles(7)\n";

/* What the rows of verbs.def cannot say. By enum verb. */
static const char *const more[VERB_COUNT] = {
	[VERB_run] = "Without --profile the profile is the one with the program's name, when the program is found on PATH;\n"
		     "a program without a profile, or one given with a slash, gets the profile \"default\".\n"
		     "\n"
		     "Examples:\n"
		     "  bailey run firefox --private-window      words after the program are the program's\n"
		     "  bailey run --ro ~/paper.pdf evince ~/paper.pdf\n"
		     "  bailey run --with webcam firefox         a named option of the profile\n"
		     "  bailey run --set process.timeout=10min make\n"
		     "  bailey run --dry-run firefox             show the plan, start nothing\n",
	[VERB_check] =
		"PROFILE is a name, or a file when it has a slash. Without one all profiles are checked. The machine's policy\n"
		"and every option of a profile are checked with it. Exit status 0 when there is no error, else 2.\n"
		"\n"
		"Examples:\n"
		"  bailey check firefox ./mine.conf\n"
		"  bailey check --all --json                for a build server\n",
	[VERB_explain] = "\n"
			 "Examples:\n"
			 "  bailey explain firefox\n"
			 "  bailey explain --with webcam firefox     with one of its options\n"
			 "  bailey explain --diff default firefox    what firefox has that the tight profile has not\n"
			 "  bailey explain --json ./mine.conf        for programs\n",
	[VERB_profiles] =
		"Profiles are looked for in ~/.config/bailey/profiles, " BAILEY_SYSCONFDIR "/bailey/profiles and the directory of\n"
		"the shipped ones; the first file of a name counts, and NAME.local.conf of each directory is merged on top.\n",
	[VERB_list] =
		"The memory is what the processes have resident; what they share counts for each. A sandbox is listed once it has\n"
		"run for a twentieth of a second, one with a name from its beginning.\n",
	[VERB_stats] =
		"SANDBOX is a name, the number of one of its processes, its profile when no other has it, or the beginning of its\n"
		"name. Without a control group the numbers are sums over the processes.\n"
		"\n"
		"Examples:\n"
		"  bailey stats firefox\n"
		"  bailey stats --json build-2              for programs\n",
	[VERB_limit] =
		"SETTING is one of the group resources, which can be left out before its name. The sandbox has to have been started\n"
		"with a limit of the same kind; the machine's policy bounds the value as for a start.\n"
		"\n"
		"Examples:\n"
		"  bailey limit firefox memory=6G\n"
		"  bailey limit build-2 tasks=500 cpus=0-1\n",
	[VERB_tree] = "Without SANDBOX all are shown. What a process calls itself is its own choice.\n",
	[VERB_stop] =
		"SIGTERM goes to the process group of the program, which is continued if it was stopped or paused. What is still\n"
		"there when the time is over is killed with all that the sandbox has started, also when its bailey is stopped.\n"
		"Exit status 0 when all have ended, 125 when one has not.\n"
		"\n"
		"Examples:\n"
		"  bailey stop firefox\n"
		"  bailey stop --all --time 30\n",
	[VERB_pause] =
		"By the freezer of the control group, which processes do not notice. A sandbox without limits has none: there\n"
		"--signals stops each process. A process can then see SIGCONT at the end, and its parent that it was stopped; one\n"
		"that a debugger inside holds stays with the debugger. process.timeout goes on.\n"
		"\n"
		"Examples:\n"
		"  bailey pause build\n"
		"  bailey pause --signals firefox\n",
	[VERB_resume] = "What was stopped by somebody else before the pause stays stopped.\n",
	[VERB_signal] = "SIGNAL is a name, with or without SIG, or a number. It goes to the program's first process.\n"
			"\n"
			"Examples:\n"
			"  bailey signal nginx HUP\n"
			"  bailey signal --group build INT          as ^C would\n",
	[VERB_wait] =
		"With several, each is shown with its status when it ends, and the exit status is that of the last one named, or\n"
		"with --any of the first that ends. 128+N for a signal, 125 when nobody can tell (bailey itself was killed).\n"
		"\n"
		"Examples:\n"
		"  bailey wait build && notify-send built\n"
		"  bailey wait --any worker-1 worker-2\n",
	[VERB_rename] = "Its host name, and what others of its network call it, stay as they are.\n",
	[VERB_top] =
		"Keys: n c m t d w sort by name, processor, memory, tasks, disk, network; q ends. The processor is in percent of\n"
		"one; disk and network are bytes for each second. The network is shown for a sandbox that has one of its own.\n",
	[VERB_events] =
		"Until it is ended by a signal. A sandbox is told of once it has run for a twentieth of a second; the limits and\n"
		"rules of the network that it met, when it ends. A status of null: its bailey was killed.\n"
		"\n"
		"Examples:\n"
		"  bailey events\n"
		"  bailey events --json | jq -r 'select(.event == \"stopped\") | .name'\n",
	[VERB_net] = "Networks are described in " BAILEY_SYSCONFDIR
		     "/bailey/networks.conf; network.mode = \"bridge\" takes a program into one. A\n"
		     "network is made with its first sandbox and removed with the last; up keeps it until down.\n"
		     "\n"
		     "Examples:\n"
		     "  bailey net                               which networks there are, and whether they are up\n"
		     "  sudo bailey net show lan                 who is in it, with which addresses\n"
		     "  sudo bailey net up lan\n",
	[VERB_desktop] =
		"PROGRAM is a program, a profile, or the name of a menu entry (org.gnome.Evince). Its entries get copies in\n"
		"~/.local/share/applications that start it under bailey; so do services of the session bus and autostart entries\n"
		"that start it. What you had there yourself is kept and put back. After an upgrade of a program, refresh.\n"
		"\n"
		"Examples:\n"
		"  bailey desktop list                      what can be enabled\n"
		"  bailey desktop enable firefox\n"
		"  bailey desktop enable --command firefox  the command firefox too\n"
		"  bailey desktop status                    what is enabled, and whether it is up to date\n"
		"  bailey desktop disable --all             everything as before\n",
	[VERB_doctor] =
		"ok: bailey can use it; limited: profiles get less, or have to say that less will do; missing: a profile that asks for it\n"
		"does not start. Exit status 0 when sandboxes start here, else 125.\n",
	[VERB_schema] = "SETTING is a setting (filesystem.home) or a group (filesystem); without one all settings are shown.\n"
			"\n"
			"Examples:\n"
			"  bailey schema network.mode\n"
			"  bailey schema --json\n",
};

static void option_line(struct buf *b, const char *name, char letter, const char *argument, const char *help)
{
	struct buf left = { .arena = b->arena };
	if (letter != 0)
		buf_printf(&left, "  -%c, %s", letter, name);
	else
		buf_printf(&left, "      %s", name);
	if (argument != NULL)
		buf_printf(&left, " %s", argument);
	if (left.len > 30)
		buf_printf(b, "%s\n%30s %s\n", buf_text(&left), "", help);
	else
		buf_printf(b, "%-30s %s\n", buf_text(&left), help);
}

static void verb_help(struct buf *b, enum verb verb)
{
	const struct verb_row *row = &verb_rows[verb];
	buf_printf(b, "Usage: bailey %s %s\n\n%c%s.\n", row->name, row->synopsis, row->help[0] - 'a' + 'A', row->help + 1);
	if (more[verb][0] == '\n')
		buf_puts(b, more[verb]);
	else
		buf_printf(b, "\n%s", more[verb]);
	buf_puts(b, "\nOptions:\n");
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *o = &option_rows[i];
		if (o->verb == verb)
			option_line(b, o->name, o->letter, o->argument, o->help);
	}
	option_line(b, "--help", 'h', NULL, "show this");
}

int cli_help(struct cli *cli, enum verb verb)
{
	struct buf b = { .arena = &cli->arena };
	if (verb != VERB_COUNT) {
		verb_help(&b, verb);
		return cli_write(cli, &b);
	}
	buf_puts(&b, top);
	buf_puts(&b, "\nVerbs:\n");
	for (size_t i = 0; i < VERB_COUNT; i++)
		buf_printf(&b, "  %-10s %s\n", verb_rows[i].name, verb_rows[i].help);
	buf_printf(&b, "  %-10s %s\n", "help VERB", "show the options of a verb");
	buf_puts(&b, top_end);
	return cli_write(cli, &b);
}

void cli_usage(void)
{
	fputs("Usage: bailey [OPTIONS] PROGRAM [ARGS...]\n"
	      "       bailey explain PROGRAM\n"
	      "       bailey --help\n",
		stderr);
}
