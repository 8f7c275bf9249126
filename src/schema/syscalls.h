/* Names of system calls and the groups that profiles use, from schema/syscalls.def. Numbers are libseccomp's business. */
#ifndef BAILEY_SCHEMA_SYSCALLS_H
#define BAILEY_SCHEMA_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A group: `members` stand for calls and other groups, see syscall_member(); `help` is one line. */
struct syscall_group {
	const char *name; /* with the '@' */
	const char *help;
	const uint16_t *members;
	size_t count;
};

extern const struct syscall_group syscall_groups[];
extern const size_t syscall_group_count;

/* The group of that name ("@io"), or NULL. */
const struct syscall_group *syscall_group(const char *name);

/* The name of the i-th member: of a call, or of another group ("@io"). */
const char *syscall_member(const struct syscall_group *g, size_t i);

/* Every call of every group, sorted and without repetition: index by 0..syscall_count()-1. */
size_t syscall_count(void);
const char *syscall_name(size_t index);

/* The index of that call, or -1. */
int syscall_index(const char *name);

/* Sets set[index] for every call of the group (nested groups included) or for the one call; false when there is no such name.
 * `set` has syscall_count() elements. */
bool syscall_mark(const char *name_or_group, bool *set);

/* A call that a group allows only when its condition holds (see schema/condition.h). */
struct syscall_case {
	size_t call; /* index */
	const char *condition;
};

extern const struct syscall_case syscall_cases[];
extern const size_t syscall_case_count;

/* Sets set[i] for every case i of the group (nested groups included); a call's name sets nothing. */
void syscall_mark_cases(const char *name_or_group, bool *set);

/*
 * The number on "x86_64", "i386" or "aarch64" of a call that is too new for the oldest libseccomp we build with: -1 when that
 * arch does not have it, -2 when the call is not one of these (libseccomp knows it) or the arch is another one.
 */
int syscall_new_number(const char *name, const char *arch);

/* The highest number of any call in the table; the same on every arch, as new calls get one number for all. */
int syscall_newest(void);

/* The nearest call or group, for "did you mean", or NULL. */
const char *syscall_nearest(const char *name);

#endif
