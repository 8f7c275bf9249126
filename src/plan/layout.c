#include "plan/layout.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/utf8.h"

enum { INDENT = 2, GAP = 2, LEAST_TEXT = 20 };

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

/* Columns a text takes: characters, not bytes. */
static size_t columns(const char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static void blanks(struct layout *l, size_t n)
{
	for (; n > 0; n--)
		buf_putc(l->out, ' ');
}

const char *layout_clean(struct arena *a, const char *s)
{
	size_t bad = 0, len = strlen(s);
	for (size_t i = 0, shown; i<len; i += shown> 0 ? shown : 1) {
		shown = utf8_shown(s + i, len - i);
		bad += shown == 0;
	}
	if (bad == 0)
		return s;
	char *copy = arena_alloc(a, len + bad * 3 + 1), *out = copy;
	for (size_t i = 0; i < len;) {
		size_t shown = utf8_shown(s + i, len - i);
		if (shown == 0) {
			out += sprintf(out, "\\x%02x", (unsigned char)s[i++]);
		} else {
			memcpy(out, s + i, shown);
			out += shown;
			i += shown;
		}
	}
	*out = '\0';
	return copy;
}

const char *layout_path(struct layout *l, const char *path)
{
	if (l->home[0] == '/' && l->home[1] != '\0' && path_within(path, l->home))
		path = arena_printf(l->arena, "~%s", path + strlen(l->home));
	return layout_clean(l->arena, path);
}

void layout_know(struct layout *l, struct origin o)
{
	if (o.file == NULL)
		return;
	for (size_t i = 0; i < l->file_count; i++)
		if (l->files[i] == o.file || strcmp(l->files[i], o.file) == 0)
			return;
	l->files = arena_grow(l->arena, l->files, l->file_count, &l->file_cap, sizeof *l->files);
	l->files[l->file_count++] = o.file;
}

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');
	/* "command line (--rw)" and the like are no paths. */
	return slash != NULL && strchr(file, ' ') == NULL ? slash + 1 : file;
}

const char *layout_origin(struct layout *l, struct origin o)
{
	if (o.file == NULL)
		return "";
	const char *name = base_name(o.file);
	for (size_t i = 0; i < l->file_count; i++) {
		if (strcmp(l->files[i], o.file) != 0 && strcmp(base_name(l->files[i]), name) == 0) {
			name = layout_path(l, o.file);
			break;
		}
	}
	name = layout_clean(l->arena, name);
	return o.line != 0 ? arena_printf(l->arena, "%s:%u", name, o.line) : name;
}

void layout_heading(struct layout *l, const char *text)
{
	if (l->out->len > 0)
		buf_putc(l->out, '\n');
	buf_printf(l->out, "%s%s%s\n", l->color ? BOLD : "", text, l->color ? PLAIN : "");
}

/* The bytes of the next line of at most `width` columns, broken at a blank; a longer word stays whole. */
static size_t next_line(const char *text, size_t width, size_t *ret_skip)
{
	size_t end = 0, len = strlen(text);
	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != ' ')
			continue;
		if (columns(text, i) > width && end > 0)
			break;
		end = i;
	}
	*ret_skip = end + strspn(text + end, " ");
	return end;
}

void layout_paragraph(struct layout *l, const char *first, const char *text)
{
	size_t lead = columns(first, strlen(first)), skip;
	buf_puts(l->out, first);
	text = layout_clean(l->arena, text);
	do {
		size_t len = next_line(text, l->width - lead, &skip);
		buf_add(l->out, text, len);
		buf_putc(l->out, '\n');
		text += skip;
		if (*text != '\0')
			blanks(l, lead);
	} while (*text != '\0');
}

void layout_row(struct layout *l, const char *word, const char *text, const char *from)
{
	l->rows = arena_grow(l->arena, l->rows, l->row_count, &l->row_cap, sizeof *l->rows);
	l->rows[l->row_count++] = (struct row){ word, layout_clean(l->arena, text), from };
}

static void print_from(struct layout *l, const char *from)
{
	buf_printf(l->out, "%s%s%s", l->color ? DIM : "", from, l->color ? PLAIN : "");
}

static void print_row(struct layout *l, const struct row *r, size_t words, size_t texts)
{
	const char *text = r->text, *from = r->from;
	size_t before = words > 0 ? INDENT + words + GAP : INDENT, skip;
	blanks(l, INDENT);
	if (words > 0) {
		buf_puts(l->out, r->word);
		blanks(l, words - columns(r->word, strlen(r->word)) + GAP);
	}
	do {
		size_t len = next_line(text, texts, &skip);
		size_t used = columns(text, len);
		buf_add(l->out, text, len);
		text += skip;
		if (from[0] != '\0') {
			if (used > texts) { /* too long for its column: the origin goes below it */
				buf_putc(l->out, '\n');
				blanks(l, before);
				used = 0;
			}
			blanks(l, texts - used + GAP);
			print_from(l, from);
			from = "";
		}
		buf_putc(l->out, '\n');
		if (*text != '\0')
			blanks(l, before);
	} while (*text != '\0');
}

void layout_table(struct layout *l)
{
	size_t words = 0, texts = 0, froms = 0;
	for (size_t i = 0; i < l->row_count; i++) {
		const struct row *r = &l->rows[i];
		size_t w = columns(r->word, strlen(r->word)), t = columns(r->text, strlen(r->text)),
		       f = columns(r->from, strlen(r->from));
		words = w > words ? w : words;
		texts = t > texts ? t : texts;
		froms = f > froms ? f : froms;
	}
	size_t taken = INDENT + (words > 0 ? words + GAP : 0) + (froms > 0 ? froms + GAP : 0);
	size_t room = l->width > taken + LEAST_TEXT ? l->width - taken : LEAST_TEXT;
	for (size_t i = 0; i < l->row_count; i++)
		print_row(l, &l->rows[i], words, texts < room ? texts : room);
	l->row_count = 0;
}
