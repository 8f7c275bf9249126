/* Facts of a machine that is not this one, from a JSON file. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/num.h"
#include "base/path.h"
#include "host/nodes.h"

struct reading {
	struct facts *f;
	const char *name; /* of the file */
	struct err *e;
};

typedef int (*member_fn)(struct reading *, const struct json_value *);

static int bad(struct reading *r, const struct json_value *v, const char *why)
{
	(void)err_set(r->e, 0, "%s:%u: \"%s\" %s", r->name, v->line, v->key != NULL ? v->key : "facts", why);
	return -EINVAL;
}

static int get_text(struct reading *r, const struct json_value *v, const char **ret)
{
	if (v->type != JSON_STRING)
		return bad(r, v, "must be a string");
	*ret = v->string;
	return 0;
}

static int get_number(struct reading *r, const struct json_value *v, int64_t max, int64_t *ret)
{
	if (v->type != JSON_INT || v->number < 0 || v->number > max)
		return bad(r, v, "must be a number that is not below 0");
	*ret = v->number;
	return 0;
}

static int read_uid(struct reading *r, const struct json_value *v)
{
	int64_t n;
	int err = get_number(r, v, UINT32_MAX - 1, &n);
	if (err == 0)
		r->f->uid = (uid_t)n;
	return err;
}

static int read_gid(struct reading *r, const struct json_value *v)
{
	int64_t n;
	int err = get_number(r, v, UINT32_MAX - 1, &n);
	if (err == 0)
		r->f->gid = (gid_t)n;
	return err;
}

static int read_groups(struct reading *r, const struct json_value *v)
{
	gid_t *groups = NULL;
	size_t count = 0, cap = 0;
	for (const struct json_value *m = v->type == JSON_ARRAY ? v->first : NULL; m != NULL; m = m->next) {
		int64_t n;
		if (m->type != JSON_INT || (n = m->number) < 0 || n >= UINT32_MAX)
			return bad(r, v, "must be a list of group ids");
		groups = arena_grow(r->f->arena, groups, count, &cap, sizeof *groups);
		groups[count++] = (gid_t)n;
	}
	if (v->type != JSON_ARRAY)
		return bad(r, v, "must be a list of group ids");
	r->f->groups = groups;
	r->f->group_count = count;
	return 0;
}

static int read_user(struct reading *r, const struct json_value *v)
{
	return get_text(r, v, &r->f->user);
}

/* "" stands for "not known", as it does live. */
static int absolute(struct reading *r, const struct json_value *v, const char **ret)
{
	const char *path;
	int err = get_text(r, v, &path);
	if (err < 0)
		return err;
	if (path[0] == '\0')
		*ret = path;
	else if (path_normal(r->f->arena, path, ret) < 0)
		return bad(r, v, "must be an absolute path, or empty");
	return 0;
}

static int read_home(struct reading *r, const struct json_value *v)
{
	return absolute(r, v, &r->f->home);
}

static int read_cwd(struct reading *r, const struct json_value *v)
{
	return absolute(r, v, &r->f->cwd);
}

static int read_machine(struct reading *r, const struct json_value *v)
{
	return get_text(r, v, &r->f->machine);
}

static int read_kernel(struct reading *r, const struct json_value *v)
{
	const char *version;
	int err = get_text(r, v, &version);
	if (err < 0)
		return err;
	const char *dot = strchr(version, '.');
	int64_t major = 0, minor = 0;
	if (dot == NULL || num_int(arena_strndup(r->f->arena, version, (size_t)(dot - version)), 0, 1000, &major) < 0 ||
		num_int(dot + 1, 0, 1000, &minor) < 0)
		return bad(r, v, "must be two numbers like \"6.1\"");
	r->f->kernel_major = (unsigned)major;
	r->f->kernel_minor = (unsigned)minor;
	return 0;
}

static int read_environment(struct reading *r, const struct json_value *v)
{
	if (v->type != JSON_OBJECT)
		return bad(r, v, "must be an object");
	size_t count = 0;
	for (const struct json_value *m = v->first; m != NULL; m = m->next)
		count++;
	char **list = arena_array(r->f->arena, count + 1, sizeof *list);
	count = 0;
	for (const struct json_value *m = v->first; m != NULL; m = m->next) {
		if (m->type != JSON_STRING || m->key[0] == '\0' || strchr(m->key, '=') != NULL)
			return bad(r, m, "must be a variable's name with a string");
		list[count++] = arena_printf(r->f->arena, "%s=%s", m->key, m->string);
	}
	r->f->environment = list;
	return 0;
}

static int read_userns(struct reading *r, const struct json_value *v)
{
	if (v->type != JSON_OBJECT)
		return bad(r, v, "must be an object");
	for (const struct json_value *m = v->first; m != NULL; m = m->next) {
		const char *s;
		int err = get_text(r, m, &s);
		if (err < 0)
			return err;
		if (strcmp(m->key, "answer") == 0 && strcmp(s, "yes") == 0)
			r->f->userns = ANSWER_YES;
		else if (strcmp(m->key, "answer") == 0 && strcmp(s, "no") == 0)
			r->f->userns = ANSWER_NO;
		else if (strcmp(m->key, "reason") == 0)
			r->f->userns_reason = s;
		else if (strcmp(m->key, "hint") == 0)
			r->f->userns_hint = s;
		else
			return bad(r, m, "must be \"answer\" (\"yes\" or \"no\"), \"reason\" or \"hint\"");
	}
	return 0;
}

static int read_landlock(struct reading *r, const struct json_value *v)
{
	int64_t n;
	int err = get_number(r, v, 1000, &n);
	if (err == 0)
		r->f->landlock_abi = (int)n;
	return err;
}

static int read_cgroup(struct reading *r, const struct json_value *v)
{
	static const char *const words[] = {
		[CGROUP_NONE] = "none", [CGROUP_V1] = "v1", [CGROUP_V2] = "v2", [CGROUP_HYBRID] = "hybrid"
	};
	const char *s;
	int err = get_text(r, v, &s);
	if (err < 0)
		return err;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(s, words[i]) == 0) {
			r->f->cgroup = (enum cgroup_layout)i;
			return 0;
		}
	}
	return bad(r, v, "must be \"none\", \"v1\", \"v2\" or \"hybrid\"");
}

static int read_terminal(struct reading *r, const struct json_value *v)
{
	size_t n = 0;
	if (v->type != JSON_ARRAY)
		return bad(r, v, "must be a list of three");
	for (const struct json_value *m = v->first; m != NULL; m = m->next, n++) {
		if (n >= 3 || (m->type != JSON_STRING && m->type != JSON_NULL))
			return bad(r, v, "must be a list of three paths or nulls");
		r->f->tty[n] = m->string;
	}
	return n == 3 ? 0 : bad(r, v, "must be a list of three");
}

static int read_paths(struct reading *r, const struct json_value *v)
{
	return nodes_read(r->f, v, r->name, r->e);
}

static int read_files(struct reading *r, const struct json_value *v)
{
	return nodes_read_files(r->f, v, r->name, r->e);
}

static int read_delegated(struct reading *r, const struct json_value *v)
{
	size_t cap = 0;
	for (const struct json_value *m = v->type == JSON_ARRAY ? v->first : NULL; m != NULL; m = m->next) {
		struct facts *f = r->f;
		if (m->type != JSON_STRING)
			return bad(r, v, "must be a list of paths");
		f->delegated = arena_grow(f->arena, f->delegated, f->delegated_count, &cap, sizeof *f->delegated);
		f->delegated[f->delegated_count++] = m->string;
	}
	return v->type == JSON_ARRAY ? 0 : bad(r, v, "must be a list of paths");
}

/* {"/home": "8:3"} */
static int read_devices(struct reading *r, const struct json_value *v)
{
	size_t cap = 0;
	if (v->type != JSON_OBJECT)
		return bad(r, v, "must be an object");
	for (const struct json_value *m = v->first; m != NULL; m = m->next) {
		struct facts *f = r->f;
		const char *colon = m->type == JSON_STRING ? strchr(m->string, ':') : NULL;
		int64_t high = 0, low = 0;
		if (colon == NULL || num_int(arena_strndup(f->arena, m->string, (size_t)(colon - m->string)), 0, 4095, &high) < 0 ||
			num_int(colon + 1, 0, 1048575, &low) < 0)
			return bad(r, m, "must be the two numbers of a device, like \"8:3\"");
		f->devices = arena_grow(f->arena, f->devices, f->device_count, &cap, sizeof *f->devices);
		f->devices[f->device_count++] = (struct facts_mount){ m->key, makedev((unsigned)high, (unsigned)low) };
	}
	return 0;
}

static int read_stamps(struct reading *r, const struct json_value *v)
{
	return nodes_read_stamps(r->f, v, r->name, r->e);
}

static const struct {
	const char *key;
	member_fn read;
} members[] = {
	{ "uid", read_uid },
	{ "gid", read_gid },
	{ "groups", read_groups },
	{ "user", read_user },
	{ "home", read_home },
	{ "cwd", read_cwd },
	{ "machine", read_machine },
	{ "kernel", read_kernel },
	{ "environment", read_environment },
	{ "userns", read_userns },
	{ "landlock", read_landlock },
	{ "cgroup", read_cgroup },
	{ "terminal", read_terminal },
	{ "delegated", read_delegated },
	{ "devices", read_devices },
	{ "paths", read_paths },
	{ "files", read_files },
	{ "stamps", read_stamps },
};

int facts_json(struct facts *f, struct arena *a, const char *bytes, size_t len, const char *name, struct err *e)
{
	struct json_value *root;
	unsigned line;
	const char *why;
	*f = (struct facts){
		.arena = a,
		.injected = true,
		.user = "",
		.home = "",
		.cwd = "",
		.machine = "x86_64",
		.kernel_major = 6,
		.kernel_minor = 1,
		.userns = ANSWER_YES,
		.cgroup = CGROUP_V2,
		.cgroup_known = true,
	};
	if (json_read(a, bytes, len, &root, &line, &why) < 0)
		return err_set(e, 0, "%s:%u: %s", name, line, why);
	struct reading r = { .f = f, .name = name, .e = e };
	if (root->type != JSON_OBJECT)
		return bad(&r, root, "must be an object");
	char **empty = arena_array(a, 1, sizeof *empty);
	f->environment = empty;
	for (const struct json_value *v = root->first; v != NULL; v = v->next) {
		size_t i = 0, count = sizeof members / sizeof *members;
		while (i < count && strcmp(members[i].key, v->key) != 0)
			i++;
		int err = i < count ? members[i].read(&r, v) : bad(&r, v, "is not a fact that bailey knows");
		if (err < 0)
			return err;
	}
	return 0;
}
