#include "network/helper/rules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "network/helper/shared.h"

enum { SAID_MAX = 300, NOT_EXECUTED = 127 };

int rules_switch(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

static _Noreturn void become_nft(const char *nft, int in, int said)
{
	char name[] = "nft", file[] = "-f", dash[] = "-", language[] = "LC_ALL=C", path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const argv[] = { name, file, dash, NULL }, *const envp[] = { language, path, NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0)
		(void)execve(nft, argv, envp);
	_exit(NOT_EXECUTED);
}

static int run_nft(const char *nft, const struct buf *rules, struct err *e)
{
	char words[SAID_MAX];
	int status = 0, in = memfd_create("rules", MFD_CLOEXEC), said = memfd_create("nft", MFD_CLOEXEC);
	if (in < 0 || said < 0 || pwrite(in, buf_text(rules), rules->len, 0) != (ssize_t)rules->len)
		return err_set(e, errno, "cannot make the rules for nft");
	pid_t pid = fork();
	if (pid == 0)
		become_nft(nft, in, said);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	ssize_t n = pread(said, words, sizeof words - 1, 0);
	words[n > 0 ? n : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	(void)close(in);
	(void)close(said);
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == NOT_EXECUTED) {
		(void)err_set(e, 0, "cannot run %s", nft);
		return err_hint(e, "install the package nftables");
	}
	return err_set(e, 0, "nft: %s", words[0] != '\0' ? words : "it failed without a word");
}

void rules_keep_learning(struct arena *a)
{
	DIR *all = opendir("/proc/sys/net/ipv6/conf");
	for (const struct dirent *d; all != NULL && (d = readdir(all)) != NULL;) {
		char value = '0';
		const char *path = arena_printf(a, "/proc/sys/net/ipv6/conf/%s/accept_ra", d->d_name);
		int fd = d->d_name[0] != '.' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		if (read(fd, &value, 1) == 1 && value == '1' && strcmp(d->d_name, "lo") != 0)
			(void)rules_switch(path, "2");
		(void)close(fd);
	}
	if (all != NULL)
		(void)closedir(all);
}

bool rules_is_on(const char *path)
{
	char value = '0';
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool on = read(fd, &value, 1) == 1 && value == '1';
	(void)close(fd);
	return on;
}

/* nft(8): a table that is to be replaced must be there to be removed. */
static void begin_table(struct buf *out, const char *name)
{
	buf_printf(out, "table inet %s {}\ndelete table inet %s\n", name, name);
}

static const char *word(const struct subnet *s)
{
	return s->family == AF_INET6 ? "ip6" : "ip";
}

int rules_network(const struct network *n, const struct spec *s, struct arena *a, struct err *e)
{
	struct buf b = { .arena = a };
	const char *table = arena_printf(a, "bailey-%s", s->network);
	bool four = false, six = false;
	if (s->nft == NULL || s->gateway_count == 0)
		return 0;
	for (size_t i = 0; i < s->gateway_count; i++)
		*(s->gateways[i].family == AF_INET6 ? &six : &four) = true;
	begin_table(&b, table);
	buf_printf(&b, "table inet %s {\n", table);
	buf_puts(&b, "chain nat { type nat hook postrouting priority srcnat; policy accept;\n");
	for (size_t i = 0; i < s->masquerade_count; i++)
		buf_printf(&b, "%s saddr %s oifname != \"%s\" masquerade\n", word(&s->masquerade[i]),
			subnet_text(a, &s->masquerade[i]), s->bridge);
	buf_puts(&b, "}\nchain forward { type filter hook forward priority filter; policy accept;\n");
	for (size_t i = 0; i < s->gateway_count; i++) {
		struct subnet net = subnet_network(&s->gateways[i]);
		buf_printf(&b, "iifname \"%s\" meta nfproto ipv%d %s saddr != %s drop\n", s->bridge, net.family == AF_INET6 ? 6 : 4,
			word(&net), subnet_text(a, &net));
	}
	buf_printf(&b, "iifname \"%s\" oifname \"%s\" accept\n", s->bridge, s->bridge);
	/* In a hub nobody else could say which way leads out of it. */
	if (s->hub && s->masquerade_count == 0)
		buf_printf(&b, "iifname \"%s\" drop\n", s->bridge);
	buf_printf(&b, "oifname \"%s\" ct state established,related accept\n", s->bridge);
	buf_printf(&b, "oifname \"%s\" ct status dnat accept\noifname \"%s\" drop\n}\n}\n", s->bridge, s->bridge);
	bool leads = s->masquerade_count > 0 || s->forward_count > 0;
	int r = leads ? shared_forward(n, four, six, e) : 0;
	return r == 0 ? run_nft(s->nft, &b, e) : r;
}

static void remove_table(const struct spec *s, const char *table, struct arena *a)
{
	struct buf b = { .arena = a };
	struct err ignored = { 0 };
	if (s->nft == NULL)
		return;
	begin_table(&b, table);
	(void)run_nft(s->nft, &b, &ignored);
}

void rules_network_remove(const struct spec *s, struct arena *a)
{
	remove_table(s, arena_printf(a, "bailey-%s", s->network), a);
}

static void add_forwards(const struct spec *s, const struct lease *l, struct arena *a, struct buf *out)
{
	for (size_t i = 0; i < s->forward_count; i++) {
		const struct spec_forward *f = &s->forwards[i];
		bool six = f->family == AF_INET6;
		bool any = strcmp(f->address, six ? "::" : "0.0.0.0") == 0;
		buf_printf(out, "meta nfproto ipv%d ", six ? 6 : 4);
		if (any)
			buf_puts(out, "fib daddr type local ");
		else
			buf_printf(out, "%s daddr %s ", six ? "ip6" : "ip", f->address);
		buf_printf(out, "%s dport %u dnat %s to %s%s%s:%u\n", f->udp ? "udp" : "tcp", (unsigned)f->port, six ? "ip6" : "ip",
			six ? "[" : "", subnet_address(a, &l->at[six]), six ? "]" : "", (unsigned)f->inside);
	}
}

int rules_forward(const struct spec *s, const struct lease *l, struct arena *a, struct err *e)
{
	struct buf b = { .arena = a };
	if (s->forward_count == 0)
		return 0;
	begin_table(&b, l->device);
	buf_printf(&b, "table inet %s {\nchain in { type nat hook prerouting priority dstnat; policy accept;\n", l->device);
	add_forwards(s, l, a, &b);
	buf_puts(&b, "}\nchain own { type nat hook output priority -100; policy accept;\n");
	add_forwards(s, l, a, &b);
	buf_puts(&b, "}\n}\n");
	int r = run_nft(s->nft, &b, e);
	return r < 0 ? spec_at(e, s->forwards[0].line) : 0;
}

void rules_forward_remove(const struct spec *s, const char *device, struct arena *a)
{
	remove_table(s, device, a);
}
