/* For unit tests of src/conf: profile directories of their own, and short ways to load and to look. Include it once. */
#ifndef BAILEY_TESTS_CONF_FIXTURE_H
#define BAILEY_TESTS_CONF_FIXTURE_H

#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "tap.h"

/* Profile directories in a place of our own, so that nothing of this machine's configuration shows. */
static char root[] = "/tmp/bailey-test-conf-XXXXXX";
static char user_dir[PATH_MAX], system_dir[PATH_MAX], shipped_dir[PATH_MAX], policy[PATH_MAX];
static struct arena arena;
static struct diags diags;
static struct profile profile;

__attribute__((unused)) static const char *place(const char *name)
{
	return arena_printf(&arena, "%s/%s", root, name);
}

__attribute__((unused)) static void write_file(const char *name, const char *text)
{
	char *path = arena_strdup(&arena, place(name));
	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		(void)mkdir(path, 0755);
		*p = '/';
	}
	(void)unlink(path);
	FILE *f = fopen(path, "we");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0644) != 0) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
}

__attribute__((unused)) static void remove_file(const char *name)
{
	(void)unlink(place(name));
}

__attribute__((unused)) static struct conf_places places(void)
{
	return (struct conf_places){ user_dir, system_dir, shipped_dir, policy, getuid(), getuid(), getuid() };
}

__attribute__((unused)) static int load_request(const struct conf_request *r)
{
	const struct conf_places p = places();
	diags = (struct diags){ .arena = &arena };
	int x = conf_load(&profile, &arena, &p, r, &diags);
	diags_sort(&diags);
	return x;
}

__attribute__((unused)) static int load(const char *name)
{
	return load_request(&(struct conf_request){ .profile = name });
}

__attribute__((unused)) static int load_text(const char *text)
{
	const struct conf_places p = places();
	diags = (struct diags){ .arena = &arena };
	int x = conf_load_text(&profile, &arena, &p, &(struct conf_request){ 0 }, "text.conf", text, strlen(text), &diags);
	diags_sort(&diags);
	return x;
}

/* All diagnostics as text, with our own directory left out. */
__attribute__((unused)) static const char *messages(void)
{
	struct buf b = { .arena = &arena }, out = { .arena = &arena };
	diags_text(&b, &diags, false);
	for (const char *p = buf_text(&b); *p != '\0';) {
		if (strncmp(p, root, strlen(root)) == 0 && p[strlen(root)] == '/')
			p += strlen(root) + 1;
		else
			buf_putc(&out, *p++);
	}
	return buf_text(&out);
}

__attribute__((unused)) static const char *items(const struct list *l)
{
	struct buf b = { .arena = &arena };
	for (size_t i = 0; i < l->count; i++)
		buf_printf(&b, "%s%s%s", i > 0 ? " " : "", l->items[i].optional ? "-" : "", l->items[i].text);
	return buf_text(&b);
}

__attribute__((unused)) static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* First and last in main(). */
static void begin(void)
{
	if (mkdtemp(root) == NULL) {
		printf("Bail out! mkdtemp\n");
		exit(1);
	}
	(void)snprintf(user_dir, sizeof user_dir, "%s/user", root);
	(void)snprintf(system_dir, sizeof system_dir, "%s/system", root);
	(void)snprintf(shipped_dir, sizeof shipped_dir, "%s/shipped", root);
	(void)snprintf(policy, sizeof policy, "%s/bailey.conf", root);
}

static int end(void)
{
	(void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(&arena);
	return tap_done();
}

#endif
