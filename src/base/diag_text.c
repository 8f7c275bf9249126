#include <string.h>

#include "base/diag.h"
#include "base/utf8.h"

static const char *const plain[] = { "", "", "", "" };
static const char *const colours[] = { "\033[1m", "\033[1;31m", "\033[1;33m", "\033[0m" };

/* Profiles are other people's texts: what could drive a terminal is shown as \xNN. */
static void add_safe(struct buf *b, const char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		size_t shown = utf8_shown(text, left), used = shown > 0 ? shown : 1;
		if (shown > 0)
			buf_add(b, text, shown);
		else
			buf_printf(b, "\\x%02x", (unsigned char)*text);
		text += used;
		left -= used;
	}
}

void diag_text(struct buf *out, const struct diag *d, bool colour)
{
	const char *const *c = colour ? colours : plain;
	bool error = d->severity == DIAG_ERROR;
	buf_puts(out, c[0]);
	add_safe(out, origin_text(out->arena, d->origin));
	buf_printf(out, ":%s %s%s:%s ", c[3], error ? c[1] : c[2], error ? "error" : "warning", c[3]);
	if (d->setting != NULL) {
		add_safe(out, d->setting);
		buf_puts(out, ": ");
	}
	add_safe(out, d->text);
	buf_putc(out, '\n');
	if (d->hint != NULL) {
		buf_puts(out, "  hint: ");
		add_safe(out, d->hint);
		buf_putc(out, '\n');
	}
}

void diags_text(struct buf *out, const struct diags *d, bool colour)
{
	for (size_t i = 0; i < d->count; i++)
		diag_text(out, &d->items[i], colour);
}
