/*
 * Running sandboxes of another user, for root: read only.  Whatever is in that user's directories may be made to mislead whoever looks,
 * so nothing is locked, removed or followed there, and of what is written down only what concerns the user's own processes is believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/path.h"
#include "state/internal.h"

static bool belongs_to(pid_t pid, uid_t uid)
{
	char path[32];
	struct stat st;
	(void)snprintf(path, sizeof path, "/proc/%d", (int)pid);
	return stat(path, &st) == 0 && st.st_uid == uid;
}

/* Whether it is a launcher of the user's, and what it says of its sandbox is about processes below it. */
static bool is_credible(struct state_record *r, uid_t uid)
{
	if (!state_process_lives(&r->launcher) || !belongs_to(r->launcher.pid, uid))
		return false;
	if (r->sandbox.pid != 0 && !state_process_below(r->sandbox.pid, r->launcher.pid))
		r->sandbox = (struct state_process){ 0 };
	if (r->sandbox.pid == 0 || (r->task.pid != 0 && !state_process_below(r->task.pid, r->sandbox.pid)))
		r->task = (struct state_process){ 0 };
	/* Any group could be named: what the processes use is counted instead. */
	r->cgroup_count = 0;
	return true;
}

static bool look_at(struct state_sandbox *ret, struct arena *a, int place, const char *place_path, const char *name, uid_t uid)
{
	const char *why;
	struct stat st;
	struct err ignored = { .code = 0 }; /* that user's own commands complain */
	if (!state_name_valid(name, &why))
		return false;
	int fd = openat(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	*ret = (struct state_sandbox){ .path = path_join(a, place_path, name), .uid = uid };
	bool there = fstat(fd, &st) == 0 && st.st_uid == uid && entry_read(&ret->record, a, fd, &ignored) == 0;
	(void)close(fd);
	ret->record.name = name;
	return there && is_credible(&ret->record, uid);
}

void state_list_foreign(struct state_sandbox **ret, size_t *ret_count, struct arena *a, const struct state_search *s)
{
	struct state_places places;
	size_t cap = 0;
	*ret = NULL;
	*ret_count = 0;
	state_places_open(&places, a, s);
	for (size_t i = 0; i < places.count; i++) {
		const char **names;
		size_t count;
		if (dir_names(places.items[i].fd, a, &names, &count) < 0)
			continue;
		for (size_t k = 0; k < count; k++) {
			struct state_sandbox one;
			if (!look_at(&one, a, places.items[i].fd, places.items[i].path, names[k], s->uid))
				continue;
			*ret = arena_grow(a, *ret, *ret_count, &cap, sizeof **ret);
			(*ret)[(*ret_count)++] = one;
		}
	}
	state_places_close(&places);
}
