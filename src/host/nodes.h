/* Nodes of the host's file tree that are known by path. */
#ifndef BAILEY_HOST_NODES_H
#define BAILEY_HOST_NODES_H

#include "base/json.h"
#include "host/facts.h"

/* A small file of injected facts. */
struct text_file {
	const char *path, *text;
	struct text_file *next;
};

/* The node stored for a path, or NULL. */
const struct node *nodes_find(const struct node_cache *c, const char *path);

/* Stores a node; `path` must live as long as the facts. A node that is there already is replaced. */
void nodes_put(struct facts *f, const char *path, const struct node *n);

/* Names stored directly below a directory, sorted. */
void nodes_list(struct facts *f, const char *path, const char ***ret_names, size_t *ret_count);

/*
 * The "paths" object of injected facts: "/usr": "dir", "/bin": "-> usr/bin", "/bin/sh": "file 0755"; the words are dir, file, dev,
 * socket, fifo, unreadable, then a mode and a uid when they matter.  Parents are implied.  0, or -EINVAL with e set.
 */
int nodes_read(struct facts *f, const struct json_value *paths, const char *name, struct err *e);

/* The "files" object: paths with their text; they are nodes too. */
int nodes_read_files(struct facts *f, const struct json_value *files, const char *name, struct err *e);

/* The "stamps" object: paths with what facts_stamp() says of them. */
int nodes_read_stamps(struct facts *f, const struct json_value *stamps, const char *name, struct err *e);

#endif
