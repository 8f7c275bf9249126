/* A small harness for unit tests that prints TAP. Include it once, in the test program. */
#ifndef BAILEY_TESTS_TAP_H
#define BAILEY_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned tap_count, tap_failed;

__attribute__((format(printf, 4, 5), unused)) static bool tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	printf("%sok %u - ", good ? "" : "not ", ++tap_count);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	if (!good) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

__attribute__((unused)) static bool tap_same(const char *got, const char *want, const char *file, int line, const char *what)
{
	bool good = got == want || (got != NULL && want != NULL && strcmp(got, want) == 0);
	tap_ok(good, file, line, "%s", what);
	if (!good)
		printf("#  got: %s\n# want: %s\n", got != NULL ? got : "(null)", want != NULL ? want : "(null)");
	return good;
}

/* ok(condition, "what it means, with %s", arguments) */
#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
/* same(got, wanted, "what it means"): strings */
#define same(got, want, what) tap_same((got), (want), __FILE__, __LINE__, (what))

/* At the end of main: return tap_done(); */
__attribute__((unused)) static int tap_done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed > 0 || tap_count == 0 ? 1 : 0;
}

#endif
