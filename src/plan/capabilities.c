/* What the program keeps: what capabilities.keep names, and what an identity with uid 0 inside would be useless without. */
#include <strings.h>
#include <sys/capability.h>

#include "plan/parts.h"

/*
 * "mapped": what a package manager needs to install packages, and services to give up uid 0.  All of it holds over the
 * user's own ids only.  Not among them: net_bind_service, net_admin and the like (a profile that runs a service names them),
 * mknod (makes no device nodes in a user namespace), setpcap, sys_admin, sys_ptrace.
 */
static const struct kept_capability mapped[] = {
	{ CAP_CHOWN, "files of a package get their owners" },
	{ CAP_DAC_OVERRIDE, "root inside writes files that belong to other ids inside" },
	{ CAP_FOWNER, "root inside changes modes and times of such files" },
	{ CAP_FSETID, "a set-group-ID bit survives a change of its file" },
	{ CAP_SETGID, "services and package managers step down to a group of their own" },
	{ CAP_SETUID, "services and package managers step down to a user of their own" },
	{ CAP_KILL, "root inside ends what it started under other users" },
	{ CAP_SYS_CHROOT, "scripts of packages run below another root (the call chroot has to be allowed too)" },
	{ CAP_SETFCAP, "files of a package get their capabilities, which hold for this user's namespaces alone" },
};

/* user_namespaces(7): since Linux 5.12 a map that contains uid 0 of the outer namespace needs it. */
static const struct kept_capability nested_root[] = {
	{ CAP_SETFCAP, "inner user namespaces could not map uid 0 without it" },
};

static void keep_defaults(struct plan *plan)
{
	if (plan->mode == IDENTITY_MAPPED) {
		plan->default_caps = mapped;
		plan->default_cap_count = sizeof mapped / sizeof *mapped;
	} else if (plan->mode == IDENTITY_ROOT && plan->nested) {
		plan->default_caps = nested_root;
		plan->default_cap_count = 1;
	}
	for (size_t i = 0; i < plan->default_cap_count; i++)
		plan->keep_caps |= UINT64_C(1) << plan->default_caps[i].number;
}

void plan_capabilities(struct planner *pl)
{
	const struct list *l = &pl->p->capabilities_keep;
	for (size_t i = 0; i < l->count; i++) {
		const char *text = l->items[i].text;
		const char *name = strncasecmp(text, "cap_", 4) == 0 ? text : arena_printf(pl->arena, "cap_%s", text);
		cap_value_t number;
		if (cap_from_name(name, &number) < 0 || number < 0 || number > 63)
			diag_error(pl->diags, l->items[i].origin, "capabilities.keep", "there is no capability \"%s\"", text);
		else
			pl->plan->keep_caps |= UINT64_C(1) << number;
	}
	keep_defaults(pl->plan);
}
