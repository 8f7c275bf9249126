#include "launch/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *notify_socket(const char *path, const struct plan *plan)
{
	static const char name[] = "NOTIFY_SOCKET=";
	for (char *const *v = plan->envp; path != NULL && v != NULL && *v != NULL; v++)
		if (strncmp(*v, name, sizeof name - 1) == 0)
			return NULL;
	return path;
}

void notify_send(const char *path, const char *text)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path != NULL ? strlen(path) : 0;
	if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@') /* unix(7), abstract */
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* Of an abstract name the length counts. A manager that is not told ends us for it, and says so. */
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/')));
	(void)close(fd);
}
