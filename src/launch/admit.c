/* Commands that enter, as the launcher sees them: it hands on what the template says and the caller's channel, and no more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch/control.h"
#include "launch/supervise.h"

/* One command. */
struct admitted {
	int socket; /* to the sandbox */
	uint32_t number;
};

static void caller_gone(struct control_peer *p)
{
	const struct admitted *a = p->data;
	(void)message_send(a->socket, MESSAGE_LEAVE, STEP_ENTER, 0, a->number);
	free(p->data);
}

void control_on_enter(struct control_request *q)
{
	static const struct control_keep keep = { .gone = caller_gone };
	const struct supervise *s = q->control->supervise;
	if (q->peer->keep != NULL || q->message->fd_count != 1) {
		control_refuse(q->peer, EINVAL, "each command needs a connection of its own");
		return;
	}
	if (s->template <0 && s->enter_at[0] != '\0') {
		control_refuse(q->peer, EPERM, "%sprocess.enter = false: nobody may enter this sandbox", s->enter_at);
		return;
	}
	static uint32_t last;
	struct admitted *a = malloc(sizeof *a);
	const int fds[2] = { s->template, q->message->fds[0] };
	int r = a == NULL ? -ENOMEM : s->template;
	if (r >= 0)
		r = message_send_fds(s->socket, MESSAGE_ENTER, ++last, fds, 2);
	if (r == 0 && control_reply(q->peer, CONTROL_ENTER, 0, 0)) {
		*a = (struct admitted){ .socket = s->socket, .number = last };
		control_keep(q->peer, &keep, a);
		return;
	}
	free(a);
	if (r < 0)
		control_refuse(q->peer, -r, "cannot ask the sandbox's first process: %s", strerror(-r));
}
