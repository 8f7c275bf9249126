#include "resolver/tls/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void gate_learn(struct gate *g, int64_t now)
{
	struct known_answer m;
	while (g->answers >= 0) {
		ssize_t n = recv(g->answers, &m, sizeof m, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0 && known_add(&g->known, &m, (size_t)n, now))
			continue;
		/* What is known stays so until its time is over. */
		(void)close(g->answers);
		g->answers = -1;
	}
}

/* The launcher reads them at the end, and a pipe holds as much. */
void gate_tell(struct gate *g, const char *why, const struct endpoint *to, const char *name)
{
	char line[GATE_TOLD_LINE], address[INET6_ADDRSTRLEN];
	if (!g->rules.log || g->told_count == GATE_TOLD_MAX ||
		inet_ntop(to->at.size == 4 ? AF_INET : AF_INET6, to->at.bytes, address, sizeof address) == NULL)
		return;
	int len = snprintf(line, sizeof line, "%s %u %s %s\n", why, (unsigned)to->port, address, name != NULL ? name : "-");
	for (size_t i = 0; i < g->told_count; i++)
		if (strcmp(g->told[i], line) == 0)
			return;
	if (len < 0 || (size_t)len >= sizeof line)
		return;
	memcpy(g->told[g->told_count++], line, (size_t)len + 1);
	(void)!write(STDOUT_FILENO, line, (size_t)len);
}
