#include "desktop/exec.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"

struct reader {
	const char *at;
	struct arena *arena;
	const char *why;
};

enum { END = -1, BAD = -2 };

/* The next character of the string that the value stands for; the escapes are those of every string in such a file. */
static int next_char(struct reader *r)
{
	static const char letters[] = "sntr\\", meant[] = " \n\t\r\\";
	if (*r->at == '\0')
		return END;
	if (*r->at != '\\')
		return (unsigned char)*r->at++;
	const char *known = r->at[1] != '\0' ? strchr(letters, r->at[1]) : NULL;
	if (known == NULL) {
		r->why = "a backslash before a character that cannot be escaped";
		return BAD;
	}
	r->at += 2;
	return meant[known - letters];
}

static bool blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* From the opening quote to the closing one. */
static int read_quoted(struct reader *r, struct buf *word, int quote)
{
	for (;;) {
		int c = next_char(r);
		if (c == quote)
			return 0;
		if (c == '\\' && quote == '"') {
			int escaped = next_char(r);
			if (escaped >= 0 && strchr("\"`$\\", escaped) == NULL)
				buf_putc(word, '\\');
			c = escaped;
		}
		if (c < 0) {
			r->why = r->why != NULL ? r->why : "a quote is not closed";
			return -EINVAL;
		}
		buf_putc(word, (char)c);
	}
}

/* One word, quotes taken off. *ret NULL at the end of the value. Stops at the blank behind the word. */
static int read_word(struct reader *r, const char **ret)
{
	struct buf word = { .arena = r->arena };
	bool any = false;
	*ret = NULL;
	for (;;) {
		const char *before = r->at;
		int c = next_char(r);
		if (c == BAD)
			return -EINVAL;
		if (c == END || (blank(c) && any)) {
			r->at = before;
			break;
		}
		if (blank(c))
			continue;
		any = true;
		if (c == '"' || c == '\'') {
			if (read_quoted(r, &word, c) < 0)
				return -EINVAL;
			continue;
		}
		/* Not allowed by the specification, but glib and D-Bus read it as a shell does. */
		if (c == '\\')
			c = next_char(r);
		if (c < 0) {
			r->why = r->why != NULL ? r->why : "a backslash at the end";
			return -EINVAL;
		}
		buf_putc(&word, (char)c);
	}
	*ret = any ? buf_text(&word) : NULL;
	return 0;
}

static bool is_assignment(const char *word)
{
	size_t name = strcspn(word, "=/");
	return name > 0 && word[name] == '=';
}

/* The words of env(1) that change one variable each; others change more than the environment, or all of it. */
static int read_env(struct reader *r, struct exec_line *ret, const char **program)
{
	size_t set_cap = 0, unset_cap = 0;
	for (;;) {
		const char *word, *name = NULL;
		if (read_word(r, &word) < 0)
			return -EINVAL;
		if (word == NULL)
			break;
		if (strcmp(word, "-u") == 0) {
			if (read_word(r, &name) < 0)
				return -EINVAL;
			if (name == NULL)
				break;
		} else if (strncmp(word, "--unset=", 8) == 0) {
			name = word + 8;
		} else if (word[0] == '-') {
			r->why = "env is started with an option that is not understood";
			return -EINVAL;
		} else if (is_assignment(word)) {
			ret->set = arena_grow(r->arena, ret->set, ret->set_count, &set_cap, sizeof *ret->set);
			ret->set[ret->set_count++] = word;
			continue;
		} else {
			*program = word;
			return 0;
		}
		ret->unset = arena_grow(r->arena, ret->unset, ret->unset_count, &unset_cap, sizeof *ret->unset);
		ret->unset[ret->unset_count++] = name;
	}
	r->why = "env is told no program";
	return -EINVAL;
}

int exec_read(struct exec_line *ret, struct arena *a, const char *value, const char **ret_why)
{
	struct reader r = { .at = value, .arena = a };
	*ret = (struct exec_line){ .rest = "" };
	int result = read_word(&r, &ret->program);
	if (result == 0 && ret->program == NULL) {
		r.why = "it is empty";
		result = -EINVAL;
	}
	if (result == 0 && strcmp(path_base(ret->program), "env") == 0)
		result = read_env(&r, ret, &ret->program);
	if (result == 0 && (ret->program[0] == '\0' || strchr(ret->program, '%') != NULL)) {
		r.why = "its program is no name";
		result = -EINVAL;
	}
	ret->rest = r.at;
	*ret_why = r.why != NULL ? r.why : "";
	return result;
}

static const char reserved[] = " \t\n\"'\\><~|&;$*?#()`";

void exec_word(struct buf *out, const char *word, bool codes)
{
	bool quotes = word[0] == '\0' || strpbrk(word, reserved) != NULL;
	if (quotes)
		buf_putc(out, '"');
	for (; *word != '\0'; word++) {
		/* First the quoting, then the escapes of the string around it. */
		if (*word == '\\')
			buf_puts(out, "\\\\\\\\");
		else if (strchr("\"`$", *word) != NULL)
			buf_printf(out, "\\\\%c", *word);
		else if (*word == '\n' || *word == '\r' || *word == '\t')
			buf_puts(out, *word == '\n' ? "\\n" : *word == '\r' ? "\\r" : "\\t");
		else
			buf_puts(out, (const char[3]){ *word, codes && *word == '%' ? '%' : '\0', '\0' });
	}
	if (quotes)
		buf_putc(out, '"');
}

void exec_shell_word(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:,@%=";
	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		buf_puts(out, word);
		return;
	}
	buf_putc(out, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *word);
	}
	buf_putc(out, '\'');
}
