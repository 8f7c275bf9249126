#include "base/diag.h"

#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 5, 0))) static struct diag *add(
	struct diags *d, enum severity sev, struct origin o, const char *setting, const char *fmt, va_list ap)
{
	d->items = arena_grow(d->arena, d->items, d->count, &d->cap, sizeof *d->items);
	struct diag *at = &d->items[d->count++];
	*at = (struct diag){
		.severity = sev,
		.origin = o,
		.setting = setting != NULL ? arena_strdup(d->arena, setting) : NULL,
		.text = arena_vprintf(d->arena, fmt, ap),
	};
	if (sev == DIAG_ERROR)
		d->errors++;
	return at;
}

struct diag *diag_error(struct diags *d, struct origin o, const char *setting, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct diag *at = add(d, DIAG_ERROR, o, setting, fmt, ap);
	va_end(ap);
	return at;
}

struct diag *diag_warning(struct diags *d, struct origin o, const char *setting, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct diag *at = add(d, DIAG_WARNING, o, setting, fmt, ap);
	va_end(ap);
	return at;
}

void diag_hint(struct diags *d, struct diag *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	at->hint = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
}

static bool comes_before(const struct diag *a, const struct diag *b)
{
	if (a->origin.layer != b->origin.layer)
		return a->origin.layer < b->origin.layer;
	return a->origin.line < b->origin.line;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same(const struct diag *a, const struct diag *b)
{
	return a->severity == b->severity && a->origin.line == b->origin.line && same_text(a->origin.file, b->origin.file) &&
		same_text(a->setting, b->setting) && same_text(a->text, b->text);
}

void diags_sort(struct diags *d)
{
	/* Insertion sort: stable, and a list of mistakes is short. */
	size_t kept = 0;
	for (size_t i = 0; i < d->count; i++) {
		struct diag x = d->items[i];
		bool again = false;
		for (size_t j = 0; j < kept && !again; j++)
			again = same(&d->items[j], &x);
		if (again) {
			if (x.severity == DIAG_ERROR)
				d->errors--;
			continue;
		}
		size_t j = kept++;
		for (; j > 0 && comes_before(&x, &d->items[j - 1]); j--)
			d->items[j] = d->items[j - 1];
		d->items[j] = x;
	}
	d->count = kept;
}

const char *origin_text(struct arena *a, struct origin o)
{
	if (o.file == NULL)
		return "bailey";
	if (o.line == 0)
		return arena_strdup(a, o.file);
	return arena_printf(a, "%s:%u", o.file, o.line);
}
