/* Who the program runs as: the caller, or, started by root, the user that the profile names. */
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "plan/parts.h"

struct user {
	const char *name, *home;
	uid_t uid;
	gid_t gid;
};

/* The n-th field of a line of passwd(5) or group(5), or NULL. */
static const char *field(struct arena *a, const char *line, unsigned n)
{
	const char *end = line + strcspn(line, "\n");
	for (; n > 0; n--) {
		line = memchr(line, ':', (size_t)(end - line));
		if (line == NULL)
			return NULL;
		line++;
	}
	size_t len = strcspn(line, ":\n");
	return arena_strndup(a, line, len);
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line == '\n' ? line + 1 : line;
}

static bool number(const char *text, uint32_t *ret)
{
	int64_t n;
	/* (uid_t)-1 means "leave as it is" to setresuid(2). */
	if (text == NULL || num_int(text, 0, UINT32_MAX - 1, &n) < 0)
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* Reads the line of `name`; false when there is none or it is not whole. */
static bool find_user(struct arena *a, const char *text, const char *name, struct user *ret)
{
	size_t len = strlen(name);
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		ret->name = name;
		ret->home = field(a, line, 5);
		return number(field(a, line, 2), &ret->uid) && number(field(a, line, 3), &ret->gid) && ret->home != NULL;
	}
	return false;
}

static void add_group(struct plan *plan, struct arena *a, size_t *cap, gid_t gid)
{
	for (size_t i = 0; i < plan->group_count; i++)
		if (plan->groups[i] == gid)
			return;
	plan->groups = arena_grow(a, plan->groups, plan->group_count, cap, sizeof *plan->groups);
	plan->groups[plan->group_count++] = gid;
}

static bool is_member(const char *members, const char *name)
{
	size_t len = strlen(name);
	for (const char *m = members; m != NULL && *m != '\0';) {
		size_t n = strcspn(m, ",");
		if (n == len && strncmp(m, name, len) == 0)
			return true;
		m += n + (m[n] == ',');
	}
	return false;
}

/* The groups of a user: those of /etc/group, and what the name service knows besides ("initgroups": "NAME GID GID..."). */
static void find_groups(struct planner *pl, const struct user *u, const char *initgroups)
{
	struct plan *plan = pl->plan;
	size_t cap = 0;
	const char *text;
	add_group(plan, pl->arena, &cap, u->gid);
	if (facts_read(pl->facts, "/etc/group", &text) == 0) {
		for (const char *line = text; *line != '\0'; line = next_line(line)) {
			uint32_t gid;
			if (is_member(field(pl->arena, line, 3), u->name) && number(field(pl->arena, line, 2), &gid))
				add_group(plan, pl->arena, &cap, gid);
		}
	}
	if (initgroups == NULL)
		return;
	const char *word = initgroups + strcspn(initgroups, " \t\n");
	for (;;) {
		uint32_t gid;
		word += strspn(word, " \t\n");
		size_t n = strcspn(word, " \t\n");
		if (n == 0)
			return;
		if (number(arena_strndup(pl->arena, word, n), &gid))
			add_group(plan, pl->arena, &cap, gid);
		word += n;
	}
}

/* Variables that speak of the caller's own places; with another user's home they would lead back into the caller's. */
static bool is_personal(const char *variable)
{
	static const char *const names[] = { "HOME=", "USER=", "LOGNAME=", "MAIL=", "XDG_", "DBUS_", "SUDO_",
		"XAUTHORITY=", "SSH_" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void stand_in(struct planner *pl, const struct user *u)
{
	struct facts *f = pl->facts;
	size_t count = 0, kept = 0;
	while (f->environment != NULL && f->environment[count] != NULL)
		count++;
	char **environment = arena_array(pl->arena, count + 1, sizeof *environment);
	for (size_t i = 0; i < count; i++)
		if (!is_personal(f->environment[i]))
			environment[kept++] = f->environment[i];
	f->environment = environment;
	f->uid = u->uid;
	f->gid = u->gid;
	f->user = u->name;
	f->home = u->home[0] == '/' ? u->home : "";
}

void plan_identity(struct planner *pl)
{
	const struct value *v = &pl->p->identity_user;
	struct plan *plan = pl->plan;
	const char *name = v->s != NULL ? v->s : "self";
	bool self = strcmp(name, "self") == 0;
	plan->user_origin = v->origin;
	plan->uid = pl->facts->uid;
	plan->gid = pl->facts->gid;
	/* To check or explain a profile nobody has to become anybody: an administrator looks at users' profiles, a user at a service's. */
	bool starting = pl->request->program != NULL;
	if (pl->facts->uid != 0) {
		if (!self && starting) {
			struct diag *at = diag_error(
				pl->diags, v->origin, "identity.user", "only root can become another user (\"%s\")", name);
			diag_hint(pl->diags, at, "leave it at \"self\", or let root start bailey");
		} else if (!self) {
			planner_note(pl, v->origin,
				arena_printf(pl->arena, "Only root can start this profile: it becomes the user \"%s\".", name));
		}
		return;
	}
	if (self && starting) {
		struct diag *at = diag_error(pl->diags, v->origin, "identity.user",
			"started by root, a program must run as another user: \"self\" would be root");
		diag_hint(pl->diags, at, "name one: --set identity.user=NAME");
	}
	if (self) {
		planner_note(pl, v->origin,
			"Root cannot start this profile as it is: --set identity.user=NAME says who the program runs as.");
		return;
	}

	struct user u = { 0 };
	const char *text, *initgroups = NULL;
	bool found = facts_read(pl->facts, "/etc/passwd", &text) == 0 && find_user(pl->arena, text, name, &u);
	if (!found && facts_getent(pl->facts, "passwd", name, &text) == 0)
		found = find_user(pl->arena, text, name, &u) && facts_getent(pl->facts, "initgroups", name, &initgroups) == 0;
	if (!found) {
		diag_error(pl->diags, v->origin, "identity.user", "there is no user \"%s\"", name);
		return;
	}
	if (u.uid == 0 || u.gid == 0) {
		diag_error(pl->diags, v->origin, "identity.user", "\"%s\" is root, or in root's group: no program is run as that",
			name);
		return;
	}
	find_groups(pl, &u, initgroups);
	plan->become = true;
	plan->uid = u.uid;
	plan->gid = u.gid;
	stand_in(pl, &u);
}
