/*
 * bailey-open: addresses that a program in a sandbox wants opened.  It is two programs, which talk by one packet each way: the address,
 * and what is wrong with it (nothing: it is being opened).
 *
 *   bailey-open URI                               inside, as xdg-open: asks the other one; status as xdg-open(1) has it
 *   bailey-open serve SOCKET HANDLER SCHEME...    outside, started by bailey: makes the socket, writes a byte to its standard output,
 *                                                 and starts HANDLER with an address as its only argument, when it has one of the schemes
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/uri.h"

enum { SYNTAX = 1, FAILED = 4, ANSWER_MAX = 256, PATIENCE_MS = 1000, BURST = 4, EACH_MS = 3000 };

static const char socket_path[] = "/run/bailey-open/socket";

extern char **environ;

/* ---- inside ---- */

static int ask(const char *uri)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char answer[ANSWER_MAX];
	memcpy(to.sun_path, socket_path, sizeof socket_path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 || send(fd, uri, strlen(uri), MSG_NOSIGNAL) < 0) {
		(void)fprintf(stderr, "xdg-open: nobody opens addresses for this sandbox: %s\n", strerror(errno));
		return FAILED;
	}
	ssize_t n = recv(fd, answer, sizeof answer - 1, 0);
	(void)close(fd);
	answer[n > 0 ? n : 0] = '\0';
	if (n == 1 && answer[0] == '\n')
		return 0;
	(void)fprintf(stderr, "xdg-open: %s is not opened: %s\n", uri, n > 0 ? answer : "there was no answer");
	return FAILED;
}

/* ---- outside ---- */

/* How often: some at once, then one at a time. */
struct rate {
	int64_t at; /* of the monotonic clock in ms, when `left` was true */
	unsigned left;
};

static bool may_open(struct rate *r)
{
	int64_t now = clock_ms();
	while (r->left < BURST && now - r->at >= EACH_MS) {
		r->left++;
		r->at += EACH_MS;
	}
	if (r->left == BURST)
		r->at = now;
	if (r->left == 0)
		return false;
	r->left--;
	return true;
}

/* The handler is the user's own program, like one that was started from the menu: it runs on when the sandbox ends. */
static _Noreturn void become_handler(const char *handler, char *uri)
{
	static char name[] = "xdg-open";
	char *const argv[] = { name, uri, NULL };
	struct sigaction plain = { .sa_handler = SIG_DFL };
	int null = open("/dev/null", O_RDWR);
	/* They were for the window of the program inside. */
	(void)unsetenv("DESKTOP_STARTUP_ID");
	(void)unsetenv("XDG_ACTIVATION_TOKEN");
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > 2)
		(void)close(null);
	(void)sigaction(SIGPIPE, &plain, NULL);
	if (setsid() >= 0 && fork() == 0)
		(void)execve(handler, argv, environ);
	_exit(0);
}

static const char *open_outside(const char *handler, char *uri)
{
	pid_t pid = fork();
	if (pid == 0)
		become_handler(handler, uri);
	if (pid < 0)
		return "no process can be started for it";
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	return NULL;
}

/* Nobody is waited for for long: who connects may say nothing. */
static void serve_one(int client, const char *handler, char *const *schemes, size_t count, struct rate *rate)
{
	char uri[URI_MAX + 2];
	struct pollfd p = { .fd = client, .events = POLLIN };
	ssize_t n = poll(&p, 1, PATIENCE_MS) == 1 ? recv(client, uri, sizeof uri - 1, MSG_DONTWAIT) : -1;
	if (n <= 0)
		return;
	uri[n] = '\0';
	const char *wrong = uri_wrong(uri, (size_t)n, schemes, count);
	if (wrong == NULL && !may_open(rate))
		wrong = "too many addresses are opened at once; try again in a while";
	if (wrong == NULL)
		wrong = open_outside(handler, uri);
	if (wrong == NULL)
		wrong = "\n";
	(void)send(client, wrong, strlen(wrong), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int serve(const char *path, const char *handler, char *const *schemes, size_t count)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct rate rate = { .left = BURST };
	if (strlen(path) >= sizeof at.sun_path) {
		(void)fprintf(stderr, "%s is too long for a socket\n", path);
		return 1;
	}
	memcpy(at.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, BURST) < 0 ||
		write(STDOUT_FILENO, "x", 1) != 1) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (client < 0)
			return 1;
		serve_one(client, handler, schemes, count, &rate);
		(void)close(client);
	}
}

int main(int argc, char *argv[])
{
	if (argc >= 5 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3], argv + 4, (size_t)argc - 4);
	if (argc == 2 && argv[1][0] != '-')
		return ask(argv[1]);
	(void)fprintf(stderr, "usage: xdg-open ADDRESS\n");
	return SYNTAX;
}
