/*
 * The Landlock domain: the same plan said once more, to a part of the kernel that knows nothing of mounts' flags and of what a
 * system call's number is.
 *
 * What it can add: rules are for a path and all below it, so a read-only place inside of a writable one is kept by its mount
 * alone.  Rules hold for the file itself, by whatever way it is reached: what the sandbox does not show, and comes in by mistake
 * or as an open descriptor, has none.
 */
#include <string.h>
#include <sys/capability.h>

#include "base/landlock.h"
#include "base/num.h"
#include "base/path.h"
#include "plan/parts.h"

enum {
	READ = LL_READ_FILE | LL_READ_DIR,
	CHANGE_FILE = LL_WRITE_FILE | LL_TRUNCATE,
	CHANGE = CHANGE_FILE | LL_REMOVE_DIR | LL_REMOVE_FILE | LL_MAKE_CHAR | LL_MAKE_DIR | LL_MAKE_REG | LL_MAKE_SOCK |
		LL_MAKE_FIFO | LL_MAKE_BLOCK | LL_MAKE_SYM | LL_REFER,
};

static const struct origin built_in = { .file = "built in" };

/* What a kernel must have for a part of the domain. */
struct part {
	int abi;
	const char *linux_version;
	const char *what;
};

static const struct part part_files = { LL_ABI_REFER, "5.19", "rules for files" };
static const struct part part_truncate = { LL_ABI_TRUNCATE, "6.2", "truncation of files" };
static const struct part part_tcp = { LL_ABI_TCP, "6.7", "TCP ports" };
static const struct part part_ioctl = { LL_ABI_IOCTL_DEV, "6.10", "ioctl on devices" };
static const struct part part_signals = { LL_ABI_SCOPE, "6.12", "signals" };
static const struct part part_sockets = { LL_ABI_SCOPE, "6.12", "abstract sockets" };

struct making {
	struct planner *pl;
	struct landlock_plan *l;
	size_t rule_cap, port_cap, gap_cap;
	const struct part *needs; /* the newest part that the kernel lacks and that must be, or NULL */
	struct buf lacking; /* what it lacks, for the message */
};

static void add_gap(struct making *m, const char *what, const char *why, struct origin o)
{
	m->l->gaps = arena_grow(m->pl->arena, m->l->gaps, m->l->gap_count, &m->gap_cap, sizeof *m->l->gaps);
	m->l->gaps[m->l->gap_count++] = (struct landlock_gap){ what, why, o };
}

/* Whether the kernel has it. If not, that is a gap, or a mistake where it is required. */
static bool has(struct making *m, const struct part *part)
{
	if (m->l->abi >= part->abi)
		return true;
	if (m->l->use == LANDLOCK_REQUIRED) {
		buf_printf(&m->lacking, "%s%s", m->lacking.len > 0 ? ", " : "", part->what);
		if (m->needs == NULL || part->abi > m->needs->abi)
			m->needs = part;
	}
	add_gap(m, part->what, arena_printf(m->pl->arena, "takes Landlock's ABI %d (Linux %s)", part->abi, part->linux_version),
		built_in);
	return false;
}

/* What to do about a kernel that does not have the part. */
static const char *way_out(struct making *m, const struct part *part)
{
	const struct facts *f = m->pl->facts;
	enum { FIRST_MAJOR = 5, FIRST_MINOR = 13 };
	bool off = m->l->abi == 0 &&
		(f->kernel_major > FIRST_MAJOR || (f->kernel_major == FIRST_MAJOR && f->kernel_minor >= FIRST_MINOR));
	return arena_printf(m->pl->arena, "Linux %s has it%s", part->linux_version,
		off ? "; Landlock is not switched on here: it has to be built in and named in lsm= on the kernel's command line"
		    : "");
}

/* "this kernel has no Landlock", "this kernel's Landlock has ABI 2". */
static const char *kernel_text(struct making *m)
{
	return m->l->abi == 0 ? "this kernel has no Landlock"
			      : arena_printf(m->pl->arena, "this kernel's Landlock has ABI %d", m->l->abi);
}

/* A setting that only Landlock can keep. */
static bool must_have(struct making *m, const struct part *part, struct origin o, const char *setting)
{
	if (m->l->use != LANDLOCK_OFF && m->l->abi >= part->abi)
		return true;
	struct diag *at;
	if (m->l->use == LANDLOCK_OFF) {
		at = diag_error(m->pl->diags, o, setting, "it is Landlock that keeps this, and landlock.use is \"off\" (%s)",
			origin_text(m->pl->arena, m->l->origin));
		diag_hint(m->pl->diags, at, "take one of the two away");
	} else {
		at = diag_error(m->pl->diags, o, setting, "it takes Landlock's ABI %d to keep this; %s", part->abi, kernel_text(m));
		diag_hint(m->pl->diags, at, "%s", way_out(m, part));
	}
	return false;
}

/* ---- files ---- */

static void add_rule(struct making *m, const char *path, uint64_t access, const struct mount_op *op)
{
	struct landlock_plan *l = m->l;
	access &= l->handled_files;
	/* mq_open(2) goes through a mount of the kernel's own, which has the same root directory and nothing above it. */
	bool apart = op != NULL && op->kind == MOUNT_MQUEUE;
	for (size_t i = 0; i < l->rule_count && access != 0 && !apart; i++)
		if (path_within(path, l->rules[i].path))
			access &= ~l->rules[i].access;
	if (access == 0)
		return;
	l->rules = arena_grow(m->pl->arena, l->rules, l->rule_count, &m->rule_cap, sizeof *l->rules);
	l->rules[l->rule_count++] = (struct landlock_rule){
		.path = path,
		.access = access,
		.may_vanish = op != NULL && (op->flags & MOUNT_MAY_VANISH) != 0,
		.origin = op != NULL && op->origin.file != NULL ? op->origin : built_in,
	};
}

/* What a mount lets the program change, and (where some must not be executed) whether it lets it execute. */
static uint64_t access_of(struct making *m, const struct mount_op *op)
{
	bool writable = (op->flags & MOUNT_READ_ONLY) == 0;
	uint64_t execute = (op->flags & MOUNT_NOEXEC) == 0 ? LL_EXECUTE : 0;
	struct node n;
	switch (op->kind) {
	case MOUNT_PROC: return CHANGE_FILE;
	case MOUNT_DEVPTS: return CHANGE_FILE | LL_IOCTL_DEV;
	case MOUNT_MQUEUE: return READ | CHANGE;
	case MOUNT_TMPFS:
	case MOUNT_OVERLAY: return (writable ? CHANGE : 0) | execute;
	case MOUNT_BIND: break;
	case MOUNT_DIRECTORY: /* in a tmpfs of ours, which has its own rule or ends read-only */
	case MOUNT_SYMLINK:
	case MOUNT_FILE:
	case MOUNT_SERVED: return op->served == SERVED_OPENER ? execute : 0; /* sockets: see below */
	case MOUNT_UPPER:
	case MOUNT_WHITEOUT: return 0;
	}
	if ((op->flags & MOUNT_DEVICES) != 0)
		return CHANGE_FILE | LL_IOCTL_DEV;
	if ((op->flags & MOUNT_ON_FILE) == 0)
		return (writable ? CHANGE : 0) | execute;
	/* Landlock does not rule over connections to sockets with a name. */
	facts_node(m->pl->facts, op->source, &n);
	return n.type == NODE_SOCKET ? 0 : (writable ? CHANGE_FILE : 0) | execute;
}

/* Whether the profile has a place where nothing may be executed. */
static bool wants_noexec(const struct plan *plan)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (plan->mounts[i].asked != NULL && !path_within(plan->mounts[i].target, "/dev") &&
			(plan->mounts[i].flags & (MOUNT_NOEXEC | MOUNT_DEVICES)) == MOUNT_NOEXEC)
			return true;
	return false;
}

static void plan_rules(struct making *m)
{
	const struct plan *plan = m->pl->plan;
	uint64_t all = READ | LL_EXECUTE | CHANGE | LL_IOCTL_DEV;
	if (!has(m, &part_truncate))
		all &= ~(uint64_t)LL_TRUNCATE;
	if (!has(m, &part_ioctl))
		all &= ~(uint64_t)LL_IOCTL_DEV;
	m->l->handled_files = all;
	/* One rule for what the whole tree has in common: each costs a launch some microseconds. */
	add_rule(m, "/", wants_noexec(plan) ? READ : READ | LL_EXECUTE, NULL);
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		if ((op->flags & MOUNT_IN_UPPER) != 0)
			continue; /* a name for what comes later */
		/* The directory itself is ours and ends read-only: one rule for all the devices, and what is mounted among them. */
		if (strcmp(op->target, "/dev") == 0 && (op->kind == MOUNT_DIRECTORY || op->kind == MOUNT_TMPFS))
			add_rule(m, op->target, CHANGE | LL_IOCTL_DEV, NULL);
		else
			add_rule(m, op->target, access_of(m, op), op);
	}
}

/* Why there must be no file rules, or NULL; *ret_origin who says so. */
static const char *may_mount(const struct plan *plan, struct origin *ret_origin)
{
	*ret_origin = built_in;
	if (plan->nested) {
		*ret_origin = plan->nested_origin;
		return "the program may make user namespaces (namespaces.user = \"nested\") and mount in them, which rules for files forbid";
	}
	if ((plan->keep_caps >> CAP_SYS_ADMIN & 1) != 0)
		return "the program may mount (it keeps the capability sys_admin), which rules for files forbid";
	return NULL;
}

/* ---- sockets ---- */

static bool shows_x11(const struct plan *plan, struct origin *ret_origin)
{
	static const char place[] = "/tmp/.X11-unix";
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		*ret_origin = op->origin;
		if (op->kind == MOUNT_BIND && (path_within(place, op->source) || path_within(op->source, place)))
			return true;
	}
	return false;
}

/* Who agreed to the host's network in the place of one of its own has not agreed to the host's abstract sockets with it. */
static void refuse_fallback(struct making *m)
{
	struct origin o = m->pl->p->network_host_fallback.origin;
	const char *why = m->l->use == LANDLOCK_OFF
		? arena_printf(m->pl->arena, "landlock.use is \"off\" (%s)", origin_text(m->pl->arena, m->l->origin))
		: kernel_text(m);
	struct diag *at = diag_error(m->pl->diags, o, "network.host_fallback",
		"the host's network has the host's abstract sockets, and nothing here keeps the program from them: %s", why);
	diag_hint(m->pl->diags, at, "%s, install pasta, or say network.abstract_sockets = \"host\"",
		m->l->use == LANDLOCK_OFF ? "leave landlock.use alone" : way_out(m, &part_sockets));
}

static void plan_sockets(struct making *m)
{
	const struct value *v = &m->pl->p->network_abstract_sockets;
	const struct plan *plan = m->pl->plan;
	struct origin o;
	bool host = plan->network == NETWORK_HOST;
	if (v->set && v->i == ABSTRACT_HOST) {
		if (host)
			add_gap(m, part_sockets.what, "network.abstract_sockets is \"host\"", v->origin);
	} else if (host && v->set) {
		if (must_have(m, &part_sockets, v->origin, "network.abstract_sockets"))
			m->l->scoped |= LL_SCOPE_ABSTRACT_SOCKETS;
	} else if (host && shows_x11(plan, &o)) {
		/* libxcb tries the abstract socket first, and gives up when that is refused (EPERM) instead of not there. */
		add_gap(m, part_sockets.what,
			"the X11 display is granted, and its clients need its abstract socket; network.abstract_sockets = \"own\" closes them, "
			"for Wayland",
			o);
	} else if (host && plan->network_fallback != NULL && m->l->abi < LL_ABI_SCOPE) {
		refuse_fallback(m);
	} else if (m->l->use != LANDLOCK_OFF && (!host ? m->l->abi >= LL_ABI_SCOPE : has(m, &part_sockets))) {
		m->l->scoped |= LL_SCOPE_ABSTRACT_SOCKETS;
	}
}

static void plan_ports(struct making *m, const struct list *list, const char *setting, uint64_t access)
{
	struct landlock_plan *l = m->l;
	if (list->count == 0 || !must_have(m, &part_tcp, list->items[0].origin, setting))
		return;
	l->handled_tcp |= access;
	for (size_t i = 0; i < list->count; i++) {
		int64_t number;
		if (num_int(list->items[i].text, 0, UINT16_MAX, &number) < 0)
			continue; /* "none" */
		l->ports = arena_grow(m->pl->arena, l->ports, l->port_count, &m->port_cap, sizeof *l->ports);
		l->ports[l->port_count++] =
			(struct landlock_port){ .number = (uint16_t)number, .access = access, .origin = list->items[i].origin };
	}
}

void plan_landlock(struct planner *pl)
{
	const struct profile *p = pl->p;
	struct making m = { .pl = pl, .l = &pl->plan->landlock, .lacking = { .arena = pl->arena } };
	m.l->use = p->landlock_use.set ? (enum choice_value)p->landlock_use.i : LANDLOCK_AUTO;
	m.l->origin = p->landlock_use.origin;
	bool off = m.l->use == LANDLOCK_OFF;
	m.l->abi = off ? 0 : facts_landlock(pl->facts);
	plan_sockets(&m);
	plan_ports(&m, &p->network_tcp_connect, "network.tcp_connect", LL_CONNECT_TCP);
	plan_ports(&m, &p->network_tcp_bind, "network.tcp_bind", LL_BIND_TCP);
	if (off)
		return;
	if (has(&m, &part_signals))
		m.l->scoped |= LL_SCOPE_SIGNALS;
	struct origin o;
	const char *why = may_mount(pl->plan, &o);
	if (why != NULL)
		add_gap(&m, part_files.what, why, o);
	else if (has(&m, &part_files))
		plan_rules(&m);
	if (m.needs != NULL) {
		const char *lacks = m.l->abi > 0 ? arena_printf(pl->arena, ", which lacks: %s", buf_text(&m.lacking)) : "";
		struct diag *at =
			diag_error(pl->diags, m.l->origin, "landlock.use", "\"required\", but %s%s", kernel_text(&m), lacks);
		diag_hint(pl->diags, at, "%s; \"auto\" does with what there is", way_out(&m, m.needs));
	}
}
