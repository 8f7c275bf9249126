#include "landlock/domain.h"

#include "base/landlock.h"
#include "base/sys.h"

/*
 * A name that vanished, or that nobody may look up, needs no rule: without one less is allowed.  EBADFD: a pipe, a socket or
 * memory, which have no place in the tree and are not ruled by Landlock.
 */
static int allow_path(int ruleset, const struct landlock_rule *rule)
{
	int fd = sys_openat2(AT_FDCWD, rule->path, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (fd == -ENOENT && rule->may_vanish)
		return 0;
	if (fd < 0)
		return fd;
	int r = sys_landlock_path(ruleset, fd, rule->access);
	(void)close(fd);
	return r;
}

int domain_make(const struct landlock_plan *plan, const struct domain_file *files, size_t file_count, size_t *ret_at)
{
	*ret_at = plan->rule_count;
	int ruleset = sys_landlock_ruleset(plan->handled_files, plan->handled_tcp, plan->scoped);
	int r = ruleset < 0 ? ruleset : 0;
	for (size_t i = 0; i < plan->rule_count && r == 0; i++) {
		r = allow_path(ruleset, &plan->rules[i]);
		if (r < 0)
			*ret_at = i;
	}
	for (size_t i = 0; i < file_count && r == 0; i++) {
		r = sys_landlock_path(ruleset, files[i].fd, files[i].access);
		if (r == -EBADFD)
			r = 0;
	}
	for (size_t i = 0; i < plan->port_count && r == 0; i++)
		r = sys_landlock_port(ruleset, plan->ports[i].number, plan->ports[i].access);
	if (r == 0)
		return ruleset;
	if (ruleset >= 0)
		(void)close(ruleset);
	return r;
}
