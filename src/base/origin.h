/* Where a value, a plan operation or a mistake comes from. */
#ifndef BAILEY_BASE_ORIGIN_H
#define BAILEY_BASE_ORIGIN_H

/*
 * `file` is what a person should open: the path of a profile as it was found, "command line", or "built in".
 * NULL means that nothing was said.  `line` counts from 1; 0 means the file (or source) as a whole.
 * `layer` is the rank of the source in the merge: a later layer has a higher number.  Two entries with one layer come from
 * one file and may contradict each other; across layers the higher one replaces the lower.
 */
struct origin {
	const char *file;
	unsigned line;
	unsigned layer;
};

#endif
