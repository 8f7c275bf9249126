#include "network/helper/spec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/inet.h"
#include "base/num.h"
#include "plan/networks.h"

enum { WORDS_MAX = 6, INTERFACES_MAX = 15 };

int spec_at(struct err *e, unsigned line)
{
	return err_at(e, (struct origin){ .file = "", .line = line });
}

static bool read_number(const char *text, unsigned max, unsigned *ret)
{
	int64_t n;
	if (text == NULL || num_int(text, 1, max, &n) < 0)
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool read_rate(const char *text, unsigned line, uint64_t *ret, unsigned *ret_line)
{
	int64_t n = 0;
	bool good = text != NULL && num_int(text, 1, INT64_MAX, &n) == 0;
	*ret = (uint64_t)n;
	*ret_line = line;
	return good;
}

static bool add_subnet(struct subnet *list, unsigned *lines, size_t *count, const char *text, unsigned line)
{
	if (text == NULL || *count == ADDRESSES_MAX || subnet_read(text, &list[*count]) < 0)
		return false;
	if (lines != NULL)
		lines[*count] = line;
	++*count;
	return true;
}

static bool add_address(struct spec *s, char *const *word, bool pool, unsigned line)
{
	if (s->address_count == ADDRESSES_MAX || word[1] == NULL)
		return false;
	struct spec_address *x = &s->addresses[s->address_count++];
	x->pool = pool;
	x->line = line;
	return subnet_read(word[1], &x->first) == 0 && (!pool || word[2] != NULL) &&
		subnet_read(word[pool ? 2 : 1], &x->last) == 0 && x->first.family == x->last.family;
}

static bool add_forward(struct spec *s, struct arena *a, char *const *word, unsigned line)
{
	struct spec_forward f = { .line = line };
	unsigned port, inside;
	if (word[1] == NULL || word[2] == NULL || !read_number(word[3], UINT16_MAX, &port) ||
		!read_number(word[4], UINT16_MAX, &inside) || inet_address(word[2], &f.family) < 0)
		return false;
	f.udp = strcmp(word[1], "udp") == 0;
	f.address = word[2];
	f.port = (uint16_t)port;
	f.inside = (uint16_t)inside;
	s->forwards = arena_grow(a, s->forwards, s->forward_count, &s->forward_cap, sizeof *s->forwards);
	s->forwards[s->forward_count++] = f;
	return true;
}

static bool add_inward(struct spec *s, char *const *word, unsigned line)
{
	if (s->inward_count == ADDRESSES_MAX || word[1] == NULL || word[2] == NULL || word[3] == NULL)
		return false;
	struct spec_inward *x = &s->inward[s->inward_count++];
	x->device = word[1];
	x->line = line;
	return subnet_read(word[2], &x->address) == 0 && subnet_read(word[3], &x->gateway) == 0;
}

static bool read_line(struct spec *s, struct arena *a, char *const *word, unsigned line)
{
	const char *key = word[0];
	if (strcmp(key, "network") == 0) {
		s->network = word[1];
		return word[1] != NULL && strchr(word[1], '/') == NULL && word[1][0] != '.';
	}
	if (strcmp(key, "bridge") == 0) {
		s->bridge = word[1];
		s->bridge_line = line;
		return word[1] != NULL;
	}
	if (strcmp(key, "create") == 0)
		return s->create = true;
	if (strcmp(key, "state") == 0) {
		s->state = word[1];
		s->hub = true;
		return word[1] != NULL && word[1][0] == '/';
	}
	if (strcmp(key, "gateway") == 0)
		return add_subnet(s->gateways, s->gateway_lines, &s->gateway_count, word[1], line);
	if (strcmp(key, "masquerade") == 0)
		return add_subnet(s->masquerade, NULL, &s->masquerade_count, word[1], line);
	if (strcmp(key, "route") == 0)
		return add_subnet(s->routes, s->route_lines, &s->route_count, word[1], line);
	if (strcmp(key, "inward") == 0)
		return add_inward(s, word, line);
	if (strcmp(key, "nft") == 0) {
		s->nft = word[1];
		return word[1] != NULL && word[1][0] == '/';
	}
	if (strcmp(key, "service") == 0) {
		s->service = word[1];
		return word[1] != NULL && word[1][0] == '/';
	}
	if (strcmp(key, "static") == 0)
		return add_address(s, word, false, line);
	if (strcmp(key, "pool") == 0)
		return add_address(s, word, true, line);
	if (strcmp(key, "mac") == 0) {
		s->mac = word[1];
		s->mac_line = line;
		return word[1] != NULL;
	}
	if (strcmp(key, "mtu") == 0) {
		s->mtu_line = line;
		return read_number(word[1], UINT16_MAX, &s->mtu);
	}
	if (strcmp(key, "interface") == 0)
		return read_number(word[1], INTERFACES_MAX, &s->interface);
	if (strcmp(key, "rate_in") == 0)
		return read_rate(word[1], line, &s->rate_in, &s->rate_in_line);
	if (strcmp(key, "rate_out") == 0)
		return read_rate(word[1], line, &s->rate_out, &s->rate_out_line);
	return strcmp(key, "forward") == 0 && add_forward(s, a, word, line);
}

int spec_read(struct spec ret[SPECS_MAX], size_t *ret_count, struct arena *a, int fd, struct err *e)
{
	char *text = arena_alloc(a, SPEC_MAX + 1), *rest = NULL;
	size_t len = 0;
	unsigned number = 0;
	*ret_count = 0;
	while (len < SPEC_MAX) {
		ssize_t n = read(fd, text + len, SPEC_MAX - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "cannot read what is to be done");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *word[WORDS_MAX] = { NULL }, *words = NULL;
		size_t count = 0;
		number++;
		for (char *w = strtok_r(line, " ", &words); w != NULL && count < WORDS_MAX - 1; w = strtok_r(NULL, " ", &words))
			word[count++] = w;
		if (count > 0 && strcmp(word[0], "network") == 0 && *ret_count < SPECS_MAX)
			ret[(*ret_count)++] = (struct spec){ .state = PLAN_NETWORKS_STATE };
		if (count == 0 || *ret_count == 0 || !read_line(&ret[*ret_count - 1], a, word, number)) {
			(void)err_set(e, 0, "bailey-net does not know what \"%s\" means", count > 0 ? word[0] : "");
			(void)err_hint(e, "bailey and bailey-net are of different versions; install bailey again");
			return spec_at(e, number);
		}
	}
	bool whole = *ret_count > 0;
	for (size_t i = 0; i < *ret_count; i++)
		whole = whole && ret[i].network != NULL && ret[i].bridge != NULL;
	return whole ? 0 : err_set(e, 0, "bailey-net was not told of a network");
}
