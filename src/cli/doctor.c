/*
 * bailey doctor: what this machine lets bailey do.  Nothing is probed here: for each ability a small profile that needs it is planned as
 * for a launch, and the plan's own words say what is in the way.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/cli.h"
#include "host/resolve.h"
#include "plan/layout.h"
#include "state/state.h"

enum health { OK, LIMITED, MISSING };

struct finding {
	const char *name;
	enum health health;
	bool needed; /* without it no sandbox starts */
	const char *text, *fix; /* fix NULL: nothing to do */
};

struct doctor {
	struct cli *cli;
	struct facts *facts;
	struct finding *items;
	size_t count, cap;
};

/* What a profile would need for an ability. */
struct probe {
	const char *name;
	const char *settings;
	const char *good; /* what there is when it can be had */
	enum health bad;
	bool needed;
};

static const struct probe sandbox = { "sandbox", "", "programs can be started under a profile", MISSING, true };

static const struct probe probes[] = {
	{ "Landlock", "landlock = { use = \"required\"; };", "a second wall beneath mounts and filter", LIMITED, false },
	{ "limits",
		"resources = { memory = \"64M\"; swap = \"0\"; tasks = 100; cpus = \"0\"; cpu_quota = \"50%\"; cpu_weight = 50; io_weight = 50; };",
		"memory, swap, tasks, processors and disks can be bounded", LIMITED, false },
	{ "network", "network = { mode = \"user\"; };", "network.mode = \"user\": a network of its own through pasta", MISSING,
		false },
	{ "network rules", "network = { mode = \"user\"; allow = [ \"tcp:443\" ]; };",
		"network.allow and deny hold in such a network", MISSING, false },
	{ "D-Bus", "desktop = { dbus = { session = { talk = [ \"org.freedesktop.Notifications\" ]; }; required = true; }; };",
		"desktop.dbus lets chosen names of the session's bus through", LIMITED, false },
	{ "private X11", "desktop = { display = [ \"x11-isolated\" ]; };", "x11-isolated: an X server of its own for a program",
		LIMITED, false },
	{ "several ids", "identity = { user = \"mapped\"; };", "identity.user = \"mapped\": package managers can work inside",
		LIMITED, false },
};

static void add(struct doctor *d, struct finding f)
{
	d->items = arena_grow(&d->cli->arena, d->items, d->count, &d->cap, sizeof *d->items);
	d->items[d->count++] = f;
}

/* The advice for the machine, without what a profile could say instead. */
static const char *machine_part(struct arena *a, const char *hint)
{
	const char *cut = hint != NULL ? strstr(hint, "; resources.optional") : NULL;
	return cut != NULL ? arena_strndup(a, hint, (size_t)(cut - hint)) : hint;
}

/* The first mistake counts for what to do; of limits each says which one it is about. */
static void add_mistakes(struct doctor *d, const struct probe *p, const struct diags *diags)
{
	struct arena *a = &d->cli->arena;
	struct buf text = { .arena = a };
	const char *fix = NULL, *last = "";
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *at = &diags->items[i];
		if (at->severity != DIAG_ERROR || strcmp(at->text, last) == 0)
			continue;
		last = at->text;
		if (fix == NULL)
			fix = machine_part(a, at->hint);
		/* A file is named where it is one that somebody can change. */
		const char *file = at->origin.file != NULL && at->origin.file[0] == '/'
			? arena_printf(a, "%s: ", origin_text(a, at->origin))
			: "";
		buf_printf(&text, "%s%s%s%s%s", text.len > 0 ? "; " : "", file, at->setting != NULL ? at->setting : "",
			at->setting != NULL ? ": " : "", at->text);
	}
	add(d, (struct finding){ p->name, p->bad, p->needed, buf_text(&text), fix });
}

static void probe(struct doctor *d, const struct probe *p)
{
	struct arena *a = &d->cli->arena;
	struct diags diags = { .arena = a };
	const struct conf_request request = { .profile = NULL };
	struct profile *profile = arena_alloc(a, sizeof *profile);
	struct plan *plan = arena_alloc(a, sizeof *plan);
	/* Root has to say who the program runs as. */
	const char *who = d->facts->uid == 0 && strstr(p->settings, "identity") == NULL ? "identity = { user = \"nobody\"; };" : "";
	const char *text = arena_printf(a, "inherit = [ \"common/base\" ]; %s %s\n", who, p->settings);
	if (conf_load_text(profile, a, &d->cli->places, &request, "doctor", text, strlen(text), &diags) == 0)
		(void)plan_make(plan, a, profile, d->facts, &(struct plan_request){ .program = NULL }, true, &diags);
	if (diags.errors > 0)
		add_mistakes(d, p, &diags);
	else if (plan->desktop.display.absent != NULL)
		add(d, (struct finding){ p->name, p->bad, p->needed, plan->desktop.display.absent, NULL });
	else
		add(d, (struct finding){ p->name, OK, p->needed, p->good, NULL });
}

static void check_namespaces(struct doctor *d)
{
	struct finding f = { "user namespaces", OK, true, "sandboxes need no privileges", NULL };
	if (facts_userns(d->facts) == ANSWER_NO) {
		f.health = MISSING;
		f.text = d->facts->userns_reason;
		f.fix = d->facts->userns_hint;
	}
	add(d, f);
}

/* Programs of bailey's own; some are built only where their libraries are. */
static void check_helper(struct doctor *d, const char *path, const char *use, bool needed)
{
	struct arena *a = &d->cli->arena;
	const char *name = path_base(path);
	if (access(path, X_OK) == 0) /* this bailey's, whatever machine is asked about */
		add(d, (struct finding){ name, OK, needed, use, NULL });
	else
		add(d,
			(struct finding){ name, MISSING, needed, arena_printf(a, "%s: %s; %s", path, strerror(errno), use),
				"install bailey as a whole, built where the libraries it names are" });
}

static void check_profiles(struct doctor *d)
{
	struct cli *cli = d->cli;
	struct conf_entry *entries = NULL;
	size_t count = 0;
	struct diags diags = { .arena = &cli->arena };
	conf_list(&entries, &count, &cli->arena, &cli->places, false, &diags);
	struct finding f = { "profiles", OK, true,
		arena_printf(&cli->arena, "%zu, those of bailey in %s", count, cli->places.shipped_dir), NULL };
	if (access(path_join(&cli->arena, cli->places.shipped_dir, "default.conf"), R_OK) < 0) {
		f.health = MISSING;
		f.text = arena_printf(&cli->arena, "%s/default.conf: %s", cli->places.shipped_dir, strerror(errno));
		f.fix = "install bailey as a whole: make install";
	}
	add(d, f);
	const char *policy = cli->places.policy;
	struct node n;
	facts_node(d->facts, policy, &n);
	if (n.type != NODE_ABSENT) /* mistakes in it are the sandbox's */
		add(d,
			(struct finding){ "machine policy", OK, false,
				arena_printf(&cli->arena, "%s bounds what profiles may say", policy), NULL });
}

/* Where running sandboxes are kept track of. */
static void check_state(struct doctor *d)
{
	struct state_search s;
	struct err e = { .code = 0 };
	const char *path = "";
	struct finding f = { "state", OK, true, NULL, NULL };
	if (d->facts->injected)
		return;
	state_search(&s, d->facts, geteuid());
	int fd = state_place_make(&d->cli->arena, &s, &path, &e);
	f.text = path;
	if (fd >= 0) {
		(void)close(fd);
	} else {
		f.health = MISSING;
		f.text = arena_strdup(&d->cli->arena, e.text);
		f.fix = arena_strdup(&d->cli->arena, e.hint);
	}
	add(d, f);
}

static const char *const words[] = { [OK] = "ok", [LIMITED] = "limited", [MISSING] = "missing" };

static void print_text(struct doctor *d, struct buf *out, bool starts)
{
	struct arena *a = &d->cli->arena;
	static const char *const colors[] = { [OK] = "\033[32m", [LIMITED] = "\033[33m", [MISSING] = "\033[31m" };
	const bool color = d->cli->color_out;
	struct layout l = { .out = out, .arena = a, .width = cli_width(d->cli) };
	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->items[i];
		const char *first = arena_printf(
			a, "%s%-8s%s%-16s ", color ? colors[f->health] : "", words[f->health], color ? "\033[0m" : "", f->name);
		layout_paragraph(&l, first, layout_clean(a, f->text));
		if (f->fix != NULL && f->fix[0] != '\0')
			layout_paragraph(&l, arena_printf(a, "%*s", 25, ""), arena_printf(a, "-> %s", layout_clean(a, f->fix)));
	}
	buf_puts(out, starts ? "\nSandboxes start here.\n" : "\nNo sandbox starts here: see what is missing.\n");
}

static void print_json(const struct doctor *d, struct buf *out, bool starts)
{
	struct json j = { .out = out, .indent = true };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_bool(&j, "starts", starts);
	json_array(&j, "checks");
	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->items[i];
		json_object(&j, NULL);
		json_string(&j, "name", f->name);
		json_string(&j, "state", words[f->health]);
		json_bool(&j, "needed", f->needed);
		json_string(&j, "text", f->text);
		json_string(&j, "fix", f->fix);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

int cmd_doctor(struct cli *cli, struct args *args)
{
	struct facts store;
	struct doctor d = { .cli = cli, .facts = cli_facts(cli, args, &store) };
	struct buf out = { .arena = &cli->arena };
	bool starts = true;
	if (d.facts == NULL)
		return EXIT_USAGE;
	if (args->rest_count > 0)
		return cli_fail(cli, EXIT_USAGE, "for a program: bailey explain PROGRAM", "doctor takes no words");
	check_namespaces(&d);
	if (d.items[0].health == OK) {
		probe(&d, &sandbox);
		for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
			probe(&d, &probes[i]);
	}
	check_helper(&d, cli->filter.helper, "makes the filters of system calls", true);
	check_helper(&d, cli->scope_helper, "asks systemd for control groups", false);
	check_helper(&d, cli->unpack, "unpacks root file systems", false);
	check_helper(&d, cli->resolver, "looks up the names that network.allow has", false);
	check_helper(&d, cli->tls, "reads the names in TLS greetings for network.tls_name", false);
	check_helper(&d, cli->open_helper, "has addresses opened outside", false);
	check_helper(&d, cli->net_helper, "connects sandboxes to bridges", false);
	check_profiles(&d);
	check_state(&d);
	for (size_t i = 0; i < d.count; i++)
		starts = starts && (!d.items[i].needed || d.items[i].health == OK);
	if (args_has(args, "--json"))
		print_json(&d, &out, starts);
	else
		print_text(&d, &out, starts);
	int status = cli_write(cli, &out);
	return status != 0 ? status : starts ? 0 : EXIT_SETUP;
}
