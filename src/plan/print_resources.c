/* The plan's resources for people and for programs. */
#include "base/json.h"
#include "plan/describe.h"
#include "plan/print_parts.h"

/* "v1: a control group below /sys/fs/cgroup/memory, ..." */
static const char *driver_text(struct arena *a, const struct cgroup_plan *c)
{
	struct buf b = { .arena = a };
	switch (c->driver) {
	case CGROUP_DRIVER_NONE: return "none";
	case CGROUP_DRIVER_DIRECT: return arena_printf(a, "direct: a control group below %s", c->parent);
	case CGROUP_DRIVER_SYSTEMD:
		return arena_printf(a, "systemd: a scope of %s", c->system_manager ? "the system's manager" : "the user's manager");
	case CGROUP_DRIVER_V1: break;
	}
	buf_puts(&b, "v1: control groups below");
	for (size_t i = 0; i < c->hierarchy_count; i++)
		buf_printf(&b, "%s %s", i > 0 ? "," : "", c->hierarchies[i].directory);
	return buf_text(&b);
}

void print_resources_know(struct layout *l, const struct plan *plan)
{
	const struct cgroup_plan *c = &plan->cgroup;
	for (size_t i = 0; i < c->write_count; i++)
		layout_know(l, c->writes[i].origin);
	for (size_t i = 0; i < c->degraded_count; i++)
		layout_know(l, c->degraded[i].origin);
	layout_know(l, c->affinity_origin);
}

void print_resources_text(struct layout *l, const struct plan *plan)
{
	const struct cgroup_plan *c = &plan->cgroup;
	if (c->write_count + c->degraded_count == 0)
		return;
	layout_heading(l, "Resources of all its processes together");
	layout_row(l, "driver", driver_text(l->arena, c), "");
	for (size_t i = 0; i < c->write_count; i++) {
		const struct cgroup_write *w = &c->writes[i];
		layout_row(l, w->file, arena_printf(l->arena, "%s (%s)", w->value, w->what), layout_origin(l, w->origin));
	}
	for (size_t i = 0; i < c->degraded_count; i++)
		layout_row(l, "degraded", c->degraded[i].text, layout_origin(l, c->degraded[i].origin));
	layout_table(l);
}

static void hierarchies(struct json *j, const struct cgroup_plan *c)
{
	json_array(j, "hierarchies");
	for (size_t i = 0; i < c->hierarchy_count; i++) {
		json_object(j, NULL);
		json_string(j, "controller", c->hierarchies[i].controller);
		json_string(j, "directory", c->hierarchies[i].directory);
		json_bool(j, "inner", c->hierarchies[i].inner);
		json_object_end(j);
	}
	json_array_end(j);
}

void print_resources_json(struct json *j, const struct plan *plan)
{
	const struct cgroup_plan *c = &plan->cgroup;
	if (c->write_count + c->degraded_count == 0) {
		json_null(j, "resources");
		return;
	}
	json_object(j, "resources");
	json_string(j, "driver", c->driver_name);
	json_string(j, "parent", c->parent);
	json_string(j, "enable", c->enable);
	json_bool(j, "system_manager", c->system_manager);
	json_bool(j, "keeper", c->keeper);
	hierarchies(j, c);
	json_array(j, "writes");
	for (size_t i = 0; i < c->write_count; i++) {
		const struct cgroup_write *w = &c->writes[i];
		json_object(j, NULL);
		json_string(j, "controller", w->controller);
		json_string(j, "file", w->file);
		json_string(j, "value", w->value);
		json_string(j, "setting", w->setting);
		json_origin(j, "origin", w->origin);
		json_object_end(j);
	}
	json_array_end(j);
	json_string(j, "affinity", c->affinity != NULL ? numset_text(j->out->arena, c->affinity) : NULL);
	json_origin(j, "affinity_origin", c->affinity_origin);
	json_array(j, "degraded");
	for (size_t i = 0; i < c->degraded_count; i++) {
		json_object(j, NULL);
		json_string(j, "setting", c->degraded[i].setting);
		json_string(j, "text", c->degraded[i].text);
		json_origin(j, "origin", c->degraded[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}
