/* profiles --identities: the homes that run --identity keeps. */
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/cli.h"
#include "plan/layout.h"

/* The directory's name is the profile's, with "%2F" for a slash and "%25" for itself. */
static const char *profile_name(struct arena *a, const char *directory)
{
	struct buf b = { .arena = a };
	for (; *directory != '\0'; directory++) {
		bool slash = strncmp(directory, "%2F", 3) == 0;
		buf_putc(&b, slash ? '/' : *directory);
		if (slash || strncmp(directory, "%25", 3) == 0)
			directory += 2;
	}
	return buf_text(&b);
}

static void print_row(struct buf *out, struct json *j, const char *profile, const char *name, const char *home)
{
	if (j == NULL) {
		buf_printf(out, "%s  %s  %s\n", layout_clean(out->arena, profile), layout_clean(out->arena, name),
			layout_clean(out->arena, home));
		return;
	}
	json_object(j, NULL);
	json_string(j, "profile", profile);
	json_string(j, "identity", name);
	json_string(j, "home", home);
	json_object_end(j);
}

int cli_print_identities(struct cli *cli, bool json)
{
	struct arena *a = &cli->arena;
	struct buf out = { .arena = a };
	struct json text = { .out = &out, .indent = true }, *j = json ? &text : NULL;
	const char **profiles = NULL, **names;
	size_t count = 0, name_count;
	if (cli->identities != NULL)
		(void)facts_list(&cli->facts, cli->identities, &profiles, &count); /* absent: there are none */
	if (json) {
		json_object(j, NULL);
		json_int(j, "bailey", 1);
		json_array(j, "identities");
	}
	for (size_t i = 0; i < count; i++) {
		const char *directory = path_join(a, cli->identities, profiles[i]);
		if (facts_list(&cli->facts, directory, &names, &name_count) != 0)
			continue;
		for (size_t k = 0; k < name_count; k++)
			print_row(&out, j, profile_name(a, profiles[i]), names[k], path_join(a, directory, names[k]));
	}
	if (json) {
		json_array_end(j);
		json_object_end(j);
		buf_putc(&out, '\n');
	}
	return cli_write(cli, &out);
}
