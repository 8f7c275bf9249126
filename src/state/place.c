/* Which directory holds the state. Everything is reached from a directory that nobody else can change, one name at a time. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "state/state.h"

enum who_may { PRIVATE, OWN }; /* of the base: nobody else may look into it; it belongs to the user */

/* `below` is made, one directory after the other; `base` has to be there. */
struct candidate {
	const char *base, *below;
	enum who_may who;
};

void state_search(struct state_search *ret, const struct facts *f, uid_t uid)
{
	*ret = (struct state_search){
		.uid = uid,
		.runtime_dir = facts_env(f, "XDG_RUNTIME_DIR"),
		.state_home = facts_env(f, "XDG_STATE_HOME"),
		.home = f->home,
		.run = "/run",
	};
}

static bool absolute(const char *path)
{
	return path != NULL && path[0] == '/';
}

/* The places there can be, best first; texts in the arena. */
static size_t candidates(struct candidate ret[STATE_PLACES + 1], struct arena *a, const struct state_search *s)
{
	size_t n = 0;
	if (s->uid == 0) {
		/* Not the caller's variables: sudo(8) may have kept them. */
		ret[n++] = (struct candidate){ s->run, "bailey", OWN };
	} else {
		const char *usual = arena_printf(a, "%s/user/%u", s->run, (unsigned)s->uid);
		if (absolute(s->runtime_dir))
			ret[n++] = (struct candidate){ s->runtime_dir, "bailey", PRIVATE };
		if (!absolute(s->runtime_dir) || strcmp(s->runtime_dir, usual) != 0)
			ret[n++] = (struct candidate){ usual, "bailey", PRIVATE };
	}
	/* Without a directory of the session: a shared one such as /tmp could be taken by others first. */
	struct stat st;
	if (absolute(s->state_home) && stat(s->state_home, &st) == 0)
		ret[n++] = (struct candidate){ s->state_home, "bailey/run", OWN };
	else if (absolute(s->home))
		ret[n++] = (struct candidate){ s->home, ".local/state/bailey/run", OWN };
	return n;
}

static int check(int fd, uid_t uid, enum who_may who)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != uid)
		return -EPERM;
	mode_t not_for = who == PRIVATE ? 077 : uid == 0 ? 022 : 0;
	return (st.st_mode & not_for) != 0 ? -EPERM : 0;
}

/* One step down; no symlink is followed, and what is there has to be the user's. */
static int step(int dir, const char *name, uid_t uid, enum who_may who, bool make)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, name, flags);
	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(dir, name, flags);
	}
	if (fd < 0)
		return -errno;
	int r = check(fd, uid, who);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return fd;
}

static int open_candidate(const struct candidate *c, uid_t uid, bool make)
{
	int dir = open(c->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	int r = check(dir, uid, c->who);
	if (r < 0) {
		(void)close(dir);
		return r;
	}
	for (const char *at = c->below; *at != '\0';) {
		char name[NAME_MAX + 1];
		size_t len = strcspn(at, "/");
		(void)snprintf(name, sizeof name, "%.*s", (int)len, at);
		at += len + (at[len] == '/');
		int next = step(dir, name, uid, *at == '\0' ? PRIVATE : OWN, make);
		(void)close(dir);
		if (next < 0)
			return next;
		dir = next;
	}
	return dir;
}

static bool same_directory(int a, int b)
{
	struct stat x, y;
	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void state_places_open(struct state_places *ret, struct arena *a, const struct state_search *s)
{
	struct candidate all[STATE_PLACES + 1];
	size_t count = candidates(all, a, s);
	ret->count = 0;
	for (size_t i = 0; i < count; i++) {
		int fd = open_candidate(&all[i], s->uid, false);
		bool known = false;
		for (size_t k = 0; fd >= 0 && k < ret->count; k++)
			known = known || same_directory(fd, ret->items[k].fd);
		if (known)
			(void)close(fd);
		if (fd < 0 || known)
			continue;
		ret->items[ret->count].fd = fd;
		ret->items[ret->count++].path = path_join(a, all[i].base, all[i].below);
	}
}

void state_places_close(struct state_places *p)
{
	while (p->count > 0)
		(void)close(p->items[--p->count].fd);
}

static const char *reason(int error)
{
	return error == EPERM ? "not the user's own, or open to others" : strerror(error);
}

int state_place_make(struct arena *a, const struct state_search *s, const char **ret_path, struct err *e)
{
	struct candidate all[STATE_PLACES + 1];
	size_t count = candidates(all, a, s);
	struct buf tried = { .arena = a };
	int last = ENOENT;
	for (size_t i = 0; i < count; i++) {
		int fd = open_candidate(&all[i], s->uid, true);
		if (fd >= 0) {
			*ret_path = path_join(a, all[i].base, all[i].below);
			return fd;
		}
		last = -fd;
		buf_printf(&tried, "%s%s/%s: %s", i > 0 ? "; " : "", all[i].base, all[i].below, reason(last));
	}
	(void)err_set(e, count == 1 ? last : 0, "there is no place to keep track of the sandbox");
	e->code = last;
	if (s->uid != 0 && !absolute(s->runtime_dir))
		return err_hint(e, "XDG_RUNTIME_DIR is not set; %s", buf_text(&tried));
	return err_hint(e, "%s", buf_text(&tried));
}
