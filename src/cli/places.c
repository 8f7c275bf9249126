/* Where profiles, the helper programs and the cache are. Runs at each launch, so it asks the kernel as little as it can. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "base/path.h"
#include "cli/cli.h"

/* An XDG base directory: the variable when it is absolute (others are ignored, as its specification says), else below home. */
static const char *base_dir(struct cli *cli, const char *variable, const char *below_home)
{
	struct arena *a = &cli->arena;
	const char *value = facts_env(&cli->facts, variable);
	if (value != NULL && value[0] == '/')
		return value;
	return cli->facts.home[0] == '/' ? path_join(a, cli->facts.home, below_home) : NULL;
}

/* A tree is trusted to whoever owns it; the program in it belongs to the same person. */
static bool find_tree(struct cli *cli, const char *dir)
{
	struct arena *a = &cli->arena;
	if (strncmp(path_base(dir), "build", 5) != 0)
		return false;
	const char *profiles = path_join(a, path_parent(a, dir), "profiles");
	struct stat st;
	if (access(path_join(a, profiles, "default.conf"), F_OK) != 0 || stat(profiles, &st) != 0)
		return false;
	cli->places.shipped_dir = profiles;
	cli->places.shipped_owner = st.st_uid;
	cli->filter.helper = path_join(a, dir, "bailey-filter");
	cli->scope_helper = path_join(a, dir, "bailey-scope");
	cli->unpack = path_join(a, dir, "bailey-unpack");
	cli->net_helper = path_join(a, dir, "bailey-net");
	cli->resolver = path_join(a, dir, "bailey-resolver");
	cli->tls = path_join(a, dir, "bailey-tls");
	cli->open_helper = path_join(a, dir, "bailey-open");
	return true;
}

static void find_prefix(struct cli *cli, const char *dir)
{
	struct arena *a = &cli->arena;
	const char *prefix = BAILEY_PREFIX;
	if (dir != NULL && strcmp(path_base(dir), "bin") == 0 && strcmp(path_parent(a, dir), prefix) != 0) {
		const char *moved = path_parent(a, dir);
		if (access(path_join(a, moved, "share/bailey/profiles"), F_OK) == 0)
			prefix = moved;
	}
	cli->places.shipped_dir = path_join(a, prefix, "share/bailey/profiles");
	/* Installed below somebody's home: who owns the program decides what it does anyway. */
	struct stat st;
	cli->places.shipped_owner = stat("/proc/self/exe", &st) == 0 ? st.st_uid : 0;
	cli->filter.helper = path_join(a, prefix, "libexec/bailey/bailey-filter");
	cli->scope_helper = path_join(a, prefix, "libexec/bailey/bailey-scope");
	cli->unpack = path_join(a, prefix, "libexec/bailey/bailey-unpack");
	cli->net_helper = path_join(a, prefix, "libexec/bailey/bailey-net");
	cli->resolver = path_join(a, prefix, "libexec/bailey/bailey-resolver");
	cli->tls = path_join(a, prefix, "libexec/bailey/bailey-tls");
	cli->open_helper = path_join(a, prefix, "libexec/bailey/bailey-open");
}

static void add_own(struct cli *cli, const char *path)
{
	struct facts *f = &cli->facts;
	if (f->own_count < sizeof f->own / sizeof *f->own)
		f->own[f->own_count++] = path;
}

void cli_find_places(struct cli *cli)
{
	struct arena *a = &cli->arena;
	const char *config = base_dir(cli, "XDG_CONFIG_HOME", ".config");
	const char *cache = base_dir(cli, "XDG_CACHE_HOME", ".cache");
	cli->places = (struct conf_places){
		.user_dir = config != NULL ? path_join(a, config, "bailey/profiles") : NULL,
		.system_dir = BAILEY_SYSCONFDIR "/bailey/profiles",
		.policy = BAILEY_SYSCONFDIR "/bailey/bailey.conf",
		.uid = cli->facts.uid,
	};
	const char *data = base_dir(cli, "XDG_DATA_HOME", ".local/share");
	cli->identities = data != NULL ? path_join(a, data, "bailey/identities") : NULL;
	cli->filter.cache_dir = cache != NULL ? path_join(a, cache, "bailey/filters") : NULL;

	char exe[PATH_MAX];
	const char *dir = NULL;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n > 0 && exe[0] == '/') {
		exe[n] = '\0';
		dir = path_parent(a, exe);
	}
	if (dir == NULL || !find_tree(cli, dir))
		find_prefix(cli, dir);

	/* The plan keeps these read-only where they lie in something granted. */
	add_own(cli, cli->places.shipped_dir);
	add_own(cli, cli->filter.helper);
	add_own(cli, cli->scope_helper);
	add_own(cli, cli->unpack);
	add_own(cli, cli->net_helper);
	add_own(cli, cli->resolver);
	add_own(cli, cli->tls);
	add_own(cli, cli->open_helper);
	if (dir != NULL)
		add_own(cli, arena_strdup(a, exe));
}

void cli_own_profile(struct cli *cli, const char *path)
{
	struct arena *a = &cli->arena;
	const char *plain;
	char real[PATH_MAX];
	if (path[0] != '/')
		path = path_join(a, cli->facts.cwd, path);
	/* With ".." in it only the kernel can tell; without, a symlink of that name is to be kept as well as what it leads to. */
	if (path_normal(a, path, &plain) < 0)
		plain = realpath(path, real) != NULL ? arena_strdup(a, real) : NULL;
	if (plain != NULL)
		add_own(cli, plain);
}

unsigned cli_width(const struct cli *cli)
{
	const char *columns = facts_env(&cli->facts, "COLUMNS");
	int64_t n = 80;
	struct winsize size;
	if (columns == NULL || num_int(columns, 1, 1000, &n) != 0) {
		n = 80;
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
			n = size.ws_col;
	}
	return n < 40 ? 40 : (unsigned)n;
}
