/* bailey wait: until sandboxes have ended, with the exit status of what ran in them. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cli/sandboxes.h"
#include "state/control.h"

/* One that is waited for. */
struct awaited {
	const char *name;
	int socket; /* to its launcher; -1 once it has told, or has gone */
	int status;
};

/* Asks the launcher to tell. 0 or an exit status after saying why that cannot be. */
static int ask(struct cli *cli, struct state_sandbox *s, struct awaited *ret)
{
	static const struct control_head question = { .kind = CONTROL_WAIT };
	struct err e = { .code = 0 };
	sandboxes_await_start(cli, s);
	*ret = (struct awaited){ .name = s->record.name, .socket = control_connect(s, &e) };
	if (ret->socket < 0)
		return cli_fail_err(cli, EXIT_SETUP, &e);
	int r = control_send(ret->socket, &question, NULL, 0, NULL, 0);
	return r < 0 ? cli_fail(cli, EXIT_SETUP, NULL, "cannot ask the launcher of %s: %s", ret->name, strerror(-r)) : 0;
}

/* A launcher that is killed tells nothing; the sandbox is gone with it. */
static void hear(struct cli *cli, struct awaited *w)
{
	struct control_message m;
	struct err e = { .code = 0 };
	if (control_answer(w->socket, &m, w->name, &e) == 0) {
		w->status = m.head.value;
		control_drop(&m);
	} else {
		w->status = e.code == ESRCH ? cli_fail(cli, EXIT_SETUP, NULL, "%s has ended, nobody can tell how", w->name)
					    : cli_fail_err(cli, EXIT_SETUP, &e);
	}
	(void)close(w->socket);
	w->socket = -1;
}

static int tell(struct cli *cli, const struct awaited *w)
{
	struct buf out = { .arena = &cli->arena };
	buf_printf(&out, "%s %d\n", w->name, w->status);
	return cli_write(cli, &out);
}

/* The status of the one given last, or of the first that ends. */
static int await(struct cli *cli, struct awaited *all, size_t count, bool any)
{
	struct pollfd *fds = arena_array(&cli->arena, count, sizeof *fds);
	for (size_t left = count; left > 0;) {
		for (size_t i = 0; i < count; i++)
			fds[i] = (struct pollfd){ .fd = all[i].socket, .events = POLLIN };
		if (poll(fds, count, -1) < 0)
			continue; /* EINTR */
		for (size_t i = 0; i < count; i++) {
			if (fds[i].revents == 0)
				continue;
			hear(cli, &all[i]);
			left--;
			int written = count > 1 ? tell(cli, &all[i]) : 0;
			if (written != 0)
				return written;
			if (any)
				return all[i].status;
		}
	}
	return all[count - 1].status;
}

int cmd_wait(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	struct chosen chosen;
	int status = sandboxes_choose(cli, args, args->rest_count, false, &all, &chosen);
	if (status != 0 || chosen.count == 0)
		return status;
	struct awaited *list = arena_array(&cli->arena, chosen.count, sizeof *list);
	size_t asked = 0;
	while (asked < chosen.count && status == 0) {
		status = ask(cli, chosen.items[asked], &list[asked]);
		asked++;
	}
	if (status == 0)
		status = await(cli, list, asked, args_has(args, "--any"));
	for (size_t i = 0; i < asked; i++)
		if (list[i].socket >= 0)
			(void)close(list[i].socket);
	return status;
}

int cmd_rename(struct cli *cli, struct args *args)
{
	struct sandboxes all;
	const struct state_sandbox *one;
	struct err e = { .code = 0 };
	const char *why;
	if (args->rest_count != 2)
		return cli_fail(
			cli, EXIT_USAGE, "for example: bailey rename firefox-1 bank", "rename takes a sandbox and its new name");
	const char *name = args->rest[1];
	if (!state_name_valid(name, &why))
		return cli_fail(cli, EXIT_USAGE, NULL, "%s cannot be a sandbox's name: %s", name, why);
	sandboxes_load(cli, &all);
	int status = sandboxes_find(cli, &all, args->rest[0], &one);
	if (status != 0)
		return status;
	/* The directory itself refuses a name; those in other places do not know of it. */
	for (size_t i = 0; i < all.count; i++)
		if (strcmp(all.items[i].record.name, name) == 0 && state_name_taken(&all.items[i].record, &e) < 0)
			return cli_fail_err(cli, EXIT_SETUP, &e);
	struct state_sandbox renamed = *one;
	sandboxes_await_start(cli, &renamed);
	if (renamed.record.sandbox.pid == 0)
		return cli_fail(cli, EXIT_SETUP, "try again in a moment", "%s is only just starting", renamed.record.name);
	return state_rename(&renamed, &cli->arena, name, &e) < 0 ? cli_fail_err(cli, EXIT_SETUP, &e) : 0;
}
