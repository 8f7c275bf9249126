#include "resolver/service.h"

#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/sys.h"

void service_begin(void)
{
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
}

int service_read(const struct service *s, char *ret_text, size_t size, struct err *e)
{
	size_t len = 0;
	for (ssize_t n = 1; n > 0 && len < size; len += (size_t)n) {
		n = read(STDIN_FILENO, ret_text + len, size - len);
		if (n < 0)
			return err_set(e, errno, "%s cannot read what it is told", s->name);
	}
	ret_text[len] = '\0';
	return 0;
}

static int bound_descriptors(unsigned most)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return -errno;
	if (r.rlim_max > most)
		r.rlim_max = most;
	r.rlim_cur = r.rlim_max;
	return (int)sys_result(setrlimit(RLIMIT_NOFILE, &r));
}

static int confine(const struct service *s, struct err *e)
{
	const struct rlimit none = { 0, 0 };
	const uint64_t admin = UINT64_C(1) << CAP_NET_ADMIN;
	int r = (int)sys_result(setrlimit(RLIMIT_CORE, &none));
	if (r == 0)
		r = bound_descriptors(s->descriptors);
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	if (r == 0)
		r = sys_capset(admin, admin, 0);
	/* Whoever made the namespace needs none for it, and root, who did not have one made, no other. */
	if (r < 0 && !s->admin)
		r = sys_capset(0, 0, 0);
	if (r == 0)
		r = sys_seccomp_filter(s->filter);
	return r < 0 ? err_set(e, -r, "cannot confine %s", s->name) : 0;
}

bool service_ready(const struct service *s, int r, struct err *e)
{
	static const char ready[] = "ready\n";
	if (r == 0)
		r = confine(s, e);
	if (r < 0) {
		(void)dprintf(STDERR_FILENO, "%s\n", e->text);
		return false;
	}
	return write(STDOUT_FILENO, ready, sizeof ready - 1) > 0;
}
