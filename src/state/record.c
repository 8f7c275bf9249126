/* state.json: what a launcher says about its sandbox. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "state/state.h"

static void print_process(struct json *j, const char *key, const struct state_process *p)
{
	json_object(j, key);
	json_int(j, "pid", p->pid);
	json_uint(j, "start", p->start);
	json_uint(j, "inode", p->inode);
	json_object_end(j);
}

void state_record_limits(struct json *j, const struct state_record *r)
{
	json_array(j, "limits");
	for (size_t i = 0; i < r->limit_count; i++) {
		json_object(j, NULL);
		json_string(j, "setting", r->limits[i].setting);
		json_string(j, "what", r->limits[i].what);
		json_origin(j, "origin", r->limits[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	json_array(j, "degraded");
	for (size_t i = 0; i < r->degraded_count; i++)
		json_string(j, NULL, r->degraded[i]);
	json_array_end(j);
}

void state_record_print(struct buf *out, const struct state_record *r)
{
	struct json j = { .out = out };
	json_object(&j, NULL);
	json_int(&j, "bailey", 1);
	json_string(&j, "name", r->name);
	json_string(&j, "profile", r->profile);
	json_string(&j, "profile_path", r->profile_path);
	json_string(&j, "program", r->program);
	json_string(&j, "plan", r->plan);
	json_int(&j, "started", r->started);
	print_process(&j, "launcher", &r->launcher);
	print_process(&j, "sandbox", &r->sandbox);
	print_process(&j, "task", &r->task);
	json_bool(&j, "own_network", r->own_network);
	json_bool(&j, "hub", r->hub);
	json_string(&j, "driver", r->driver);
	json_array(&j, "cgroups");
	for (size_t i = 0; i < r->cgroup_count; i++)
		json_string(&j, NULL, r->cgroups[i]);
	json_array_end(&j);
	state_record_limits(&j, r);
	json_string(&j, "log", r->log);
	json_uint(&j, "restarts", r->restarts);
	json_int(&j, "waits_until", r->waits_until);
	json_string(&j, "instance", r->instance);
	json_array(&j, "grants");
	for (size_t i = 0; i < r->grant_count; i++)
		json_string(&j, NULL, r->grants[i]);
	json_array_end(&j);
	json_object_end(&j);
	buf_putc(out, '\n');
}

/* Reads members one by one; the first that is not as it should be is remembered. */
struct reading {
	struct arena *arena;
	const char *bad;
};

static const struct json_value *member(struct reading *r, const struct json_value *of, const char *key, enum json_type type)
{
	const struct json_value *v = json_member(of, key);
	if ((v == NULL || v->type != type) && r->bad == NULL)
		r->bad = key;
	return v != NULL && v->type == type ? v : NULL;
}

static const char *text_member(struct reading *r, const struct json_value *of, const char *key)
{
	const struct json_value *v = member(r, of, key, JSON_STRING);
	return v != NULL ? v->string : "";
}

static const char *text_or_null(struct reading *r, const struct json_value *of, const char *key)
{
	const struct json_value *v = json_member(of, key);
	return v != NULL && v->type == JSON_NULL ? NULL : text_member(r, of, key);
}

static int64_t number(struct reading *r, const struct json_value *of, const char *key, int64_t max)
{
	const struct json_value *v = member(r, of, key, JSON_INT);
	if (v == NULL)
		return 0;
	if ((v->number < 0 || v->number > max) && r->bad == NULL)
		r->bad = key;
	return v->number;
}

static struct state_process process(struct reading *r, const struct json_value *of, const char *key)
{
	const struct json_value *v = member(r, of, key, JSON_OBJECT);
	return (struct state_process){
		.pid = (pid_t)number(r, v, "pid", INT32_MAX),
		.start = (uint64_t)number(r, v, "start", INT64_MAX),
		.inode = (uint64_t)number(r, v, "inode", INT64_MAX),
	};
}

static size_t length(const struct json_value *array)
{
	size_t n = 0;
	for (const struct json_value *v = array != NULL ? array->first : NULL; v != NULL; v = v->next)
		n++;
	return n;
}

static struct origin origin(struct reading *r, const struct json_value *of)
{
	const struct json_value *v = json_member(of, "origin");
	struct origin o = { .file = NULL };
	if (v == NULL || v->type == JSON_NULL)
		return o;
	o.file = text_member(r, v, "file");
	const struct json_value *line = json_member(v, "line");
	if (line != NULL && line->type == JSON_INT)
		o.line = (unsigned)number(r, v, "line", INT32_MAX);
	return o;
}

static void read_limits(struct reading *r, struct state_record *ret, const struct json_value *top)
{
	const struct json_value *list = member(r, top, "limits", JSON_ARRAY);
	ret->limits = arena_array(r->arena, length(list), sizeof *ret->limits);
	for (const struct json_value *v = list != NULL ? list->first : NULL; v != NULL; v = v->next)
		ret->limits[ret->limit_count++] = (struct state_limit){
			.setting = text_member(r, v, "setting"), .what = text_member(r, v, "what"), .origin = origin(r, v)
		};
}

static const char **texts(struct reading *r, const struct json_value *top, const char *key, size_t *ret_count)
{
	const struct json_value *list = member(r, top, key, JSON_ARRAY);
	const char **ret = arena_array(r->arena, length(list), sizeof *ret);
	*ret_count = 0;
	for (const struct json_value *v = list != NULL ? list->first : NULL; v != NULL; v = v->next) {
		if (v->type != JSON_STRING && r->bad == NULL)
			r->bad = key;
		ret[(*ret_count)++] = v->type == JSON_STRING ? v->string : "";
	}
	return ret;
}

int state_record_read(struct state_record *ret, struct arena *a, const char *text, size_t len, struct err *e)
{
	struct json_value *top;
	unsigned line;
	const char *why;
	*ret = (struct state_record){ 0 };
	if (json_read(a, text, len, &top, &line, &why) < 0)
		return err_set(e, 0, "line %u: %s", line, why);
	struct reading r = { .arena = a };
	if (number(&r, top, "bailey", INT64_MAX) != 1)
		return err_set(e, 0, "it is of another version of bailey");
	ret->name = text_member(&r, top, "name");
	ret->profile = text_member(&r, top, "profile");
	ret->profile_path = text_or_null(&r, top, "profile_path");
	ret->program = text_member(&r, top, "program");
	ret->plan = text_member(&r, top, "plan");
	ret->started = number(&r, top, "started", INT64_MAX);
	ret->launcher = process(&r, top, "launcher");
	ret->sandbox = process(&r, top, "sandbox");
	ret->task = process(&r, top, "task");
	const struct json_value *own = member(&r, top, "own_network", JSON_BOOL);
	ret->own_network = own != NULL && own->number != 0;
	const struct json_value *hub = member(&r, top, "hub", JSON_BOOL);
	ret->hub = hub != NULL && hub->number != 0;
	ret->driver = text_or_null(&r, top, "driver");
	ret->cgroups = texts(&r, top, "cgroups", &ret->cgroup_count);
	read_limits(&r, ret, top);
	ret->degraded = texts(&r, top, "degraded", &ret->degraded_count);
	ret->log = text_or_null(&r, top, "log");
	ret->restarts = (unsigned)number(&r, top, "restarts", INT32_MAX);
	ret->instance = text_or_null(&r, top, "instance");
	ret->grants = texts(&r, top, "grants", &ret->grant_count);
	ret->waits_until = number(&r, top, "waits_until", INT64_MAX);
	return r.bad == NULL ? 0 : err_set(e, 0, "its \"%s\" is not as it should be", r.bad);
}
