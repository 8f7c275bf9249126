#include "base/numset.h"

#include <errno.h>

#include "base/num.h"
#include "tap.h"

static void reads(struct arena *a, const char *text, const char *wanted)
{
	struct numset s;
	if (ok(numset_read(text, &s) == 0, "\"%.*s\" is a list", (int)strcspn(text, "\n"), text))
		same(numset_text(a, &s), wanted, "and written as short as can be");
}

static void refuses(const char *text, int error)
{
	struct numset s;
	ok(numset_read(text, &s) == error, "\"%.*s\" is none", (int)strcspn(text, "\n"), text);
}

int main(void)
{
	struct arena a = { 0 };
	reads(&a, "0", "0");
	reads(&a, "0-3,6", "0-3,6");
	reads(&a, "6,0-1,2,3", "0-3,6");
	reads(&a, "1-1", "1");
	reads(&a, "62-66\n", "62-66");
	reads(&a, "0-4095", "0-4095");
	static const char *const bad[] = { "", ",", "1,", ",1", "-1", "1-", "3-1", "1 ", " 1", "1, 2", "a", "0x1", "01", "1--2",
		"1-2-3", "0-10:2", "\n", "1\n2" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refuses(bad[i], -EINVAL);
	refuses("4096", -ERANGE);
	refuses("0-99999999999999999999999", -ERANGE);
	refuses("18446744073709551616", -ERANGE);

	struct numset all, some;
	(void)numset_read("0-3", &all);
	(void)numset_read("1,3", &some);
	ok(numset_beyond(&some, &all) == -1, "within");
	(void)numset_read("1,5,70", &some);
	ok(numset_beyond(&some, &all) == 5, "the first that is not");
	ok(numset_has(&some, 70) && !numset_has(&some, 69) && !numset_has(&some, 1000000), "has");
	ok(numset_bytes(&some) == 16 && numset_bytes(&all) == 8, "bytes for the kernel");
	ok(numset_bytes(&(struct numset){ 0 }) == 8, "at least a word");

	int64_t n;
	ok(num_percent("150%", 1000, &n) == 0 && n == 150, "a share");
	ok(num_percent("1%", 100, &n) == 0 && n == 1 && num_percent("100%", 100, &n) == 0 && n == 100, "the ends");
	static const char *const shares[] = { "", "%", "150", "150 %", "1.5%", "-1%", "+1%", "01%", "5%%", "x%" };
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		ok(num_percent(shares[i], 100, &n) == -EINVAL, "\"%s\" is no share", shares[i]);
	ok(num_percent("0%", 100, &n) == -ERANGE && num_percent("101%", 100, &n) == -ERANGE, "out of range");
	ok(num_percent("99999999999999999999999%", 100, &n) == -ERANGE, "far out of range");
	arena_free(&a);
	return tap_done();
}
