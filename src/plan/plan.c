/* plan_make: the order in which a plan comes together, and the small parts that need no file of their own. */
#include "plan/plan.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "plan/internal.h"
#include "plan/parts.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

/* mount_setattr(2) makes a whole tree read-only in one step; without it submounts would stay writable for a moment. */
enum { KERNEL_MAJOR = 5, KERNEL_MINOR = 12 };

enum { HOST_NAME_LENGTH = 64 };

void planner_note(struct planner *pl, struct origin o, const char *text)
{
	struct plan *plan = pl->plan;
	plan->notes = arena_grow(pl->arena, plan->notes, plan->note_count, &pl->note_cap, sizeof *plan->notes);
	plan->notes[plan->note_count++] = (struct note){ .text = text, .origin = o };
}

static void plan_namespaces(struct planner *pl)
{
	const struct profile *p = pl->p;
	struct plan *plan = pl->plan;
	plan->clone_flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (p->namespaces_ipc.i != IPC_HOST)
		plan->clone_flags |= CLONE_NEWIPC;
	plan->nested = p->namespaces_user.i == USER_NESTED;
	plan->nested_origin = p->namespaces_user.origin;
	plan_network(pl);
	if (plan->network != NETWORK_HOST && plan->network != NETWORK_JOIN)
		plan->clone_flags |= CLONE_NEWNET;
	plan->machine_id_private = p->identity_machine_id.i != MACHINE_ID_HOST;
}

/* A profile's name may hold what a host name may not: "a/b" becomes "a-b". */
static const char *host_name(struct planner *pl, const char *text)
{
	char *name = arena_strndup(pl->arena, text, HOST_NAME_LENGTH);
	for (char *c = name; *c != '\0'; c++)
		if (!isascii((unsigned char)*c) || (!isalnum((unsigned char)*c) && *c != '.' && *c != '-'))
			*c = '-';
	while (*name == '-' || *name == '.')
		name++;
	for (size_t n = strlen(name); n > 0 && (name[n - 1] == '-' || name[n - 1] == '.'); n--)
		name[n - 1] = '\0';
	return *name != '\0' ? name : "sandbox";
}

static void plan_hostname(struct planner *pl)
{
	const struct value *v = &pl->p->identity_hostname;
	if (!v->set || v->s == NULL || strcmp(v->s, "host") == 0)
		return;
	if (strcmp(v->s, "random") == 0) {
		pl->plan->hostname_random = true;
		return;
	}
	const char *text;
	if (expand_text(pl, v->origin, "identity.hostname", v->s, &text) == 0)
		pl->plan->hostname = host_name(pl, text);
}

void plan_check_machine(const struct plan *plan, struct facts *f, struct diags *d)
{
	(void)plan;
	struct origin o = { 0 };
	if (f->kernel_major < KERNEL_MAJOR || (f->kernel_major == KERNEL_MAJOR && f->kernel_minor < KERNEL_MINOR)) {
		struct diag *at =
			diag_error(d, o, NULL, "this kernel is Linux %u.%u; sandboxes need %d.%d or newer (for mount_setattr)",
				f->kernel_major, f->kernel_minor, KERNEL_MAJOR, KERNEL_MINOR);
		diag_hint(d, at, "boot a newer kernel");
	}
	if (facts_userns(f) == ANSWER_NO) {
		struct diag *at = diag_error(d, o, NULL, "user namespaces cannot be made here: %s",
			f->userns_reason != NULL ? f->userns_reason : "the kernel refuses them");
		if (f->userns_hint != NULL && f->userns_hint[0] != '\0')
			diag_hint(d, at, "%s", f->userns_hint);
	}
}

/* The command of the profile itself, into `ret`. */
static void own_command(struct plan_request *ret, struct arena *a, const struct profile *p, struct diags *d)
{
	const struct list *l = p->process_command.count > 0 ? &p->process_command : &p->programs;
	size_t count = l == &p->programs && l->count > 0 ? 1 : l->count;
	char **argv = arena_array(a, count + 1, sizeof *argv);
	for (size_t i = 0; i < count; i++)
		argv[i] = arena_strdup(a, l->items[i].text);
	ret->argv = argv;
	ret->program = argv[0];
	if (count > 0)
		return;
	const struct origin whole = { .file = p->path };
	struct diag *at = diag_error(d, whole, "process.command", "which program? The profile %s names none", p->name);
	diag_hint(d, at, "set process.command, or put the program behind the options");
}

int plan_make(struct plan *plan, struct arena *a, const struct profile *p, struct facts *f, const struct plan_request *r,
	bool thorough, struct diags *d)
{
	struct plan_request with_command = *r;
	size_t errors_before = d->errors;
	if (r->own_command && r->program == NULL) {
		own_command(&with_command, a, p, d);
		r = &with_command;
	}
	*plan = (struct plan){
		.profile_name = p->name,
		.profile_path = p->path,
		.description = p->description.s,
		.tried = p->tried.s,
	};
	struct planner pl = { .plan = plan, .arena = a, .p = p, .request = r, .facts = f, .diags = d, .thorough = thorough };

	/* Started by root, everything below is planned for the user that the program will run as. */
	struct facts caller = *f;
	plan_resources(&pl);
	plan_identity(&pl);
	plan_namespaces(&pl);
	plan_hostname(&pl);
	plan_dbus(&pl);
	plan_display(&pl);
	plan_audio(&pl);
	plan_portals(&pl);
	plan_open(&pl);
	plan_process(&pl);
	plan_capabilities(&pl);
	plan_firewall(&pl);
	plan_rates(&pl);
	plan_files(&pl);
	plan_landlock(&pl);
	plan_environment(&pl);
	plan_directory(&pl, r);
	int program = r->program != NULL ? plan_program(&pl, r) : 0;
	plan_filter(&pl);
	/* Notes are for people who ask; a launch does not wait for them. */
	if (thorough)
		plan_notes(&pl);
	f->uid = caller.uid;
	f->gid = caller.gid;
	f->user = caller.user;
	f->home = caller.home;
	f->environment = caller.environment;

	bool only_program = program < 0 && d->errors == errors_before + 1 && errors_before == 0;
	if (thorough)
		plan_check_machine(plan, f, d);
	if (only_program)
		return program;
	return d->errors > 0 ? -EINVAL : 0;
}
