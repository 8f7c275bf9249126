#include "launch/fault.h"

#ifdef BAILEY_FAULT

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fault_hold(const char *at)
{
	enum { PAUSE_MS = 5 };
	const char *want = getenv("BAILEY_FAULT"), *go = getenv("BAILEY_FAULT_GO");
	if (want == NULL || strcmp(want, at) != 0)
		return;
	(void)dprintf(STDERR_FILENO, "fault: %s %d\n", at, (int)getpid());
	while (go == NULL || access(go, F_OK) < 0)
		(void)poll(NULL, 0, PAUSE_MS);
}

#endif
