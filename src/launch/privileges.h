/* Capabilities, securebits and no_new_privs of the calling process, by raw calls: capabilities(7). */
#ifndef BAILEY_LAUNCH_PRIVILEGES_H
#define BAILEY_LAUNCH_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Gives up everything but the capabilities in `keep` (bit per number, 0 for none) for this process and all it will execute:
 * securebits are locked, the bounding set is emptied, kept ones become ambient, no_new_privs is set.
 *
 * With `root` uid 0 means what it means to programs: kept capabilities belong to uid 0, so that one that changes to another user
 * loses them (and gets them back with a saved uid 0); then nothing is ambient and the securebits stay clear.
 * Returns 0 or -errno.
 */
int privileges_drop(uint64_t keep, bool root);

#endif
