/* The environment: nothing is passed on that the profile does not name. */
#include <string.h>

#include "plan/parts.h"

static const struct origin built_in = { .file = "built in" };

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

/*
 * Variables that make the dynamic loader or libc load code or files of somebody's choice. A pattern as "*" or "L*" does not
 * reach them; a profile that wants one says its name.
 */
static const char *const dangerous[] = {
	"GCONV_PATH",
	"GETCONF_DIR",
	"GLIBC_TUNABLES",
	"HOSTALIASES",
	"LOCALDOMAIN",
	"LOCPATH",
	"MALLOC_TRACE",
	"NIS_PATH",
	"NLSPATH",
	"RESOLV_HOST_CONF",
	"RES_OPTIONS",
};

static bool is_dangerous(const char *name, size_t len)
{
	if (len > 3 && strncmp(name, "LD_", 3) == 0)
		return true;
	for (size_t i = 0; i < sizeof dangerous / sizeof dangerous[0]; i++)
		if (strlen(dangerous[i]) == len && strncmp(dangerous[i], name, len) == 0)
			return true;
	return false;
}

/* The item of the list that names the variable, or NULL. `exact` tells that it was not by a pattern. */
static const struct item *named(const struct list *l, const char *name, size_t len, bool *ret_exact)
{
	const struct item *found = NULL;
	*ret_exact = false;
	for (size_t i = 0; i < l->count; i++) {
		const char *text = l->items[i].text;
		size_t n = strlen(text);
		if (n > 0 && text[n - 1] == '*' && n - 1 <= len && strncmp(text, name, n - 1) == 0 && found == NULL)
			found = &l->items[i];
		if (n == len && strncmp(text, name, len) == 0) {
			*ret_exact = true;
			return &l->items[i];
		}
	}
	return found;
}

static size_t name_length(const char *text)
{
	return strcspn(text, "=");
}

/* Order of names, '=' as their end. */
static int compare_names(const char *a, const char *b)
{
	size_t la = name_length(a), lb = name_length(b);
	int c = strncmp(a, b, la < lb ? la : lb);
	return c != 0 ? c : (la > lb) - (la < lb);
}

/* Where the name stands in the sorted variables, or would stand. */
static size_t place(const struct plan *plan, const char *text, bool *ret_there)
{
	size_t low = 0, high = plan->env_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare_names(plan->env[middle].text, text);
		if (c == 0) {
			*ret_there = true;
			return middle;
		}
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_there = false;
	return low;
}

static void put(struct planner *pl, const char *text, struct origin o, bool replace)
{
	struct plan *plan = pl->plan;
	bool there;
	size_t at = place(plan, text, &there);
	if (there && !replace)
		return;
	if (!there) {
		plan->env = arena_grow(pl->arena, plan->env, plan->env_count, &pl->env_cap, sizeof *plan->env);
		memmove(&plan->env[at + 1], &plan->env[at], (plan->env_count - at) * sizeof *plan->env);
		plan->env_count++;
	}
	plan->env[at] = (struct env_var){ .text = text, .origin = o };
}

/* What passes the variable of the caller's on, or NULL. */
static const struct item *keeper(const struct profile *p, const char *name, size_t len)
{
	bool exact;
	const struct item *wanted = named(&p->environment_keep, name, len, &exact);
	if (wanted == NULL || (!exact && is_dangerous(name, len)))
		return NULL;
	return named(&p->environment_unset, name, len, &exact) == NULL ? wanted : NULL;
}

static void keep(struct planner *pl)
{
	const struct profile *p = pl->p;
	pl->plan->keeps_term = keeper(p, "TERM", strlen("TERM")) != NULL;
	if (p->environment_keep.count == 0 || pl->facts->environment == NULL)
		return;
	for (char *const *e = pl->facts->environment; *e != NULL; e++) {
		size_t len = name_length(*e);
		if (len == 0 || (*e)[len] != '=')
			continue;
		const struct item *wanted = keeper(p, *e, len);
		if (wanted == NULL)
			continue;
		/* Of a name that is there twice getenv(3) shows the first one; so does the program. */
		put(pl, *e, wanted->origin, false);
	}
}

static void always(struct planner *pl)
{
	const struct facts *f = pl->facts;
	if (f->home != NULL && f->home[0] != '\0')
		put(pl, arena_printf(pl->arena, "HOME=%s", f->home), built_in, true);
	/* Inside, uid 0 has this name in /etc/passwd. The home stays where it is: there the grants are. */
	const char *user = pl->plan->mode != IDENTITY_SELF ? "root" : f->user;
	if (user != NULL && user[0] != '\0') {
		put(pl, arena_printf(pl->arena, "USER=%s", user), built_in, true);
		put(pl, arena_printf(pl->arena, "LOGNAME=%s", user), built_in, true);
	}
	put(pl, arena_printf(pl->arena, "PATH=%s", default_path), built_in, false);
}

static void set(struct planner *pl)
{
	const struct list *l = &pl->p->environment_set;
	for (size_t i = 0; i < l->count; i++) {
		const struct item *item = &l->items[i];
		size_t len = name_length(item->text);
		const char *value;
		if (len == 0 || item->text[len] != '=') {
			diag_error(pl->diags, item->origin, "environment.set", "\"%s\" is not NAME=VALUE", item->text);
			continue;
		}
		if (expand_text(pl, item->origin, "environment.set", item->text + len + 1, &value) == 0)
			put(pl, arena_printf(pl->arena, "%.*s=%s", (int)len, item->text, value), item->origin, true);
	}
}

static void replace(struct planner *pl, const char *text, struct origin o)
{
	put(pl, text, o, true);
}

void plan_environment(struct planner *pl)
{
	struct plan *plan = pl->plan;
	keep(pl);
	always(pl);
	set(pl);
	for (size_t i = 0; i < BUS_COUNT; i++) {
		const struct bus_plan *b = &plan->desktop.bus[i];
		if (b->rule_count > 0)
			replace(pl, plan_dbus_variable(pl, b), b->rules[0].origin);
	}
	plan_display_environment(pl, replace);
	plan_audio_environment(pl, replace);
	plan_portals_environment(pl, replace);
	plan_open_environment(pl, replace);
	char **envp = arena_array(pl->arena, plan->env_count + 1, sizeof *envp);
	for (size_t i = 0; i < plan->env_count; i++)
		envp[i] = (char *)plan->env[i].text; /* execve(2) has no const, and writes nothing */
	plan->envp = envp;
}
