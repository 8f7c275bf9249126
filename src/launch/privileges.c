#include "launch/privileges.h"

#include <linux/securebits.h>
#include <sys/prctl.h>

#include "base/sys.h"

static int control(int option, unsigned long a, unsigned long b)
{
	return (int)sys_result(prctl(option, a, b, 0UL, 0UL));
}

/* Without ambient capabilities and securebits. */
static int keep_as_root(uint64_t keep)
{
	return sys_capset(keep, keep, 0);
}

static int keep_ambient(uint64_t keep)
{
	const uint64_t setpcap = UINT64_C(1) << 8; /* for the securebits below */
	int r = keep != 0 ? sys_capset(keep | setpcap, keep | setpcap, keep) : 0;
	for (unsigned cap = 0; cap < 64 && r == 0; cap++)
		if ((keep >> cap & 1) != 0)
			r = control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap);
	if (r == 0)
		r = control(PR_SET_SECUREBITS,
			SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
				SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
			0);
	return r == 0 ? sys_capset(keep, keep, keep) : r;
}

int privileges_drop(uint64_t keep, bool root)
{
	int r = 0;
	for (unsigned cap = 0; cap < 64 && r == 0; cap++)
		if ((keep >> cap & 1) == 0)
			r = control(PR_CAPBSET_DROP, cap, 0);
	/* prctl(2): EINVAL ends the loop behind the last capability that this kernel has. */
	if (r == -EINVAL)
		r = 0;
	if (r == 0)
		r = control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
	if (r == 0)
		r = root ? keep_as_root(keep) : keep_ambient(keep);
	if (r == 0)
		r = control(PR_SET_NO_NEW_PRIVS, 1, 0);
	return r;
}
