#include "conf/value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/capability.h>

#include "base/inet.h"
#include "base/inet_rule.h"
#include "base/num.h"
#include "base/numset.h"
#include "schema/condition.h"
#include "schema/syscalls.h"

enum { MTU_MIN = 68, WEIGHT_MAX = 10000, QUOTA_MAX = 1000000, SHARE_MAX = 100 };
enum { NICE_MIN = -20, NICE_MAX = 19, FIRST_DESCRIPTOR = 3, HOST_NAME_LEN = 64, USER_NAME_LEN = 32, IDENTITY_LEN = 64 };

static const char *const variables[] = {
	"HOME",
	"USER",
	"UID",
	"RUNTIME",
	"CONFIG",
	"CACHE",
	"DATA",
	"STATE",
	"DOWNLOADS",
	"DOCUMENTS",
	"PICTURES",
	"MUSIC",
	"VIDEOS",
	"DESKTOP",
	"CWD",
	"PROFILE",
};

enum { VARIABLES = sizeof variables / sizeof variables[0] };

/* Adds the diagnostic and returns false; `hint` may be NULL. */
__attribute__((format(printf, 3, 4))) static bool refuse(const struct place *at, const char *hint, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct diag *e = diag_error(at->d, at->origin, at->setting, "%s", arena_vprintf(at->d->arena, fmt, ap));
	va_end(ap);
	if (hint != NULL)
		diag_hint(at->d, e, "%s", hint);
	return false;
}

void value_suggest(struct diags *d, struct diag *e, const char *nearest)
{
	if (nearest != NULL)
		diag_hint(d, e, "did you mean \"%s\"?", nearest);
}

static bool refuse_nearest(const struct place *at, const char *nearest, const char *text, const char *what)
{
	struct diag *e = diag_error(at->d, at->origin, at->setting, "%s: \"%s\"", what, text);
	value_suggest(at->d, e, nearest);
	return false;
}

static const char *variable_name(size_t i, const void *data)
{
	(void)data;
	return variables[i];
}

/* Every "$" begins a variable that exists, or a backslash stands before it. */
static bool variables_valid(const struct place *at, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0') {
			p++;
			continue;
		}
		if (*p != '$')
			continue;
		const char *end = p[1] == '{' ? strchr(p, '}') : NULL;
		if (end == NULL)
			return refuse(at, "write ${NAME} for a variable, \"\\\\$\" for a $ that means itself", "a lone $ in \"%s\"",
				text);
		const char *name = arena_strndup(at->d->arena, p + 2, (size_t)(end - p) - 2);
		bool known = false;
		for (size_t i = 0; i < VARIABLES && !known; i++)
			known = strcmp(variables[i], name) == 0;
		if (!known) {
			const char *near = schema_nearest(name, VARIABLES, variable_name, NULL);
			struct diag *e = diag_error(at->d, at->origin, at->setting, "unknown variable ${%s}", name);
			if (near != NULL)
				diag_hint(at->d, e, "did you mean ${%s}?", near);
			else
				diag_hint(at->d, e, "there are ${HOME}, ${RUNTIME}, ${CONFIG}, ${CWD}, ...: see bailey.conf(5)");
			return false;
		}
		p = end;
	}
	return true;
}

/* One spelling, so that equal paths are equal texts: no repeated and no trailing slashes, no "/./". */
static const char *path_text(struct arena *a, const char *text)
{
	size_t len = strlen(text), n = 0;
	bool plain = len < 2 || text[len - 1] != '/';
	for (const char *p = text; plain && (p = strchr(p, '/')) != NULL; p++)
		plain = p[1] != '/' && !(p[1] == '.' && (p[2] == '/' || p[2] == '\0'));
	if (plain)
		return text;
	char *out = arena_alloc(a, len + 1);
	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] == '/' && p[1] == '.' && (p[2] == '/' || p[2] == '\0'))
			p++;
		else if (p[0] != '/' || n == 0 || out[n - 1] != '/')
			out[n++] = *p;
	}
	while (n > 1 && out[n - 1] == '/')
		n--;
	if (n == 0 && len > 0)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

static bool has_dotdot(const char *text)
{
	for (const char *p = text; (p = strstr(p, "..")) != NULL; p++)
		if ((p == text || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static bool path_valid(const struct place *at, const char *text, bool patterns)
{
	bool home = text[0] == '~' && (text[1] == '/' || text[1] == '\0');
	if (text[0] == '\0')
		return refuse(at, NULL, "an empty path");
	if (text[0] == '~' && !home)
		return refuse(at, "~ stands for your own home; write other homes out: \"/home/NAME\"",
			"\"%s\" names another user's home", text);
	if (text[0] != '/' && !home && strncmp(text, "${", 2) != 0) {
		struct diag *e = diag_error(at->d, at->origin, at->setting, "\"%s\" is not an absolute path", text);
		if (text[0] == '-' && !patterns)
			diag_hint(at->d, e, "only the paths of lists may begin with '-'");
		else
			diag_hint(at->d, e, "begin it with /, ~/ or a variable such as ${CWD}");
		return false;
	}
	if (strlen(text) >= PATH_MAX)
		return refuse(at, NULL, "a path of %zu bytes; the kernel takes %d", strlen(text), PATH_MAX - 1);
	if (has_dotdot(text))
		return refuse(at, "write the path as it is without them", "\"..\" in the path \"%s\"", text);
	if (!variables_valid(at, text))
		return false;
	for (const char *p = text; !patterns && *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (strchr("*?[", *p) != NULL)
			return refuse(
				at, "write \"\\\\*\" when the name has a star in it", "a pattern cannot stand here: \"%s\"", text);
	}
	return true;
}

bool profile_name_valid(const char *name, const char **ret_why)
{
	size_t n = strlen(name);
	if (n == 0 || n > NAME_MAX)
		*ret_why = n == 0 ? "is empty" : "is too long";
	else if (has_dotdot(name))
		*ret_why = "has \"..\" in it";
	else if (name[0] == '/' || name[n - 1] == '/' || strstr(name, "//") != NULL)
		*ret_why = "is no name below the profile directories";
	else if (name[0] == '.' || name[0] == '-' || strstr(name, "/.") != NULL)
		*ret_why = "begins with a dot or a dash";
	else if (n >= 5 && strcmp(name + n - 5, ".conf") == 0)
		*ret_why = "ends in .conf, which goes without saying";
	else if (n >= 6 && strcmp(name + n - 6, ".local") == 0)
		*ret_why = "ends in .local, which is kept for additions to a profile";
	else
		*ret_why = NULL;
	for (size_t i = 0; i < n && *ret_why == NULL; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			*ret_why = "has blanks or control characters in it";
	return *ret_why == NULL;
}

static bool option_valid(const struct place *at, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-_", *p) == NULL)
			return refuse(at, NULL, "\"%s\" is no name for an option: only letters, digits, '-' and '_'", text);
	return text[0] != '\0' || refuse(at, NULL, "an empty option name");
}

/* It becomes the name of a directory. */
static bool identity_valid(const struct place *at, const char *text)
{
	size_t n = strlen(text);
	bool good = n > 0 && n <= IDENTITY_LEN && text[0] != '.' && text[0] != '-';
	for (const char *p = text; *p != '\0' && good; p++)
		good = isascii((unsigned char)*p) && (isalnum((unsigned char)*p) || strchr("-_.", *p) != NULL);
	return good ||
		refuse(at, "letters, digits, '-', '_' and '.', at most 64, and the first is a letter, a digit or '_'",
			"\"%s\" is no name for an identity", text);
}

static bool program_valid(const struct place *at, const char *text)
{
	if (strchr(text, '/') != NULL)
		return refuse(at, "write the name alone, as it is typed", "a command name has no slash: \"%s\"", text);
	if (text[0] == '\0' || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return refuse(at, NULL, "\"%s\" is no command name", text);
	return true;
}

static bool user_valid(const struct place *at, const char *text)
{
	size_t n = strlen(text);
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || strchr(":/,\x7f", *p) != NULL)
			return refuse(at, NULL, "\"%s\" is no user name", text);
	return (n > 0 && n <= USER_NAME_LEN && text[0] != '-') || refuse(at, NULL, "\"%s\" is no user name", text);
}

static bool hostname_valid(const struct place *at, const char *text)
{
	size_t label = 0;
	if (!variables_valid(at, text))
		return false;
	bool good = text[0] != '\0' && strlen(text) <= HOST_NAME_LEN;
	for (const char *p = text; good && *p != '\0'; p++) {
		if (*p == '$') { /* it was just seen that the variable exists and is closed */
			p = strchr(p, '}');
			label++;
			continue;
		}
		bool edge = label == 0 || p[1] == '.' || p[1] == '\0';
		if (*p == '.')
			good = label > 0 && p[1] != '\0';
		else
			good = isalnum((unsigned char)*p) || (*p == '-' && !edge);
		label = *p == '.' ? 0 : label + 1;
		good = good && label < HOST_NAME_LEN;
	}
	return good || refuse(at, "letters, digits and '-', or \"random\", or \"host\"", "\"%s\" is no host name", text);
}

static bool syscall_valid(const struct place *at, const char *text, bool groups)
{
	if (text[0] == '@' && !groups)
		return refuse(at, NULL, "a rule is for one system call, not for a group: \"%s\"", text);
	if (text[0] == '@')
		return syscall_group(text) != NULL ||
			refuse_nearest(at, syscall_nearest(text), text, "unknown group of system calls");
	return syscall_index(text) >= 0 || refuse_nearest(at, syscall_nearest(text), text, "unknown system call");
}

static const char *capability_name(size_t i, const void *data)
{
	struct arena *a = *(struct arena *const *)data;
	char *name = cap_to_name((cap_value_t)i);
	const char *copy = name != NULL ? arena_strdup(a, name) : "";
	cap_free(name);
	return strncmp(copy, "cap_", 4) == 0 ? copy + 4 : copy;
}

/* "CAP_NET_ADMIN" and "net_admin" are one: the text becomes "net_admin". */
static bool capability_valid(const struct place *at, const char **text)
{
	struct arena *a = at->d->arena;
	char *name = arena_strdup(a, *text);
	for (char *p = name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (strncmp(name, "cap_", 4) == 0)
		name += 4;
	cap_value_t v;
	if (!isalpha((unsigned char)name[0]) || cap_from_name(arena_printf(a, "cap_%s", name), &v) != 0) {
		const char *near = schema_nearest(name, CAP_LAST_CAP + 1, capability_name, &a);
		return refuse_nearest(at, near, *text, "unknown capability");
	}
	*text = name;
	return true;
}

static size_t env_name_len(const char *text)
{
	size_t n = 0;
	if (isalpha((unsigned char)text[0]) || text[0] == '_')
		while (isalnum((unsigned char)text[n]) || text[n] == '_')
			n++;
	return n;
}

static bool env_name_valid(const struct place *at, const char *text)
{
	size_t n = env_name_len(text);
	if (strcmp(text, "*") == 0 || (n > 0 && strcmp(text + n, "*") == 0) || (n > 0 && text[n] == '\0'))
		return true;
	return refuse(at, text[n] == '=' ? "a variable with a value goes into environment.set" : NULL, "\"%s\" is no variable name",
		text);
}

static bool env_pair_valid(const struct place *at, const char *text)
{
	size_t n = env_name_len(text);
	if (n == 0 || text[n] != '=')
		return refuse(at, "write \"NAME=VALUE\"", "\"%s\" is not NAME=VALUE", text);
	return variables_valid(at, text + n + 1);
}

/* "3,0-1" is "0-1,3". */
static bool numbers_valid(const struct place *at, const char **text)
{
	struct numset set;
	int r = numset_read(*text, &set);
	if (r == -ERANGE)
		return refuse(at, NULL, "\"%s\": numbers go up to %d", *text, NUMSET_MAX - 1);
	if (r < 0)
		return refuse(at, "numbers and ranges with commas: \"0-3,6\"", "\"%s\" is no list of numbers", *text);
	*text = numset_text(at->d->arena, &set);
	return true;
}

static const char *resource_name(size_t i, const void *data)
{
	static const char group[] = "resources.";
	const char *path = schema_settings[i].path;
	(void)data;
	if (strncmp(path, group, sizeof group - 1) != 0 || i == SET_resources_optional || i == SET_resources_driver)
		return NULL;
	return path + sizeof group - 1;
}

static bool resource_valid(const struct place *at, const char *text)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (resource_name(i, NULL) != NULL && strcmp(resource_name(i, NULL), text) == 0)
			return true;
	return refuse_nearest(
		at, schema_nearest(text, SETTING_COUNT, resource_name, NULL), text, "there is no such setting in this group");
}

static bool address_valid(const struct place *at, const char *text)
{
	int family;
	return inet_address(text, &family) == 0 ||
		refuse(at, "an address alone, without a name or a port: \"192.0.2.1\"", "\"%s\" is no IPv4 or IPv6 address", text);
}

static bool endpoint_valid(const struct place *at, const char *text)
{
	struct inet_endpoint e;
	int r = inet_endpoint(text, &e);
	if (r == -ERANGE)
		return refuse(at, NULL, "the port in \"%s\" is not between 1 and 65535", text);
	return r == 0 ||
		refuse(at, "write \"127.0.0.1:8080\", \"[::1]:8080\" or \"8080\"", "\"%s\" is no address with a port", text);
}

static bool rule_valid(const struct place *at, const struct setting *row, const char *text)
{
	struct inet_rule rule;
	char why[INET_RULE_WHY];
	if (strcmp(row->path, schema_settings[SET_network_allow].path) == 0 && strcmp(text, "none") == 0)
		return true;
	return inet_rule(text, &rule, why) == 0 ||
		refuse(at,
			"write \"tcp:443\", \"tcp:443@*.example.org\", \"udp:53@192.0.2.1\", \"tcp:1000-2000@2001:db8::/32\", \"10.0.0.0/8\" "
			"or \"icmp:echo\"",
			"\"%s\": %s", text, why);
}

static bool port_valid(const struct place *at, const char **text)
{
	int64_t number;
	if (strcmp(*text, "none") == 0)
		return true;
	if (num_int(*text, 0, UINT16_MAX, &number) < 0)
		return refuse(at, NULL, "\"%s\" is no port from 0 to %d, and not \"none\"", *text, UINT16_MAX);
	*text = arena_printf(at->d->arena, "%d", (int)number); /* "0x50" is 80 */
	return true;
}

static bool display_valid(const struct place *at, const char *text)
{
	return schema_choice("choice_display", text) != NULL ||
		refuse(at, NULL, "\"%s\" is not %s", text, schema_choice_words(at->d->arena, "choice_display"));
}

/* A text of that kind; `*text` may become its one spelling. */
static bool kind_valid(const struct place *at, const struct setting *row, const char **text)
{
	const char *why = NULL;
	bool list = row->type == TYPE_LIST;
	switch (row->kind) {
	case KIND_UPPER:
		if (strcmp(*text, "discard") == 0)
			return true;
		*text = path_text(at->d->arena, *text);
		return path_valid(at, *text, false);
	case KIND_PATH: *text = path_text(at->d->arena, *text); return path_valid(at, *text, list);
	case KIND_PROGRAM: return program_valid(at, *text);
	case KIND_PROFILE: return profile_name_valid(*text, &why) || refuse(at, NULL, "the profile name \"%s\" %s", *text, why);
	case KIND_OPTION: return option_valid(at, *text);
	case KIND_IDENTITY: return identity_valid(at, *text);
	case KIND_USER: return user_valid(at, *text);
	case KIND_HOSTNAME: return hostname_valid(at, *text);
	case KIND_SYSCALL: return syscall_valid(at, *text, list);
	case KIND_CONDITION: return condition_valid(*text, &why) || refuse(at, NULL, "\"%s\" is no condition: %s", *text, why);
	case KIND_CAPABILITY: return capability_valid(at, text);
	case KIND_ENV_NAME: return env_name_valid(at, *text);
	case KIND_ENV_PAIR: return env_pair_valid(at, *text);
	case KIND_NUMBERS: return numbers_valid(at, text);
	case KIND_RESOURCE: return resource_valid(at, *text);
	case KIND_ADDRESS: return address_valid(at, *text);
	case KIND_ENDPOINT: return endpoint_valid(at, *text);
	case KIND_RULE: return rule_valid(at, row, *text);
	case KIND_PORTS: return port_valid(at, text);
	case KIND_INTERFACE: return value_interface(at, *text);
	case KIND_MAC: return value_mac(at, *text);
	case KIND_BUS_NAME: return value_bus_name(at, *text);
	case KIND_BUS_RULE: return value_bus_rule(at, *text);
	case KIND_DISPLAY: return display_valid(at, *text);
	case KIND_SCHEME: return value_scheme(at, *text);
	case KIND_TEXT:
	case KIND_PORT:
	case KIND_MTU:
	case KIND_DESCRIPTOR:
	case KIND_NICE:
	case KIND_COUNT:
	case KIND_ONE_UP:
	case KIND_WEIGHT:
	case KIND_PERCENT:
	case KIND_RATE:
	case KIND_SHARE: break;
	}
	return true;
}

static bool read_percent(const struct place *at, const char *text, int64_t *ret)
{
	int r = num_percent(text, QUOTA_MAX, ret);
	if (r == -ERANGE)
		return refuse(at, NULL, "\"%s\" is out of range: from 1%% to %d%%", text, QUOTA_MAX);
	return r == 0 || refuse(at, "a whole number and %: \"150%\" is one and a half processors", "\"%s\" is no share", text);
}

static bool read_rate(const struct place *at, const char *text, int64_t *ret)
{
	int r = num_rate(text, ret);
	if (r == -ERANGE)
		return refuse(at, NULL, "\"%s\" is out of range: from 64kbit to 16Gbit", text);
	return r == 0 || refuse(at, "bits in a second, in units of 1000: \"500kbit\", \"10Mbit\"", "\"%s\" is no rate", text);
}

static bool read_int(const struct place *at, enum kind kind, const char *text, int64_t *ret)
{
	if (kind == KIND_PERCENT)
		return read_percent(at, text, ret);
	if (kind == KIND_RATE)
		return read_rate(at, text, ret);
	bool one_up = kind == KIND_ONE_UP || kind == KIND_WEIGHT || kind == KIND_PORT;
	int64_t min = kind == KIND_NICE   ? NICE_MIN
		: kind == KIND_DESCRIPTOR ? FIRST_DESCRIPTOR
		: kind == KIND_MTU        ? MTU_MIN
		: one_up                  ? 1
					  : 0;
	int64_t max = kind == KIND_NICE                 ? NICE_MAX
		: kind == KIND_DESCRIPTOR               ? INT_MAX
		: kind == KIND_WEIGHT                   ? WEIGHT_MAX
		: kind == KIND_PORT || kind == KIND_MTU ? UINT16_MAX
							: INT64_MAX;
	int r = num_int(text, min, max, ret);
	if (r == -EINVAL)
		return refuse(at, NULL, "\"%s\" is not a whole number", text);
	if (r < 0 && kind == KIND_NICE)
		return refuse(at, NULL, "%s is not between %d and %d", text, NICE_MIN, NICE_MAX);
	if (r < 0 && kind == KIND_DESCRIPTOR)
		return refuse(at, "0, 1 and 2 are always passed on", "%s is no file descriptor from %d", text, FIRST_DESCRIPTOR);
	if (r < 0 && kind == KIND_WEIGHT)
		return refuse(at, "everybody else has 100", "%s is not between 1 and %d", text, WEIGHT_MAX);
	if (r < 0 && kind == KIND_MTU)
		return refuse(at, NULL, "%s is not between %d and %d", text, MTU_MIN, UINT16_MAX);
	if (r < 0 && kind == KIND_PORT)
		return refuse(at, NULL, "%s is not a port, 1 to 65535", text);
	return r == 0 || refuse(at, NULL, "%s is out of range: a number from %d", text, one_up ? 1 : 0);
}

static bool read_amount(const struct place *at, const struct setting *row, const char *text, int64_t *ret)
{
	uint64_t v = 0;
	unsigned mode = 0;
	if (row->kind == KIND_SHARE && strchr(text, '%') != NULL) {
		if (num_percent(text, SHARE_MAX, ret) < 0)
			return refuse(
				at, "from \"1%\" to \"100%\" of the machine's memory", "\"%s\" is no share of the memory", text);
		*ret = -*ret;
		return true;
	}
	int r = row->type == TYPE_SIZE       ? num_size(text, &v)
		: row->type == TYPE_DURATION ? num_duration(text, &v)
					     : num_mode(text, &mode);
	*ret = row->type == TYPE_MODE ? (int64_t)mode : (int64_t)v;
	if (r == 0 && row->type == TYPE_DURATION && v == 0)
		return refuse(at, "leave the setting out for no limit", "\"%s\" is no time at all", text);
	if (r == 0)
		return true;
	const char *what = row->type == TYPE_SIZE ? "size" : row->type == TYPE_DURATION ? "time" : "mode";
	if (r == -ERANGE)
		return refuse(at, NULL, "the %s \"%s\" is too large", what, text);
	const char *hint = row->kind == KIND_SHARE
		? "\"512M\" (digits and one of B, K, M, G, T), or \"50%\" of the machine's memory"
		: row->type == TYPE_SIZE     ? "digits and one of B, K, M, G, T: \"512M\""
		: row->type == TYPE_DURATION ? "digits and one of ms, s, min, h, d: \"90s\", \"1h30min\""
					     : "three or four octal digits: \"0755\"";
	return refuse(at, hint, "\"%s\" is no %s", text, what);
}

static const char *choice_name(size_t i, const void *data)
{
	return strcmp(schema_choices[i].list, data) == 0 ? schema_choices[i].word : NULL;
}

static bool read_choice(const struct place *at, const struct setting *row, const char *text, int64_t *ret)
{
	const struct choice *c = schema_choice(row->list, text);
	if (c != NULL) {
		*ret = c->value;
		return true;
	}
	const char *near = schema_nearest(text, schema_choice_count, choice_name, row->list);
	struct diag *e =
		diag_error(at->d, at->origin, at->setting, "\"%s\" is not %s", text, schema_choice_words(at->d->arena, row->list));
	value_suggest(at->d, e, near);
	return false;
}

bool value_read(const struct place *at, const struct setting *row, const char *text, struct value *ret)
{
	bool good = true;
	*ret = (struct value){ .set = true, .origin = at->origin, .s = text };
	switch (row->type) {
	case TYPE_BOOL:
		ret->i = strcmp(text, "true") == 0;
		if (!ret->i && strcmp(text, "false") != 0)
			good = refuse(at, NULL, "\"%s\" is neither true nor false", text);
		break;
	case TYPE_INT: good = read_int(at, row->kind, text, &ret->i); break;
	case TYPE_SIZE:
	case TYPE_DURATION:
	case TYPE_MODE: good = read_amount(at, row, text, &ret->i); break;
	case TYPE_CHOICE: good = read_choice(at, row, text, &ret->i); break;
	case TYPE_STRING: good = kind_valid(at, row, &ret->s); break;
	case TYPE_LIST:
	case TYPE_RECORDS: good = refuse(at, NULL, "not a single value but a %s", schema_form(at->d->arena, row)); break;
	}
	if (!good)
		*ret = (struct value){ 0 };
	return good;
}

/* FNV-1a of the part of an entry that items_match() compares. */
static unsigned item_hash(const struct setting *row, const char *text)
{
	unsigned hash = 2166136261u;
	for (; *text != '\0' && !(*text == '=' && row->kind == KIND_ENV_PAIR); text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

bool value_item(const struct place *at, const struct setting *row, const char *text, struct item *ret)
{
	int64_t number;
	bool optional = row->kind == KIND_PATH && text[0] == '-';
	*ret = (struct item){ .text = text + (optional ? 1 : 0), .optional = optional, .origin = at->origin };
	bool good;
	if (row->kind == KIND_DESCRIPTOR) {
		good = read_int(at, row->kind, text, &number);
		ret->text = good ? arena_printf(at->d->arena, "%lld", (long long)number) : text; /* "0x3" is 3 */
	} else {
		good = kind_valid(at, row, &ret->text);
	}
	ret->hash = item_hash(row, ret->text);
	return good;
}

void value_default(struct diags *d, const struct setting *row, struct value *ret)
{
	const struct place at = { d, { .file = "built in" }, row->path };
	const char *text = row->def;
	*ret = (struct value){ 0 };
	if (text == NULL)
		return;
	if (text[0] == '"')
		text = arena_strndup(d->arena, text + 1, strlen(text) - 2);
	(void)value_read(&at, row, text, ret); /* a bad default is a mistake in the table, which becomes a diagnostic */
}
