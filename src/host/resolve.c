#include "host/resolve.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/path.h"

/* The kernel's own limit. */
enum { HOP_MAX = 40 };

/* The first component of `*rest`, taken off; NULL at the end. */
static const char *next_part(struct arena *a, const char **rest)
{
	while (**rest == '/')
		(*rest)++;
	if (**rest == '\0')
		return NULL;
	size_t n = strcspn(*rest, "/");
	const char *part = arena_strndup(a, *rest, n);
	*rest += n;
	return part;
}

/* The rest of a path behind the point where nothing is; ".." there has no meaning for the kernel and none here. */
static int missing(struct facts *f, struct resolved *r, const char *at, const char *rest, enum node_type type, int error)
{
	const char *part;
	while ((part = next_part(f->arena, &rest)) != NULL)
		if (strcmp(part, ".") != 0)
			at = path_join(f->arena, at, part);
	r->path = at;
	r->node = (struct node){ .type = type, .error = error };
	return -error;
}

static int follow(struct facts *f, struct resolved *r, const char *link, const char *text, const char **at, const char **rest)
{
	if (r->hop_count == HOP_MAX) {
		r->path = link;
		r->node = (struct node){ .type = NODE_UNREADABLE, .error = ELOOP };
		return -ELOOP;
	}
	if (r->hops == NULL)
		r->hops = arena_array(f->arena, HOP_MAX, sizeof *r->hops);
	if (text[0] == '/')
		*at = "/";
	r->hops[r->hop_count++] = (struct hop){ .link = link, .target = path_join(f->arena, *at, text) };
	*rest = arena_printf(f->arena, "%s%s", text, *rest);
	return 0;
}

/* The usual case costs no memory: false when there is a symlink on the way and the long way has to be gone. */
static bool walk_plain(struct facts *f, const char *path, struct resolved *ret)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path);
	if (len >= sizeof prefix)
		return false;
	memcpy(prefix, path, len + 1);
	ret->path = path;
	if (len == 1) {
		facts_node(f, path, &ret->node);
		return true;
	}
	for (size_t end = 1; end < len; end++) {
		end += strcspn(prefix + end, "/");
		prefix[end] = '\0';
		facts_node(f, prefix, &ret->node);
		if (ret->node.type == NODE_SYMLINK)
			return false;
		if (ret->node.type == NODE_ABSENT || ret->node.type == NODE_UNREADABLE)
			break;
		if (end < len && ret->node.type != NODE_DIRECTORY) {
			ret->node = (struct node){ .type = NODE_ABSENT };
			break;
		}
		prefix[end] = path[end];
	}
	if (ret->node.type == NODE_ABSENT)
		ret->node.error = ENOENT;
	return true;
}

int facts_resolve(struct facts *f, const char *path, struct resolved *ret)
{
	const char *at = "/", *rest = path, *part;
	*ret = (struct resolved){ 0 };
	if (walk_plain(f, path, ret))
		return ret->node.type == NODE_ABSENT || ret->node.type == NODE_UNREADABLE ? -ret->node.error : 0;
	struct node node = { .type = NODE_DIRECTORY, .mode = 0755 };
	while ((part = next_part(f->arena, &rest)) != NULL) {
		if (node.type == NODE_DIRECTORY && strcmp(part, ".") == 0)
			continue;
		if (node.type == NODE_DIRECTORY && strcmp(part, "..") == 0) {
			/* Only in the text of a symlink, where it means the parent of what was reached. */
			at = path_parent(f->arena, at);
			facts_node(f, at, &node);
			continue;
		}
		const char *here = path_join(f->arena, at, part);
		if (node.type != NODE_DIRECTORY)
			return missing(f, ret, here, rest, NODE_ABSENT, ENOENT);
		facts_node(f, here, &node);
		if (node.type == NODE_ABSENT)
			return missing(f, ret, here, rest, NODE_ABSENT, ENOENT);
		if (node.type == NODE_UNREADABLE)
			return missing(f, ret, here, rest, NODE_UNREADABLE, node.error);
		if (node.type == NODE_SYMLINK) {
			int err = follow(f, ret, here, node.link, &at, &rest);
			if (err < 0)
				return err;
			node = (struct node){ .type = NODE_DIRECTORY, .mode = 0755 };
			if (at[1] != '\0' || rest[0] == '\0')
				facts_node(f, at, &node);
			continue;
		}
		at = here;
	}
	ret->path = at;
	ret->node = node;
	return 0;
}
