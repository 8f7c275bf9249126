/* Where the program is, whether the sandbox shows it, and where it starts. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "host/resolve.h"
#include "plan/parts.h"

static const struct origin nobody = { 0 };

/*
 * A normal path for any absolute one: ".." leaves the directory that the path before it really leads to. 0, or the error of
 * facts_resolve() for that directory.
 */
static int fold(struct planner *pl, const char *path, const char **ret)
{
	const char *normal = "/";
	for (;;) {
		path += strspn(path, "/");
		size_t len = strcspn(path, "/");
		if (len == 0)
			break;
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			struct resolved r;
			int status = facts_resolve(pl->facts, normal, &r);
			if (status < 0)
				return status;
			normal = path_parent(pl->arena, r.path);
		} else if (len != 1 || path[0] != '.') {
			normal = path_join(pl->arena, normal, arena_strndup(pl->arena, path, len));
		}
		path += len;
	}
	*ret = normal;
	return 0;
}

int plan_look_up(struct planner *pl, const char *path, const char **ret_name, struct resolved *r)
{
	*r = (struct resolved){ 0 };
	int status = fold(pl, path, ret_name);
	return status < 0 ? status : facts_resolve(pl->facts, *ret_name, r);
}

/* What execve(2) would say of a file that was found: 0, -EACCES. */
static int executable(const struct node *n)
{
	return n->type == NODE_FILE && (n->mode & 0111) != 0 ? 0 : -EACCES;
}

/*
 * The name inside under which the file can be started: the one it was found by; else the same name in the real directory
 * (/usr/bin/sh for /bin/sh where only /usr is shown); NULL when there is none.
 */
static const char *name_inside(struct planner *pl, const char *name)
{
	struct resolved parent;
	if (plan_visible(pl, name, NULL))
		return name;
	if (facts_resolve(pl->facts, path_parent(pl->arena, name), &parent) < 0)
		return NULL;
	const char *real = path_join(pl->arena, parent.path, path_base(name));
	return plan_visible(pl, real, NULL) ? real : NULL;
}

/* Looks through PATH as execvp(3) does: a file that may not be executed does not end the search, but is remembered. */
static int search(struct planner *pl, const char *name, const char **ret_name, struct resolved *r)
{
	const char *path = facts_env(pl->facts, "PATH");
	int status = -ENOENT;
	if (path == NULL)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t len = strcspn(path, ":");
		/* An empty element, or one like ".", is the present directory. */
		const char *directory = arena_strndup(pl->arena, path, len);
		if (directory[0] != '/')
			directory = pl->facts->cwd[0] != '\0' ? path_join(pl->arena, pl->facts->cwd, directory) : NULL;
		if (directory != NULL) {
			const char *candidate = path_join(pl->arena, directory, name);
			int e = plan_look_up(pl, candidate, ret_name, r);
			if (e == 0)
				e = executable(&r->node);
			if (e == 0 && !facts_is_wrapper(pl->facts, candidate))
				return 0;
			if (e == -EACCES)
				status = -EACCES;
		}
		if (path[len] == '\0')
			return status;
		path += len + 1;
	}
}

/* PATH as the program will see it. */
static const char *path_inside(const struct plan *plan)
{
	for (size_t i = 0; i < plan->env_count; i++)
		if (strncmp(plan->env[i].text, "PATH=", 5) == 0)
			return plan->env[i].text + 5;
	return "";
}

/* With a root file system of its own a program is looked for in there, by the names that are valid there. */
static int search_root(struct planner *pl, const char *name, const char **ret_name, struct resolved *r)
{
	int status = -ENOENT;
	if (strchr(name, '/') != NULL) {
		*ret_name = name[0] == '/' ? name : path_join(pl->arena, pl->plan->directory, name);
		return plan_inside(pl, *ret_name, &r->node) ? executable(&r->node) : -ENOENT;
	}
	for (const char *path = path_inside(pl->plan);; path++) {
		size_t len = strcspn(path, ":");
		*ret_name = path_join(pl->arena, arena_strndup(pl->arena, path, len), name);
		if (path[0] == '/' && plan_inside(pl, *ret_name, &r->node)) {
			if (executable(&r->node) == 0)
				return 0;
			status = -EACCES;
		}
		path += len;
		if (*path == '\0')
			return status;
	}
}

static int no_program_in_root(struct planner *pl, const char *program, int status, const struct resolved *found)
{
	const struct value *root = &pl->p->filesystem_root;
	if (status == -EACCES) {
		diag_error(pl->diags, root->origin, "filesystem.root", "%s %s in %s", program,
			found->node.type == NODE_DIRECTORY ? "is a directory" : "is not executable", root->s);
		return status;
	}
	struct diag *at = diag_error(pl->diags, root->origin, "filesystem.root", "there is no %s in %s", program, root->s);
	if (strchr(program, '/') == NULL)
		diag_hint(pl->diags, at, "looked for in %s; environment.set says where to look", path_inside(pl->plan));
	else
		diag_hint(pl->diags, at, "the path is one inside of it");
	return status;
}

static int not_found(struct planner *pl, const char *program, int status, const struct resolved *found)
{
	bool slash = strchr(program, '/') != NULL;
	if (status == -ENOENT || status == -ENOTDIR) {
		struct diag *at =
			diag_error(pl->diags, nobody, NULL, slash ? "%s: no such file" : "%s: command not found", program);
		if (!slash)
			diag_hint(pl->diags, at, "no directory of PATH has it; give the path of the program");
		return -ENOENT;
	}
	if (status == -ELOOP)
		diag_error(pl->diags, nobody, NULL, "%s: too many symbolic links", program);
	else if (found->node.type == NODE_DIRECTORY)
		diag_error(pl->diags, nobody, NULL, "%s is a directory", program);
	else if (found->node.type == NODE_UNREADABLE)
		diag_error(pl->diags, nobody, NULL, "%s: a directory on the way to it may not be searched", program);
	else
		diag_error(pl->diags, nobody, NULL, "%s is not executable", program);
	return -EACCES;
}

int plan_program(struct planner *pl, const struct plan_request *r)
{
	struct resolved found = { 0 };
	const char *path = r->program, *name = NULL;
	int status;
	pl->plan->argv = r->argv;
	if (pl->p->filesystem_root.set && !plan_has_root(pl))
		return -EINVAL; /* the root is a mistake that was told; the host's programs are not meant */
	if (pl->plan->image.absent)
		return 0; /* what is in the archive shows when it is unpacked; then this is planned again */
	if (plan_has_root(pl)) {
		status = path[0] != '\0' ? search_root(pl, path, &name, &found) : -ENOENT;
		pl->plan->program = name;
		pl->plan->program_check = found.node.uid != 0;
		return status < 0 ? no_program_in_root(pl, path, status, &found) : 0;
	}
	if (path[0] == '\0') {
		status = -ENOENT;
	} else if (strchr(path, '/') == NULL) {
		status = search(pl, path, &name, &found);
	} else {
		if (path[0] != '/')
			path = path_join(pl->arena, pl->facts->cwd[0] != '\0' ? pl->facts->cwd : "/", path);
		status = plan_look_up(pl, path, &name, &found);
		if (status == 0)
			status = executable(&found.node);
	}
	if (status < 0)
		return not_found(pl, r->program, status, &found);

	pl->plan->program = name_inside(pl, name);
	pl->plan->program_check = found.node.uid != 0;
	if (pl->plan->program != NULL)
		return 0;
	/* What a profile with mistakes shows is not what it will show. */
	if (pl->diags->errors > 0)
		return -EINVAL;
	struct diag *at =
		diag_error(pl->diags, nobody, NULL, "%s is at %s, which the sandbox does not show", r->program, found.path);
	diag_hint(pl->diags, at,
		"--ro %s shows it, and so does a line in filesystem.read_only; what it loads from elsewhere has to be shown too",
		path_parent(pl->arena, found.path));
	return -EACCES;
}

/* A directory of the host that is there inside by the same name. */
static const char *shown_directory(struct planner *pl, const char *path)
{
	const char *name;
	struct resolved r;
	if (path == NULL || path_normal(pl->arena, path, &name) < 0 || !plan_visible(pl, name, NULL))
		return NULL;
	return facts_resolve(pl->facts, name, &r) == 0 && r.node.type == NODE_DIRECTORY ? name : NULL;
}

/* Whether the name will be a directory inside: the operation made last that reaches it decides. */
static bool directory_inside(struct planner *pl, const char *path)
{
	const struct plan *plan = pl->plan;
	if (strcmp(path, "/") == 0)
		return true;
	for (size_t i = plan->mount_count; i-- > 0;) {
		const struct mount_op *op = &plan->mounts[i];
		bool same = strcmp(op->target, path) == 0;
		struct resolved r;
		if (!path_within(path, op->target) || (op->flags & MOUNT_IN_UPPER) != 0)
			continue;
		switch (op->kind) {
		case MOUNT_DIRECTORY:
		case MOUNT_TMPFS:
		case MOUNT_MQUEUE:
		case MOUNT_DEVPTS: return same;
		case MOUNT_UPPER:
		case MOUNT_WHITEOUT: continue;
		case MOUNT_PROC:
		case MOUNT_SYMLINK: return true; /* the launch tells when it leads nowhere */
		case MOUNT_SERVED:
		case MOUNT_FILE: return false;
		case MOUNT_OVERLAY:
		case MOUNT_BIND: break;
		}
		struct node n;
		if (plan_has_root(pl) || op->kind == MOUNT_OVERLAY)
			return plan_inside(pl, path, &n) && n.type == NODE_DIRECTORY;
		const char *source = arena_printf(pl->arena, "%s%s", op->source, path + strlen(op->target));
		if (facts_resolve(pl->facts, source, &r) == 0)
			return r.node.type == NODE_DIRECTORY;
		for (size_t j = 0; j < plan->create_count; j++)
			if (path_within(plan->creates[j].path, source))
				return true;
		return false;
	}
	return false;
}

void plan_directory(struct planner *pl, const struct plan_request *r)
{
	const struct value *v = &pl->p->process_directory;
	struct plan *plan = pl->plan;
	const struct facts *f = pl->facts;
	if (v->set) {
		const char *text, *path;
		if (expand_text(pl, v->origin, "process.directory", v->s, &text) < 0)
			return;
		if (path_normal(pl->arena, text, &path) < 0) {
			diag_error(pl->diags, v->origin, "process.directory", "%s is not an absolute path without \"..\"", text);
			return;
		}
		if (!pl->plan->image.absent && !directory_inside(pl, path)) {
			struct diag *at =
				diag_error(pl->diags, v->origin, "process.directory", "the sandbox does not show %s", path);
			diag_hint(pl->diags, at, "grant it in filesystem.read_only, read_write, binds or tmpfs");
			return;
		}
		plan->directory = path;
		plan->directory_origin = v->origin;
		return;
	}
	if (r->program == NULL)
		return;
	plan->directory = shown_directory(pl, f->cwd);
	/* With nothing in it but what the command line names from there on. */
	if (plan->directory == NULL && pl->relative_argument && directory_inside(pl, f->cwd))
		plan->directory = f->cwd;
	/* The home directory is the program's own one, whatever it is on the host. */
	if (plan->directory == NULL && f->home[0] == '/' && directory_inside(pl, f->home))
		plan->directory = f->home;
	if (plan->directory == NULL)
		plan->directory = "/";
}
