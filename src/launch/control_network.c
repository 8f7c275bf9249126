/* The request for the sandbox's network namespace, which `bailey net show` enters. */
#include <errno.h>

#include "launch/supervise.h"

void control_on_network(struct control_request *q)
{
	const struct supervise *s = q->control->supervise;
	if (s->namespace < 0) {
		control_refuse(q->peer, ENOENT, "%s",
			s->own_network ? "it has a loopback interface of its own, and nothing else" : "it uses the host's network");
		return;
	}
	(void)control_reply_descriptor(q->peer, CONTROL_NETWORK, s->namespace);
}
