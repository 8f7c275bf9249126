/*
 * bailey-unpack: unpacks a tar archive into a directory, or empties one.  bailey starts it, in namespaces of its own:
 *
 *   bailey-unpack PID unpack TREE user|archive BYTES MEMBERS    the archive is standard input; whose the files are; bounds
 *   bailey-unpack PID remove TREE                               PID is bailey's
 *
 * Standard output gets what was left out, as a line for people; standard error what is wrong, a line, and a second with what to
 * do about it.  Status 0 when all is done, else 1, and then TREE is empty.
 */
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/write.h"
#include "image/helper/confine.h"
#include "image/helper/tree.h"

enum { ROOT = 3 };

/* write(2), because stdio would ask about the descriptor by calls that are forbidden by then. */
static void say(int fd, const char *text)
{
	(void)write_all(fd, text, strlen(text)); /* nobody can be told when that fails */
}

static int fail(const struct err *e)
{
	say(STDERR_FILENO, e->text);
	say(STDERR_FILENO, "\n");
	say(STDERR_FILENO, e->hint);
	return 1;
}

static void say_left_out(struct arena *a, const struct left_out *left)
{
	if (left->devices > 0)
		say(STDOUT_FILENO,
			arena_printf(a, "%" PRIu64 " device node%s (%s%s)", left->devices, left->devices == 1 ? "" : "s",
				left->first_device, left->devices == 1 ? "" : ", ..."));
	if (left->devices > 0 && left->others > 0)
		say(STDOUT_FILENO, " and ");
	if (left->others > 0)
		say(STDOUT_FILENO,
			arena_printf(a, "%" PRIu64 " FIFO%s or socket%s (%s%s)", left->others, left->others == 1 ? "" : "s",
				left->others == 1 ? "" : "s", left->first_other, left->others == 1 ? "" : ", ..."));
}

static bool number(const char *text, uint64_t *ret)
{
	int64_t n;
	if (num_int(text, 1, INT64_MAX, &n) < 0)
		return false;
	*ret = (uint64_t)n;
	return true;
}

static int confine(const char *tree, pid_t parent, uint64_t bytes, struct err *e)
{
	int root = confine_files(tree, e);
	return root < 0 ? root : confine_process(root, parent, bytes, e);
}

static int unpack(struct arena *a, const char *tree, pid_t parent, bool owners, const struct bounds *bounds)
{
	struct err e = { 0 };
	struct left_out left = { 0 };
	if (confine(tree, parent, bounds->bytes, &e) < 0)
		return fail(&e);
	if (extract(a, STDIN_FILENO, ROOT, owners, bounds, &left, &e) < 0) {
		(void)remove_all(ROOT); /* the mistake that counts is the first one; bailey sees what is left */
		return fail(&e);
	}
	say_left_out(a, &left);
	return 0;
}

static int empty(const char *tree, pid_t parent)
{
	struct err e = { 0 };
	if (confine(tree, parent, 1, &e) < 0)
		return fail(&e);
	int r = remove_all(ROOT);
	if (r == 0)
		return 0;
	(void)err_set(&e, -r, "cannot remove all of it");
	return fail(&e);
}

int main(int argc, char **argv)
{
	struct arena a = { 0 };
	struct bounds bounds;
	uint64_t parent;
	/* A file that grows too large is to be an error in words. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* Names in archives are bytes; libarchive wants to read those of some headers as UTF-8. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	bool known = argc >= 4 && number(argv[1], &parent) && parent <= INT32_MAX;
	if (known && argc == 4 && strcmp(argv[2], "remove") == 0)
		return empty(argv[3], (pid_t)parent);
	if (known && argc == 7 && strcmp(argv[2], "unpack") == 0 && number(argv[5], &bounds.bytes) &&
		number(argv[6], &bounds.members))
		return unpack(&a, argv[3], (pid_t)parent, strcmp(argv[4], "archive") == 0, &bounds);
	say(STDERR_FILENO, "bailey-unpack is a part of bailey, which starts it\n");
	return 1;
}
