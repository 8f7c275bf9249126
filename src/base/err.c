#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
	if (e->code != 0)
		return -e->code;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	if (code > 0 && n >= 0 && (size_t)n < sizeof e->text)
		(void)snprintf(e->text + n, sizeof e->text - (size_t)n, ": %s", strerror(code));
	e->code = code > 0 ? code : EINVAL;
	return -e->code;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(e->hint, sizeof e->hint, fmt, ap); /* a cut hint is still a hint */
	va_end(ap);
	return -e->code;
}

int err_at(struct err *e, struct origin o)
{
	e->origin = o;
	return -e->code;
}
