#include "desktop/programs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

static bool runs(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

const char *programs_path(const struct programs *p, const char *word)
{
	if (strchr(word, '/') != NULL)
		return word[0] == '/' && runs(word) ? word : NULL;
	for (const char *at = p->path; word[0] != '\0';) {
		size_t n = strcspn(at, ":");
		const char *dir = arena_strndup(p->arena, at, n);
		const char *file = path_join(p->arena, dir, word);
		if (dir[0] == '/' && runs(file) && (p->facts == NULL || !facts_is_wrapper(p->facts, file)))
			return file;
		if (at[n] == '\0')
			break;
		at += n + 1;
	}
	return NULL;
}

static const char *profile_of(const struct programs *p, const char *name, const char *real)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->rows[i].name, name) == 0 && strcmp(p->rows[i].real, real) == 0)
			return p->rows[i].profile;
	return NULL;
}

void programs_add(struct programs *p, const char *profile, const char *name)
{
	char real[PATH_MAX];
	const char *path = strchr(name, '/') == NULL ? programs_path(p, name) : NULL;
	if (path == NULL || realpath(path, real) == NULL || profile_of(p, name, real) != NULL)
		return;
	p->rows = arena_grow(p->arena, p->rows, p->count, &p->cap, sizeof *p->rows);
	p->rows[p->count++] = (struct program_row){ name, arena_strdup(p->arena, real), profile };
}

const char *programs_profile(const struct programs *p, const char *path)
{
	char real[PATH_MAX];
	if (realpath(path, real) == NULL)
		return NULL;
	const char *profile = profile_of(p, path_base(path), real);
	return profile != NULL ? profile : profile_of(p, path_base(real), real);
}
