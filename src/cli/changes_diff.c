/* What differs in a file, by diff(1): on descriptors, without a terminal, and made harmless before it is shown. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/utf8.h"
#include "cli/changes.h"

enum { FILE_MAX = 4 << 20, OUTPUT_MAX = 1 << 20, OLD = 3, NEW = 4, NOT_EXECUTED = 127 };

/* What a terminal would obey, and what is no character, as \xNN. */
void changes_clean(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t shown = text[i] == '\n' || text[i] == '\t' ? 1 : utf8_shown(text + i, len - i);
		if (shown > 0)
			buf_add(out, text + i, shown);
		else
			buf_printf(out, "\\x%02x", (unsigned char)text[i]);
		i += shown > 0 ? shown : 1;
	}
}

static _Noreturn void execute(int old, int new, int output)
{
	static char name[] = "diff", unified[] = "-u", label[] = "--label", before[] = "before", after[] = "after", dashes[] = "--",
		    first[] = "/dev/fd/3", second[] = "/dev/fd/4", language[] = "LC_ALL=C";
	char *const argv[] = { name, unified, label, before, label, after, dashes, first, second, NULL };
	char *const envp[] = { language, NULL };
	/* Out of the way of each other first. */
	int a = fcntl(old, F_DUPFD_CLOEXEC, 10), b = fcntl(new, F_DUPFD_CLOEXEC, 10), o = fcntl(output, F_DUPFD_CLOEXEC, 10);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (a >= 0 && b >= 0 && o >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(o, STDOUT_FILENO) >= 0 &&
		dup2(nothing, STDERR_FILENO) >= 0 && dup2(a, OLD) >= 0 && dup2(b, NEW) >= 0 &&
		sys_close_range(NEW + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
		(void)execve("/usr/bin/diff", argv, envp);
		(void)execve("/bin/diff", argv, envp);
	}
	_exit(NOT_EXECUTED);
}

static void read_output(struct buf *out, int fd)
{
	char piece[8192];
	size_t total = 0;
	ssize_t n;
	struct buf text = { .arena = out->arena };
	while ((n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || total > OUTPUT_MAX)
			break;
		total += (size_t)n;
		buf_add(&text, piece, (size_t)n);
	}
	changes_clean(out, buf_text(&text), text.len);
	if (text.len > 0 && buf_text(&text)[text.len - 1] != '\n')
		buf_putc(out, '\n');
	if (total > OUTPUT_MAX)
		buf_puts(out, "(more is not shown)\n");
}

static void run_diff(struct buf *out, int old, int new)
{
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid_t pid = fork();
	if (pid == 0)
		execute(old, new, ends[1]);
	(void)close(ends[1]);
	if (pid > 0)
		read_output(out, ends[0]);
	(void)close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (pid < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == NOT_EXECUTED))
		buf_puts(out, "(there is no diff in /usr/bin to show it with)\n");
}

static int open_side(int dir, const struct change *c, const struct stat *st, bool still)
{
	return S_ISREG(st->st_mode) ? walk_open_file(dir, c->name, still) : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void changes_diff(struct buf *out, const struct change *c, bool still)
{
	bool file = S_ISREG(c->upper.st_mode) || S_ISREG(c->host.st_mode);
	if (!file || (c->kind == CHANGE_MODIFIED && c->mode_only))
		return;
	if (c->upper.st_size > FILE_MAX || c->host.st_size > FILE_MAX) {
		buf_puts(out, "(too large to compare here)\n");
		return;
	}
	int old = open_side(c->host_dir, c, &c->host, false), new = open_side(c->upper_dir, c, &c->upper, still);
	if (old >= 0 && new >= 0)
		run_diff(out, old, new);
	else
		buf_puts(out, "(cannot be read)\n");
	if (old >= 0)
		(void)close(old);
	if (new >= 0)
		(void)close(new);
}
