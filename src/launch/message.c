#include "launch/message.h"

#include <errno.h>
#include <unistd.h>

int message_send(int socket, enum message_type type, enum step step, int value, uint32_t index)
{
	struct message m = { .type = type, .step = step, .value = value, .index = index };
	/* write(2), not send(2): every program's filter allows it, and SIGPIPE is blocked or its receiver is gone anyway. */
	ssize_t n;
	do
		n = write(socket, &m, sizeof m);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
