#include "host/nodes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/path.h"

/* Open addressing; the size is a power of two and at most half of it is used. */
struct slot {
	const char *path; /* NULL: free */
	uint32_t hash;
	struct node node;
};

struct node_cache {
	struct slot *slots;
	size_t size, used;
};

enum { FIRST_SIZE = 512 };

static uint32_t hash_of(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static struct slot *place(struct slot *slots, size_t size, const char *path, uint32_t hash)
{
	size_t i = hash & (size - 1);
	while (slots[i].path != NULL && (slots[i].hash != hash || strcmp(slots[i].path, path) != 0))
		i = (i + 1) & (size - 1);
	return &slots[i];
}

const struct node *nodes_find(const struct node_cache *c, const char *path)
{
	if (c == NULL)
		return NULL;
	const struct slot *s = place(c->slots, c->size, path, hash_of(path));
	return s->path != NULL ? &s->node : NULL;
}

static void grow(struct facts *f)
{
	struct node_cache *c = f->nodes;
	size_t size = c->size > 0 ? c->size * 2 : FIRST_SIZE;
	struct slot *slots = arena_array(f->arena, size, sizeof *slots);
	for (size_t i = 0; i < c->size; i++)
		if (c->slots[i].path != NULL)
			*place(slots, size, c->slots[i].path, c->slots[i].hash) = c->slots[i];
	c->slots = slots;
	c->size = size;
}

void nodes_put(struct facts *f, const char *path, const struct node *n)
{
	if (f->nodes == NULL)
		f->nodes = arena_alloc(f->arena, sizeof *f->nodes);
	struct node_cache *c = f->nodes;
	if (c->used * 2 >= c->size)
		grow(f);
	uint32_t hash = hash_of(path);
	struct slot *s = place(c->slots, c->size, path, hash);
	if (s->path == NULL)
		c->used++;
	*s = (struct slot){ .path = path, .hash = hash, .node = *n };
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void nodes_list(struct facts *f, const char *path, const char ***ret_names, size_t *ret_count)
{
	const char **names = NULL;
	size_t count = 0, cap = 0;
	size_t len = strlen(path) > 1 ? strlen(path) : 0;
	for (size_t i = 0; f->nodes != NULL && i < f->nodes->size; i++) {
		const struct slot *s = &f->nodes->slots[i];
		if (s->path == NULL || s->node.type == NODE_ABSENT || strncmp(s->path, path, len) != 0 || s->path[len] != '/' ||
			s->path[len + 1] == '\0' || strchr(s->path + len + 1, '/') != NULL)
			continue;
		names = arena_grow(f->arena, names, count, &cap, sizeof *names);
		names[count++] = s->path + len + 1;
	}
	if (count > 1)
		qsort(names, count, sizeof *names, by_name);
	*ret_names = names;
	*ret_count = count;
}

static int bad(struct err *e, const char *name, const struct json_value *v, const char *why)
{
	return err_set(e, 0, "%s:%u: \"%s\": %s", name, v->line, v->key != NULL ? v->key : "", why);
}

/* "file 0755 1000" after the type: mode and uid. */
static bool read_rest(struct arena *a, const char *rest, struct node *n)
{
	if (*rest == '\0')
		return true;
	const char *mode = arena_strdup(a, rest + 1);
	char *blank = strchr(mode, ' ');
	unsigned bits;
	if (blank != NULL) {
		int64_t uid;
		*blank = '\0';
		if (num_int(blank + 1, 0, UINT32_MAX, &uid) < 0)
			return false;
		n->uid = (uid_t)uid;
	}
	if (num_mode(mode, &bits) < 0)
		return false;
	n->mode = bits;
	return true;
}

static bool read_node(struct arena *a, const char *text, struct node *n)
{
	static const struct {
		const char *word;
		enum node_type type;
		mode_t mode;
	} types[] = {
		{ "dir", NODE_DIRECTORY, 0755 },
		{ "file", NODE_FILE, 0644 },
		{ "dev", NODE_DEVICE, 0666 },
		{ "socket", NODE_SOCKET, 0755 },
		{ "fifo", NODE_FIFO, 0644 },
		{ "unreadable", NODE_UNREADABLE, 0 },
	};
	*n = (struct node){ 0 };
	if (strncmp(text, "-> ", 3) == 0 && text[3] != '\0') {
		n->type = NODE_SYMLINK;
		n->mode = 0777;
		n->link = text + 3;
		return true;
	}
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t len = strlen(types[i].word);
		if (strncmp(text, types[i].word, len) != 0 || (text[len] != '\0' && text[len] != ' '))
			continue;
		n->type = types[i].type;
		n->mode = types[i].mode;
		n->error = n->type == NODE_UNREADABLE ? EACCES : 0;
		return read_rest(a, text + len, n);
	}
	return false;
}

/* Every directory on the way is there, unless the facts say something else about it. */
static void imply_parents(struct facts *f, const char *path)
{
	const struct node dir = { .type = NODE_DIRECTORY, .mode = 0755 };
	while (path[1] != '\0') {
		path = path_parent(f->arena, path);
		if (nodes_find(f->nodes, path) != NULL)
			return;
		nodes_put(f, path, &dir);
	}
}

int nodes_read(struct facts *f, const struct json_value *paths, const char *name, struct err *e)
{
	if (paths->type != JSON_OBJECT)
		return bad(e, name, paths, "must be an object");
	for (const struct json_value *v = paths->first; v != NULL; v = v->next) {
		const char *path;
		struct node n;
		if (path_normal(f->arena, v->key, &path) < 0)
			return bad(e, name, v, "is not an absolute path");
		if (v->type != JSON_STRING || !read_node(f->arena, v->string, &n))
			return bad(e, name, v,
				"must be \"dir\", \"file\", \"dev\", \"socket\", \"fifo\", \"unreadable\" (with a mode and a uid "
				"if they matter) or \"-> TARGET\"");
		nodes_put(f, path, &n);
	}
	for (const struct json_value *v = paths->first; v != NULL; v = v->next) {
		const char *path;
		if (path_normal(f->arena, v->key, &path) == 0)
			imply_parents(f, path);
	}
	return 0;
}

/* An object of paths with texts, each of which is a file; put in front of `*list`. `what` the texts have to be. */
static int read_texts(
	struct facts *f, const struct json_value *files, const char *what, const char *name, struct text_file **list, struct err *e)
{
	const struct node file = { .type = NODE_FILE, .mode = 0644 };
	if (files->type != JSON_OBJECT)
		return bad(e, name, files, "must be an object");
	for (const struct json_value *v = files->first; v != NULL; v = v->next) {
		const char *path;
		if (path_normal(f->arena, v->key, &path) < 0)
			return bad(e, name, v, "is not an absolute path");
		if (v->type != JSON_STRING)
			return bad(e, name, v, what);
		struct text_file *t = arena_alloc(f->arena, sizeof *t);
		*t = (struct text_file){ .path = path, .text = v->string, .next = *list };
		*list = t;
		if (nodes_find(f->nodes, path) == NULL)
			nodes_put(f, path, &file);
		imply_parents(f, path);
	}
	return 0;
}

int nodes_read_files(struct facts *f, const struct json_value *files, const char *name, struct err *e)
{
	return read_texts(f, files, "must be the text of the file", name, &f->texts, e);
}

int nodes_read_stamps(struct facts *f, const struct json_value *stamps, const char *name, struct err *e)
{
	return read_texts(f, stamps, "must be what tells the file's content from another", name, &f->stamps, e);
}
