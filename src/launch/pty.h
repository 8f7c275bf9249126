/*
 * process.terminal = "pty", the launcher's side.  The program has a pseudo terminal of its own (child.c makes it); the launcher
 * copies between its master and the terminal that bailey was started on.  While the program has the keyboard, the caller's
 * terminal is in raw mode and all that ^C, ^Z, ^S and line editing do is done by the program's own: pty(7), termios(3).
 */
#ifndef BAILEY_LAUNCH_PTY_H
#define BAILEY_LAUNCH_PTY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <termios.h>

enum { PTY_BUFFER = 4096, PTY_POLLS = 2 };

/* One direction. What was read is written before more is read, so that a slow reader slows the writer down. */
struct pty_flow {
	char bytes[PTY_BUFFER];
	size_t at, len; /* bytes[at] up to bytes[len] wait to be written */
};

struct pty {
	int terminal; /* the caller's, opened anew: O_NONBLOCK is for us alone. -1 once it has hung up */
	int master; /* -1 until the sandbox has sent it, and after a hangup */
	bool lent; /* the program has had the keyboard */
	bool raw; /* it has the keyboard now, the caller's terminal is in raw mode */
	struct termios modes; /* of the caller's terminal, to be put back */
	struct pty_flow in, out;
};

/*
 * Opens the caller's terminal, the first of the descriptors 0..2 in `fds` (a bit for each), and notes its modes.  `lent` is set
 * when the program should have the keyboard at once: bailey is in the foreground, both its input and output are the terminal.
 * Returns 0 or -errno.  The object is large and only partly written here; pty_close() frees what it holds.
 */
int pty_open(struct pty *p, unsigned fds);

/* The size of the caller's terminal. */
struct winsize pty_size(const struct pty *p);

/* Takes the master over and gives the program's terminal the size of the caller's. */
void pty_attach(struct pty *p, int master);

/* Gives the program the keyboard if the launcher is in the foreground: raw mode. True when the program has it afterwards. */
bool pty_lend(struct pty *p);

/* Takes the keyboard back: the caller's terminal is as it was. Leaves it alone when it belongs to somebody else by now. */
void pty_take(struct pty *p);

/* Passes the size of the caller's terminal on; the kernel tells the programs inside (SIGWINCH). */
void pty_resize(const struct pty *p);

/* What to poll(2) for; fills `fds` in and returns how many. */
nfds_t pty_wants(const struct pty *p, struct pollfd fds[PTY_POLLS]);

/*
 * After poll(2): copies what can be copied without waiting.  False when the launcher turned out to be in the background although the program
 * had the keyboard.
 */
bool pty_copy(struct pty *p, const struct pollfd fds[PTY_POLLS]);

/* Writes what the program has written so far, as far as that goes without waiting: before the launcher stops. */
void pty_catch_up(struct pty *p);

/*
 * After the program's end: writes what it had written, until all is out, the terminal has hung up or has taken nothing for
 * `wait_ms` (-1: however long), or a signal that means to end the launcher arrives at the signalfd `signals`.
 */
void pty_drain(struct pty *p, int signals, int wait_ms);

/* Puts the caller's terminal back and closes everything. */
void pty_close(struct pty *p);

#endif
