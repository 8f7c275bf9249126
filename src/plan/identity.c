/* Who the program runs as: the caller (as itself, or as root inside), or, started by root, who the profile names. */
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

/* The name of a number in passwd(5) or group(5), or NULL. */
static const char *find_name(struct arena *a, const char *text, uint32_t id)
{
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		uint32_t n;
		if (number(field(a, line, 2), &n) && n == id)
			return field(a, line, 0);
	}
	return NULL;
}

const char *plan_account(struct planner *pl)
{
	const char *text, *name = NULL, *uid = arena_printf(pl->arena, "%u", (unsigned)pl->facts->uid);
	if (facts_read(pl->facts, "/etc/passwd", &text) == 0)
		name = find_name(pl->arena, text, pl->facts->uid);
	if (name == NULL && facts_getent(pl->facts, "passwd", uid, &text) == 0)
		name = find_name(pl->arena, text, pl->facts->uid);
	return name != NULL ? name : pl->facts->user[0] != '\0' ? pl->facts->user : uid;
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

/* Started by an ordinary user. */
static void stay(struct planner *pl, const struct value *v, const char *name)
{
	struct plan *plan = pl->plan;
	if (strcmp(name, "self") == 0)
		return;
	if (strcmp(name, "root") == 0 || strcmp(name, "mapped") == 0) {
		plan->mode = name[0] == 'm' ? IDENTITY_MAPPED : IDENTITY_ROOT;
		plan->inside_uid = plan->inside_gid = 0;
		if (plan->mode == IDENTITY_MAPPED)
			plan_id_maps(pl);
		return;
	}
	bool host = strcmp(name, "host-root") == 0;
	/* To check or explain a profile nobody has to become anybody: an administrator looks at users' profiles, a user at a service's. */
	if (pl->request->program == NULL) {
		planner_note(pl, v->origin,
			host ? "Only root can start this profile: uid 0 inside is the host's."
			     : arena_printf(pl->arena, "Only root can start this profile: it becomes the user \"%s\".", name));
		return;
	}
	struct diag *at = diag_error(pl->diags, v->origin, "identity.user",
		host ? "only root can start a program as \"%s\"" : "only root can become another user (\"%s\")", name);
	diag_hint(pl->diags, at,
		host ? "\"root\" gives the program a uid 0 that is you outside" : "leave it at \"self\", or let root start bailey");
}

/* Started by root, uid 0 inside: an id that nobody else has outside, or, with root's written consent, the host's 0. */
static void become_root_inside(struct planner *pl, const char *name)
{
	struct plan *plan = pl->plan;
	plan->inside_uid = plan->inside_gid = 0;
	if (name[0] == 'h') {
		const struct value *nested = &pl->p->namespaces_user;
		plan->mode = IDENTITY_HOST;
		plan_id_maps_of_host(pl);
		if (nested->i == USER_NESTED)
			diag_error(pl->diags, nested->origin, "namespaces.user",
				"\"nested\" does not go with identity.user = \"host-root\": in an inner namespace the host's root would have all "
				"capabilities over what is granted");
		return;
	}
	plan->mode = name[0] == 'm' ? IDENTITY_MAPPED : IDENTITY_ROOT;
	if (!plan_id_maps_of_root(pl, plan->mode == IDENTITY_ROOT))
		return;
	plan->become = true;
	size_t cap = 0;
	add_group(plan, pl->arena, &cap, plan->gid);
	stand_in(pl, &(struct user){ .name = "root", .home = pl->facts->home, .uid = plan->uid, .gid = plan->gid });
}

/* Started by root. uid 0 inside would be the host's root for all that is granted, so nobody gets that without saying so. */
static void become(struct planner *pl, const struct value *v, const char *name)
{
	struct plan *plan = pl->plan;
	if (strcmp(name, "root") == 0 || strcmp(name, "mapped") == 0 || strcmp(name, "host-root") == 0) {
		become_root_inside(pl, name);
		return;
	}
	if (strcmp(name, "self") == 0 && pl->request->program == NULL) {
		planner_note(pl, v->origin,
			"Root cannot start this profile as it is: --set identity.user=NAME says who the program runs as.");
		return;
	}
	if (strcmp(name, "self") == 0) {
		struct diag *at = diag_error(pl->diags, v->origin, "identity.user",
			"started by root, a program must run as another user: \"self\" would be root");
		diag_hint(pl->diags, at,
			"--set identity.user=NAME names one; \"root\" and \"mapped\" have a uid 0 inside that is nobody outside, "
			"\"host-root\" is the host's");
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
	plan->uid = plan->inside_uid = u.uid;
	plan->gid = plan->inside_gid = u.gid;
	stand_in(pl, &u);
}

void plan_identity(struct planner *pl)
{
	const struct value *v = &pl->p->identity_user;
	struct plan *plan = pl->plan;
	const char *name = v->s != NULL ? v->s : "self";
	plan->user_origin = v->origin;
	plan->uid = plan->inside_uid = pl->facts->uid;
	plan->gid = plan->inside_gid = pl->facts->gid;
	if (pl->facts->uid != 0)
		stay(pl, v, name);
	else
		become(pl, v, name);
}

/* "docker", or the number when /etc/group does not know it. */
static const char *group_name(struct planner *pl, gid_t gid)
{
	const char *text;
	const char *name = facts_read(pl->facts, "/etc/group", &text) == 0 ? find_name(pl->arena, text, gid) : NULL;
	return name != NULL ? name : arena_printf(pl->arena, "%u", (unsigned)gid);
}

void plan_note_groups(struct planner *pl)
{
	const struct plan *plan = pl->plan;
	const gid_t *groups = plan->groups;
	size_t count = plan->group_count;
	if (plan->uid_map.count > 0)
		return;
	if (!plan->become) {
		facts_groups(pl->facts);
		groups = pl->facts->groups;
		count = pl->facts->group_count;
	}
	const char *names = "";
	for (size_t i = 0; i < count; i++)
		if (groups[i] != plan->gid)
			names = arena_printf(pl->arena, "%s%s%s", names, names[0] != '\0' ? ", " : "", group_name(pl, groups[i]));
	if (names[0] == '\0')
		return;
	planner_note(pl, plan->user_origin,
		arena_printf(pl->arena,
			"Inside, the user's other groups (%s) show as nogroup, but they count: of what is granted, the program may use "
			"what they may use.%s",
			names, plan->become ? "" : " Only identity.user = \"mapped\" gives them up."));
}
