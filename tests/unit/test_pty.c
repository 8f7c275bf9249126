/* The launcher's side of a pseudo terminal, with one pair that plays the caller's terminal and one that plays the program's. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/pty.h"
#include "tap.h"

static int make_pair(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	return master;
}

static struct pty pty;
static int user, program; /* the other ends: who looks at the caller's terminal, and the program */
static int named[3]; /* what is at 0..2 meanwhile */

/* The caller's terminal is at descriptor `fd`. */
static int begin(int fd, unsigned fds)
{
	int slave = -1, master;
	user = make_pair(&slave);
	named[fd] = dup(fd);
	(void)dup2(slave, fd);
	(void)close(slave);
	int r = pty_open(&pty, fds);
	(void)dup2(named[fd], fd);
	(void)close(named[fd]);
	master = make_pair(&program);
	if (r == 0)
		pty_attach(&pty, master);
	return r;
}

static void finish(void)
{
	pty_close(&pty);
	if (program >= 0)
		(void)close(program);
	if (user >= 0)
		(void)close(user);
}

/* One turn of the launcher's loop. */
static void turn(int wait_ms)
{
	struct pollfd fds[PTY_POLLS];
	nfds_t n = pty_wants(&pty, fds);
	if (n > 0 && poll(fds, n, wait_ms) > 0)
		(void)pty_copy(&pty, fds);
}

static size_t turn_and_read(int fd, char *to, size_t size, size_t want)
{
	size_t have = 0;
	for (int i = 0; i < 100 && have < want; i++) {
		turn(10);
		ssize_t n = read(fd, to + have, size - have);
		if (n > 0)
			have += (size_t)n;
	}
	return have;
}

static void test_modes(void)
{
	struct termios before = { 0 }, now, after = { 0 }, left = { 0 };
	struct winsize size = { .ws_row = 41, .ws_col = 99 };
	if (!ok(begin(0, 1U << 0) == 0, "the caller's terminal is opened"))
		return;
	ok(!pty.lent && !pty.raw, "with input alone it keeps the keyboard until the program asks");
	(void)tcgetattr(user, &before);
	before.c_lflag ^= ECHOCTL; /* changed after the start */
	(void)tcsetattr(user, TCSANOW, &before);
	ok(pty_lend(&pty) && pty.lent && pty.raw, "it is lent");
	(void)tcgetattr(user, &now);
	ok((now.c_lflag & (ICANON | ECHO | ISIG)) == 0 && (now.c_oflag & OPOST) == 0 && (now.c_iflag & (ICRNL | IXON)) == 0,
		"raw mode");
	ok(pty_lend(&pty), "twice is no harm");
	struct termios given = { 0 };
	(void)tcgetattr(program, &given);
	ok(given.c_lflag == before.c_lflag && given.c_iflag == before.c_iflag,
		"the program's terminal has the modes the caller's had by then");
	pty_take(&pty);
	(void)tcgetattr(user, &after);
	ok(memcmp(&before, &after, sizeof before) == 0 && !pty.raw, "taken back it is as it was");
	(void)ioctl(user, TIOCSWINSZ, &size);
	pty_resize(&pty);
	(void)ioctl(program, TIOCGWINSZ, &size);
	ok(size.ws_row == 41 && size.ws_col == 99, "the size is passed on");
	finish();
	(void)begin(0, 1U << 0 | 1U << 1);
	ok(pty.lent, "with input and output on it, the program has it at once");
	finish();
	(void)begin(1, 1U << 1);
	int shell = open(ptsname(user), O_RDWR | O_NOCTTY); /* has the terminal open all the time */
	(void)tcgetattr(user, &before);
	(void)pty_lend(&pty);
	pty_close(&pty);
	(void)tcgetattr(user, &left);
	ok(memcmp(&before, &left, sizeof before) == 0, "closing puts the modes back too");
	(void)close(shell);
	finish();
	pty.terminal = -1;
	int null = open("/dev/null", O_RDWR), keep = dup(0);
	(void)dup2(null, 0);
	ok(pty_open(&pty, 1U << 0) == -ENOTTY, "what is no terminal is refused");
	(void)dup2(keep, 0);
	(void)close(keep);
	(void)close(null);
	if (pty.terminal >= 0)
		(void)close(pty.terminal);
}

static void test_keyboard(void)
{
	char text[64] = "";
	(void)begin(0, 1U << 0);
	(void)!write(user, "ahead\n", 6);
	turn(50);
	(void)fcntl(program, F_SETFL, O_NONBLOCK);
	ok(read(program, text, sizeof text) < 0 && errno == EAGAIN, "not lent, nothing is read from the keyboard");
	(void)pty_lend(&pty);
	size_t n = turn_and_read(program, text, sizeof text, 6);
	ok(n == 6 && memcmp(text, "ahead\n", 6) == 0, "lent, what was typed ahead comes");
	struct termios raw;
	(void)tcgetattr(program, &raw);
	cfmakeraw(&raw);
	(void)tcsetattr(program, TCSANOW, &raw);
	(void)!write(user, "\003\032\r", 3);
	n = turn_and_read(program, text, sizeof text, 3);
	ok(n == 3 && memcmp(text, "\003\032\r", 3) == 0, "and each key is passed on");
	finish();
}

static void test_output(void)
{
	char text[64];
	(void)begin(1, 1U << 1);
	(void)!write(program, "a\nb\r\n\nc\rd", 9);
	size_t n = turn_and_read(user, text, sizeof text, 12);
	ok(n == 12 && memcmp(text, "a\r\nb\r\r\n\r\nc\rd", 12) == 0,
		"in the background lines end as the program's terminal ends them");
	(void)pty_lend(&pty);
	(void)!write(program, "a\nb", 3);
	n = turn_and_read(user, text, sizeof text, 4);
	ok(n == 4 && memcmp(text, "a\r\nb", 4) == 0, "in raw mode too");
	finish();
}

static char byte_at(size_t i)
{
	return (char)('a' + i * 7 % 26);
}

static void test_all_arrives(void)
{
	enum { TOTAL = 1 << 20 };
	(void)begin(0, 1U << 0 | 1U << 1);
	(void)pty_lend(&pty);
	pid_t writer = fork();
	if (writer == 0) {
		char block[1000];
		size_t at = 0;
		while (at < TOTAL) {
			size_t n = TOTAL - at < sizeof block ? TOTAL - at : sizeof block;
			for (size_t i = 0; i < n; i++)
				block[i] = byte_at(at + i);
			ssize_t done = write(program, block, n);
			if (done <= 0)
				_exit(1);
			at += (size_t)done;
		}
		_exit(0);
	}
	(void)close(program);
	program = -1;
	size_t have = 0;
	bool same_bytes = true;
	char block[777];
	int status = -1;
	for (int i = 0; i < 200000 && have < TOTAL; i++) {
		if (status < 0 && waitpid(writer, &status, WNOHANG) == writer && status == 0)
			break; /* the rest is for the drain */
		turn(1);
		ssize_t n = read(user, block, sizeof block);
		for (ssize_t k = 0; k < n; k++)
			same_bytes &= block[k] == byte_at(have++);
	}
	pid_t reader = fork();
	if (reader == 0) {
		for (int idle = 0; idle < 500 && have < TOTAL;) {
			ssize_t n = read(user, block, sizeof block);
			for (ssize_t k = 0; k < n; k++)
				same_bytes &= block[k] == byte_at(have++);
			if (n <= 0 && idle++ < 500)
				(void)usleep(2000);
		}
		_exit(same_bytes && have == TOTAL ? 0 : 1);
	}
	int pipes[2];
	(void)!pipe(pipes); /* in the place of a signalfd at which nothing arrives */
	pty_drain(&pty, pipes[0], -1);
	(void)waitpid(reader, &status, 0);
	ok(status == 0, "a mebibyte arrives in order, with what is written last");
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	finish();
}

static void test_stuck(void)
{
	char block[PTY_BUFFER];
	struct pollfd fds[PTY_POLLS];
	int pipes[2];
	memset(block, 'x', sizeof block);
	(void)!pipe(pipes);
	(void)begin(0, 1U << 0 | 1U << 1);
	(void)pty_lend(&pty);
	(void)fcntl(program, F_SETFL, O_NONBLOCK);
	size_t written = 0;
	for (int i = 0; i < 300; i++) {
		ssize_t n = write(program, block, sizeof block);
		written += n > 0 ? (size_t)n : 0;
		turn(1);
	}
	ok(written < 300 * sizeof block && pty.out.len > 0, "a terminal that takes nothing holds the program up");
	ok(pty_wants(&pty, fds) == 2 && (fds[1].events & POLLIN) == 0 && (fds[0].events & POLLIN) != 0,
		"meanwhile only the keyboard is read");
	pty_drain(&pty, pipes[0], 20);
	ok(pty.out.len > 0, "the drain gives up in its time");
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	finish();
}

static void test_hangup(void)
{
	char c;
	struct pollfd fds[PTY_POLLS];
	(void)begin(1, 1U << 1);
	(void)close(user);
	user = -1;
	turn(100);
	ok(pty.master < 0 && pty_wants(&pty, fds) == 0, "a hangup is seen without the keyboard too");
	finish();
	(void)begin(0, 1U << 0 | 1U << 1);
	(void)pty_lend(&pty);
	(void)close(user);
	user = -1;
	turn(100);
	turn(100);
	ok(pty.master < 0 && pty.terminal < 0 && pty_wants(&pty, fds) == 0, "a hangup ends the copying");
	ok(read(program, &c, 1) <= 0, "and hangs the program's terminal up");
	finish();
}

int main(void)
{
	test_modes();
	test_keyboard();
	test_output();
	test_all_arrives();
	test_stuck();
	test_hangup();
	return tap_done();
}
