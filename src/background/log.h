/*
 * What programs in the background write: kept outside of every sandbox, bounded in size, byte for byte, with the time.
 *
 *     ${STATE}/bailey/logs/NAME/log      the newest part; log.1 is the one before, replaced when `log` has half of the bound
 *
 * A record is a line "STREAM SECONDS.MICROSECONDS LENGTH", that many bytes, and a line end; STREAM is a letter of enum
 * log_stream.  Only the lengths tell records apart: what a program writes may look like such a line.  The program holds a pipe
 * or a terminal; what it can reach of these files is nothing.
 */
#ifndef BAILEY_BACKGROUND_LOG_H
#define BAILEY_BACKGROUND_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "host/facts.h"

enum log_stream { LOG_OUTPUT = 'o', LOG_ERROR = 'e', LOG_TERMINAL = 't', LOG_NOTE = 'n' /* of bailey's own */ };
enum { LOG_RECORD_MAX = 8192, LOG_NAME_MAX = 255 };

/* Where the logs of this user are, a directory for each name. 0, or -errno with `e` when there is no home. */
int log_place(struct arena *a, struct facts *f, const char **ret, struct err *e);

/* ---- log.c: the one that writes ---- */

struct log {
	int directory; /* flock(2) on it says that somebody writes */
	int file;
	uint64_t size, bound; /* of the file; of both files together */
	uint64_t lost; /* bytes that could not be written, since the last note of it */
	int error; /* why */
};

/*
 * Opens the log in the directory `path`, making both, for `bound` bytes.  What an earlier one of the name has left stays; a record
 * that was cut off is removed.  0, or -errno with `e` (EBUSY: another process writes to it). Nothing is held after a failure.
 */
int log_open(struct log *ret, const char *path, uint64_t bound, struct err *e);

/* Adds a record of `len` bytes, LOG_RECORD_MAX at most. What the disk does not take is counted, and told by a note after what it takes next. */
void log_write(struct log *l, enum log_stream stream, const void *bytes, size_t len);

/* The same for a text of bailey's. */
void log_note(struct log *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void log_close(struct log *l);

/* ---- log_read.c: those that read ---- */

struct log_record {
	enum log_stream stream;
	int64_t seconds; /* since 1970 */
	long microseconds;
	const char *bytes; /* until the next call */
	size_t len;
};

struct log_reader {
	int directory;
	int file; /* -1: none yet */
	bool older; /* it is log.1 */
	uint64_t inode; /* of the file */
	bool gap; /* records between this one and the one before are gone: the log was replaced faster than it was read */
	size_t at, filled; /* of `bytes` */
	char bytes[LOG_RECORD_MAX + 128];
};

/* Opens a log for reading, at its oldest record. 0 or -errno. */
int log_reader_open(struct log_reader *ret, const char *path);

/* The next record. 1; 0 when there is none (yet); -errno, -EBADMSG for a file that no bailey has written. */
int log_next(struct log_reader *r, struct log_record *ret);

/* Whether somebody writes to it. */
bool log_written(const struct log_reader *r);

void log_reader_close(struct log_reader *r);

/*
 * The head of a record, without its line end, at the beginning of `n` bytes. Returns its length with `ret` filled in but for the
 * bytes; 0 when it is not all there; -EBADMSG for anything else.
 */
int log_head(struct log_record *ret, const char *text, size_t n);

#endif
