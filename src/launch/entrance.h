/*
 * What a command that enters a sandbox is made of.  The template is the launcher's: what the plan gave the program.  The request is
 * the caller's: the command, its descriptors.  Both are memory files that only those who start sandboxes have; the process that
 * becomes the command reads them, pid 1 does not.
 */
#ifndef BAILEY_LAUNCH_ENTRANCE_H
#define BAILEY_LAUNCH_ENTRANCE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>

#include "plan/plan.h"

enum { ENTRANCE_MAX = 2 * 1024 * 1024 };

/* ---- template ---- */

struct template_limit {
	int32_t resource;
	struct rlimit value;
};

/* Followed by the limits, the filter's instructions, and texts: the working directory, then the environment. */
struct template_head {
	_Alignas(8) uint32_t size; /* of all */
	uint32_t limits, instructions, variables;
	int32_t nice;
	uint32_t umask;
	bool has_nice, has_umask;
	bool keeps_term; /* plan.h */
};

/* A sealed memory file, or -errno. */
int template_make(const struct plan *plan, const struct sock_fprog *filter);

struct template
{
	const struct template_head *head;
	const struct template_limit *limits;
	struct sock_fprog filter;
	const char *directory;
	char **envp; /* NULL-terminated, room for one more */
};

/* Reads it into memory that is never given back. 0 or -errno. Without the C library's malloc. */
int template_read(struct template *ret, int fd);

/* ---- request ---- */

/* Followed by texts: the working directory ("": the template's), "TERM=..." ("": the template's), the words of the command (none: a shell). */
struct request_head {
	uint32_t size;
	uint32_t words;
	uint32_t pty_fds; /* bit N for a descriptor N of 0..2 that becomes a pseudo terminal made inside */
	bool foreground; /* it takes that terminal at once */
	bool need_root; /* only where the command is uid 0 inside */
	bool files; /* no command: transfer.h */
	struct termios modes; /* of that terminal */
	struct winsize window;
};

/* `words` ends with NULL. A memory file, or -errno (-E2BIG). */
int request_make(const struct request_head *head, const char *directory, const char *term, char *const *words);

struct request {
	const struct request_head *head;
	const char *directory, *term;
	char **words; /* NULL-terminated */
	int fds[3]; /* what becomes 0..2 */
};

/* Sends it as the first message of a channel, and receives it. */
int request_send(int channel, int request, const int fds[3]);
int request_receive(struct request *ret, int channel);

#endif
