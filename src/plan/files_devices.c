/* Device nodes: those of every sandbox, the classes of devices.def, and explicit ones. */
#include "plan/parts.h"
#include "plan/tree.h"

static const struct origin built_in = { .file = "built in" };

static const struct entry device = { .kind = ENTRY_BIND, .flags = MOUNT_DEVICES | MOUNT_NOEXEC };

/* Built-in sources are not looked up: they are the same on every Linux. */
static void add_device(struct planner *pl, const char *path, const char *source)
{
	struct entry e = device;
	e.flags |= MOUNT_ON_FILE | MOUNT_MAY_VANISH;
	e.path = path;
	e.source = source;
	e.node = (struct node){ .type = NODE_DEVICE };
	e.renamed = path != source;
	e.origin = built_in;
	tree_add(pl, &e);
}

static void gather_shm(struct planner *pl)
{
	const struct value *size = &pl->p->devices_shm_size;
	struct entry e = {
		.kind = ENTRY_TMPFS,
		.flags = MOUNT_NOEXEC,
		.path = "/dev/shm",
		.mode = 01777,
		.size = size->set ? (uint64_t)size->i : 0,
		.rank = size->set ? RANK_HOME : RANK_BUILT_IN, /* a tmpfs of the profile for this path says more */
		.asked = size->set ? "/dev/shm" : NULL,
		.setting = "devices.shm_size",
		.origin = size->set ? size->origin : built_in,
	};
	tree_add(pl, &e);
}

/* A node of a class is like one of devices.nodes that may be absent, asked for by the switch's line. */
static void add_node(struct planner *pl, const struct value *on, const char *setting, const char *pattern)
{
	if (!on->set || on->i == 0)
		return;
	struct item item = { .text = pattern, .optional = true, .origin = on->origin };
	files_gather_list(pl, &(struct list){ .items = &item, .count = 1 }, setting, &device);
}

void files_gather_devices(struct planner *pl)
{
	static const char *const always[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty" };
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		add_device(pl, always[i], always[i]);
	if (pl->plan->terminal != NULL)
		add_device(pl, "/dev/console", pl->plan->terminal);
	gather_shm(pl);
#define CLASS(id, note)
#define NODE(id, pattern) add_node(pl, &pl->p->id, schema_settings[SET_##id].path, pattern);
#include "plan/devices.def"
	files_gather_list(pl, &pl->p->devices_nodes, "devices.nodes", &device);
}

void plan_note_devices(struct planner *pl)
{
	const struct {
		const struct value *on;
		const char *text;
	} classes[] = {
#define CLASS(id, note) { &pl->p->id, note },
#define NODE(id, pattern)
#include "plan/devices.def"
	};
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (classes[i].on->set && classes[i].on->i != 0 && classes[i].text != NULL)
			planner_note(pl, classes[i].on->origin, classes[i].text);
}
