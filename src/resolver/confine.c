#include "resolver/confine.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/sys.h"

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

int confine(const struct confinement *c, struct err *e)
{
	const struct rlimit none = { 0, 0 };
	const uint64_t admin = UINT64_C(1) << CAP_NET_ADMIN;
	int r = (int)sys_result(setrlimit(RLIMIT_CORE, &none));
	if (r == 0)
		r = bound_descriptors(c->descriptors);
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (r == 0)
		r = (int)sys_result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	if (r == 0)
		r = sys_capset(admin, admin, 0);
	/* Whoever made the namespace needs none for it, and root, who did not have one made, no other. */
	if (r < 0 && !c->admin)
		r = sys_capset(0, 0, 0);
	if (r == 0)
		r = sys_seccomp_filter(c->filter);
	return r < 0 ? err_set(e, -r, "cannot confine %s", c->name) : 0;
}
