#include "schema/syscalls.h"

#include <string.h>

#include "schema/schema.h"

/* The table is expanded several times; each expansion defines the rows that it wants, the others are empty. */

enum call_id {
#define NAME(call) ID_##call,
#include "schema/syscalls.def"
	CALL_COUNT
};

enum group_id {
#define GROUP(id, help) GROUP_##id,
#include "schema/syscalls.def"
	GROUP_COUNT
};

/*
 * All names in one text, found by their offset: pointers would have to be relocated at each start, in pages that every sandbox then
 * has for itself.
 */
static const struct names {
#define NAME(call) char of_##call[sizeof #call];
#include "schema/syscalls.def"
} names = {
#define NAME(call) #call,
#include "schema/syscalls.def"
};

static const uint16_t name_offsets[CALL_COUNT] = {
#define NAME(call) offsetof(struct names, of_##call),
#include "schema/syscalls.def"
};

/* Members as numbers, so that a launch marks 300 calls without looking up one name; groups count from NESTED. */
enum { NESTED = 0x8000 };

#define GROUP(id, help) static const uint16_t members_##id[] = {
#define IN(group) NESTED + (uint16_t)GROUP_##group,
#define CALL(call) ID_##call,
#define END(id) \
	} \
	;
#include "schema/syscalls.def"

const struct syscall_group syscall_groups[GROUP_COUNT] = {
#define GROUP(id, help) { "@" #id, help, members_##id, sizeof(members_##id) / sizeof(members_##id[0]) },
#include "schema/syscalls.def"
};
const size_t syscall_group_count = GROUP_COUNT;

const struct syscall_case syscall_cases[] = {
#define CASE(group, call, condition) { ID_##call, condition },
#include "schema/syscalls.def"
};
const size_t syscall_case_count = sizeof(syscall_cases) / sizeof(syscall_cases[0]);

static const uint16_t case_groups[] = {
#define CASE(group, call, condition) GROUP_##group,
#include "schema/syscalls.def"
};

struct new_call {
	uint16_t call;
	int x86_64, i386, aarch64;
};

static const struct new_call new_calls[] = {
#define NUMBER(call, x86_64, i386, aarch64) { ID_##call, x86_64, i386, aarch64 },
#include "schema/syscalls.def"
};

static const char *name_of(size_t call)
{
	// cppcheck-suppress arrayIndexOutOfBoundsCond ; members of groups that are no calls do not come here
	return (const char *)&names + name_offsets[call];
}

static int find_group(const char *name)
{
	for (int i = 0; i < GROUP_COUNT; i++)
		if (strcmp(syscall_groups[i].name, name) == 0)
			return i;
	return -1;
}

const struct syscall_group *syscall_group(const char *name)
{
	int i = find_group(name);
	return i < 0 ? NULL : &syscall_groups[i];
}

const char *syscall_member(const struct syscall_group *g, size_t i)
{
	unsigned number = g->members[i]; /* of a call, or NESTED and more: of a group */
	return number >= NESTED ? syscall_groups[number - NESTED].name : name_of(number);
}

size_t syscall_count(void)
{
	return CALL_COUNT;
}

const char *syscall_name(size_t index)
{
	return index < CALL_COUNT ? name_of(index) : NULL;
}

int syscall_index(const char *name)
{
	size_t low = 0, high = CALL_COUNT;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, name_of(middle));
		if (order == 0)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

/* Marks the calls of a group, and the groups that it contains; groups never contain themselves (a test proves it). */
static void mark_group(unsigned group, bool *calls, bool *groups)
{
	if (groups[group])
		return;
	groups[group] = true;
	for (size_t i = 0; i < syscall_groups[group].count; i++) {
		unsigned number = syscall_groups[group].members[i];
		if (number >= NESTED)
			mark_group(number - NESTED, calls, groups);
		else if (calls != NULL)
			calls[number] = true;
	}
}

bool syscall_mark(const char *name_or_group, bool *set)
{
	if (name_or_group[0] != '@') {
		int call = syscall_index(name_or_group);
		if (call >= 0)
			set[call] = true;
		return call >= 0;
	}
	int group = find_group(name_or_group);
	if (group < 0)
		return false;
	bool groups[GROUP_COUNT] = { false };
	mark_group((unsigned)group, set, groups);
	return true;
}

void syscall_mark_cases(const char *name_or_group, bool *set)
{
	int group = name_or_group[0] == '@' ? find_group(name_or_group) : -1;
	if (group < 0)
		return;
	bool groups[GROUP_COUNT] = { false };
	mark_group((unsigned)group, NULL, groups);
	for (size_t i = 0; i < syscall_case_count; i++)
		if (groups[case_groups[i]])
			set[i] = true;
}

int syscall_new_number(const char *name, const char *arch)
{
	int call = syscall_index(name);
	for (size_t i = 0; call >= 0 && i < sizeof(new_calls) / sizeof(new_calls[0]); i++) {
		if (new_calls[i].call != call)
			continue;
		if (strcmp(arch, "x86_64") == 0)
			return new_calls[i].x86_64;
		if (strcmp(arch, "i386") == 0)
			return new_calls[i].i386;
		if (strcmp(arch, "aarch64") == 0)
			return new_calls[i].aarch64;
	}
	return -2;
}

int syscall_newest(void)
{
	int newest = 0;
	for (size_t i = 0; i < sizeof(new_calls) / sizeof(new_calls[0]); i++)
		if (new_calls[i].x86_64 > newest)
			newest = new_calls[i].x86_64;
	return newest;
}

static const char *word(size_t i, const void *data)
{
	(void)data;
	return i < CALL_COUNT ? name_of(i) : syscall_groups[i - CALL_COUNT].name;
}

const char *syscall_nearest(const char *name)
{
	return schema_nearest(name, (size_t)CALL_COUNT + GROUP_COUNT, word, NULL);
}
