/* Events and messages must never keep the launcher waiting: a program that fills the pipe would outlive its timeout. */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "launch/events.h"
#include "tap.h"

static void fill(int fd)
{
	static const char bytes[4096];
	int flags = fcntl(fd, F_GETFL);
	(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, bytes, sizeof bytes) > 0) {
	}
	(void)fcntl(fd, F_SETFL, flags);
}

int main(void)
{
	int p[2];
	if (pipe(p) < 0)
		return 1;
	alarm(20); /* ends a test that waits for ever */
	ok(event_room(p[1]), "an empty pipe has room");
	fill(p[1]);
	ok(!event_room(p[1]), "a full one has none");
	time_t before = time(NULL);
	event_ended(p[1], 0, 0);
	event_stopped(p[1], SIGTSTP);
	ok(time(NULL) - before < 10, "what finds no room is dropped");
	(void)close(p[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	event_continued(p[1]);
	ok(true, "a reader that went away is ignored");
	return tap_done();
}
