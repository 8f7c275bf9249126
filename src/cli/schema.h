/* The forms of the settings table besides text and JSON: manual pages and completion words. */
#ifndef BAILEY_CLI_SCHEMA_H
#define BAILEY_CLI_SCHEMA_H

#include <stdbool.h>

#include "cli/cli.h"

/* Whether a setting's path is `wanted` or in the group `wanted`; NULL wants all. */
bool schema_selects(const char *wanted, const char *path);

/* The settings as the body of a section of bailey.conf(5), and the verbs with their options for bailey(1). */
void mdoc_settings(struct buf *out, const char *wanted);
void mdoc_options(struct buf *out);

/*
 * One of the lists of --words, a line of word, tab, help for each; false when there is no such list. `rest` (NULL-terminated) is
 * only looked at for the list "complete", see complete_print().
 */
bool words_print(struct cli *cli, struct buf *out, const char *list, char **rest);

/* The lists by themselves; only words that begin with `prefix`, each with `before` put in front. */
struct words {
	struct cli *cli;
	struct buf *out;
	const char *prefix, *before;
};
void words_settings(const struct words *w, bool groups);
void words_values(const struct words *w, const char *setting);
void words_profiles(const struct words *w);
void words_options(const struct words *w, const char *profile); /* NULL: those of every profile */
void words_sandboxes(const struct words *w); /* those of the user that run */
void words_signals(const struct words *w);
void words_logs(const struct words *w); /* names with a log */
void words_verbs(const struct words *w);
void words_flags(const struct words *w, enum verb verb);
void words_runs(const struct words *w); /* with changes that are kept */
void words_lists(const struct words *w);

/*
 * What can stand at the end of a command line. `words` are those after "bailey", the last one begun and perhaps empty.  Besides
 * words there are lines that tell the shell what to add by itself:
 *   :files<TAB>BEFORE          names of files; BEFORE is what stands before the path in the word
 *   :directories<TAB>BEFORE    of directories
 *   :commands                  names of commands
 *   :delegate<TAB>N            the command line that begins with the N-th of `words` (from 0) completes as it would alone
 */
void complete_print(struct cli *cli, struct buf *out, char **words);

#endif
