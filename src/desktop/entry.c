#include "desktop/entry.h"

#include <errno.h>
#include <string.h>

#include "desktop/exec.h"

static const char mark_profile[] = "X-Bailey-Profile", mark_source[] = "X-Bailey-Source";

/* One line of the file: a group's header, a key with its value, or something that is neither. */
struct line {
	const char *raw; /* with what surrounds it, and its end */
	size_t raw_len;
	bool header;
	const char *name; /* the group's or the key's, without a language; in the arena, or NULL */
	const char *value; /* in the arena, or NULL */
	const char *end; /* "\n", "\r\n", or "" at the end of the file */
};

struct lines {
	struct arena *arena;
	const char *at, *stop;
};

static const char *copy(struct arena *a, const char *from, const char *to)
{
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	return arena_strndup(a, from, (size_t)(to - from));
}

/* As glib reads them: blanks before a key and around "=" do not count. */
static bool next_line(struct lines *l, struct line *ret)
{
	if (l->at == l->stop)
		return false;
	const char *newline = memchr(l->at, '\n', (size_t)(l->stop - l->at));
	const char *stop = newline != NULL ? newline : l->stop, *from = l->at;
	bool carriage = newline != NULL && stop > from && stop[-1] == '\r';
	l->at = newline != NULL ? newline + 1 : l->stop;
	*ret = (struct line){ .raw = from,
		.raw_len = (size_t)(l->at - from),
		.end = newline == NULL ? ""
			: carriage     ? "\r\n"
				       : "\n" };
	stop -= carriage;
	while (from < stop && (*from == ' ' || *from == '\t'))
		from++;
	if (from == stop || *from == '#')
		return true;
	const char *close = memchr(from, *from == '[' ? ']' : '=', (size_t)(stop - from));
	if (close == NULL)
		return true;
	ret->header = *from == '[';
	if (ret->header) {
		ret->name = copy(l->arena, from + 1, close);
		return true;
	}
	/* Exec[de] is no key of the specification, but some read it. */
	const char *language = memchr(from, '[', (size_t)(close - from));
	ret->name = copy(l->arena, from, language != NULL ? language : close);
	ret->value = copy(l->arena, close + 1, stop);
	return true;
}

static const char *main_group(enum desktop_kind kind)
{
	return kind == DESKTOP_SERVICE ? "D-BUS Service" : "Desktop Entry";
}

static bool is_true(const struct line *line)
{
	return strcmp(line->value, "true") == 0 || strcmp(line->value, "1") == 0;
}

static int no(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

/* What one line of the main group adds. */
static int take(struct desktop_entry *ret, struct arena *a, const struct line *line, const char **ret_why)
{
	const char *key = line->name;
	if (strcmp(key, "Type") == 0)
		ret->starts = strcmp(line->value, "Application") == 0;
	else if (strcmp(key, "Name") == 0 && ret->name[0] == '\0')
		ret->name = line->value;
	else if (strcmp(key, "MimeType") == 0)
		ret->types = line->value;
	else if (strcmp(key, "Hidden") == 0)
		ret->hidden = is_true(line);
	else if (strcmp(key, "DBusActivatable") == 0)
		ret->activatable = ret->activatable || is_true(line);
	else if (strcmp(key, mark_profile) == 0)
		ret->ours = true;
	else if (strcmp(key, "Exec") == 0 && ret->program == NULL) {
		struct exec_line exec, behind;
		const char *no_word;
		if (exec_read(&exec, a, line->value, ret_why) < 0)
			return -EINVAL;
		ret->program = exec.program;
		ret->argument = exec_read(&behind, a, exec.rest, &no_word) == 0 ? behind.program : NULL;
	}
	return 0;
}

int desktop_entry_read(
	struct desktop_entry *ret, struct arena *a, enum desktop_kind kind, const char *text, size_t len, const char **ret_why)
{
	struct lines l = { .arena = a, .at = text, .stop = text + len };
	struct line line;
	bool inside = false, any = false;
	*ret = (struct desktop_entry){ .name = "", .types = "", .starts = kind == DESKTOP_SERVICE };
	*ret_why = "";
	if (memchr(text, '\0', len) != NULL)
		return no(ret_why, "a NUL byte in it");
	while (next_line(&l, &line)) {
		if (line.header)
			inside = strcmp(line.name, main_group(kind)) == 0;
		any = any || inside;
		if (inside && line.value != NULL && take(ret, a, &line, ret_why) < 0)
			return -EINVAL;
	}
	return any ? 0 : no(ret_why, kind == DESKTOP_SERVICE ? "no [D-BUS Service] in it" : "no [Desktop Entry] in it");
}

/* What profiles would read as more than text; in entries "%%" stands for "%". */
static const char *literal(struct arena *a, const char *text, bool codes)
{
	struct buf b = { .arena = a };
	for (; *text != '\0'; text++) {
		if (codes && text[0] == '%' && text[1] == '%')
			text++;
		if (strchr("$\\~*?[]", *text) != NULL)
			buf_putc(&b, '\\');
		buf_putc(&b, *text);
	}
	return buf_text(&b);
}

/* "%" that is not doubled stands for something that is known only when the program is started. */
static bool has_code(const char *text)
{
	while ((text = strchr(text, '%')) != NULL) {
		if (text[1] != '%')
			return true;
		text += 2;
	}
	return false;
}

static int put_exec(struct buf *out, const struct desktop_change *c, const char *value, struct err *e)
{
	struct arena *a = out->arena;
	struct exec_line exec;
	const char *why;
	const bool codes = c->kind != DESKTOP_SERVICE;
	if (exec_read(&exec, a, value, &why) < 0)
		return err_set(e, 0, "%s: Exec=%s: %s", c->source, value, why);
	const char *path = programs_path(c->programs, exec.program);
	const char *own = c->all || path == NULL ? NULL : programs_profile(c->programs, path);
	exec_word(out, c->bailey, codes);
	buf_puts(out, " run --notify ");
	exec_word(out, arena_printf(a, "--profile=%s", own != NULL ? own : c->profile), codes);
	for (size_t i = 0; i < exec.unset_count; i++) {
		buf_putc(out, ' ');
		exec_word(out, arena_printf(a, "--set=environment.unset=%s", exec.unset[i]), codes);
	}
	for (size_t i = 0; i < exec.set_count; i++) {
		if (codes && has_code(exec.set[i]))
			return err_set(e, 0, "%s: Exec=%s: a field code in a variable", c->source, value);
		size_t name = strcspn(exec.set[i], "=") + 1;
		buf_putc(out, ' ');
		exec_word(out,
			arena_printf(
				a, "--set=environment.set=%.*s%s", (int)name, exec.set[i], literal(a, exec.set[i] + name, codes)),
			codes);
	}
	buf_puts(out, " -- ");
	exec_word(out, path != NULL ? path : exec.program, codes);
	buf_puts(out, exec.rest);
	return 0;
}

/* A value of type string that is a path or a name. */
static void put_string(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\\' || *text == '\n' || *text == '\r' || *text == '\t')
			buf_printf(out, "\\%c", *text == '\n' ? 'n' : *text == '\r' ? 'r' : *text == '\t' ? 't' : '\\');
		else
			buf_putc(out, *text);
}

static void put_key(struct buf *out, const char *key, const char *value, const char *end)
{
	buf_printf(out, "%s=", key);
	put_string(out, value);
	buf_puts(out, end);
}

/* Behind the header of the main group. */
static void put_marks(struct buf *out, const struct desktop_change *c, const char *try_exec, const char *end)
{
	if (end[0] == '\0') { /* the header is the last line of the file */
		end = "\n";
		buf_puts(out, end);
	}
	put_key(out, mark_profile, c->profile, end);
	put_key(out, mark_source, c->source, end);
	if (try_exec != NULL)
		put_key(out, "TryExec", try_exec, end);
}

/* The program that has to be there for the entry to be shown; NULL when the entry says so itself, or cannot say it. */
static const char *wanted_program(const struct desktop_change *c, struct arena *a, const char *text, size_t len)
{
	struct lines l = { .arena = a, .at = text, .stop = text + len };
	struct line line;
	struct desktop_entry entry;
	const char *why;
	while (next_line(&l, &line))
		if (line.value != NULL && strcmp(line.name, "TryExec") == 0)
			return NULL;
	if (c->kind == DESKTOP_SERVICE || desktop_entry_read(&entry, a, c->kind, text, len, &why) < 0 || entry.program == NULL)
		return NULL;
	return programs_path(c->programs, entry.program);
}

int desktop_entry_rewrite(struct buf *out, const struct desktop_change *c, const char *text, size_t len, struct err *e)
{
	struct lines l = { .arena = out->arena, .at = text, .stop = text + len };
	struct line line;
	bool marked = false;
	const char *try_exec = wanted_program(c, out->arena, text, len);
	while (next_line(&l, &line)) {
		const char *key = line.value != NULL ? line.name : "";
		if (strcmp(key, "Exec") == 0) {
			const char *equals = memchr(line.raw, '=', line.raw_len);
			buf_add(out, line.raw, (size_t)(equals - line.raw) + 1);
			if (put_exec(out, c, line.value, e) < 0)
				return -e->code;
			buf_puts(out, line.end);
		} else if (strcmp(key, "DBusActivatable") == 0) {
			buf_printf(out, "DBusActivatable=false%s", line.end);
		} else if (strcmp(key, mark_profile) != 0 && strcmp(key, mark_source) != 0 &&
			!(c->kind == DESKTOP_SERVICE && strcmp(key, "SystemdService") == 0)) {
			buf_add(out, line.raw, line.raw_len);
		}
		if (line.header && !marked && strcmp(line.name, main_group(c->kind)) == 0) {
			put_marks(out, c, try_exec, line.end);
			marked = true;
		}
	}
	return marked ? 0 : err_set(e, 0, "%s: there is no [%s] in it", c->source, main_group(c->kind));
}

int desktop_entry_wrapper(struct buf *out, const char *bailey, const char *profile, const char *path, struct err *e)
{
	/* A line break would end the comment. */
	if (strpbrk(profile, "\n\r") != NULL)
		return err_set(e, 0, "the profile's path has a line break in it");
	buf_printf(out, FACTS_WRAPPER_HEAD "%s\nexec ", profile);
	exec_shell_word(out, bailey);
	buf_puts(out, " run ");
	exec_shell_word(out, arena_printf(out->arena, "--profile=%s", profile));
	buf_puts(out, " -- ");
	exec_shell_word(out, path);
	buf_puts(out, " \"$@\"\n");
	return 0;
}
