/* From the text's data to the program for the kernel. */
#ifndef BAILEY_SECCOMP_HELPER_COMPILE_H
#define BAILEY_SECCOMP_HELPER_COMPILE_H

#include "base/arena.h"
#include "base/err.h"
#include "seccomp/helper/program.h"
#include "seccomp/helper/spec.h"

/*
 * Makes the filter: a gate that kills calls of other arches, and for each arch what our own table and argument conditions say,
 * followed by libseccomp's program for the calls that are allowed as they are.  0 or -errno with `e`.
 */
int compile_spec(struct program *ret, struct arena *a, const struct spec *s, struct err *e);

#endif
