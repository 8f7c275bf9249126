/* From the settings of the group `resources` to what is written into the control group, by version and controller. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "base/num.h"
#include "base/path.h"
#include "host/cgroups.h"
#include "plan/resources_parts.h"

enum { PERIOD_US = 100000, WEIGHT_USUAL = 100, TASKS_MIN = 2, BLKIO_MIN = 10, BLKIO_MAX = 1000, SHARES_MIN = 2 };

/* Less than this the kernel needs for a process before it executes its first instruction. */
static const uint64_t memory_min = 1024 * 1024;

static bool v1(const struct resources *r)
{
	return r->plan->driver == CGROUP_DRIVER_V1;
}

/* Whether the controller is there; else what is to be done about it is done. */
static bool held(struct resources *r, enum controller c, enum setting_id id, struct origin o, const char *instead)
{
	if ((r->held >> c & 1) != 0)
		return true;
	(void)resources_degrade(r, id, o, r->missing[c], r->fix[c], instead);
	return false;
}

static const char *number(struct resources *r, uint64_t n)
{
	return arena_printf(r->pl->arena, "%" PRIu64, n);
}

/* ---- memory ---- */

/* Bytes of a size, or of a share of the machine's memory. False after a diagnostic. */
static bool bytes(struct resources *r, enum setting_id id, const struct value *v, uint64_t *ret)
{
	*ret = (uint64_t)v->i;
	if (v->i >= 0)
		return true;
	if (!r->memory_known) {
		diag_error(
			r->pl->diags, v->origin, schema_settings[id].path, "/proc/meminfo does not tell how much memory there is");
		return false;
	}
	/* 100 times the memory of any machine fits. */
	*ret = r->memory * (uint64_t)-v->i / 100;
	return true;
}

/* The same for a setting; what the machine policy said in the other unit is compared here. */
static bool amount(struct resources *r, enum setting_id id, const struct value *v, uint64_t *ret)
{
	uint64_t most;
	if (!v->set || !bytes(r, id, v, ret))
		return false;
	if (v->bound == NULL || !bytes(r, id, v->bound, &most) || *ret <= most)
		return true;
	struct diag *at = diag_error(r->pl->diags, v->origin, schema_settings[id].path,
		"\"%s\" is more than the \"%s\" that %s allows", v->s, v->bound->s, origin_text(r->pl->arena, v->bound->origin));
	diag_hint(r->pl->diags, at, "lower it to \"%s\", or ask whoever looks after the machine", v->bound->s);
	return false;
}

static const char *cap_text(struct resources *r, const char *what, const struct value *v, uint64_t size)
{
	if (v->i < 0)
		return arena_printf(r->pl->arena, "%s %s (%s)", what, v->s, num_size_text(r->pl->arena, size));
	return arena_printf(r->pl->arena, "%s %s", what, num_size_text(r->pl->arena, size));
}

static void swap_v2(struct resources *r, uint64_t swap, const char *what, struct origin o)
{
	resources_write(r, CONTROLLER_MEMORY, "memory.swap.max", number(r, swap), "resources.swap", what, o);
	/* A kernel that does not count swap has no such file; without any swap there is nothing to count. */
	r->plan->writes[r->plan->write_count - 1].may_lack = swap == 0 && r->memory_known && r->swap == 0;
}

/* Version 1 bounds memory and swap together. */
static void swap_v1(struct resources *r, bool has_memory, uint64_t memory, uint64_t swap, const char *what, struct origin o)
{
	struct planner *pl = r->pl;
	struct node n;
	if (!has_memory) {
		(void)resources_degrade(r, SET_resources_swap, o,
			"control groups of version 1 bound swap together with memory only", "set resources.memory too",
			"swap has no bound");
		return;
	}
	facts_node(pl->facts, path_join(pl->arena, r->directory[CONTROLLER_MEMORY], "memory.memsw.limit_in_bytes"), &n);
	if (n.type == NODE_FILE)
		resources_write(
			r, CONTROLLER_MEMORY, "memory.memsw.limit_in_bytes", number(r, memory + swap), "resources.swap", what, o);
	else if (!r->memory_known || r->swap > 0)
		(void)resources_degrade(r, SET_resources_swap, o, "this kernel does not count swap", "boot it with swapaccount=1",
			"swap has no bound");
}

static void plan_swap(struct resources *r, bool has_memory, uint64_t memory)
{
	const struct profile *p = r->pl->p;
	const struct value *v = &p->resources_swap;
	uint64_t swap = 0;
	struct origin o = v->set ? v->origin : p->resources_memory.origin;
	if (v->set ? !amount(r, SET_resources_swap, v, &swap) : !has_memory)
		return;
	if ((r->held >> CONTROLLER_MEMORY & 1) == 0) {
		if (v->set) /* else it goes with the memory */
			(void)held(r, CONTROLLER_MEMORY, SET_resources_swap, o, "swap has no bound");
		return;
	}
	const char *what = v->set ? cap_text(r, "swap cap", v, swap) : "swap cap 0";
	if (v1(r))
		swap_v1(r, has_memory, memory, swap, what, o);
	else
		swap_v2(r, swap, what, o);
}

static void plan_high(struct resources *r, bool has_memory, uint64_t memory)
{
	const struct value *v = &r->pl->p->resources_memory_high;
	uint64_t high;
	if (!amount(r, SET_resources_memory_high, v, &high))
		return;
	if (high < memory_min)
		diag_error(
			r->pl->diags, v->origin, "resources.memory_high", "\"%s\" is less than any program needs to start", v->s);
	else if (has_memory && high > memory)
		diag_error(r->pl->diags, v->origin, "resources.memory_high", "\"%s\" is more than resources.memory at %s", v->s,
			origin_text(r->pl->arena, r->pl->p->resources_memory.origin));
	else if (!held(r, CONTROLLER_MEMORY, SET_resources_memory_high, v->origin, "nothing slows it down"))
		return;
	else if (!v1(r))
		resources_write(r, CONTROLLER_MEMORY, "memory.high", number(r, high), "resources.memory_high",
			cap_text(r, "soft memory cap", v, high), v->origin);
	else if (resources_degrade(r, SET_resources_memory_high, v->origin, "control groups of version 1 have no such thing", NULL,
			 "memory beyond it is only the first to be taken back when the machine has none left"))
		resources_write(r, CONTROLLER_MEMORY, "memory.soft_limit_in_bytes", number(r, high), "resources.memory_high",
			cap_text(r, "soft memory cap", v, high), v->origin);
}

static void plan_oom(struct resources *r)
{
	const struct value *v = &r->pl->p->resources_oom;
	const char *instead = "the kernel chooses which process to kill";
	if (v->i != OOM_KILL_ALL || !held(r, CONTROLLER_MEMORY, SET_resources_oom, v->origin, instead))
		return;
	if (v1(r))
		(void)resources_degrade(
			r, SET_resources_oom, v->origin, "control groups of version 1 cannot kill all as one", NULL, instead);
	else
		resources_write(r, CONTROLLER_MEMORY, "memory.oom.group", "1", "resources.oom", "killing all as one", v->origin);
}

static void plan_memory(struct resources *r)
{
	const struct value *v = &r->pl->p->resources_memory;
	uint64_t memory = 0;
	bool has = amount(r, SET_resources_memory, v, &memory);
	if (has && memory < memory_min) {
		struct diag *at = diag_error(
			r->pl->diags, v->origin, "resources.memory", "\"%s\" is less than any program needs to start", v->s);
		diag_hint(r->pl->diags, at, "a shell needs some 10M, a browser 1G and more");
		has = false;
	} else if (has &&
		held(r, CONTROLLER_MEMORY, SET_resources_memory, v->origin,
			"each process for itself may have that much data (RLIMIT_DATA)")) {
		resources_write(r, CONTROLLER_MEMORY, v1(r) ? "memory.limit_in_bytes" : "memory.max", number(r, memory),
			"resources.memory", cap_text(r, "memory cap", v, memory), v->origin);
	} else if (has) {
		planner_limit(r->pl, RLIMIT_DATA, "RLIMIT_DATA", memory, v->origin);
	}
	plan_swap(r, has, memory);
	plan_high(r, has, memory);
	plan_oom(r);
}

/* ---- processors ---- */

/* Whether the machine has what the set names, and this process may use it. */
static bool usable(struct resources *r, enum setting_id id, const struct value *v, const char *thing, struct numset *ret)
{
	struct numset online, allowed;
	struct planner *pl = r->pl;
	bool cpus = id == SET_resources_cpus;
	if (!v->set || numset_read(v->s, ret) < 0)
		return false; /* conf has told a mistake */
	if (!(cpus ? facts_cpus(pl->facts, &online, &allowed) : facts_nodes(pl->facts, &online, &allowed)))
		return true;
	int beyond = numset_beyond(ret, &online);
	if (beyond >= 0) {
		struct diag *at = diag_error(pl->diags, v->origin, schema_settings[id].path, "there is no %s %d", thing, beyond);
		diag_hint(pl->diags, at, "this machine has %s", numset_text(pl->arena, &online));
		return false;
	}
	beyond = numset_beyond(ret, &allowed);
	if (beyond < 0)
		return true;
	struct diag *at =
		diag_error(pl->diags, v->origin, schema_settings[id].path, "this process may not use the %s %d", thing, beyond);
	diag_hint(pl->diags, at, "it may use %s", numset_text(pl->arena, &allowed));
	return false;
}

/* In version 1 a new cpuset is empty, and takes no process until it has both. */
static const char *inherited(struct resources *r, const char *file)
{
	struct planner *pl = r->pl;
	const char *text;
	if (facts_read(pl->facts, path_join(pl->arena, r->directory[CONTROLLER_CPUSET], file), &text) < 0)
		return "0";
	return arena_strndup(pl->arena, text, strcspn(text, "\n"));
}

static void plan_cpuset(struct resources *r)
{
	const struct profile *p = r->pl->p;
	const struct value *cpus = &p->resources_cpus, *nodes = &p->resources_memory_nodes;
	struct numset *set = arena_alloc(r->pl->arena, sizeof *set), node_set;
	bool has_cpus = usable(r, SET_resources_cpus, cpus, "processor", set);
	bool has_nodes = usable(r, SET_resources_memory_nodes, nodes, "memory node", &node_set);
	if (has_cpus &&
		!held(r, CONTROLLER_CPUSET, SET_resources_cpus, cpus->origin,
			"the program is tied to these processors by its affinity, and may not change that")) {
		r->plan->affinity = set;
		r->plan->affinity_origin = cpus->origin;
		has_cpus = false;
	}
	if (has_nodes)
		has_nodes = held(r, CONTROLLER_CPUSET, SET_resources_memory_nodes, nodes->origin, "memory comes from any node");
	if (has_nodes || (has_cpus && v1(r)))
		resources_write(r, CONTROLLER_CPUSET, "cpuset.mems", has_nodes ? nodes->s : inherited(r, "cpuset.mems"),
			has_nodes ? "resources.memory_nodes" : "resources.cpus",
			arena_printf(r->pl->arena, "memory nodes %s", has_nodes ? nodes->s : "of the group above"),
			has_nodes ? nodes->origin : cpus->origin);
	if (has_cpus || (has_nodes && v1(r)))
		resources_write(r, CONTROLLER_CPUSET, "cpuset.cpus", has_cpus ? cpus->s : inherited(r, "cpuset.cpus"),
			has_cpus ? "resources.cpus" : "resources.memory_nodes",
			arena_printf(r->pl->arena, "processors %s", has_cpus ? cpus->s : "of the group above"),
			has_cpus ? cpus->origin : nodes->origin);
}

static void plan_cpu(struct resources *r)
{
	const struct value *quota = &r->pl->p->resources_cpu_quota, *weight = &r->pl->p->resources_cpu_weight;
	struct arena *a = r->pl->arena;
	if (quota->set && held(r, CONTROLLER_CPU, SET_resources_cpu_quota, quota->origin, "processor time has no bound")) {
		const char *what = arena_printf(a, "processor quota %s", quota->s);
		const char *time = number(r, (uint64_t)quota->i * PERIOD_US / 100);
		if (v1(r)) {
			resources_write(r, CONTROLLER_CPU, "cpu.cfs_period_us", number(r, PERIOD_US), "resources.cpu_quota", what,
				quota->origin);
			resources_write(r, CONTROLLER_CPU, "cpu.cfs_quota_us", time, "resources.cpu_quota", what, quota->origin);
		} else {
			resources_write(r, CONTROLLER_CPU, "cpu.max", arena_printf(a, "%s %d", time, PERIOD_US),
				"resources.cpu_quota", what, quota->origin);
		}
	}
	if (weight->set && held(r, CONTROLLER_CPU, SET_resources_cpu_weight, weight->origin, "it counts as much as any other")) {
		uint64_t shares = (uint64_t)weight->i * 1024 / WEIGHT_USUAL;
		resources_write(r, CONTROLLER_CPU, v1(r) ? "cpu.shares" : "cpu.weight",
			number(r, v1(r) ? (shares < SHARES_MIN ? SHARES_MIN : shares) : (uint64_t)weight->i),
			"resources.cpu_weight", arena_printf(a, "processor weight %s", weight->s), weight->origin);
	}
}

static void plan_tasks(struct resources *r)
{
	const struct value *v = &r->pl->p->resources_tasks;
	const struct facts *f = r->pl->facts;
	if (!v->set)
		return;
	if (v->i < TASKS_MIN) {
		struct diag *at = diag_error(r->pl->diags, v->origin, "resources.tasks", "%s leaves none for the program", v->s);
		diag_hint(r->pl->diags, at, "one task is the sandbox's own first process: %d at least", TASKS_MIN);
		return;
	}
	/* RLIMIT_NPROC is counted for each user namespace since Linux 5.14; before, all of the user's processes would count. */
	bool counted = f->kernel_major > 5 || (f->kernel_major == 5 && f->kernel_minor >= 14);
	if (held(r, CONTROLLER_PIDS, SET_resources_tasks, v->origin,
		    counted ? "the user's processes in the sandbox are counted instead (RLIMIT_NPROC)" : "processes have no bound"))
		resources_write(r, CONTROLLER_PIDS, "pids.max", number(r, (uint64_t)v->i), "resources.tasks",
			arena_printf(r->pl->arena, "cap of %s tasks", v->s), v->origin);
	else if (counted)
		planner_limit(r->pl, RLIMIT_NPROC, "RLIMIT_NPROC", (uint64_t)v->i, v->origin);
}

/* ---- disks ---- */

/* Two schedulers know weights, each by a file of its own; a group directly below the root shows nothing to tell by. */
static const char *weight_file(struct resources *r)
{
	struct planner *pl = r->pl;
	struct node n;
	if (!v1(r)) {
		facts_node(pl->facts,
			path_join(pl->arena, r->plan->parent != NULL ? r->plan->parent : "/sys/fs/cgroup", "io.bfq.weight"), &n);
		return n.type == NODE_FILE ? "io.bfq.weight" : "io.weight";
	}
	facts_node(pl->facts, path_join(pl->arena, r->directory[CONTROLLER_IO], "blkio.weight"), &n);
	if (n.type == NODE_FILE)
		return "blkio.weight";
	facts_node(pl->facts, path_join(pl->arena, r->directory[CONTROLLER_IO], "blkio.bfq.io_service_bytes"), &n);
	return n.type == NODE_FILE ? "blkio.bfq.weight" : NULL;
}

static void plan_io_weight(struct resources *r)
{
	const struct value *v = &r->pl->p->resources_io_weight;
	const char *instead = "it counts as much as any other";
	if (!v->set || !held(r, CONTROLLER_IO, SET_resources_io_weight, v->origin, instead))
		return;
	const char *file = weight_file(r);
	if (file == NULL) {
		(void)resources_degrade(r, SET_resources_io_weight, v->origin,
			"this kernel has no scheduler for disks that knows weights", "boot a kernel with CONFIG_BFQ_GROUP_IOSCHED",
			instead);
		return;
	}
	/* Version 1 has 10 to 1000, and 500 in the place of 100. */
	uint64_t old = (uint64_t)v->i * 5;
	old = old < BLKIO_MIN ? BLKIO_MIN : old > BLKIO_MAX ? BLKIO_MAX : old;
	bool bfq = strstr(file, "bfq") != NULL;
	uint64_t weight = v1(r) ? old : bfq && v->i > BLKIO_MAX ? BLKIO_MAX : (uint64_t)v->i;
	resources_write(r, CONTROLLER_IO, file, number(r, weight), "resources.io_weight",
		arena_printf(r->pl->arena, "disk weight %s", v->s), v->origin);
}

static const struct {
	size_t member;
	const char *v2, *v1;
} io_files[] = {
	{ MEMBER_io_read_bytes - RECORD_io, "rbps", "blkio.throttle.read_bps_device" },
	{ MEMBER_io_write_bytes - RECORD_io, "wbps", "blkio.throttle.write_bps_device" },
	{ MEMBER_io_read_ops - RECORD_io, "riops", "blkio.throttle.read_iops_device" },
	{ MEMBER_io_write_ops - RECORD_io, "wiops", "blkio.throttle.write_iops_device" },
};

enum { IO_FILES = sizeof io_files / sizeof *io_files };

static void write_io(struct resources *r, const struct record *record, unsigned high, unsigned low, const char *path)
{
	struct arena *a = r->pl->arena;
	struct buf all = { .arena = a };
	const char *device = arena_printf(a, "%u:%u", high, low), *what = arena_printf(a, "disk limits for %s", path);
	buf_puts(&all, device);
	for (size_t i = 0; i < IO_FILES; i++) {
		const struct value *v = &record->member[io_files[i].member];
		if (!v->set)
			continue;
		buf_printf(&all, " %s=%" PRIi64, io_files[i].v2, v->i);
		if (v1(r))
			resources_write(r, CONTROLLER_IO, io_files[i].v1, arena_printf(a, "%s %" PRIi64, device, v->i),
				"resources.io_limits", what, record->origin);
	}
	if (!v1(r))
		resources_write(r, CONTROLLER_IO, "io.max", buf_text(&all), "resources.io_limits", what, record->origin);
}

/* Whether the program could mount a hierarchy and write to its own group, where limits of blkio have to stand. */
static bool owns_its_group(const struct resources *r)
{
	const struct profile *p = r->pl->p;
	bool mounts = p->namespaces_user.i == USER_NESTED;
	for (size_t i = 0; i < p->capabilities_keep.count; i++)
		mounts = mounts || strcmp(p->capabilities_keep.items[i].text, "sys_admin") == 0;
	bool owner = r->pl->facts->uid != 0 || (p->identity_user.s != NULL && strcmp(p->identity_user.s, "host-root") == 0);
	return mounts && owner;
}

static void plan_io(struct resources *r, const struct record *record)
{
	struct planner *pl = r->pl;
	const char *text, *path;
	unsigned high, low;
	bool any = false;
	for (size_t i = 0; i < IO_FILES; i++) {
		const struct value *v = &record->member[io_files[i].member];
		any = any || v->set;
		if (v->set && v->i == 0)
			diag_error(pl->diags, v->origin, "resources.io_limits", "0 would let nothing through");
	}
	if (MEMBER_OF(record, io, path)->s == NULL ||
		expand_text(pl, record->origin, "resources.io_limits.path", MEMBER_OF(record, io, path)->s, &text) < 0 ||
		path_normal(pl->arena, text, &path) < 0)
		return;
	if (!any) {
		diag_warning(pl->diags, record->origin, "resources.io_limits", "no limit is given for %s", path);
		return;
	}
	int err = facts_disk(pl->facts, path, &high, &low);
	if (err < 0) {
		struct diag *at = err == -ENODEV
			? diag_error(pl->diags, record->origin, "resources.io_limits.path",
				  "%s does not lie on a disk that can be limited", path)
			: diag_error(pl->diags, record->origin, "resources.io_limits.path", "%s: %s", path, strerror(-err));
		if (err == -ENODEV)
			diag_hint(
				pl->diags, at, "name the disk's device node: file systems such as btrfs, overlay and NFS hide it");
		return;
	}
	if (!held(r, CONTROLLER_IO, SET_resources_io_limits, record->origin, "reading and writing have no bound"))
		return;
	if (!v1(r) || !owns_its_group(r) ||
		resources_degrade(r, SET_resources_io_limits, record->origin,
			"the program may mount control groups, and could raise limits of version 1 that are its own user's",
			"set namespaces.user to \"refused\" and do not keep sys_admin", "the program can raise it"))
		write_io(r, record, high, low, path);
}

/* "2M" is "2MB" in the names of files. */
static const char *page_name(struct resources *r, uint64_t size)
{
	struct arena *a = r->pl->arena;
	uint64_t kib = size / 1024;
	if (kib % (1024 * 1024) == 0)
		return arena_printf(a, "%" PRIu64 "GB", kib / (1024 * 1024));
	return kib % 1024 == 0 ? arena_printf(a, "%" PRIu64 "MB", kib / 1024) : arena_printf(a, "%" PRIu64 "KB", kib);
}

static void plan_hugetlb(struct resources *r, const struct record *record)
{
	struct planner *pl = r->pl;
	const struct value *size = MEMBER_OF(record, hugetlb, size), *limit = MEMBER_OF(record, hugetlb, limit);
	struct node n;
	if (!size->set || !limit->set)
		return; /* conf has told */
	uint64_t kib = (uint64_t)size->i / 1024;
	facts_node(pl->facts, arena_printf(pl->arena, "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", kib), &n);
	if (kib == 0 || size->i % 1024 != 0 || n.type == NODE_ABSENT) {
		struct diag *at = diag_error(
			pl->diags, size->origin, "resources.hugetlb.size", "this machine has no huge pages of \"%s\"", size->s);
		diag_hint(pl->diags, at, "see the names in /sys/kernel/mm/hugepages");
		return;
	}
	if (held(r, CONTROLLER_HUGETLB, SET_resources_hugetlb, record->origin, "huge pages have no bound"))
		resources_write(r, CONTROLLER_HUGETLB,
			arena_printf(pl->arena, "hugetlb.%s.%s", page_name(r, (uint64_t)size->i), v1(r) ? "limit_in_bytes" : "max"),
			number(r, (uint64_t)limit->i), "resources.hugetlb", arena_printf(pl->arena, "huge pages cap %s", limit->s),
			record->origin);
}

void resources_values(struct resources *r)
{
	const struct profile *p = r->pl->p;
	plan_cpuset(r);
	plan_cpu(r);
	plan_memory(r);
	plan_tasks(r);
	plan_io_weight(r);
	for (size_t i = 0; i < p->resources_io_limits.count; i++)
		plan_io(r, &p->resources_io_limits.items[i]);
	for (size_t i = 0; i < p->resources_hugetlb.count; i++)
		plan_hugetlb(r, &p->resources_hugetlb.items[i]);
}
