/* The command line: what is an option, what is a value, where the program's own words begin. */
#include "tap.h"

#include <errno.h>

#include "cli/args.h"

static struct arena arena;
static struct args args;
static struct err err;

static int parse(enum verb verb, const char *const *words)
{
	size_t n = 0;
	while (words[n] != NULL)
		n++;
	char **copy = arena_array(&arena, n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(&arena, words[i]);
	err = (struct err){ 0 };
	return args_parse(&args, &arena, verb, copy, &err);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* "name=value name" of all options, in order. */
static const char *options(void)
{
	const char *text = "";
	for (size_t i = 0; i < args.count; i++)
		text = arena_printf(&arena, "%s%s%s%s%s", text, i > 0 ? " " : "", args.items[i].row->name,
			args.items[i].value != NULL ? "=" : "", args.items[i].value != NULL ? args.items[i].value : "");
	return text;
}

static const char *rest(void)
{
	const char *text = "";
	for (int i = 0; i < args.rest_count; i++)
		text = arena_printf(&arena, "%s%s%s", text, i > 0 ? "|" : "", args.rest[i]);
	ok(args.rest[args.rest_count] == NULL, "the rest ends with NULL");
	return text;
}

static void accepted(const char *what, enum verb verb, const char *const *words, const char *want_options, const char *want_rest)
{
	ok(parse(verb, words) == 0, "%s: accepted (%s)", what, err.text);
	same(options(), want_options, what);
	same(rest(), want_rest, what);
}

static void refused(enum verb verb, const char *const *words, const char *text, const char *hint)
{
	ok(parse(verb, words) == -EINVAL, "refused: %s", text);
	same(err.text, text, "its message");
	same(err.hint, hint, "its hint");
}

static void forms(void)
{
	accepted("long", VERB_run, WORDS("--profile", "a", "ls"), "--profile=a", "ls");
	accepted("long with =", VERB_run, WORDS("--profile=a=b", "ls"), "--profile=a=b", "ls");
	accepted("an empty value", VERB_run, WORDS("--profile=", "ls"), "--profile=", "ls");
	accepted("short", VERB_run, WORDS("-p", "a", "ls"), "--profile=a", "ls");
	accepted("short, joined", VERB_run, WORDS("-pa", "ls"), "--profile=a", "ls");
	accepted("a cluster", VERB_run, WORDS("-nvp", "a", "ls"), "--dry-run --verbose --profile=a", "ls");
	accepted("a value with a dash", VERB_run, WORDS("-p", "-", "ls"), "--profile=-", "ls");
	accepted("a value that looks like an option", VERB_run, WORDS("--rw", "--all", "ls"), "--rw=--all", "ls");
	accepted("again and again", VERB_run, WORDS("--ro", "/a", "--ro=/b", "ls"), "--ro=/a --ro=/b", "ls");
}

static void where_it_stops(void)
{
	accepted("the program's words", VERB_run, WORDS("-v", "ls", "-v", "--profile", "--", "x"), "--verbose",
		"ls|-v|--profile|--|x");
	accepted("two dashes", VERB_run, WORDS("-v", "--", "-v", "--"), "--verbose", "-v|--");
	accepted("a single dash is a word", VERB_run, WORDS("-", "-v"), "", "-|-v");
	accepted("options after words elsewhere", VERB_check, WORDS("a", "--json", "b", "-a"), "--json --all", "a|b");
	accepted("two dashes elsewhere", VERB_check, WORDS("a", "--", "--json"), "", "a|--json");
	accepted("a single dash elsewhere", VERB_check, WORDS("-"), "", "-");
	ok(parse(VERB_check, (const char *const[]){ NULL }) == 0 && args.rest_count == 0 && args.rest[0] == NULL, "nothing at all");
}

static void mistakes(void)
{
	refused(VERB_run, WORDS("--profil", "a"), "unknown option --profil", "did you mean --profile?");
	refused(VERB_run, WORDS("--profil=a"), "unknown option --profil", "did you mean --profile?");
	refused(VERB_run, WORDS("--zzzzzzzzzzzz"), "unknown option --zzzzzzzzzzzz", "bailey run --help lists the options");
	refused(VERB_run, WORDS("-Z"), "unknown option -Z", "bailey run --help lists the options");
	refused(VERB_run, WORDS("-nZ"), "unknown option -Z", "bailey run --help lists the options");
	refused(VERB_run, WORDS("--profile"), "--profile needs a value: --profile NAME|PATH|-", "");
	refused(VERB_run, WORDS("-np"), "-p needs a value: -p NAME|PATH|-", "");
	refused(VERB_run, WORDS("--dry-run=yes", "ls"), "--dry-run takes no value", "");
	refused(VERB_profiles, WORDS("--profile", "a"), "unknown option --profile", "bailey profiles --help lists the options");
	refused(VERB_check, WORDS("--jsn"), "unknown option --jsn", "did you mean --json?");
}

static void asking(void)
{
	parse(VERB_run, WORDS("--net=none", "-v", "--net", "host", "ls"));
	same(args_value(&args, "--net"), "host", "the last value counts");
	same(args_value(&args, "--profile"), NULL, "not given: no value");
	ok(args_has(&args, "--verbose") && !args_has(&args, "--quiet"), "given or not");
	ok(parse(VERB_explain, WORDS("--help")) == 0 && args.help, "--help");
	ok(parse(VERB_run, WORDS("-vh")) == 0 && args.help && args_has(&args, "--verbose"), "-h in a cluster");
	ok(parse(VERB_run, WORDS("ls", "--help")) == 0 && !args.help, "the program's --help is its own");
}

static void table(void)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		ok(strncmp(row->name, "--", 2) == 0 && strlen(row->name) > 3, "%s is a long name", row->name);
		ok(row->help[0] != '\0' && row->help[strlen(row->help) - 1] != '.', "%s has a help text without a full stop",
			row->name);
		ok(row->letter != 'h' && strcmp(row->name, "--help") != 0, "%s leaves help to everyone", row->name);
		for (size_t k = 0; k < i; k++)
			if (option_rows[k].verb == row->verb &&
				(strcmp(option_rows[k].name, row->name) == 0 ||
					(row->letter != 0 && option_rows[k].letter == row->letter)))
				ok(false, "%s stands twice for %s", row->name, verb_rows[row->verb].name);
		ok(option_find(row->verb, row->name) == row, "%s is found", row->name);
	}
	for (size_t i = 0; i < VERB_COUNT; i++) {
		ok(verb_find(verb_rows[i].name) == (enum verb)i, "%s is a verb", verb_rows[i].name);
		ok(!verb_reserved(verb_rows[i].name), "and no longer only a reserved word");
	}
	static const char *const later[] = { "list", "tree", "top", "enter", "stop", "pause", "resume", "logs", "attach", "cp",
		"learn", "why", "audit", "desktop", "net", "import", "export", "doctor" };
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		ok(verb_reserved(later[i]) || verb_find(later[i]) != VERB_COUNT, "%s is kept free", later[i]);
	ok(!verb_reserved("ls") && verb_find("ls") == VERB_COUNT, "ls is a program");
}

int main(void)
{
	forms();
	where_it_stops();
	mistakes();
	asking();
	table();
	arena_free(&arena);
	return tap_done();
}
