#include "schema/schema.h"

#include <string.h>

#include "base/buf.h"

/* The KIND column holds a kind, the name of a choice list or the name of a record, by TYPE. */
#define KIND_IN_BOOL(k) KIND_##k
#define KIND_IN_INT(k) KIND_##k
#define KIND_IN_SIZE(k) KIND_##k
#define KIND_IN_DURATION(k) KIND_##k
#define KIND_IN_MODE(k) KIND_##k
#define KIND_IN_CHOICE(k) KIND_TEXT
#define KIND_IN_STRING(k) KIND_##k
#define KIND_IN_LIST(k) KIND_##k
#define KIND_IN_RECORDS(k) KIND_TEXT
#define NAME_IN_BOOL(k) NULL
#define NAME_IN_INT(k) NULL
#define NAME_IN_SIZE(k) NULL
#define NAME_IN_DURATION(k) NULL
#define NAME_IN_MODE(k) NULL
#define NAME_IN_CHOICE(k) #k
#define NAME_IN_STRING(k) NULL
#define NAME_IN_LIST(k) NULL
#define NAME_IN_RECORDS(k) #k
#define FLAGS_NONE FLAG_NONE
#define FLAGS_RUN FLAG_RUN
#define FLAGS_LOCK FLAG_LOCK
#define FLAGS_LOCK_BOUND (FLAG_LOCK | FLAG_BOUND)
#define FLAGS_KEY FLAG_KEY
#define FLAGS_MUST FLAG_MUST
#define FLAGS_KEY_MUST (FLAG_KEY | FLAG_MUST)

const struct setting schema_settings[SETTING_COUNT] = {
#define GROUP(id, path, help)
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help) \
	{ path, NAME_IN_##type(kind), def, example, bad, help, NULL, TYPE_##type, KIND_IN_##type(kind), MERGE_##merge, \
		FLAGS_##flags, offsetof(struct profile, id) },
#define RECORD(id)
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help)
#define CHOICE(list, word, enumerator, help)
#include "schema/settings.def"
};

const struct setting schema_members[] = {
#define GROUP(id, path, help)
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help)
#define RECORD(id)
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help) \
	{ name, NAME_IN_##type(kind), def, example, bad, help, #record, TYPE_##type, KIND_IN_##type(kind), MERGE_REPLACE, \
		FLAGS_##flags, MEMBER_##record##_##id - RECORD_##record },
#define CHOICE(list, word, enumerator, help)
#include "schema/settings.def"
};

const size_t schema_member_count = sizeof schema_members / sizeof schema_members[0];

const struct choice schema_choices[] = {
#define GROUP(id, path, help)
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help)
#define RECORD(id)
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help)
#define CHOICE(list, word, enumerator, help) { #list, word, enumerator, help },
#include "schema/settings.def"
};

const size_t schema_choice_count = sizeof schema_choices / sizeof schema_choices[0];

const struct setting_group schema_groups[] = {
#define GROUP(id, path, help) { path, help },
#define SETTING(id, path, type, kind, merge, flags, def, example, bad, help)
#define RECORD(id)
#define MEMBER(record, id, name, type, kind, flags, def, example, bad, help)
#define CHOICE(list, word, enumerator, help)
#include "schema/settings.def"
};

const size_t schema_group_count = sizeof schema_groups / sizeof schema_groups[0];

const struct setting *schema_find(const char *path)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (schema_settings[i].path[0] == path[0] && strcmp(schema_settings[i].path, path) == 0)
			return &schema_settings[i];
	return NULL;
}

bool schema_is_group(const char *path)
{
	size_t n = strlen(path);
	for (size_t i = 0; i < SETTING_COUNT && n > 0; i++)
		if (strncmp(schema_settings[i].path, path, n) == 0 && schema_settings[i].path[n] == '.')
			return true;
	return false;
}

const struct setting *schema_member(const char *record, const char *name)
{
	for (size_t i = 0; i < schema_member_count; i++)
		if (strcmp(schema_members[i].path, name) == 0 && strcmp(schema_members[i].record, record) == 0)
			return &schema_members[i];
	return NULL;
}

const struct choice *schema_choice(const char *list, const char *word)
{
	for (size_t i = 0; i < schema_choice_count; i++)
		if (strcmp(schema_choices[i].word, word) == 0 && strcmp(schema_choices[i].list, list) == 0)
			return &schema_choices[i];
	return NULL;
}

const char *schema_choice_word(int value)
{
	for (size_t i = 0; i < schema_choice_count; i++)
		if (schema_choices[i].value == value)
			return schema_choices[i].word;
	return "?";
}

const char *schema_choice_words(struct arena *a, const char *list)
{
	struct buf b = { .arena = a };
	const struct choice *last = NULL;
	for (size_t i = 0; i < schema_choice_count; i++) {
		if (strcmp(schema_choices[i].list, list) != 0)
			continue;
		if (last != NULL)
			buf_printf(&b, "%s\"%s\"", b.len > 0 ? ", " : "", last->word);
		last = &schema_choices[i];
	}
	if (last != NULL)
		buf_printf(&b, "%s\"%s\"", b.len > 0 ? " or " : "", last->word);
	return buf_text(&b);
}

struct kind_words {
	const char *key; /* for programs */
	const char *one, *many; /* for people */
};

static const struct kind_words kind_words[] = {
	[KIND_TEXT] = { "text", "text", "texts" },
	[KIND_PATH] = { "path", "path", "paths" },
	[KIND_UPPER] = { "upper", "\"discard\" or a path", "paths" },
	[KIND_PROGRAM] = { "program", "command name", "command names" },
	[KIND_PROFILE] = { "profile", "profile name", "profile names" },
	[KIND_OPTION] = { "option", "option name", "option names" },
	[KIND_IDENTITY] = { "identity", "name", "names" },
	[KIND_USER] = { "user", "user name", "user names" },
	[KIND_HOSTNAME] = { "hostname", "host name", "host names" },
	[KIND_SYSCALL] = { "syscall", "system call", "system calls and @groups" },
	[KIND_CONDITION] = { "condition", "condition as in \"arg0 == 1\"", "conditions" },
	[KIND_CAPABILITY] = { "capability", "capability", "capabilities" },
	[KIND_ENV_NAME] = { "variable", "variable name", "variable names" },
	[KIND_ENV_PAIR] = { "variable=value", "NAME=VALUE", "NAME=VALUE texts" },
	[KIND_PORTS] = { "ports", "port", "ports, 0 to 65535, or \"none\"" },
	[KIND_DESCRIPTOR] = { "descriptor", "file descriptor", "file descriptors" },
	[KIND_ADDRESS] = { "address", "IPv4 or IPv6 address", "addresses" },
	[KIND_ENDPOINT] = { "endpoint", "address with a port", "addresses with ports" },
	[KIND_RULE] = { "rule", "network rule as in \"tcp:443\"", "network rules" },
	[KIND_PORT] = { "port", "port, 1 to 65535", "ports" },
	[KIND_INTERFACE] = { "interface", "address with a prefix as in \"10.9.0.5/24\"", "addresses with prefixes, or \"pool\"" },
	[KIND_MAC] = { "mac", "hardware address as in \"02:00:00:00:00:05\"", "hardware addresses" },
	[KIND_MTU] = { "mtu", "whole number from 68 to 65535", "numbers" },
	[KIND_NICE] = { "nice", "whole number from -20 to 19", "numbers" },
	[KIND_COUNT] = { "count", "whole number, 0 or more", "numbers" },
	[KIND_ONE_UP] = { "count from 1", "whole number, 1 or more", "numbers" },
	[KIND_WEIGHT] = { "weight", "whole number from 1 to 10000", "numbers" },
	[KIND_PERCENT] = { "percent", "share as in \"150%\"", "shares" },
	[KIND_RATE] = { "rate", "rate as in \"10Mbit\" (bits in a second)", "rates" },
	[KIND_SHARE] = { "size or percent", "size as in \"512M\" or share of the machine's memory as in \"50%\"", "sizes" },
	[KIND_NUMBERS] = { "numbers", "numbers as in \"0-3,6\"", "numbers" },
	[KIND_RESOURCE] = { "resource", "name of a setting of this group", "names of settings of this group" },
	[KIND_BUS_NAME] = { "bus name", "name of a D-Bus service", "names of D-Bus services" },
	[KIND_BUS_RULE] = { "bus rule", "NAME=RULE", "NAME=RULE texts" },
	[KIND_DISPLAY] = { "display", "display", "displays: wayland, x11, both, x11-isolated, none" },
	[KIND_SCHEME] = { "scheme", "scheme as in \"https\"", "schemes of addresses" },
};

_Static_assert(sizeof kind_words / sizeof *kind_words == KIND_SCHEME + 1, "words for every kind");

const char *schema_kind_word(enum kind kind)
{
	return kind_words[kind].key;
}

const char *schema_form(struct arena *a, const struct setting *s)
{
	switch (s->type) {
	case TYPE_BOOL: return "true or false";
	case TYPE_INT: return kind_words[s->kind].one;
	case TYPE_SIZE: return s->kind == KIND_SHARE ? kind_words[KIND_SHARE].one : "size as in \"512M\"";
	case TYPE_DURATION: return "time as in \"10min\"";
	case TYPE_MODE: return "mode as in \"0755\"";
	case TYPE_CHOICE: return schema_choice_words(a, s->list);
	case TYPE_STRING: return kind_words[s->kind].one;
	case TYPE_LIST: return arena_printf(a, "list of %s", kind_words[s->kind].many);
	case TYPE_RECORDS: break;
	}
	struct buf b = { .arena = a };
	for (size_t i = 0; i < schema_member_count; i++)
		if (strcmp(schema_members[i].record, s->list) == 0)
			buf_printf(&b, "%s %s", b.len == 0 ? "list of groups with" : ",", schema_members[i].path);
	return buf_text(&b);
}

/* ---- suggestions ---- */

enum { WORD_MAX_LEN = 64 };

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/*
 * Optimal string alignment distance of two words of up to WORD_MAX_LEN bytes, upper and lower case being the same; words that
 * are longer are as far away as can be.
 */
static size_t distance(const char *x, size_t xn, const char *y, size_t yn)
{
	unsigned char rows[3][WORD_MAX_LEN + 1];
	if (xn > WORD_MAX_LEN || yn > WORD_MAX_LEN)
		return SIZE_MAX;
	unsigned char *two = rows[0], *one = rows[1], *now = rows[2];
	memset(rows, 0, sizeof rows);
	for (size_t j = 0; j <= yn; j++)
		one[j] = (unsigned char)j;
	for (size_t i = 1; i <= xn; i++) {
		now[0] = (unsigned char)i;
		for (size_t j = 1; j <= yn; j++) {
			unsigned char cx = fold(x[i - 1]), cy = fold(y[j - 1]);
			unsigned best = one[j - 1] + (cx != cy ? 1u : 0u);
			if (best > one[j] + 1u)
				best = one[j] + 1u;
			if (best > now[j - 1] + 1u)
				best = now[j - 1] + 1u;
			if (i > 1 && j > 1 && cx == fold(y[j - 2]) && fold(x[i - 2]) == cy && best > two[j - 2] + 1u)
				best = two[j - 2] + 1u;
			now[j] = (unsigned char)best;
		}
		unsigned char *t = two;
		two = one;
		one = now;
		now = t;
	}
	return one[yn];
}

/* How far away a word may be and still be meant: about a third of it. */
static size_t reach(size_t n)
{
	return n < 3 ? n / 2 : (n + 1) / 3;
}

const char *schema_nearest(const char *word, size_t count, const char *(*get)(size_t i, const void *data), const void *data)
{
	size_t n = strlen(word), best = reach(n) + 1;
	const char *found = NULL;
	for (size_t i = 0; i < count; i++) {
		const char *w = get(i, data);
		size_t d = w != NULL ? distance(word, n, w, strlen(w)) : SIZE_MAX;
		if (d < best) {
			best = d;
			found = w;
		}
	}
	return found;
}

static const char *row_path(size_t i, const void *data)
{
	(void)data;
	return i < SETTING_COUNT ? schema_settings[i].path : schema_groups[i - SETTING_COUNT].path;
}

const char *schema_nearest_setting(const char *path)
{
	const char *dot = strrchr(path, '.');
	size_t prefix = dot != NULL ? (size_t)(dot - path) + 1 : 0;
	const char *last = path + prefix;
	size_t n = strlen(last), best = reach(n) + 1;
	const char *found = NULL;
	bool group = false;

	/* A slip in the last word, among what stands beside it. */
	for (size_t i = 0; i < SETTING_COUNT + schema_group_count; i++) {
		const char *row = row_path(i, NULL);
		if (strncmp(row, path, prefix) != 0)
			continue;
		group = prefix > 0;
		size_t d = distance(last, n, row + prefix, strcspn(row + prefix, "."));
		if (d < best ||
			(d == best && found != NULL && strlen(row) < strlen(found) && strncmp(row, found, strlen(row)) == 0)) {
			best = d;
			found = row;
		}
	}
	/* The right word in the wrong group; where several have it, the group most like what was written. */
	size_t like = SIZE_MAX;
	for (size_t i = 0; i < SETTING_COUNT && (found == NULL || like < SIZE_MAX); i++) {
		const char *row = schema_settings[i].path;
		const char *end = strrchr(row, '.');
		if (end == NULL || strcmp(end + 1, last) != 0)
			continue;
		size_t d = distance(path, prefix, row, (size_t)(end - row) + 1);
		if (found == NULL || d < like) {
			like = d;
			found = row;
		}
	}
	/* A slip in the group's name. */
	return found != NULL || group ? found : schema_nearest(path, SETTING_COUNT + schema_group_count, row_path, NULL);
}
