#include "launch/prepare.h"

#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/landlock.h"
#include "base/sys.h"
#include "launch/names.h"

/* An empty file, unless something of that name is there: what it is, the mount will tell. */
static int make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	return close(fd);
}

static int create_file(const char *path)
{
	int file = sys_openat2(AT_FDCWD, path, O_PATH, RESOLVE_NO_SYMLINKS);
	if (file >= 0)
		return close(file);
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (file != -ENOENT)
		return file;
	if ((size_t)(slash - path) >= sizeof above)
		return -ENAMETOOLONG;
	(void)snprintf(above, sizeof above, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	int dir = dir_make(above, O_PATH);
	if (dir < 0)
		return dir;
	int r = make_file(dir, slash + 1);
	(void)close(dir);
	return r;
}

int prepare_directory(const char *path)
{
	int dir = dir_make(path, O_PATH);
	return dir < 0 ? dir : close(dir);
}

int prepare_creates(const struct plan *plan, struct err *e)
{
	for (size_t i = 0; i < plan->create_count; i++) {
		const struct create_op *c = &plan->creates[i];
		int r = c->file ? create_file(c->path) : prepare_directory(c->path);
		if (r < 0) {
			(void)err_set(e, -r, "cannot create %s", c->asked != NULL ? c->asked : c->path);
			if (r == -ELOOP)
				(void)err_hint(e, "a symlink appeared on the way to it; remove it, or name the place it points to");
			return err_at(e, c->origin);
		}
	}
	return 0;
}

static int lock_image(const struct image *m, struct undo *undo, struct err *e)
{
	int fd = sys_openat2(AT_FDCWD, m->entry, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd >= 0)
		undo_push(undo, undo_close, fd);
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	(void)err_set(e, fd < 0 ? -fd : errno, "cannot use what %s was unpacked to", m->asked);
	(void)err_hint(e, "another bailey is removing it; start again");
	return err_at(e, m->origin);
}

int prepare_locks(const struct plan *plan, struct undo *undo, struct err *e)
{
	if (plan->image.archive != NULL && lock_image(&plan->image, undo, e) < 0)
		return -e->code;
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];
		if (op->kind != MOUNT_UPPER || op->work == NULL || (op->flags & MOUNT_RUN) != 0)
			continue;
		if (undo->count >= UNDO_MAX - UNDO_FEW) {
			(void)err_set(e, EMFILE, "cannot keep changes of so many directories, from %s on", op->asked);
			return err_at(e, op->origin);
		}
		int fd = sys_openat2(AT_FDCWD, op->work, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
		if (fd >= 0)
			undo_push(undo, undo_close, fd);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			continue;
		int error = fd < 0 ? -fd : errno;
		(void)err_set(e, error == EWOULDBLOCK ? EBUSY : error, "cannot keep changes in %s", op->asked);
		if (error == EWOULDBLOCK)
			(void)err_hint(e, "another sandbox keeps its changes there; overlayfs allows one at a time");
		return err_at(e, op->origin);
	}
	return 0;
}

int prepare_become(const struct plan *plan, struct err *e)
{
	if (!plan->become)
		return 0;
	/* Only root may write maps of several ids: the way back stays open until that is done. */
	const uid_t saved = plan->uid_map.count > 0 ? 0 : plan->uid;
	if (setgroups(plan->group_count, plan->groups) < 0 || setresgid(plan->gid, plan->gid, plan->gid) < 0 ||
		setresuid(plan->uid, plan->uid, saved) < 0) {
		(void)err_set(e, errno, "cannot become user %u, group %u", (unsigned)plan->uid, (unsigned)plan->gid);
		return err_at(e, plan->user_origin);
	}
	/* The kernel made us undumpable, and so /proc/self (the id maps) root's; nothing secret is in this process yet. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "cannot write the id maps later");
	return 0;
}

int prepare_settle(const struct plan *plan, struct err *e)
{
	int r = 0;
	if (plan->become && plan->uid_map.count > 0)
		r = (int)sys_result(setresuid(plan->uid, plan->uid, plan->uid));
	else if (plan->mode == IDENTITY_HOST)
		r = sys_capset(0, 0, 0);
	/* The id maps are written; other programs of the user have no business with us, who can ask root's keepers for things. */
	if (r == 0 && plan->become)
		r = (int)sys_result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	if (r == 0)
		return 0;
	(void)err_set(e, -r, "cannot give root's privileges up");
	return err_at(e, plan->user_origin);
}

/* Once a file, whatever number of descriptors lead to it; `seen` is where the launch has its kind. */
static void note_file(struct child_args *args, int fd, const struct stat *st, struct stat *seen)
{
	const struct plan *plan = args->plan;
	uint64_t handled = plan->landlock.handled_files;
	bool replaced = fd <= STDERR_FILENO && (plan->pty_fds >> fd & 1) != 0;
	if (handled == 0 || replaced || S_ISSOCK(st->st_mode))
		return;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return;
	uint64_t access = 0;
	if ((flags & O_ACCMODE) != O_WRONLY)
		access |= LL_READ_FILE | LL_EXECUTE;
	if ((flags & O_ACCMODE) != O_RDONLY)
		access |= LL_WRITE_FILE | LL_TRUNCATE;
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		access |= LL_IOCTL_DEV;
	size_t i = 0;
	while (i < args->file_count && (seen[i].st_dev != st->st_dev || seen[i].st_ino != st->st_ino))
		i++;
	if (i == args->file_count) {
		seen[args->file_count] = *st;
		args->files[args->file_count++] = (struct domain_file){ .fd = fd };
	}
	args->files[i].access |= access & handled;
}

static int check_descriptor(struct child_args *args, int fd, struct stat *seen, struct err *e)
{
	const struct plan *plan = args->plan;
	struct stat st;
	if (fstat(fd, &st) < 0) {
		(void)err_set(e, errno, "cannot pass descriptor %d on", fd);
		return err_at(e, plan->descriptor_origin);
	}
	if (!S_ISDIR(st.st_mode)) {
		note_file(args, fd, &st, seen);
		return 0;
	}
	(void)err_set(e, EISDIR, "descriptor %d would let the program out of the sandbox", fd);
	(void)err_hint(e, "a directory can be left through its \"..\"; grant it by its path (--ro or --rw) instead");
	return fd > STDERR_FILENO ? err_at(e, plan->descriptor_origin) : -e->code;
}

int prepare_descriptors(struct child_args *args, struct err *e)
{
	const struct plan *plan = args->plan;
	size_t count = STDERR_FILENO + 1 + plan->descriptor_count;
	args->files = arena_array(args->arena, count, sizeof *args->files);
	struct stat *seen = arena_array(args->arena, count, sizeof *seen);
	int r = 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && r == 0; fd++)
		r = check_descriptor(args, fd, seen, e);
	for (size_t i = 0; i < plan->descriptor_count && r == 0; i++)
		r = check_descriptor(args, plan->descriptors[i], seen, e);
	return r;
}

static int draw(void *bytes, size_t n, struct err *e)
{
	if (getrandom(bytes, n, 0) != (ssize_t)n)
		return err_set(e, errno, "cannot get random numbers");
	return 0;
}

int prepare_texts(struct child_args *args, const struct plan *plan, const struct below *below, struct err *e)
{
	uid_t uid = below->uid != (uid_t)-1 ? below->uid : plan->uid;
	gid_t gid = below->gid != (gid_t)-1 ? below->gid : plan->gid;
	(void)snprintf(args->uid_map, sizeof args->uid_map, "%u %u 1\n", (unsigned)plan->inside_uid, (unsigned)uid);
	(void)snprintf(args->gid_map, sizeof args->gid_map, "%u %u 1\n", (unsigned)plan->inside_gid, (unsigned)gid);
	if (plan->hostname_random) {
		uint32_t numbers[3];
		if (draw(numbers, sizeof numbers, e) < 0)
			return -e->code;
		names_host(args->hostname, sizeof args->hostname, numbers);
	} else if (plan->hostname != NULL) {
		(void)snprintf(args->hostname, sizeof args->hostname, "%s", plan->hostname);
	}
	if (plan->machine_id_private) {
		unsigned char id[16];
		if (draw(id, sizeof id, e) < 0)
			return -e->code;
		id[6] = (unsigned char)((id[6] & 0x0f) | 0x40); /* machine-id(5): a random UUID, version 4 */
		id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
		for (size_t i = 0; i < sizeof id; i++)
			(void)snprintf(args->machine_id + 2 * i, 3, "%02x", id[i]);
		memcpy(args->machine_id + 32, "\n", 2);
	}
	return 0;
}

static const char *const failures[STEP_COUNT] = {
#define STEP(id, name, failure) [STEP_##id] = failure,
#include "launch/steps.def"
};

const char *prepare_words(enum step step)
{
	return step < STEP_COUNT ? failures[step] : "cannot enter the sandbox";
}

static void mount_failure(struct err *e, const struct plan *plan, int error, size_t index)
{
	const struct mount_op *op = &plan->mounts[index];
	const char *asked = op->asked != NULL ? op->asked : op->kind == MOUNT_BIND ? op->source : op->target;
	switch (op->kind) {
	case MOUNT_BIND:
		if (op->source != NULL && strcmp(op->source, op->target) != 0)
			(void)err_set(e, error, "cannot bind %s at %s", asked, op->target);
		else
			(void)err_set(e, error, "cannot bind %s", asked);
		break;
	case MOUNT_DIRECTORY: (void)err_set(e, error, "cannot make the directory %s inside", op->target); break;
	case MOUNT_SYMLINK: (void)err_set(e, error, "cannot make the symlink %s inside", op->target); break;
	case MOUNT_FILE: (void)err_set(e, error, "cannot put a file of its own at %s", op->target); break;
	case MOUNT_TMPFS: (void)err_set(e, error, "cannot mount a tmpfs at %s", op->target); break;
	case MOUNT_PROC: (void)err_set(e, error, "cannot mount a proc of its own at %s", op->target); break;
	case MOUNT_DEVPTS: (void)err_set(e, error, "cannot mount a devpts of its own at %s", op->target); break;
	case MOUNT_UPPER:
		(void)err_set(e, error, "cannot use %s for changes of %s", op->source != NULL ? asked : "memory", op->target);
		break;
	case MOUNT_WHITEOUT: (void)err_set(e, error, "cannot hide %s", op->target); break;
	case MOUNT_OVERLAY: (void)err_set(e, error, "cannot lay changes over %s", asked); break;
	case MOUNT_SERVED: (void)err_set(e, error, "cannot put a socket of its own at %s", op->target); break;
	case MOUNT_MQUEUE: (void)err_set(e, error, "cannot mount message queues of its own at %s", op->target); break;
	}
	(void)err_at(e, op->origin);
	if (error == ELOOP)
		(void)err_hint(
			e, "a symlink appeared in this path between planning and mounting; nothing was followed. Start again");
	else if (op->kind == MOUNT_OVERLAY && error == EINVAL)
		(void)err_hint(e,
			"overlayfs takes no directory with other file systems mounted below it, and keeps changes only where the file system has "
			"extended attributes (not on NFS or FAT)");
	else if (op->kind == MOUNT_OVERLAY && (error == EROFS || error == ENOSPC || error == EDQUOT))
		(void)err_hint(e, "overlayfs cannot work where its changes are to go: that file system is full or read-only");
	else if (op->kind == MOUNT_OVERLAY && error == ENODEV)
		(void)err_hint(e, "this kernel has no overlayfs; root_mode = \"read_only\" does without");
	else if (op->kind == MOUNT_PROC && error == EPERM)
		(void)err_hint(e,
			"parts of /proc are covered outside (a container, or a sandbox that hides them); the kernel then refuses a new proc");
}

static void landlock_failure(struct err *e, const struct plan *plan, enum step step, int error, size_t index)
{
	const struct landlock_plan *l = &plan->landlock;
	if (step == STEP_RULES && index < l->rule_count) {
		(void)err_set(e, error, "cannot make a Landlock rule for %s", l->rules[index].path);
		(void)err_at(e, l->rules[index].origin);
	} else {
		(void)err_set(e, error, "%s", failures[step]);
		(void)err_at(e, l->origin);
	}
	if (error == E2BIG)
		(void)err_hint(e, "the kernel nests at most %d domains; landlock.use = \"off\" does without", LL_DOMAINS_MAX);
}

/* What keeps the kernel from making the namespaces, as far as it can be told. */
static void namespaces_hint(struct err *e, struct facts *facts, int error)
{
	const char *kind;
	if (facts_userns(facts) == ANSWER_NO)
		(void)err_hint(e, "%s; %s", facts->userns_reason, facts->userns_hint);
	else if (error == ENOSPC && (kind = facts_no_namespaces(facts)) != NULL)
		(void)err_hint(e, "user.max_%s_namespaces is 0; as root: sysctl -w user.max_%s_namespaces=15000", kind, kind);
	else if (error == ENOSPC)
		(void)err_hint(e, "as many as user.max_*_namespaces allows are there already (namespaces(7))");
	else if (error == EPERM || error == EACCES)
		(void)err_hint(e, "the kernel refuses user namespaces here: a sandbox or container around bailey may forbid them");
}

int prepare_failure(struct err *e, const struct plan *plan, struct facts *facts, enum step step, int error, size_t index)
{
	if (step == STEP_MOUNTS && index < plan->mount_count) {
		mount_failure(e, plan, error, index);
	} else if (step == STEP_LIMITS && index < plan->limit_count) {
		(void)err_set(e, error, "cannot set the limit %s", plan->limits[index].name);
		(void)err_at(e, plan->limits[index].origin);
	} else if (step == STEP_NICE) {
		(void)err_set(e, error, "cannot set the scheduling priority to %d", plan->nice);
		(void)err_at(e, plan->nice_origin);
	} else if (step == STEP_PLACE) { /* born in it: clone(2), CLONE_INTO_CGROUP */
		(void)err_set(e, error, "%s, below %s", failures[step], plan->cgroup.parent);
		(void)err_hint(
			e, "the user has to be able to write cgroup.procs there and in all groups from there to bailey's own");
		if (plan->cgroup.write_count > 0)
			(void)err_at(e, plan->cgroup.writes[0].origin);
	} else if (step == STEP_AFFINITY) {
		(void)err_set(e, error, "%s", failures[step]);
		(void)err_at(e, plan->cgroup.affinity_origin);
	} else if (step == STEP_PTY) {
		(void)err_set(e, error, "%s", failures[step]);
		(void)err_at(e, plan->terminal_origin);
		if (error == ENOSPC)
			(void)err_hint(e, "the machine's pseudo terminals are used up: see /proc/sys/kernel/pty/max");
	} else if (step == STEP_DIRECTORY) {
		(void)err_set(e, error, "cannot enter the working directory %s", plan->directory);
		(void)err_at(e, plan->directory_origin);
	} else if (step == STEP_DESCRIPTORS) {
		(void)err_set(e, error, "cannot pass on the descriptors asked for");
		(void)err_at(e, plan->descriptor_origin);
		if (error == EBADF)
			(void)err_hint(e, "one of them is not open in the process that started bailey");
	} else if (step == STEP_RULES || step == STEP_DOMAIN) {
		landlock_failure(e, plan, step, error, index);
	} else if (step == STEP_LOAD) {
		(void)err_set(e, error, "cannot load the system call filter");
		(void)err_at(e, plan->filter_origin);
	} else if (step == STEP_EXEC) {
		(void)err_set(e, error, "cannot execute %s", plan->program);
		if (error == ENOENT)
			(void)err_hint(e,
				"it is there; its interpreter or loader is not visible inside. Grant the path its first line (or ldd) names");
		else if (error == EACCES)
			(void)err_hint(e, "it, its interpreter, or the file system it lies on may not be executed inside");
		else if (error == ELOOP)
			(void)err_hint(
				e, "its first line must not lead through /proc/self: that would be bailey itself, not the program");
	} else {
		(void)err_set(e, error, "%s", failures[step]);
	}
	if (step == STEP_CLONE || step == STEP_MAP || step == STEP_ROOT) {
		(void)err_at(e, plan->nested_origin);
		namespaces_hint(e, facts, error);
	}
	if (error == ENOSYS)
		(void)err_hint(e, "the kernel is older than Linux 5.12, or a sandbox or container around bailey forbids the call");
	return -e->code;
}
