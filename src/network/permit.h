/* Which ordinary users may use a network. */
#ifndef BAILEY_NETWORK_PERMIT_H
#define BAILEY_NETWORK_PERMIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/networks.h"

/*
 * Whether the network is for the user, or for one of the groups.  `passwd` and `group` are the texts of passwd(5) and group(5), where the
 * names of the network are looked up; a name that is not there is nobody, a number is itself.
 */
bool permit_user(
	const struct network_def *def, const char *passwd, const char *group, uid_t uid, const gid_t *groups, size_t group_count);

#endif
