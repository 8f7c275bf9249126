/*
 * The table of settings as C: struct profile and enum setting_id are expanded from settings.def here; look-up and suggestions
 * work on schema_settings[].  Knows the names and forms of values, nothing of files.
 */
#ifndef BAILEY_SCHEMA_SCHEMA_H
#define BAILEY_SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/origin.h"

enum type { TYPE_BOOL, TYPE_INT, TYPE_SIZE, TYPE_DURATION, TYPE_MODE, TYPE_CHOICE, TYPE_STRING, TYPE_LIST, TYPE_RECORDS };

/* What a text is about; conf/value.c knows the rules of each. */
enum kind {
	KIND_TEXT, /* anything */
	KIND_PATH, /* absolute, or "~" or a variable first; "-" in front of a list entry: may be absent; globs in lists */
	KIND_UPPER, /* "discard", or a path without globs */
	KIND_PROGRAM, /* a command name, no slash */
	KIND_PROFILE, /* a profile name as in inherit: no "..", no leading slash */
	KIND_OPTION, /* letters, digits, '-', '_' */
	KIND_IDENTITY, /* letters, digits, '-', '_', '.', neither of the last two first */
	KIND_USER, /* a user name */
	KIND_HOSTNAME, /* RFC 1123 label(s), or "random", "host", with variables */
	KIND_SYSCALL, /* a name of schema/syscalls.h, or @group */
	KIND_CONDITION, /* "arg0 == 1 && arg1 & 0xff != 2" */
	KIND_CAPABILITY, /* "net_admin", "CAP_NET_ADMIN" */
	KIND_ENV_NAME, /* a variable name, '*' at the end allowed */
	KIND_ENV_PAIR, /* NAME=VALUE; the key for merging is NAME */
	KIND_PORTS, /* 0 to 65535, as a number or a text, or "none" */
	KIND_DESCRIPTOR, /* an integer from 3 */
	KIND_ADDRESS, /* an IPv4 or IPv6 address */
	KIND_ENDPOINT, /* "ADDRESS:PORT", or a port: base/inet.h */
	KIND_RULE, /* what the network may be used for: base/inet_rule.h; in an allow list also "none" */
	KIND_PORT, /* 1 to 65535 */
	KIND_INTERFACE, /* "10.9.0.5/24", "fd00:9::5/64", or "pool" */
	KIND_MAC, /* "02:00:00:00:00:05", of one interface */
	KIND_MTU, /* 68 to 65535 */
	KIND_NICE, /* -20 to 19 */
	KIND_COUNT, /* 0 and more */
	KIND_ONE_UP, /* 1 and more */
	KIND_WEIGHT, /* 1 to 10000 */
	KIND_PERCENT, /* of an INT: "150%", from 1% */
	KIND_RATE, /* of an INT: "10Mbit", bits in a second */
	KIND_SHARE, /* of a SIZE: also "50%" of the machine's memory, which is -50 as a value */
	KIND_NUMBERS, /* "0-3,6" */
	KIND_RESOURCE, /* the name of a setting of the group resources */
	KIND_BUS_NAME, /* a well-known name of D-Bus, ".*" at the end allowed: base/bus.h */
	KIND_BUS_RULE, /* NAME=[METHOD][@PATH]: base/bus.h */
	KIND_DISPLAY, /* a word of choice_display */
	KIND_SCHEME, /* "https": base/uri.h */
};

enum merge { MERGE_REPLACE, MERGE_APPEND, MERGE_KEYED };

enum setting_flags {
	FLAG_NONE = 0,
	FLAG_LOCK = 1 << 0, /* the machine policy may lock it */
	FLAG_BOUND = 1 << 1, /* ... and bound it from above */
	FLAG_RUN = 1 << 2, /* about the file; used up while profiles are merged */
	FLAG_KEY = 1 << 3, /* of a record: entries with the same value replace each other */
	FLAG_MUST = 1 << 4, /* of a record: has to be given */
};

/* A scalar. `set` is false when nobody said anything and there is no default; then the rest is zero. */
struct value {
	bool set;
	struct origin origin;
	int64_t i; /* BOOL 0/1, INT, SIZE bytes, DURATION ms, MODE, CHOICE the enumerator */
	const char *s; /* STRING; else the text as it was given, for messages */
	const struct value *bound; /* what the machine policy bounds or locks it to: nobody below consents to less; or NULL */
};

struct item {
	const char *text; /* without the leading '-' of an optional path */
	bool optional;
	unsigned hash; /* conf/: of what items_match() compares, so that long lists are merged fast */
	struct origin origin;
};

struct list {
	struct item *items;
	size_t count, cap;
};

enum { RECORD_MEMBERS = 10 };

struct layer; /* conf/layer.h: what one option contains */

struct record {
	struct origin origin; /* where the group begins */
	const char *key; /* what an entry of a later layer must share to replace this one: the text of its KEY members */
	struct value member[RECORD_MEMBERS]; /* see MEMBER_OF; defaults filled in */
	const struct layer *body; /* of an option: its settings; else NULL */
};

struct records {
	struct record *items;
	size_t count, cap;
};

/* ---- expanded from the table ---- */

#define STRUCT_BOOL struct value
#define STRUCT_INT struct value
#define STRUCT_SIZE struct value
#define STRUCT_DURATION struct value
#define STRUCT_MODE struct value
#define STRUCT_CHOICE struct value
#define STRUCT_STRING struct value
#define STRUCT_LIST struct list
#define STRUCT_RECORDS struct records

/* The merged configuration: one member per row, each value with its origin. */
struct profile {
	const char *name; /* "firefox": for ${PROFILE}, the host name, the persistent home */
	const char *path; /* the main file, or NULL when it came from standard input or nowhere */
	struct list forbidden_read, forbidden_write; /* paths that the machine's policy forbids to grant */
#define GROUP(id, path, help)
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help) STRUCT_##type id;
#define RECORD(id)
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help)
#define CHOICE(list, word, enumerator, help)
#include "schema/settings.def"
};

enum setting_id {
#define GROUP(id, path, help)
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help) SET_##id,
#define RECORD(id)
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help)
#define CHOICE(list, word, enumerator, help)
#include "schema/settings.def"
	SETTING_COUNT
};

/* All enumerators of all choices in one enumeration: distinct numbers, so that a mix-up shows. 0 is none of them. */
enum choice_value {
	CHOICE_NONE,
#define GROUP(id, path, help)
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help)
#define RECORD(id)
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help)
#define CHOICE(list, word, enumerator, help) enumerator,
#include "schema/settings.def"
	CHOICE_VALUE_COUNT
};

/* Members of records. The place in struct record is MEMBER_x - RECORD_x; use MEMBER_OF. Slot 0 is not used. */
enum member_id {
#define GROUP(id, path, help)
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help)
#define RECORD(id) RECORD_##id,
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help) MEMBER_##record##_##id,
#define CHOICE(list, word, enumerator, help)
#include "schema/settings.def"
};

/* The value of one member: MEMBER_OF(r, bind, from)->s. */
#define MEMBER_OF(r, rec, id) (&(r)->member[MEMBER_##rec##_##id - RECORD_##rec])

struct choice {
	const char *list; /* "choice_home" */
	const char *word;
	int value;
	const char *help;
};

/* A row: a setting, or a member of a record (then `path` is the member's name and `record` the record's). */
struct setting {
	const char *path;
	const char *list; /* CHOICE: the name of its choice list; RECORDS: the name of its record; else NULL */
	const char *def, *example, *bad, *help;
	const char *record; /* of a member, else NULL */
	/* Small, as the table's pages are relocated at each start: each sandbox has them for itself. */
	enum type type : 8;
	enum kind kind : 8; /* STRING, LIST, INT */
	enum merge merge : 8;
	unsigned flags : 8;
	unsigned offset : 16; /* in struct profile; of a member: its place in struct record.member[] */
};

struct setting_group {
	const char *path, *help;
};

extern const struct setting schema_settings[SETTING_COUNT]; /* by enum setting_id */
extern const struct setting schema_members[];
extern const size_t schema_member_count;
extern const struct choice schema_choices[];
extern const size_t schema_choice_count;
extern const struct setting_group schema_groups[];
extern const size_t schema_group_count;

/* The row of that path, or NULL. */
const struct setting *schema_find(const char *path);

/* True for "filesystem", "process.limits": a path that only holds settings. */
bool schema_is_group(const char *path);

/* The member of a record ("bind", "from"), or NULL. */
const struct setting *schema_member(const char *record, const char *name);

/* The choice of that word in the list, or NULL; and the word of a value ("?" for a value of none). */
const struct choice *schema_choice(const char *list, const char *word);
const char *schema_choice_word(int value);

/* "private", "persistent" or "host": the words of a choice list for messages. Owned by the arena. */
const char *schema_choice_words(struct arena *a, const char *list);

/* The word of a kind in `schema --json`: "path", "variable". */
const char *schema_kind_word(enum kind kind);

/* "text", "list of paths", "size as in \"512M\"": what a row takes, for messages and the manual. */
const char *schema_form(struct arena *a, const struct setting *s);

/*
 * The nearest of `count` words to `word` by edits (insert, delete, replace, swap), or NULL when none is near enough to be
 * meant. `get(i, data)` gives the i-th word.
 */
const char *schema_nearest(const char *word, size_t count, const char *(*get)(size_t i, const void *data), const void *data);

/* The nearest setting or group path below the given group prefix ("" for all), for "did you mean". */
const char *schema_nearest_setting(const char *path);

#endif
