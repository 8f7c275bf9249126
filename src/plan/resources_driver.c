/* Which driver makes the control group on this machine, and which controllers it has. */
#include <string.h>

#include "base/path.h"
#include "host/cgroups.h"
#include "host/resolve.h"
#include "plan/resources_parts.h"

static const struct {
	const char *v2, *v1, *option; /* option: the kernel's, for one that is not there at all */
} controllers[CONTROLLER_COUNT] = {
	[CONTROLLER_CPUSET] = { "cpuset", "cpuset", "CONFIG_CPUSETS" },
	[CONTROLLER_CPU] = { "cpu", "cpu", "CONFIG_CGROUP_SCHED" },
	[CONTROLLER_MEMORY] = { "memory", "memory", "CONFIG_MEMCG" },
	[CONTROLLER_PIDS] = { "pids", "pids", "CONFIG_CGROUP_PIDS" },
	[CONTROLLER_IO] = { "io", "blkio", "CONFIG_BLK_CGROUP" },
	[CONTROLLER_HUGETLB] = { "hugetlb", "hugetlb", "CONFIG_CGROUP_HUGETLB" },
};

const char *resources_controller(enum controller c, bool v1)
{
	return v1 ? controllers[c].v1 : controllers[c].v2;
}

/* The controllers that a file such as cgroup.controllers lists. */
static unsigned listed(struct facts *f, const char *directory, const char *file)
{
	const char *text;
	unsigned set = 0;
	if (facts_read(f, path_join(f->arena, directory, file), &text) < 0)
		return 0;
	for (size_t len; *(text += strspn(text, " \n")) != '\0'; text += len) {
		len = strcspn(text, " \n");
		for (size_t i = 0; i < CONTROLLER_COUNT; i++)
			if (strlen(controllers[i].v2) == len && strncmp(controllers[i].v2, text, len) == 0)
				set |= 1U << i;
	}
	return set;
}

static void lack(struct resources *r, unsigned set, const char *why, const char *fix)
{
	for (size_t i = 0; i < CONTROLLER_COUNT; i++) {
		if ((set >> i & 1) == 0)
			continue;
		r->missing[i] = why;
		r->fix[i] = fix;
	}
}

/* Controllers that are not even in the root: nothing but another kernel, or other parameters for it, gives them. */
static void lack_in_kernel(struct resources *r, unsigned set)
{
	struct arena *a = r->pl->arena;
	for (size_t i = 0; i < CONTROLLER_COUNT; i++)
		if ((set >> i & 1) != 0)
			lack(r, 1U << i, arena_printf(a, "this kernel offers no %s controller", controllers[i].v2),
				arena_printf(a, "boot a kernel with %s, and without cgroup_disable=%s on its command line",
					controllers[i].option, controllers[i].v2));
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

/* systemd writes to the cgroups of its units itself, unless it delegated them. */
static bool is_systemds(struct facts *f, const char *directory, const char *mount)
{
	const char *name = path_base(directory);
	if (!facts_systemd(f))
		return false;
	if (strcmp(directory, mount) == 0 || strncmp(name, "user@", 5) == 0)
		return true;
	if (!ends_in(name, ".slice") && !ends_in(name, ".scope") && !ends_in(name, ".service"))
		return false;
	return !facts_delegated(f, directory);
}

struct candidate {
	const char *directory; /* or NULL */
	unsigned held;
	unsigned on; /* of them those that are switched on there */
};

static struct candidate try_directory(struct resources *r, const char *directory, const char *mount)
{
	struct facts *f = r->pl->facts;
	const char *procs = "";
	struct node type;
	struct candidate c = { .directory = directory };
	c.held = c.on = listed(f, directory, "cgroup.subtree_control") & r->need;
	if (c.held == r->need)
		return c;
	/* The whole machine's root is exempt from the rule that a cgroup with processes gives no controllers to those below. */
	facts_node(f, path_join(f->arena, directory, "cgroup.type"), &type);
	bool root = strcmp(directory, mount) == 0 && type.type == NODE_ABSENT;
	bool empty = facts_read(f, path_join(f->arena, directory, "cgroup.procs"), &procs) == 0 && procs[0] == '\0';
	if (root || empty)
		c.held |= listed(f, directory, "cgroup.controllers") & r->need;
	return c;
}

/* From our own cgroup upwards: the first one that has all we need, else the one that has most. */
static struct candidate find_directory(struct resources *r, const char *mount)
{
	struct facts *f = r->pl->facts;
	struct candidate best = { 0 };
	bool forced = r->pl->p->resources_driver.i == DRIVER_DIRECT;
	const char *own = facts_own_cgroup(f, mount, NULL), *directory = own;
	for (; directory != NULL && path_within(directory, mount); directory = path_parent(f->arena, directory)) {
		/* Our own has a process in it, at least this one: only the root could give controllers all the same. */
		if (directory == own && strcmp(own, mount) != 0)
			continue;
		if (!facts_writable(f, directory) || !facts_writable(f, path_join(f->arena, directory, "cgroup.procs")))
			continue;
		if ((!forced || strcmp(directory, mount) != 0) && is_systemds(f, directory, mount))
			continue;
		struct candidate c = try_directory(r, directory, mount);
		if (best.directory == NULL || __builtin_popcount(c.held) > __builtin_popcount(best.held))
			best = c;
		if (best.held == r->need)
			break;
	}
	return best;
}

static void use_direct(struct resources *r, const char *mount, struct candidate c)
{
	struct arena *a = r->pl->arena;
	r->plan->driver = CGROUP_DRIVER_DIRECT;
	r->plan->parent = c.directory;
	r->held = c.held;
	r->on = c.on;
	unsigned rest = r->need & ~c.held;
	unsigned offered = rest != 0 ? listed(r->pl->facts, mount, "cgroup.controllers") : 0;
	lack_in_kernel(r, rest & ~offered);
	if (c.directory == NULL)
		lack(r, rest & offered,
			arena_printf(a, "no control group above this process may be written%s",
				facts_systemd(r->pl->facts) ? ", and no manager of systemd can be asked for one" : ""),
			facts_systemd(r->pl->facts)
				? "log in by a way that starts the user's manager (not by su), or have root run loginctl enable-linger"
				: "let root start bailey, or have it give this user a control group with these controllers");
	else
		lack(r, rest & offered, arena_printf(a, "%s does not give this controller to groups below it", c.directory),
			"only a control group without processes of its own can: start bailey from one below it");
}

/* Whether `path` is a socket; then it is one more way to the manager. */
static void add_manager(struct resources *r, const char *kind, const char *path)
{
	struct facts *f = r->pl->facts;
	struct node n;
	facts_node(f, path, &n);
	if (n.type == NODE_SOCKET)
		r->plan->managers[r->plan->manager_count++] = arena_printf(f->arena, "%s%s", kind, path);
}

/* How the manager of systemd that we would ask can be reached, if at all. The cgroup below which its own are, or NULL. */
static const char *find_manager(struct resources *r, const char *mount)
{
	struct facts *f = r->pl->facts;
	struct cgroup_plan *plan = r->plan;
	plan->manager_count = 0;
	if (!facts_systemd(f))
		return NULL;
	if (f->uid == 0) {
		add_manager(r, "manager:", "/run/systemd/private");
		add_manager(r, "bus:unix:path=", "/run/dbus/system_bus_socket");
		return plan->manager_count > 0 ? mount : NULL;
	}
	const char *runtime = facts_env(f, "XDG_RUNTIME_DIR"), *bus = facts_env(f, "DBUS_SESSION_BUS_ADDRESS");
	if (runtime == NULL || runtime[0] != '/')
		runtime = arena_printf(f->arena, "/run/user/%u", (unsigned)f->uid);
	add_manager(r, "manager:", path_join(f->arena, runtime, "systemd/private"));
	/* Others than "unix:" start programs, or leave the machine. */
	if (bus != NULL && strncmp(bus, "unix:", 5) == 0)
		plan->managers[plan->manager_count++] = arena_printf(f->arena, "bus:%s", bus);
	else
		add_manager(r, "bus:unix:path=", path_join(f->arena, runtime, "bus"));
	const char *own =
		arena_printf(f->arena, "%s/user.slice/user-%u.slice/user@%u.service", mount, (unsigned)f->uid, (unsigned)f->uid);
	struct node n;
	facts_node(f, own, &n); /* a bus may be there without a manager on it */
	return plan->manager_count > 0 && n.type == NODE_DIRECTORY ? own : NULL;
}

static void use_systemd(struct resources *r, const char *mount, unsigned held)
{
	struct arena *a = r->pl->arena;
	unsigned offered = listed(r->pl->facts, mount, "cgroup.controllers") & r->need;
	r->plan->driver = CGROUP_DRIVER_SYSTEMD;
	r->plan->mount = mount;
	r->plan->system_manager = r->pl->facts->uid == 0;
	r->held = held;
	lack_in_kernel(r, r->need & ~held & ~offered);
	for (size_t i = 0; i < CONTROLLER_COUNT; i++)
		if (((r->need & ~held & offered) >> i & 1) != 0)
			lack(r, 1U << i,
				arena_printf(a, "systemd does not delegate the controller %s to this user", controllers[i].v2),
				"as root put the lines [Service] and Delegate=cpu cpuset io memory pids into "
				"/etc/systemd/system/user@.service.d/delegate.conf, run systemctl daemon-reload, and log in again");
}

static void choose_v2(struct resources *r, const char *mount)
{
	int asked = (int)r->pl->p->resources_driver.i;
	const char *cgroup = find_manager(r, mount);
	bool manager = cgroup != NULL;
	unsigned offers = manager ? listed(r->pl->facts, cgroup, "cgroup.controllers") & r->need : 0;
	struct candidate c = { 0 };
	if (asked != DRIVER_SYSTEMD)
		c = find_directory(r, mount);
	bool direct = c.directory != NULL && __builtin_popcount(c.held) >= __builtin_popcount(offers);
	if (asked == DRIVER_DIRECT || (asked == DRIVER_AUTO && (direct || !manager))) {
		use_direct(r, mount, c);
	} else if (manager) {
		use_systemd(r, mount, offers);
	} else {
		lack(r, r->need, "no manager of systemd answers this user",
			"log in by a way that starts one (not by su), or have root run loginctl enable-linger");
	}
}

static void choose_v1(struct resources *r)
{
	struct facts *f = r->pl->facts;
	r->plan->driver = CGROUP_DRIVER_V1;
	for (size_t i = 0; i < CONTROLLER_COUNT; i++) {
		if ((r->need >> i & 1) == 0)
			continue;
		const char *mount = facts_cgroup1(f, controllers[i].v1);
		if (mount == NULL) {
			lack(r, 1U << i,
				arena_printf(f->arena, "the controller %s is not mounted at /sys/fs/cgroup/%s", controllers[i].v1,
					controllers[i].v1),
				arena_printf(f->arena, "mount it, or boot a kernel with %s", controllers[i].option));
			continue;
		}
		r->directory[i] = facts_own_cgroup(f, mount, controllers[i].v1);
		if (r->directory[i] == NULL)
			r->directory[i] = mount;
		if (facts_writable(f, r->directory[i]))
			r->held |= 1U << i;
		else
			lack(r, 1U << i, arena_printf(f->arena, "this user may not write in %s", r->directory[i]),
				"let root start bailey, or have it give this user a directory of that hierarchy");
	}
}

void resources_choose(struct resources *r)
{
	struct facts *f = r->pl->facts;
	const struct value *driver = &r->pl->p->resources_driver;
	int asked = (int)driver->i;
	const char *mount = facts_cgroup2(f);
	enum cgroup_layout layout = facts_cgroup(f);
	if (layout == CGROUP_NONE)
		lack(r, r->need, "no control groups can be seen at /sys/fs/cgroup",
			"mount them there; inside of a container or a sandbox that hides them, limits are for whoever made it");
	else if (asked == DRIVER_V1 && layout == CGROUP_V2)
		lack(r, r->need, "this machine has control groups of version 2, not 1", "leave resources.driver at \"auto\"");
	else if ((asked == DRIVER_DIRECT || asked == DRIVER_SYSTEMD) && mount == NULL)
		lack(r, r->need, "this machine has control groups of version 1, not 2", "leave resources.driver at \"auto\"");
	else if (mount == NULL || asked == DRIVER_V1 || (asked == DRIVER_AUTO && layout != CGROUP_V2))
		choose_v1(r);
	else
		choose_v2(r, mount);
}

/* ---- once it is known what is written ---- */

static unsigned used(const struct resources *r)
{
	unsigned set = 0;
	for (size_t i = 0; i < r->plan->write_count; i++)
		for (size_t c = 0; c < CONTROLLER_COUNT; c++)
			if (strcmp(r->plan->writes[i].controller,
				    resources_controller((enum controller)c, r->plan->driver == CGROUP_DRIVER_V1)) == 0)
				set |= 1U << c;
	return set;
}

/* The place of the hierarchy; controllers may be mounted together. */
static size_t add_hierarchy(struct resources *r, const char *controller, const char *directory)
{
	struct cgroup_plan *plan = r->plan;
	for (size_t i = 0; i < plan->hierarchy_count; i++)
		if (strcmp(plan->hierarchies[i].directory, directory) == 0)
			return i;
	plan->hierarchies[plan->hierarchy_count++] = (struct cgroup_hierarchy){
		.controller = controller,
		.directory = directory,
		/* Limits of blkio are not passed on to groups below. */
		.inner = strcmp(controller, "blkio") != 0,
	};
	return plan->hierarchy_count - 1;
}

static void settle_v1(struct resources *r, unsigned set)
{
	struct facts *f = r->pl->facts;
	r->plan->hierarchies = arena_array(r->pl->arena, CONTROLLER_COUNT + 1, sizeof *r->plan->hierarchies);
	for (size_t i = 0; i < CONTROLLER_COUNT; i++)
		if ((set >> i & 1) != 0) {
			size_t at = add_hierarchy(r, controllers[i].v1, r->directory[i]);
			for (size_t w = 0; w < r->plan->write_count; w++)
				if (strcmp(r->plan->writes[w].controller, controllers[i].v1) == 0)
					r->plan->writes[w].hierarchy = at;
		}
	/* To stop it as a whole: bailey pause, and before killing what is left. */
	const char *mount = facts_cgroup1(f, "freezer");
	const char *own = mount != NULL ? facts_own_cgroup(f, mount, "freezer") : NULL;
	if (own != NULL && facts_writable(f, own))
		(void)add_hierarchy(r, "freezer", own);
}

static void settle_v2(struct resources *r, unsigned set)
{
	struct arena *a = r->pl->arena;
	const char **names = arena_array(a, CONTROLLER_COUNT, sizeof *names);
	struct buf enable = { .arena = a };
	for (size_t i = 0; i < CONTROLLER_COUNT; i++) {
		if ((set >> i & 1) == 0)
			continue;
		names[r->plan->controller_count++] = controllers[i].v2;
		if ((r->on >> i & 1) == 0)
			buf_printf(&enable, "%s+%s", enable.len > 0 ? " " : "", controllers[i].v2);
	}
	r->plan->controllers = names;
	r->plan->enable = enable.len > 0 ? buf_text(&enable) : NULL;
}

void resources_settle(struct resources *r)
{
	static const char *const names[] = { "none", "direct", "systemd", "v1" };
	struct cgroup_plan *plan = r->plan;
	unsigned set = used(r);
	if (set == 0) {
		plan->driver = CGROUP_DRIVER_NONE;
		plan->parent = NULL;
	} else if (plan->driver == CGROUP_DRIVER_V1) {
		settle_v1(r, set);
	} else {
		settle_v2(r, set);
	}
	plan->driver_name = names[plan->driver];
	plan->keeper = plan->driver == CGROUP_DRIVER_SYSTEMD || (plan->driver != CGROUP_DRIVER_NONE && r->pl->facts->uid == 0);
	for (size_t i = 0; i < plan->write_count; i++) {
		struct cgroup_write *w = &plan->writes[i];
		if (strcmp(w->file, "memory.max") == 0 || strcmp(w->file, "memory.limit_in_bytes") == 0)
			plan->memory = w;
		if (strcmp(w->file, "pids.max") == 0)
			plan->tasks = w;
	}
}
