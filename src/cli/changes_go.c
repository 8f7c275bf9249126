/* Going through the changes of a run: counting, showing, applying. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/json.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/write.h"
#include "changes/apply.h"
#include "cli/changes.h"
#include "plan/layout.h"

enum { FLUSH = 1 << 15 };

struct pass {
	struct cli *cli;
	const struct changes_task *task;
	struct tally *tally;
	struct arena arena; /* for what is shown; freed whenever it was written */
	struct buf out;
	size_t shown;
	bool still;
	int broken; /* output cannot be written */
	bool made; /* a directory that was absent was made to apply to */
};

static void flush(struct pass *p)
{
	if (p->broken == 0)
		p->broken = -write_all(p->task->fd, buf_text(&p->out), p->out.len);
	arena_free(&p->arena);
	p->out = (struct buf){ .arena = &p->arena };
}

static const char *shown_path(struct arena *a, const char *home, const char *path)
{
	if (home[0] == '/' && home[1] != '\0' && path_within(path, home))
		path = arena_printf(a, "~%s", path + strlen(home));
	return layout_clean(a, path);
}

const char *changes_text(struct arena *a, const struct tally *t)
{
	struct buf b = { .arena = a };
	buf_printf(&b, "%zu changed, %zu new, %zu removed", t->modified, t->added, t->removed);
	if (t->barred + t->conflicts == 0)
		return buf_text(&b);
	buf_puts(&b, " (");
	if (t->barred > 0)
		buf_printf(&b, "%zu cannot be applied%s", t->barred, t->conflicts > 0 ? ", " : "");
	if (t->conflicts > 0)
		buf_printf(&b, "%zu in conflict with the host", t->conflicts);
	buf_putc(&b, ')');
	return buf_text(&b);
}

static bool is_selected(const struct pass *p, const struct change *c)
{
	if (p->task->paths == NULL || p->task->paths[0] == NULL)
		return true;
	for (char *const *path = p->task->paths; *path != NULL; path++)
		if (path_within(c->path, *path))
			return true;
	return false;
}

/* A new directory that a selected path lies in. */
static bool leads_to_selected(const struct pass *p, const struct change *c)
{
	for (char *const *path = p->task->paths; path != NULL && *path != NULL; path++)
		if (path_below(*path, c->path))
			return true;
	return false;
}

static const char *kind_word(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_NEW: return "new";
	case CHANGE_MODIFIED: return "changed";
	case CHANGE_REMOVED: return "removed";
	}
	return "?";
}

static const char *type_word(const struct change *c)
{
	mode_t mode = c->kind == CHANGE_REMOVED ? c->host.st_mode : c->upper.st_mode;
	switch (mode & S_IFMT) {
	case S_IFREG: return "file";
	case S_IFDIR: return "directory";
	case S_IFLNK: return "symlink";
	case S_IFIFO: return "fifo";
	case S_IFSOCK: return "socket";
	default: return "device";
	}
}

static void show_json(struct pass *p, const struct change *c)
{
	struct json *j = p->task->json;
	json_object(j, NULL);
	json_string(j, "change", kind_word(c->kind));
	json_string(j, "path", c->path);
	json_string(j, "type", type_word(c));
	if (c->kind != CHANGE_REMOVED)
		json_string(j, "mode", arena_printf(j->out->arena, "%04o", (unsigned)c->upper.st_mode & 07777));
	if (S_ISREG(c->upper.st_mode))
		json_int(j, "size", c->upper.st_size);
	json_string(j, "not_applied", c->bar);
	json_string(j, "conflict", c->conflict);
	json_object_end(j);
}

static void show_line(struct pass *p, const struct change *c)
{
	struct arena *a = &p->arena;
	mode_t mode = c->kind == CHANGE_REMOVED ? c->host.st_mode : c->upper.st_mode;
	buf_printf(&p->out, "%c %s%s", "AMD"[c->kind], shown_path(a, p->task->home, c->path), S_ISDIR(mode) ? "/" : "");
	if (S_ISLNK(c->upper.st_mode)) {
		char text[PATH_MAX];
		ssize_t n = readlinkat(c->upper_dir, c->name, text, sizeof text - 1);
		text[n > 0 ? n : 0] = '\0';
		buf_printf(&p->out, " -> %s", layout_clean(a, text));
	}
	if (c->kind == CHANGE_MODIFIED && (c->upper.st_mode & S_IFMT) != (c->host.st_mode & S_IFMT))
		buf_printf(&p->out, " (a %s)", type_word(c));
	else if (c->kind == CHANGE_MODIFIED && !S_ISLNK(mode) && ((c->upper.st_mode ^ c->host.st_mode) & 07777) != 0)
		buf_printf(
			&p->out, " (mode %04o, was %04o)", (unsigned)c->upper.st_mode & 07777, (unsigned)c->host.st_mode & 07777);
	if (c->bar == NULL && S_ISREG(c->upper.st_mode) && (c->upper.st_mode & (S_ISUID | S_ISGID)) != 0)
		buf_puts(&p->out, " (its set-user-ID or set-group-ID bit is not applied)");
	if (c->bar != NULL)
		buf_printf(&p->out, " (not applied: %s)", layout_clean(a, c->bar));
	else if (c->conflict != NULL)
		buf_printf(&p->out, " (conflict: %s)", c->conflict);
	buf_putc(&p->out, '\n');
	if (p->task->diff)
		changes_diff(&p->out, c, p->still);
}

static void show(struct pass *p, const struct change *c)
{
	if (p->task->json != NULL) {
		show_json(p, c);
		return;
	}
	if (!p->task->list)
		return;
	if (p->task->lines == 0 || p->shown < p->task->lines)
		show_line(p, c);
	p->shown++;
	if (p->out.len >= FLUSH)
		flush(p);
}

static void count(struct tally *t, const struct change *c)
{
	switch (c->kind) {
	case CHANGE_NEW: t->added++; break;
	case CHANGE_MODIFIED: t->modified++; break;
	case CHANGE_REMOVED: t->removed++; break;
	}
	t->barred += c->bar != NULL;
	t->conflicts += c->conflict != NULL;
}

static int failed(struct pass *p, const struct change *c, int error)
{
	struct arena a = { 0 };
	p->tally->failed++;
	(void)cli_fail(
		p->cli, EXIT_SETUP, NULL, "%s: cannot apply it: %s", shown_path(&a, p->task->home, c->path), strerror(error));
	arena_free(&a);
	return WALK_PAST;
}

static int apply(struct pass *p, const struct change *c)
{
	bool dropped;
	if (c->bar != NULL || (c->conflict != NULL && !p->task->force))
		return S_ISDIR(c->upper.st_mode) && S_ISDIR(c->host.st_mode) ? WALK_ON : WALK_PAST;
	int r = apply_change(c, &dropped);
	if (r < 0)
		return failed(p, c, -r);
	p->tally->applied++;
	p->tally->dropped += dropped;
	return WALK_DONE;
}

static int seen(void *data, const struct change *c)
{
	struct pass *p = data;
	if (p->broken != 0)
		return -p->broken;
	bool selected = is_selected(p, c);
	if (!selected && !(p->task->apply && c->kind == CHANGE_NEW && S_ISDIR(c->upper.st_mode) && leads_to_selected(p, c)))
		return WALK_ON;
	if (selected)
		count(p->tally, c);
	if (p->task->apply)
		return apply(p, c);
	show(p, c);
	return WALK_ON;
}

static void left(void *data, const struct change *c, int host_dir)
{
	struct pass *p = data;
	int r = apply_left(c, host_dir);
	if (r < 0 && c != NULL)
		(void)failed(p, c, -r);
	else if (r < 0)
		p->tally->failed++;
}

static int open_layer(struct pass *p, const struct run *r, const struct run_layer *l, int *ret_upper, int *ret_host, struct err *e)
{
	char path[32];
	struct stat st;
	(void)snprintf(path, sizeof path, "%u/upper", l->number);
	*ret_host = -1;
	*ret_upper = sys_openat2(r->dir, path, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (*ret_upper == -ENOENT)
		return 1; /* the run was stopped before anything was mounted */
	if (*ret_upper < 0)
		return err_set(e, -*ret_upper, "cannot look at the changes of %s", l->source);
	int host = sys_openat2(AT_FDCWD, l->source, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (host == -ENOENT && p->task->apply && p->made) {
		host = dir_make(l->source, O_RDONLY);
	}
	if (host == -ENOENT && l->inode == 0)
		return 0;
	if (host < 0 || fstat(host, &st) < 0) {
		(void)close(*ret_upper);
		return err_set(e, host < 0 ? -host : errno, "cannot compare with %s", l->source);
	}
	*ret_host = host;
	if (p->task->apply && !p->task->force && l->inode != 0 && st.st_ino != l->inode) {
		(void)close(*ret_upper);
		(void)close(host);
		(void)err_set(e, 0, "%s is another directory than when the run began", l->source);
		return err_hint(e, "--force applies the changes all the same");
	}
	return 0;
}

static int finish(struct pass *p, int r, const char *path, struct err *e)
{
	if (r == 0 && p->task->list && p->task->lines > 0 && p->shown > p->task->lines)
		buf_printf(&p->out, "and %zu more\n", p->shown - p->task->lines);
	flush(p);
	if (p->broken != 0)
		return err_set(e, p->broken, "cannot write the list");
	return r < 0 && e->code == 0 ? err_set(e, -r, "cannot look at all changes of %s", path) : r;
}

/* Whether something of this layer would be applied, so that its directory has to be there. */
static int wanted(void *data, const struct change *c)
{
	const struct pass *p = data;
	return c->bar == NULL && is_selected(p, c) ? -ECANCELED : WALK_ON;
}

static int go_layer(struct pass *p, const struct run *r, const struct run_layer *l, struct err *e)
{
	struct walk w = {
		.source = l->source,
		.granted = l->file != NULL ? path_join(&p->cli->arena, l->source, l->file) : l->source,
		.began = &r->began,
		.guards = r->guards.guards,
		.guard_count = r->guards.guard_count,
		.covered = l->covered,
		.covered_count = l->covered_count,
		.still = p->still,
		.seen = wanted,
		.data = p,
	};
	p->made = false;
	int result = open_layer(p, r, l, &w.upper, &w.host, e);
	if (result == 0 && p->task->apply && w.host < 0) {
		p->made = walk(&w) == -ECANCELED;
		(void)close(w.upper);
		result = open_layer(p, r, l, &w.upper, &w.host, e);
	}
	if (result != 0)
		return result < 0 ? result : 0;
	w.seen = seen;
	w.left = p->task->apply ? left : NULL;
	result = walk(&w);
	(void)close(w.upper);
	if (w.host >= 0)
		(void)close(w.host);
	return result;
}

int changes_go(struct cli *cli, const struct run *r, const struct changes_task *t, struct tally *ret, struct err *e)
{
	struct pass p = { .cli = cli, .task = t, .tally = ret, .still = !r->busy };
	p.out.arena = &p.arena;
	*ret = (struct tally){ 0 };
	int result = 0;
	const char *source = "";
	for (size_t i = 0; i < r->layer_count && result == 0; i++) {
		source = r->layers[i].source;
		result = go_layer(&p, r, &r->layers[i], e);
	}
	return finish(&p, result, source, e);
}

int changes_compare(
	struct cli *cli, int upper, int lower, const char *path, const struct changes_task *t, struct tally *ret, struct err *e)
{
	struct pass p = { .cli = cli, .task = t, .tally = ret };
	p.out.arena = &p.arena;
	*ret = (struct tally){ 0 };
	const struct walk w = { .source = path, .granted = path, .upper = upper, .host = lower, .seen = seen, .data = &p };
	return finish(&p, walk(&w), path, e);
}
