/* What the sandbox does not keep out, said plainly: explain's last section. */
#include <string.h>

#include "base/buf.h"
#include "base/landlock.h"
#include "base/path.h"
#include "plan/parts.h"

static const struct origin built_in = { .file = "built in" };

/* The operation that shows this host path (or a directory above it), or NULL. */
static const struct mount_op *shown(const struct plan *plan, const char *path)
{
	for (size_t i = plan->mount_count; i-- > 0;) {
		const struct mount_op *op = &plan->mounts[i];
		if (op->kind == MOUNT_BIND && path_within(path, op->source))
			return op;
	}
	return NULL;
}

static void note_network(struct planner *pl)
{
	const struct plan *plan = pl->plan;
	if (plan->firewall.only) {
		bool servers = false;
		for (size_t i = 0; i < plan->firewall.rule_count; i++)
			servers = servers || plan->firewall.rules[i].server;
		if (servers)
			planner_note(pl, plan->firewall.origin,
				"Names can be looked up without a rule for it, and a name that is asked for carries data out.");
		if (plan->firewall.names.tls != NULL)
			planner_note(pl, pl->p->network_tls_name.origin,
				"The name in a TLS greeting is what the program says: a server that answers for several names may take another one "
				"from inside the connection. Whoever answers for a name with a \"*\" learns what stands in its place.");
		else if (plan->firewall.names.spec != NULL)
			planner_note(pl, plan->firewall.names.origin,
				"Rules for names are about their addresses: other servers that share one of these can be reached too, and whoever "
				"answers for a name with a \"*\" learns what stands in its place.");
	} else if (plan->network == NETWORK_USER)
		planner_note(pl, plan->network_origin,
			arena_printf(pl->arena,
				"The internet and the local network can be reached, and services of the host that listen on an address other than "
				"its main one and the loopback%s.",
				plan->firewall.nft != NULL ? ", but for what network.deny refuses" : ""));
	const struct bridge_network *b = &plan->bridge;
	if (b->spec != NULL && !plan->firewall.only)
		planner_note(pl, b->origin,
			arena_printf(pl->arena, "The other sandboxes of the network can be reached%s%s.",
				b->hub != NULL ? "" : ", and services of the host that listen on the bridge's or all addresses",
				b->masquerade ? "; beyond the host, whatever the host itself can reach" : ""));
	if (plan->network != NETWORK_HOST)
		return;
	bool sockets = (plan->landlock.scoped & LL_SCOPE_ABSTRACT_SOCKETS) == 0;
	bool ports = (plan->landlock.handled_tcp & LL_CONNECT_TCP) != 0;
	planner_note(pl, plan->network_origin,
		arena_printf(pl->arena,
			"The network is the host's: all that listens on its loopback (127.0.0.1)%s can be reached, and so can the local network%s.",
			sockets ? " and on its abstract sockets" : "",
			ports ? ", by TCP on the ports of network.tcp_connect, by other protocols on any" : ""));
}

static void note_calls(struct planner *pl)
{
	const struct profile *p = pl->p;
	const struct plan *plan = pl->plan;
	if (p->syscalls_on_refusal.i == REFUSE_LOG)
		planner_note(pl, p->syscalls_on_refusal.origin,
			"Calls that are not allowed are made all the same: on_refusal = \"log\" only has them written to the kernel's audit log.");
	if (plan->nested)
		planner_note(pl, plan->nested_origin,
			"The program may make user namespaces. Inside of those it has full capabilities (over nothing of the host's), which "
			"opens more of the kernel to it: mounts, network configuration, packet filters.");
	if (p->syscalls_compat.i != 0)
		planner_note(
			pl, p->syscalls_compat.origin, "32-bit programs may run: the kernel's i386 calls are within reach too.");
}

static void note_capabilities(struct planner *pl)
{
	const struct list *l = &pl->p->capabilities_keep;
	for (size_t i = 0; i < l->count; i++)
		planner_note(pl, l->items[i].origin,
			arena_printf(pl->arena, "The program keeps the capability %s over the sandbox's own namespaces.",
				l->items[i].text));
}

static void note_host_root(struct planner *pl)
{
	const struct plan *plan = pl->plan;
	planner_note(pl, plan->user_origin,
		"uid 0 inside is the host's root, and owns what root owns: of what is granted it reads files that are closed to others "
		"(such as /etc/shadow), and changes them where the grant is writable. What it makes there, set-user-ID programs too, is "
		"root's outside. /proc is read-only.");
	if (plan->network == NETWORK_HOST && (plan->landlock.scoped & LL_SCOPE_ABSTRACT_SOCKETS) == 0)
		planner_note(pl, plan->user_origin,
			"With the host's network, services on abstract sockets that trust root trust this program.");
	if (plan->keep_caps != 0)
		planner_note(pl, plan->user_origin,
			"Its capabilities hold over none of the host's namespaces, but those that are about files (chown, dac_override, fowner) "
			"hold over the files of all users that are granted.");
}

static void note_identity(struct planner *pl)
{
	const struct plan *plan = pl->plan;
	plan_note_groups(pl);
	if (plan->mode == IDENTITY_HOST)
		note_host_root(pl);
	if (plan->mode != IDENTITY_MAPPED)
		return;
	for (size_t i = plan->become ? 0 : 1; i < plan->uid_map.count; i++) {
		const struct id_range *r = &plan->uid_map.ranges[i];
		planner_note(pl, plan->user_origin,
			arena_printf(pl->arena,
				plan->become
					? "Outside it is the uids from %u to %u of the host, as every sandbox that root starts as \"mapped\": "
					  "what one of these gives away, another may change."
					: "Where it may write, it can give files to the uids from %u to %u of the host: these are the "
					  "user's own to spend, but only root or another mapped sandbox can change or remove such files.",
				(unsigned)r->outside, (unsigned)(r->outside + r->count - 1)));
	}
}

static void note_sockets(struct planner *pl)
{
	const struct plan *plan = pl->plan;
	const struct mount_op *op = shown(plan, "/tmp/.X11-unix");
	if (op != NULL && plan->desktop.display.x11 == NULL)
		planner_note(pl, op->origin,
			"The X11 display is shown: an X11 program can read the keyboard, the clipboard and the screen of all others.");
	const char *runtime = facts_env(pl->facts, "XDG_RUNTIME_DIR");
	if (runtime == NULL || runtime[0] != '/')
		runtime = arena_printf(pl->arena, "/run/user/%u", (unsigned)pl->facts->uid);
	op = shown(plan, path_join(pl->arena, runtime, "bus"));
	if (op != NULL)
		planner_note(pl, op->origin,
			"The session bus is shown unfiltered: through it programs outside of the sandbox can be started and told what to do.");
	op = shown(plan, "/run/dbus/system_bus_socket");
	if (op != NULL)
		planner_note(pl, op->origin, "The system bus is shown: services of the machine can be talked to.");
}

/* One file that is granted by itself, not as a piece of a directory that had to be rebuilt. */
static void note_file(struct planner *pl, const struct plan_path *path)
{
	struct node n;
	if (strcmp(path->access, "read, write") != 0)
		return;
	facts_node(pl->facts, path->source != NULL ? path->source : path->path, &n);
	if (n.type != NODE_FILE)
		return;
	planner_note(pl, path->origin,
		arena_printf(pl->arena,
			"%s is one file: it can be written to, but not replaced by a rename, which is how editors save. Grant its "
			"directory for that.",
			path->path));
}

/* A granted directory that could not be bound as it is. */
static void note_rebuilt(struct planner *pl, const struct plan_path *path)
{
	const struct plan *plan = pl->plan;
	if (strcmp(path->access, "read, write") != 0)
		return;
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		if (op->kind != MOUNT_TMPFS || op->why == NULL || strcmp(op->target, path->path) != 0)
			continue;
		planner_note(pl, path->origin,
			arena_printf(pl->arena,
				"What is in %s can be changed, but no new name can be made directly in it (it is %s). A directory named in "
				"filesystem.create is there and kept.",
				path->path, op->why));
	}
}

static void note_files(struct planner *pl)
{
	const struct profile *p = pl->p;
	const struct plan *plan = pl->plan;
	const char *home = pl->facts->home;
	bool whole = p->filesystem_home.i == HOME_HOST;
	if (whole)
		planner_note(pl, p->filesystem_home.origin,
			plan->changes.directory != NULL
				? "The whole home directory can be read."
				: "The whole home directory can be read and changed, without the files that start programs at login.");
	for (size_t i = 0; i < plan->path_count; i++) {
		const struct plan_path *path = &plan->paths[i];
		if (strcmp(path->access, "read, write") != 0)
			continue;
		const char *at = path->source != NULL ? path->source : path->path;
		if (!whole && home[0] == '/' && home[1] != '\0' && path_within(home, at)) {
			planner_note(pl, path->origin, "The whole home directory can be read and changed.");
			whole = true;
		}
	}
	for (size_t i = 0; i < plan->path_count; i++)
		note_file(pl, &plan->paths[i]);
	for (size_t i = 0; i < plan->path_count; i++)
		note_rebuilt(pl, &plan->paths[i]);
}

static void note_layers(struct planner *pl)
{
	const struct profile *p = pl->p;
	if (plan_has_root(pl) && p->filesystem_root_mode.i == ROOT_WRITABLE)
		planner_note(pl, p->filesystem_root_mode.origin,
			"What is in the root file system can be changed for good, but no new name can be made directly in /.");
	for (size_t i = 0; i < pl->plan->mount_count; i++)
		if (pl->plan->mounts[i].kind == MOUNT_UPPER && pl->plan->mounts[i].source == NULL && pl->plan->mounts[i].size == 0)
			planner_note(pl, pl->plan->mounts[i].origin,
				arena_printf(pl->arena, "Changes of %s lie in memory and may fill half of it; a size bounds them.",
					pl->plan->mounts[i].target));
}

/* What the session alone bounds: whatever no setting bounds. */
static void note_resources(struct planner *pl)
{
	const struct profile *p = pl->p;
	const struct cgroup_plan *c = &pl->plan->cgroup;
	bool memory = c->memory != NULL, tasks = c->tasks != NULL, time = false;
	for (size_t i = 0; i < c->write_count; i++)
		time = time || strcmp(c->writes[i].setting, "resources.cpu_quota") == 0;
	for (size_t i = 0; i < c->degraded_count; i++)
		planner_note(pl, c->degraded[i].origin, c->degraded[i].text);
	struct buf free = { .arena = pl->arena };
	if (!memory)
		buf_puts(&free, "Memory");
	if (!time)
		buf_printf(&free, "%s", free.len == 0 ? "Processor time" : tasks ? " and processor time" : ", processor time");
	if (!tasks)
		buf_printf(&free, "%s", free.len == 0 ? "The number of processes" : " and the number of processes");
	if (free.len > 0)
		planner_note(pl, built_in,
			arena_printf(pl->arena, "%s %s no bound but those of the session; see resources%s.", buf_text(&free),
				memory + time + tasks == 2 ? "has" : "have",
				p->process_limits_data.set || p->process_limits_processes.set ? "" : " and process.limits"));
}

/* The names of paths, for one sentence. */
static void add_word(struct buf *b, const char *word)
{
	buf_printf(b, "%s%s", b->len > 0 ? ", " : "", word);
}

/* What bounds how much can be written, for each place where something can. */
static void note_space(struct planner *pl)
{
	const struct plan *plan = pl->plan;
	struct buf disk = { .arena = pl->arena }, memory = { .arena = pl->arena };
	for (size_t i = 0; i < plan->path_count; i++) {
		const struct plan_path *p = &plan->paths[i];
		if (strcmp(p->access, "read, write") == 0 || strcmp(p->access, "changes kept") == 0)
			add_word(&disk, p->path);
	}
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		if (op->kind == MOUNT_TMPFS && op->size == 0 && (op->flags & MOUNT_READ_ONLY) == 0)
			add_word(&memory, op->target);
	}
	if (disk.len > 0 && plan->changes.directory == NULL)
		planner_note(pl, built_in,
			arena_printf(pl->arena,
				"Only the file system and the user's quotas bound how much is written to these: %s.",
				buf_text(&disk)));
	if (memory.len > 0)
		planner_note(pl, built_in,
			arena_printf(pl->arena, "These lie in memory, and each may fill half of it, because no size is given: %s.",
				buf_text(&memory)));
	if (plan->changes.directory != NULL)
		planner_note(pl, plan->changes.origin,
			arena_printf(pl->arena,
				"What is changed in granted directories goes to %s until the end. Only that file system and the user's quotas bound "
				"how much that is.",
				plan->changes.directory));
}

void plan_notes(struct planner *pl)
{
	if (pl->here_left_out != NULL)
		planner_note(pl, pl->p->filesystem_current_directory.origin, pl->here_left_out);
	note_network(pl);
	note_layers(pl);
	note_space(pl);
	note_files(pl);
	note_sockets(pl);
	plan_note_display(pl);
	plan_note_audio(pl);
	plan_note_open(pl);
	plan_note_dbus(pl);
	note_calls(pl);
	note_capabilities(pl);
	note_identity(pl);
	plan_note_devices(pl);
	planner_note(pl, built_in,
		"The kernel is the host's: a mistake in it that the allowed calls can reach is a way out. So is a mistake of a program outside "
		"that trusts the files the sandbox may write.");
	note_resources(pl);
}
