#include "conf/networks.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/inet.h"
#include "base/num.h"
#include "conf/tree.h"
#include "schema/schema.h"

enum key_type { IS_TEXT, IS_BOOL, IS_LIST, IS_NUMBER };

enum key {
	KEY_NAME,
	KEY_BRIDGE,
	KEY_SUBNET4,
	KEY_GATEWAY4,
	KEY_POOL4,
	KEY_SUBNET6,
	KEY_GATEWAY6,
	KEY_POOL6,
	KEY_MASQUERADE,
	KEY_DNS,
	KEY_USERS,
	KEY_GROUPS,
	KEY_USER_INTERFACES,
	KEY_USER_POOL4,
	KEY_USER_POOL6,
	KEY_USER_MAC,
	KEY_USER_RATE_IN,
	KEY_USER_RATE_OUT
};

static const struct {
	const char *name;
	enum key_type type;
} keys[] = {
	[KEY_NAME] = { "name", IS_TEXT },
	[KEY_BRIDGE] = { "bridge", IS_TEXT },
	[KEY_SUBNET4] = { "subnet4", IS_TEXT },
	[KEY_GATEWAY4] = { "gateway4", IS_TEXT },
	[KEY_POOL4] = { "pool4", IS_TEXT },
	[KEY_SUBNET6] = { "subnet6", IS_TEXT },
	[KEY_GATEWAY6] = { "gateway6", IS_TEXT },
	[KEY_POOL6] = { "pool6", IS_TEXT },
	[KEY_MASQUERADE] = { "masquerade", IS_BOOL },
	[KEY_DNS] = { "dns", IS_LIST },
	[KEY_USERS] = { "users", IS_LIST },
	[KEY_GROUPS] = { "groups", IS_LIST },
	[KEY_USER_INTERFACES] = { "user_interfaces", IS_NUMBER },
	[KEY_USER_POOL4] = { "user_pool4", IS_TEXT },
	[KEY_USER_POOL6] = { "user_pool6", IS_TEXT },
	[KEY_USER_MAC] = { "user_mac", IS_BOOL },
	[KEY_USER_RATE_IN] = { "user_rate_in", IS_TEXT },
	[KEY_USER_RATE_OUT] = { "user_rate_out", IS_TEXT },
};

enum { KEYS = sizeof keys / sizeof *keys, POOL6 = 0xffff };

struct reader {
	struct diags *d;
	struct origin base;
};

static const char *key_name(size_t i, const void *data)
{
	(void)data;
	return keys[i].name;
}

static struct origin line_of(const struct reader *r, const config_setting_t *s)
{
	struct origin o = r->base;
	o.line = (unsigned)(uintptr_t)config_setting_get_hook(s);
	if (o.line == 0)
		o.line = (unsigned)config_setting_source_line(s);
	return o;
}

/* The member as a text, or NULL. */
static const char *text_of(const config_setting_t *group, enum key key)
{
	const config_setting_t *s = config_setting_get_member(group, keys[key].name);
	return s != NULL && config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
}

static struct origin at(const struct reader *r, const config_setting_t *group, enum key key)
{
	const config_setting_t *s = config_setting_get_member(group, keys[key].name);
	return line_of(r, s != NULL ? s : group);
}

static bool check_members(const struct reader *r, const config_setting_t *group)
{
	static const char *const words[] = { "a text in quotation marks", "true or false", "a list: [ \"...\" ]", "a number" };
	bool good = true;
	int n = config_setting_length(group);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const char *word = config_setting_name(s);
		size_t key = 0;
		while (key < KEYS && strcmp(keys[key].name, word) != 0)
			key++;
		if (key == KEYS) {
			struct diag *e =
				diag_error(r->d, line_of(r, s), arena_printf(r->d->arena, "networks.%s", word), "unknown setting");
			const char *near = schema_nearest(word, KEYS, key_name, NULL);
			if (near != NULL)
				diag_hint(r->d, e, "did you mean \"%s\"?", near);
			good = false;
			continue;
		}
		int type = config_setting_type(s);
		bool fits = keys[key].type == IS_TEXT ? type == CONFIG_TYPE_STRING
			: keys[key].type == IS_BOOL   ? type == CONFIG_TYPE_BOOL
			: keys[key].type == IS_NUMBER ? type == CONFIG_TYPE_INT
						      : type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST;
		if (fits)
			continue;
		diag_error(r->d, line_of(r, s), arena_printf(r->d->arena, "networks.%s", keys[key].name), "wrong type; wanted: %s",
			words[keys[key].type]);
		good = false;
	}
	return good;
}

/* An address of the network; without a prefix in the text. */
static bool read_address(const struct reader *r, struct origin o, const char *setting, const char *text, const struct subnet *net,
	struct subnet *ret)
{
	if (strchr(text, '/') != NULL || subnet_read(text, ret) < 0) {
		diag_error(r->d, o, setting, "\"%s\" is no address", text);
		return false;
	}
	ret->prefix = net->prefix;
	if (subnet_contains(net, ret))
		return true;
	diag_error(r->d, o, setting, "%s is not in %s", text, subnet_text(r->d->arena, net));
	return false;
}

/* "10.9.0.100-10.9.0.199"; without a text `first` and `last` stay. */
static void read_part(const struct reader *r, struct origin o, const char *setting, const char *text, const struct subnet *net,
	struct subnet *first, struct subnet *last)
{
	struct arena *a = r->d->arena;
	const char *dash = text != NULL ? strchr(text, '-') : NULL;
	if (text == NULL)
		return;
	if (dash == NULL) {
		struct diag *e = diag_error(r->d, o, setting, "\"%s\" is no range of addresses", text);
		diag_hint(r->d, e, "for example \"%s-%s\"", subnet_address(a, first), subnet_address(a, last));
		return;
	}
	struct subnet from, to;
	if (!read_address(r, o, setting, arena_strndup(a, text, (size_t)(dash - text)), net, &from) ||
		!read_address(r, o, setting, dash + 1, net, &to))
		return;
	if (subnet_compare(&from, &to) > 0)
		diag_error(r->d, o, setting, "\"%s\" ends before it begins", text);
	*first = from;
	*last = to;
}

/* By default all addresses behind the first one but the broadcast address. */
static void read_pool(const struct reader *r, struct origin o, const char *setting, const char *text, struct network_range *ret)
{
	ret->first = subnet_add(&ret->net, 2);
	ret->last = subnet_last(&ret->net);
	if (ret->net.family == AF_INET)
		ret->last.bytes[3]--; /* the broadcast address has its lowest bit set */
	else if (ret->net.prefix <= 112)
		ret->last = subnet_add(&ret->net, POOL6);
	read_part(r, o, setting, text, &ret->net, &ret->first, &ret->last);
}

static void read_range(const struct reader *r, const config_setting_t *group, int family, struct network_range *ret)
{
	bool six = family == AF_INET6;
	enum key subnet = six ? KEY_SUBNET6 : KEY_SUBNET4, gateway = six ? KEY_GATEWAY6 : KEY_GATEWAY4,
		 pool = six ? KEY_POOL6 : KEY_POOL4;
	const char *setting = six ? "networks.subnet6" : "networks.subnet4", *text = text_of(group, subnet);
	struct origin o = at(r, group, subnet);
	if (text == NULL) {
		if (text_of(group, gateway) != NULL || text_of(group, pool) != NULL)
			diag_error(r->d, line_of(r, group), setting, "%s and %s say nothing without it", keys[gateway].name,
				keys[pool].name);
		return;
	}
	struct subnet net;
	int e = subnet_read(text, &net);
	if (e == 0 && (net.family != family || strchr(text, '/') == NULL))
		e = -EINVAL;
	if (e < 0) {
		struct diag *x = diag_error(r->d, o, setting, "\"%s\" is no network", text);
		diag_hint(r->d, x, "for example \"%s\"", six ? "fd00:9::/64" : "10.9.0.0/24");
		return;
	}
	struct subnet network = subnet_network(&net);
	if (subnet_compare(&network, &net) != 0) {
		struct diag *x = diag_error(r->d, o, setting, "\"%s\" is an address in a network", text);
		diag_hint(r->d, x, "the network is \"%s\"", subnet_text(r->d->arena, &network));
		return;
	}
	if (net.prefix < 8 || net.prefix > subnet_bits(family) - 2) {
		diag_error(r->d, o, setting, "\"%s\": the prefix has to be from 8 to %u", text, subnet_bits(family) - 2);
		return;
	}
	ret->net = net;
	ret->origin = o;
	ret->gateway = subnet_add(&net, 1);
	if (text_of(group, gateway) != NULL)
		(void)read_address(r, at(r, group, gateway), six ? "networks.gateway6" : "networks.gateway4",
			text_of(group, gateway), &net, &ret->gateway);
	read_pool(r, at(r, group, pool), six ? "networks.pool6" : "networks.pool4", text_of(group, pool), ret);
	ret->user_first = ret->first;
	ret->user_last = ret->last;
	enum key part = six ? KEY_USER_POOL6 : KEY_USER_POOL4;
	read_part(r, at(r, group, part), six ? "networks.user_pool6" : "networks.user_pool4", text_of(group, part), &net,
		&ret->user_first, &ret->user_last);
}

/* Names, or numbers as texts. */
static const char **read_names(const struct reader *r, const config_setting_t *group, enum key key, size_t *count)
{
	const config_setting_t *list = config_setting_get_member(group, keys[key].name);
	int n = list != NULL ? config_setting_length(list) : 0;
	const char **names = arena_array(r->d->arena, (size_t)n + 1, sizeof *names);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
		const char *text = config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : "";
		if (*text == '\0' || strpbrk(text, ": \t\n") != NULL)
			diag_error(r->d, line_of(r, s), arena_printf(r->d->arena, "networks.%s", keys[key].name),
				"\"%s\" is no name", text);
		else
			names[(*count)++] = arena_strdup(r->d->arena, text);
	}
	return names;
}

static uint64_t read_rate(const struct reader *r, const config_setting_t *group, enum key key)
{
	const char *text = text_of(group, key);
	int64_t bits = 0;
	if (text == NULL || num_rate(text, &bits) == 0)
		return (uint64_t)bits;
	struct diag *e = diag_error(r->d, at(r, group, key), arena_printf(r->d->arena, "networks.%s", keys[key].name),
		"\"%s\" is no rate from 64kbit to 16Gbit", text);
	diag_hint(r->d, e, "bits in a second, in units of 1000: \"10Mbit\"");
	return 0;
}

/* What ordinary users may do with it, by bailey-netd. */
static void read_users(const struct reader *r, const config_setting_t *group, struct network_def *def)
{
	struct network_users *u = &def->users;
	const config_setting_t *m = config_setting_get_member(group, keys[KEY_USER_INTERFACES].name);
	u->names = read_names(r, group, KEY_USERS, &u->name_count);
	u->groups = read_names(r, group, KEY_GROUPS, &u->group_count);
	int interfaces = m != NULL ? config_setting_get_int(m) : USER_INTERFACES;
	if (interfaces < 1 || interfaces > USER_INTERFACES_MAX)
		diag_error(r->d, line_of(r, m), "networks.user_interfaces", "%d is not between 1 and %d", interfaces,
			USER_INTERFACES_MAX);
	u->interfaces = interfaces > 0 ? (unsigned)interfaces : 1;
	m = config_setting_get_member(group, keys[KEY_USER_MAC].name);
	u->mac = m != NULL && config_setting_get_bool(m) != 0;
	u->rate_in = read_rate(r, group, KEY_USER_RATE_IN);
	u->rate_out = read_rate(r, group, KEY_USER_RATE_OUT);
	if (u->name_count + u->group_count > 0)
		return;
	for (enum key k = KEY_USER_INTERFACES; k <= KEY_USER_RATE_OUT; k++)
		if (config_setting_get_member(group, keys[k].name) != NULL)
			diag_error(r->d, at(r, group, k), arena_printf(r->d->arena, "networks.%s", keys[k].name),
				"says nothing without users and groups");
}

static void read_dns(const struct reader *r, const config_setting_t *group, struct network_def *def)
{
	const config_setting_t *list = config_setting_get_member(group, keys[KEY_DNS].name);
	if (list == NULL)
		return;
	int n = config_setting_length(list), family;
	def->dns = arena_array(r->d->arena, (size_t)n + 1, sizeof *def->dns);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
		const char *text = config_setting_type(s) == CONFIG_TYPE_STRING ? config_setting_get_string(s) : "";
		if (inet_address(text, &family) < 0 || inet_is_loopback(text))
			diag_error(r->d, line_of(r, s), "networks.dns", "\"%s\" is no address of a name server", text);
		else
			def->dns[def->dns_count++] = arena_strdup(r->d->arena, text);
	}
}

static void read_one(const struct reader *r, const config_setting_t *group, struct network_def *def)
{
	struct arena *a = r->d->arena;
	def->origin = line_of(r, group);
	if (!check_members(r, group))
		return;
	const char *name = text_of(group, KEY_NAME), *device = text_of(group, KEY_BRIDGE);
	if (name == NULL) {
		diag_error(r->d, def->origin, "networks", "an entry without name");
		return;
	}
	if (!network_name_valid(name))
		diag_error(r->d, at(r, group, KEY_NAME), "networks.name",
			"\"%s\" is no name for a network: letters, digits, '-' and '_', a letter first, at most %d", name,
			NETWORK_NAME_MAX);
	def->name = arena_strdup(a, name);
	def->device = arena_strdup(a, device != NULL ? device : name);
	if (!device_name_valid(def->device)) {
		struct diag *e = diag_error(r->d, at(r, group, device != NULL ? KEY_BRIDGE : KEY_NAME), "networks.bridge",
			"\"%s\" cannot be the name of a bridge: the kernel takes at most %d bytes, no blanks and no '/'",
			def->device, DEVICE_NAME_MAX);
		diag_hint(r->d, e, "give a shorter one: bridge = \"br-%.*s\";", 8, def->device);
	}
	read_range(r, group, AF_INET, &def->range[0]);
	read_range(r, group, AF_INET6, &def->range[1]);
	const config_setting_t *m = config_setting_get_member(group, keys[KEY_MASQUERADE].name);
	def->masquerade = m != NULL && config_setting_get_bool(m) != 0;
	if (def->masquerade && def->range[0].net.family == 0 && def->range[1].net.family == 0)
		diag_error(r->d, line_of(r, m), "networks.masquerade",
			"a network without subnet4 and subnet6 has nothing to masquerade");
	read_dns(r, group, def);
	read_users(r, group, def);
}

/* Two that share a name, a bridge or an address. */
static void check_against(const struct reader *r, const struct network_def *x, const struct network_def *y)
{
	const char *other = origin_text(r->d->arena, x->origin);
	if (x->name == NULL || y->name == NULL)
		return;
	if (strcmp(x->name, y->name) == 0)
		diag_error(r->d, y->origin, "networks.name", "\"%s\" is described in %s already", y->name, other);
	else if (strcmp(x->device, y->device) == 0)
		diag_error(r->d, y->origin, "networks.bridge", "\"%s\" is the bridge of \"%s\" (%s)", y->device, x->name, other);
	for (size_t i = 0; i < 2; i++)
		if (x->range[i].net.family != 0 && y->range[i].net.family != 0 &&
			subnet_overlaps(&x->range[i].net, &y->range[i].net))
			diag_error(r->d, y->range[i].origin, i == 0 ? "networks.subnet4" : "networks.subnet6",
				"%s overlaps with %s of \"%s\" (%s)", subnet_text(r->d->arena, &y->range[i].net),
				subnet_text(r->d->arena, &x->range[i].net), x->name, origin_text(r->d->arena, x->range[i].origin));
}

void networks_read(struct networks *ret, struct diags *d, const char *file, const char *text)
{
	struct reader r = { .d = d, .base = { .file = file } };
	struct tree t;
	*ret = (struct networks){ 0 };
	if (tree_read(&t, d, r.base, text, strlen(text)) < 0)
		return;
	const config_setting_t *root = config_root_setting(&t.config);
	int n = config_setting_length(root);
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
		bool list = config_setting_type(s) == CONFIG_TYPE_LIST;
		if (strcmp(config_setting_name(s), "networks") != 0 || !list) {
			struct diag *e =
				diag_error(d, line_of(&r, s), config_setting_name(s), "this file has a list of networks only");
			diag_hint(d, e, "networks = ( { name = \"lan\"; subnet4 = \"10.9.0.0/24\"; } );");
			continue;
		}
		size_t count = (size_t)config_setting_length(s);
		ret->items = arena_array(d->arena, count + 1, sizeof *ret->items);
		for (size_t k = 0; k < count; k++) {
			const config_setting_t *group = config_setting_get_elem(s, (unsigned)k);
			if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
				diag_error(d, line_of(&r, group), "networks", "an entry is a group: { name = \"lan\"; }");
				continue;
			}
			struct network_def *def = &ret->items[ret->count++];
			read_one(&r, group, def);
			for (struct network_def *other = ret->items; other < def; other++)
				check_against(&r, other, def);
		}
	}
	tree_free(&t);
}

const struct network_def *networks_find(const struct networks *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->items[i].name != NULL && strcmp(n->items[i].name, name) == 0)
			return &n->items[i];
	return NULL;
}
