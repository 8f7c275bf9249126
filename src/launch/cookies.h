/* Cookies of X servers: what Xsecurity(7) and Xau's files have in them. */
#ifndef BAILEY_LAUNCH_COOKIES_H
#define BAILEY_LAUNCH_COOKIES_H

#include "base/err.h"

/*
 * Copies from the file `from`, which may be absent, the cookies that a client on this machine would show the display `number` into a new
 * file `name` of `directory`, for whatever host name it has there.  None at all make an empty file: the server may know its clients by
 * their user.  0 or -errno with `e`.
 */
int cookies_copy(int directory, const char *name, const char *from, const char *number, struct err *e);

/* Draws a cookie for a new display and writes it into a new file. 0 or -errno with `e`. */
int cookies_draw(int directory, const char *name, struct err *e);

#endif
