/*
 * libFuzzer over text -> parse -> merge -> plan -> print.  Nothing of the real machine is looked at but the shipped profiles
 * that a text inherits; the machine is the one of facts.json beside this file.
 *
 * The input: a profile; after a byte 1, lines for --set ("process.nice=5"), each a run of its own options.  An input that begins
 * with '{' is read as facts too.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "conf/conf.h"
#include "host/facts.h"
#include "plan/plan.h"
#include "plan/print.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_SETS = 8 };

static char machine[1 << 16];
static size_t machine_len;
static struct conf_places places = { .system_dir = "/nonexistent", .policy = "/nonexistent/bailey.conf" };

/* Run at the top of the tree. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char shipped[4096];
	struct stat st;
	(void)argc, (void)argv;
	int fd = open("tests/fuzz/facts.json", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, machine, sizeof machine);
	if (n <= 0 || realpath("profiles", shipped) == NULL || stat(shipped, &st) != 0) {
		fputs("fuzz_conf: start it at the top of the tree\n", stderr);
		exit(2);
	}
	close(fd);
	machine_len = (size_t)n;
	places.shipped_dir = shipped;
	places.uid = places.shipped_owner = st.st_uid;
	return 0;
}

/* "PATH=VALUE" lines; what has no '=' is left out, as the command line refuses it before. */
static size_t read_sets(char *text, struct conf_set *sets)
{
	size_t count = 0;
	char *rest;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL && count < MAX_SETS; line = strtok_r(NULL, "\n", &rest)) {
		char *equals = strchr(line, '=');
		if (equals == NULL)
			continue;
		*equals = '\0';
		sets[count++] = (struct conf_set){ .path = line, .value = equals + 1, .option = "--set" };
	}
	return count;
}

/* Plans for the machine `f` and prints all there is to print. */
static void plan_and_print(struct arena *a, const struct profile *p, struct facts *f, const struct conf_request *r, struct diags *d)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"exit", NULL };
	const struct plan_request program = { .program = "sh", .argv = argv }, none = { .program = NULL };
	struct plan plan, other;
	struct buf out = { .arena = a };
	size_t before = d->errors;
	int result = plan_make(&plan, a, p, f, &program, true, d);
	if (result == 0 && d->errors == before && before == 0) {
		const struct plan_text_options o = { .width = 80, .home = f->home, .request = r };
		plan_text(&out, &plan, p, &o);
		plan_json(&out, &plan);
		if (plan.program == NULL || plan.argv == NULL || plan.envp == NULL || plan.filter_spec == NULL ||
			plan.directory == NULL)
			abort(); /* a plan without mistakes is complete */
	}
	if (plan_make(&other, a, p, f, &none, false, d) == 0 && d->errors == 0 && result == 0) {
		const struct plan_text_options o = { .width = 40, .color = true };
		plan_diff(&out, &plan, &other, &o);
		plan_diff_json(&out, &plan, &other);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { .head = NULL };
	struct diags d = { .arena = &arena };
	struct profile profile;
	struct facts facts;
	struct err e = { .code = 0 };
	struct conf_set sets[MAX_SETS];
	const uint8_t *end = size > 0 ? memchr(data, 1, size) : NULL;
	size_t len = end != NULL ? (size_t)(end - data) : size;
	struct conf_request request = { .profile = "fuzz", .sets = sets };

	if (end != NULL)
		request.set_count = read_sets(arena_strndup(&arena, (const char *)end + 1, size - len - 1), sets);
	if (size > 0 && data[0] == '{' && facts_json(&facts, &arena, (const char *)data, size, "fuzz.json", &e) == 0) {
		const char **names;
		size_t count;
		(void)facts_list(&facts, facts.home, &names, &count);
	}
	if (facts_json(&facts, &arena, machine, machine_len, "facts.json", &e) < 0) {
		fprintf(stderr, "fuzz_conf: %s\n", e.text);
		abort();
	}
	if (conf_load_text(&profile, &arena, &places, &request, "fuzz.conf", (const char *)data, len, &d) == 0)
		plan_and_print(&arena, &profile, &facts, &request, &d);
	for (size_t i = 0; i < d.count; i++)
		if (d.items[i].text == NULL || d.items[i].text[0] == '\0')
			abort(); /* a mistake without words helps nobody */
	struct buf out = { .arena = &arena };
	diags_sort(&d);
	diags_text(&out, &d, true);
	arena_free(&arena);
	return 0;
}
