/*
 * What the running sandboxes of a user are: one directory for each, which only that user can enter, held by flock(2) for as long as
 * its launcher lives, with a description in JSON in it.
 *
 *     PLACE/NAME/state.json        PLACE is $XDG_RUNTIME_DIR/bailey, or what place.c finds in its stead
 *
 * No sandbox sees these directories (plan/protected.def), so nothing in them was written by a program inside.  A directory whose
 * lock is free belongs to a launcher that was killed: whoever comes by removes it and what is left of its sandbox.
 */
#ifndef BAILEY_STATE_STATE_H
#define BAILEY_STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/json.h"
#include "base/origin.h"
#include "host/facts.h"

enum { STATE_PLACES = 3, STATE_NAME_MAX = 63 };

/* ---- place.c: where ---- */

/* What decides where the state is. Texts stay the caller's. */
struct state_search {
	uid_t uid; /* whose */
	const char *runtime_dir; /* $XDG_RUNTIME_DIR, or NULL */
	const char *state_home; /* $XDG_STATE_HOME, or NULL */
	const char *home; /* or "" */
	const char *run; /* "/run" */
};

/* As the environment has it, for the user `uid`. */
void state_search(struct state_search *ret, const struct facts *f, uid_t uid);

/* Directories that are open, in the order of preference. */
struct state_places {
	struct {
		int fd;
		const char *path;
	} items[STATE_PLACES];
	size_t count;
};

/* Opens those that exist and are private to the user. None at all is no error. */
void state_places_open(struct state_places *ret, struct arena *a, const struct state_search *s);
void state_places_close(struct state_places *p);

/*
 * Opens the best one for a sandbox, making it where it is absent.  Returns a descriptor with `*ret_path`, or -errno with `e`: what
 * was tried and what was wrong with each.
 */
int state_place_make(struct arena *a, const struct state_search *s, const char **ret_path, struct err *e);

/* ---- process.c ---- */

/* A process that is not taken for another one with its number. */
struct state_process {
	pid_t pid; /* 0: none */
	uint64_t start; /* clock ticks after boot: proc_pid_stat(5) */
	uint64_t inode; /* of its pidfd where the kernel has a number of its own for each (Linux 6.9), else 0 */
};

/* The process of that number at this moment. 0, or -ESRCH when there is none. */
int state_process(struct state_process *ret, pid_t pid);

/* Whether it is still there (also as a zombie). */
bool state_process_lives(const struct state_process *p);

/* A pidfd of that very process: pidfd_open(2). -ESRCH when it is gone. */
int state_process_open(const struct state_process *p);

/* Its state as proc_pid_stat(5) names it ('T': stopped), or 0 when it is gone. */
char state_process_state(const struct state_process *p);

/* Whether the process `pid` is a child or a deeper descendant of `above`, as far as /proc shows it. */
bool state_process_below(pid_t pid, pid_t above);

/* Milliseconds since it began. */
uint64_t state_process_age(const struct state_process *p);

/* All processes at one moment, as far as /proc shows them. */
struct state_task {
	pid_t pid, parent;
	uint64_t start, memory, cpu_us; /* `memory` resident bytes */
	unsigned threads;
	char state; /* 'T': stopped; proc_pid_stat(5) */
	const struct state_task *up; /* the parent's, or NULL */
};
struct state_tasks {
	struct state_task *items; /* by pid */
	size_t count;
};
int state_tasks_read(struct state_tasks *ret, struct arena *a);

/* Whether the task is the process `root` or a descendant of it. */
bool state_task_within(const struct state_tasks *all, const struct state_task *task, pid_t root);

/* What a process and all its descendants take together. */
struct state_sum {
	uint64_t memory; /* resident bytes; what processes share counts for each */
	uint64_t cpu_us; /* of those that are there */
	uint64_t tasks, processes;
};
void state_sum(struct state_sum *ret, const struct state_tasks *all, pid_t root);

/* ---- record.c: the description ---- */

/* A limit as it is held at present. */
struct state_limit {
	const char *setting; /* "resources.memory" */
	const char *what; /* "memory cap 512M" */
	struct origin origin;
};

struct state_record {
	const char *name;
	const char *profile, *profile_path; /* the path may be NULL */
	const char *program; /* path inside */
	const char *plan; /* a sum of the plan in hexadecimal digits: equal for launches that do the same */
	int64_t started; /* seconds since 1970 */
	struct state_process launcher, sandbox,
		task; /* bailey; the sandbox's first process; the program. Not known while it starts: 0 */
	bool own_network; /* it is in a network namespace of its own */
	bool hub; /* on a network in the hub of its user */
	const char *driver; /* of the cgroup, or NULL when it has none */
	const char **cgroups; /* its directories with limits: one on version 2, one for each hierarchy on version 1 */
	size_t cgroup_count;
	struct state_limit *limits;
	size_t limit_count;
	const char **degraded; /* settings that are held less tightly than asked for */
	size_t degraded_count;
	const char *log; /* directory of what it writes, when it runs in the background; else NULL */
	unsigned restarts; /* how often it was started again */
	const char *instance; /* what one of process.instance = "single" is: equal for those that could join it; else NULL */
	const char **grants; /* "read /path": for the arguments it was started with */
	size_t grant_count;
	int64_t waits_until; /* seconds since 1970: it is started again then; 0: it runs */
};

/* As the text of state.json. */
void state_record_print(struct buf *out, const struct state_record *r);

/* The members "limits" and "degraded" of an open JSON object. */
void state_record_limits(struct json *j, const struct state_record *r);

/* Reads such a text strictly. 0, or -EINVAL with `e`. Texts live in the arena. */
int state_record_read(struct state_record *ret, struct arena *a, const char *text, size_t len, struct err *e);

/* ---- entry.c: one directory ---- */

/* The launcher's hold on its own. */
struct state_entry {
	int place, directory; /* -1 when there is none */
	char name[STATE_NAME_MAX + 1];
};

/* Whether a text may be the name of a sandbox; `*ret_why` says what is wrong with it. */
bool state_name_valid(const char *name, const char **ret_why);

/*
 * Takes the name and holds it.  `name` NULL makes one of the profile's: "firefox-1".  A name that a running sandbox has is -EEXIST
 * with `e`; other failures are -errno with `e`.  ret->place takes `place` over, also when this fails.
 */
int state_enter(struct state_entry *ret, struct arena *a, int place, const char *name, const char *profile, struct err *e);

/* The words for a name that another one has: -EEXIST with `e`. What is not known of that one may be zero. */
int state_name_taken(const struct state_record *other, struct err *e);

/* Writes the description, all at once for whoever reads it. 0 or -errno with `e`. */
int state_write(const struct state_entry *entry, const struct state_record *r, struct err *e);

/*
 * Changes the description of one's own sandbox, which others may be changing too (bailey limit). 0 or -errno with `e`.
 */
int state_update(
	const struct state_entry *entry, void (*change)(struct state_record *r, const void *data), const void *data, struct err *e);

/* Whether somebody has asked for that. */
bool state_end_asked(const struct state_entry *entry);

/* Looks up what it is called by now: state_rename(). */
void state_entry_name(struct state_entry *entry);

/* Removes the directory and lets go of it. Nothing happens for an entry that was not entered. */
void state_leave(struct state_entry *entry);

/* ---- list.c: all of them ---- */

struct state_sandbox {
	struct state_record record;
	const char *path; /* of its directory */
	uid_t uid; /* whose, in a list of another user's */
	const char *user; /* the name, in a list of all users' */
};

/*
 * The running sandboxes in all places, by name, and removal of what killed launchers have left; failures of that become warnings in
 * `d`.  Those whose launcher has not described them yet are left out.
 */
void state_list(struct state_sandbox **ret, size_t *ret_count, struct arena *a, const struct state_search *s, struct diags *d);

/*
 * Those of another user, for root: only looked at, and believed as far as they are that user's own processes.  They are not for anything
 * that changes a sandbox.
 */
void state_list_foreign(struct state_sandbox **ret, size_t *ret_count, struct arena *a, const struct state_search *s);

/*
 * The sandbox that a word means: its name; the number of one of its processes; its profile or the beginning of its name, when no other
 * has the same.  0, -ENOENT, or -ENOTUNIQ with `e` naming those it could be.
 */
int state_find(const struct state_sandbox **ret, const struct state_sandbox *all, size_t count, const char *word, struct err *e);

/*
 * For a change of a running sandbox of another launcher: waits until nobody else changes it, and reads its description again.
 * Returns a descriptor to be closed after state_replace(), or -errno with `e`, also when the sandbox has ended.
 */
int state_change(struct state_sandbox *sandbox, struct arena *a, struct err *e);

/*
 * Asks for the end of a sandbox that is started again when it ends: it is not, from now on. 0 or -errno.  The manager that waits for
 * the next start wants SIGTERM besides.
 */
int state_ask_end(const struct state_sandbox *sandbox);

/*
 * Gives it another name, which has to be valid.  0, -EEXIST when another one has it, or -errno with `e`.  The sandbox's own host name, and
 * how others of its network call it, stay.
 */
int state_rename(struct state_sandbox *sandbox, struct arena *a, const char *name, struct err *e);

/* Replaces its description. 0 or -errno with `e`. */
int state_replace(const struct state_sandbox *sandbox, const struct state_record *r, struct err *e);

/* ---- journal.c: what happens, for those who listen ---- */

enum state_event_kind { STATE_EVENT_STARTED, STATE_EVENT_LIMITED, STATE_EVENT_REFUSED, STATE_EVENT_STOPPED };

/* Of a fixed size: it goes from a launcher to its keeper. */
struct state_event {
	uint32_t kind;
	int32_t status, signal; /* of STOPPED; status -1: nobody knows */
	int64_t count; /* of LIMITED and REFUSED: how often, how many packets */
	char setting[48], what[160]; /* of LIMITED and REFUSED; may be empty */
};

/* Tells it to those who listen at the place; never waits, and does nothing when nobody does. `r` describes what STARTED, else NULL. */
void state_event(int place, const char *name, const struct state_event *e, const struct state_record *r);

/* Begins to listen: a descriptor to read lines of JSON from, as they come. -errno. */
int state_listen(int place);

/*
 * To be called at the end of it: a descriptor of the next one, which begins where this one ends (and gets nothing more, but for what
 * was being written), -EAGAIN when there is none, or -errno.
 */
int state_listen_next(int place, int fd);

/* Closes it, and removes what nobody reads any more. */
void state_listen_end(int place, int fd);

/* ---- signal.c, pause.c: what is done to one that runs ---- */

/*
 * Sends a signal to the sandbox's program, or with `group` to its process group as a terminal would.  When the program has ended and
 * others of the sandbox go on, they get it.  0, -ESRCH when nobody is left, or another -errno.
 */
int state_signal(const struct state_record *r, int sig, bool group);

enum state_activity { STATE_STARTING, STATE_RUNNING, STATE_PAUSED };

/* What it is doing at the moment. */
enum state_activity state_activity(const struct state_sandbox *sandbox);

/*
 * Stops all that runs in it, whatever it forks meanwhile: by the freezer of its control group.  Without one, and with `signals`, by
 * SIGSTOP for each process, which are written down so that state_resume() continues those and no others; -EOPNOTSUPP without it.
 * 0, also when it is paused, or -errno with `e`; then it runs as before.  To be called with the lock of state_change().
 */
int state_pause(const struct state_sandbox *sandbox, bool signals, struct err *e);

/* Continues what state_pause() stopped. 0, also when it is not paused, or -errno with `e`. */
int state_resume(const struct state_sandbox *sandbox, struct err *e);

#endif
