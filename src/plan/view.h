/*
 * The file trees of programs that serve a sandbox from outside (xdg-dbus-proxy, a private X server): what they need of the system, and
 * the directory their sockets lie in.
 */
#ifndef BAILEY_PLAN_VIEW_H
#define BAILEY_PLAN_VIEW_H

#include "plan/internal.h"

/* Begins with the system's programs and libraries, read-only, and /dev/null, zero and urandom. */
void view_begin(struct planner *pl, struct view *v);

/* A path of the host, under its own name or another one; `flags` as of a mount operation. What is not there stays away. */
void view_bind(struct planner *pl, struct view *v, const char *source, const char *target, unsigned flags);

/* The directory beside the sandbox's state, in which sockets are made. */
void view_place(struct planner *pl, struct view *v, const char *target);

/* An empty directory in memory. */
void view_tmpfs(struct planner *pl, struct view *v, const char *target);

/* A file of a text. */
void view_file(struct planner *pl, struct view *v, const char *target, const char *content);

#endif
