/* From the text of a value to the value: what each type and kind takes. */
#ifndef BAILEY_CONF_VALUE_H
#define BAILEY_CONF_VALUE_H

#include <stdbool.h>

#include "base/diag.h"
#include "schema/schema.h"

/* Where a mistake is reported: the line and the full name of the setting. */
struct place {
	struct diags *d;
	struct origin origin;
	const char *setting;
};

/*
 * Reads the text of a scalar (not LIST, not RECORDS) as `row` wants it: "4G", "true", "private", without quotation marks.
 * Returns true with `*ret` filled in (its origin is at->origin), or false after adding a diagnostic.
 */
bool value_read(const struct place *at, const struct setting *row, const char *text, struct value *ret);

/* The same for one entry of a list. */
bool value_item(const struct place *at, const struct setting *row, const char *text, struct item *ret);

/* The value of a row when nobody says anything: its default with the origin "built in", or not set. */
void value_default(struct diags *d, const struct setting *row, struct value *ret);

/* Texts of the kinds INTERFACE and MAC (value_network.c). True, or false after adding a diagnostic. */
bool value_interface(const struct place *at, const char *text);
bool value_mac(const struct place *at, const char *text);

/* Texts of the kinds BUS_NAME, BUS_RULE and SCHEME (value_bus.c). True, or false after adding a diagnostic. */
bool value_bus_name(const struct place *at, const char *text);
bool value_bus_rule(const struct place *at, const char *text);
bool value_scheme(const struct place *at, const char *text);

/* Whether a text may be the name of a profile ("firefox", "common/gpu"); `*ret_why` says what is wrong with it. */
bool profile_name_valid(const char *name, const char **ret_why);

/* Adds "did you mean" to `e` when `nearest` is not NULL. */
void value_suggest(struct diags *d, struct diag *e, const char *nearest);

#endif
