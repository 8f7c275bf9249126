/* The sandboxes of all users, for bailey list --all of root. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/num.h"
#include "cli/sandboxes.h"

/* Users who run anything. */
struct uids {
	uid_t *items;
	size_t count, cap;
};

static void add(struct uids *u, struct arena *a, uid_t uid)
{
	for (size_t i = 0; i < u->count; i++)
		if (u->items[i] == uid)
			return;
	u->items = arena_grow(a, u->items, u->count, &u->cap, sizeof *u->items);
	u->items[u->count++] = uid;
}

static int read_uids(struct uids *ret, struct arena *a)
{
	const char **names = NULL;
	size_t count = 0;
	struct stat st;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = proc < 0 ? -1 : dir_names(proc, a, &names, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (names[i][0] >= '1' && names[i][0] <= '9' && fstatat(proc, names[i], &st, 0) == 0 && st.st_uid != 0)
			add(ret, a, st.st_uid);
	if (proc >= 0)
		(void)close(proc);
	return r;
}

/* A field of the user's line of /etc/passwd: passwd(5). Empty when there is none. */
static const char *account(struct arena *a, const char *passwd, uid_t uid, unsigned field)
{
	for (const char *line = passwd; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at[7] = { line };
		size_t len[7] = { 0 };
		for (unsigned i = 0; i < 7; i++) {
			len[i] = strcspn(at[i], ":\n");
			if (i < 6)
				at[i + 1] = at[i][len[i]] == ':' ? at[i] + len[i] + 1 : at[i] + len[i];
		}
		int64_t n;
		if (num_int(arena_strndup(a, at[2], len[2]), 0, UINT32_MAX, &n) == 0 && n == (int64_t)uid)
			return arena_strndup(a, at[field], len[field]);
	}
	return "";
}

void sandboxes_of_everyone(struct cli *cli, struct sandboxes *all)
{
	struct arena *a = &cli->arena;
	struct uids uids = { .count = 0 };
	const char *passwd;
	if (facts_read(&cli->facts, "/etc/passwd", &passwd) != 0)
		passwd = "";
	for (size_t i = 0; i < all->count; i++)
		all->items[i].user = "root";
	if (read_uids(&uids, a) != 0)
		return;
	for (size_t i = 0; i < uids.count; i++) {
		enum { NAME, HOME = 5 };
		const char *name = account(a, passwd, uids.items[i], NAME);
		const struct state_search s = {
			.uid = uids.items[i], .home = account(a, passwd, uids.items[i], HOME), .run = "/run"
		};
		struct state_sandbox *more;
		size_t count;
		state_list_foreign(&more, &count, a, &s);
		struct state_sandbox *both = arena_array(a, all->count + count, sizeof *both);
		if (all->count > 0)
			memcpy(both, all->items, all->count * sizeof *both);
		for (size_t k = 0; k < count; k++) {
			more[k].user = name[0] != '\0' ? name : arena_printf(a, "%u", (unsigned)uids.items[i]);
			both[all->count + k] = more[k];
		}
		all->items = both;
		all->count += count;
	}
}
