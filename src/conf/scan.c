#include "conf/scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

enum { MISTAKES_MAX = 50 };

struct scan {
	struct diags *d;
	struct origin at; /* line: where the scan is */
	const char *p, *end;
	char before; /* kind of the token before: its character, '"' text, '0' number, 'w' word, 0 at the start */
	unsigned depth, mistakes, brackets;
	struct {
		char bracket;
		unsigned line;
	} open[SCAN_DEPTH_MAX];
	struct scanned *result;
	char *out; /* where the next byte of the result goes */
	bool stop;
};

__attribute__((format(printf, 4, 5))) static void mistake(struct scan *s, unsigned line, const char *hint, const char *fmt, ...)
{
	struct origin o = s->at;
	o.line = line;
	va_list ap;
	va_start(ap, fmt);
	struct diag *e = diag_error(s->d, o, NULL, "%s", arena_vprintf(s->d->arena, fmt, ap));
	va_end(ap);
	if (hint != NULL)
		diag_hint(s->d, e, "%s", hint);
	if (++s->mistakes >= MISTAKES_MAX)
		s->stop = true;
}

static void too_many(struct scan *s)
{
	mistake(s, s->at.line, "split it and use inherit", "more than %d values in one file", SCAN_VALUES_MAX);
	s->stop = true;
}

static void value(struct scan *s, char kind)
{
	struct scanned *l = s->result;
	s->before = kind;
	if (l->count >= SCAN_VALUES_MAX) {
		too_many(s);
		return;
	}
	l->line = arena_grow(s->d->arena, l->line, l->count, &l->cap, sizeof *l->line);
	l->line[l->count++] = s->at.line;
}

static bool in_list(const struct scan *s)
{
	return s->depth > 0 && s->open[s->depth - 1].bracket != '{';
}

/* True where a value has to come: behind '=' or ':', or as an entry of a list. */
static bool value_place(const struct scan *s)
{
	return s->before == '=' || s->before == ':' || s->before == '[' || s->before == '(' || (s->before == ',' && in_list(s));
}

static void comment_block(struct scan *s)
{
	unsigned begin = s->at.line;
	for (s->p += 2; s->end - s->p >= 2; s->p++) {
		if (s->p[0] == '*' && s->p[1] == '/') {
			s->p += 2;
			return;
		}
		if (*s->p == '\n')
			s->at.line++;
	}
	mistake(s, begin, "close it with */", "the comment has no end");
	s->stop = true;
}

static void text(struct scan *s)
{
	unsigned begin = s->at.line;
	if (s->before == '"')
		mistake(s, begin, "put a comma between them; libconfig would join them into one",
			"two texts without a comma between them");
	else
		value(s, '"');
	s->before = '"';
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\n')
			break;
		if (*s->p != '\\' || s->end - s->p < 2)
			continue;
		s->p++;
		if (*s->p == '\n')
			break;
		if (*s->p == 'x' && s->end - s->p > 2 && s->p[1] == '0' && s->p[2] == '0')
			mistake(s, begin, NULL, "a NUL byte (\\x00) in a text");
	}
	if (s->p >= s->end || *s->p != '"') {
		mistake(s, begin, "add the closing quotation mark; a text ends on its line", "the text has no end");
		s->stop = true;
		return;
	}
	s->p++;
}

static void word(struct scan *s)
{
	const char *w = s->p;
	while (s->p < s->end && (isalnum((unsigned char)*s->p) || *s->p == '-' || *s->p == '_' || *s->p == '*'))
		s->p++;
	size_t n = (size_t)(s->p - w);
	const char *name = arena_strndup(s->d->arena, w, n < 40 ? n : 40);
	bool truth = strcasecmp(name, "true") == 0 || strcasecmp(name, "false") == 0;
	if (truth) {
		value(s, 'w');
		return;
	}
	if (value_place(s)) {
		bool yes = strcasecmp(name, "yes") == 0 || strcasecmp(name, "on") == 0;
		bool no = strcasecmp(name, "no") == 0 || strcasecmp(name, "off") == 0;
		mistake(s, s->at.line,
			yes          ? "write true"
				: no ? "write false"
				     : arena_printf(s->d->arena, "write \"%s\"", name),
			"the word %s stands without quotation marks", name);
	} else if (memchr(w, '*', n) != NULL) {
		mistake(s, s->at.line, NULL, "no setting has a '*' in its name: %s", name);
	} else if (*w == '_') {
		mistake(s, s->at.line, "environment variables go into a list: set = [ \"NAME=VALUE\" ]",
			"the name of a setting begins with a letter: %s", name);
	}
	s->before = 'w';
}

/* A run of characters that begins as a number does. */
static void number(struct scan *s)
{
	const char *w = s->p;
	while (s->p < s->end &&
		(isalnum((unsigned char)*s->p) || *s->p == '.' ||
			(strchr("+-", *s->p) != NULL && (s->p == w || strchr("eE", s->p[-1]) != NULL))))
		s->p++;
	size_t n = (size_t)(s->p - w);
	value(s, '0');
	if (n > 40) {
		mistake(s, s->at.line, NULL, "a number of %zu digits", n);
		return;
	}
	struct arena *a = s->d->arena;
	const char *whole = arena_strndup(a, w, n);
	const char *digits = whole + (*whole == '+');
	bool wide = false;
	size_t len = strlen(digits);
	while (len > 1 && digits[len - 1] == 'L' && n - (size_t)(digits - whole) - len < 2) {
		wide = true;
		len--;
	}
	digits = arena_strndup(a, digits, len);
	size_t sign = *digits == '-';
	int64_t v;
	int r = num_int(digits, wide ? INT64_MIN : INT32_MIN, wide ? INT64_MAX : INT32_MAX, &v);
	if (r == 0 && !(sign && (digits[2] == 'x' || digits[2] == 'X')))
		return;
	if (r == -ERANGE)
		mistake(s, s->at.line, "write sizes as texts: \"5G\"", "the number %s is too large", whole);
	else if (digits[sign] == '0' && isdigit((unsigned char)digits[sign + 1]) &&
		strspn(digits + sign, "0123456789") == len - sign)
		mistake(s, s->at.line, "write file modes as texts: \"0755\"", "the number %s begins with a zero", whole);
	else if (strspn(whole, "0123456789.eE+-") == n)
		mistake(s, s->at.line, NULL, "%s is not a whole number", whole);
	else
		mistake(s, s->at.line, arena_printf(a, "write \"%s\"", whole), "%s is neither a number nor a text", whole);
}

static void opening(struct scan *s)
{
	if (s->depth >= SCAN_DEPTH_MAX) {
		mistake(s, s->at.line, NULL, "brackets nest deeper than %d", SCAN_DEPTH_MAX);
		s->stop = true;
		return;
	}
	/* libconfig compares each name of a group with all others. */
	if (++s->brackets > SCAN_VALUES_MAX) {
		too_many(s);
		return;
	}
	s->open[s->depth].bracket = *s->p;
	s->open[s->depth++].line = s->at.line;
	s->before = *s->p++;
}

static void closing(struct scan *s)
{
	static const char pairs[] = "{}[]()";
	if (s->depth == 0) {
		mistake(s, s->at.line, NULL, "'%c' closes nothing", *s->p);
		s->stop = true;
		return;
	}
	s->depth--;
	char open = s->open[s->depth].bracket;
	if (strchr(pairs, open)[1] != *s->p) {
		mistake(s, s->at.line, NULL, "'%c' cannot close the '%c' of line %u", *s->p, open, s->open[s->depth].line);
		s->stop = true;
		return;
	}
	if (s->before == ',' && open != '{')
		mistake(s, s->at.line, "take the last comma out", "a comma before '%c'", *s->p);
	s->before = *s->p++;
}

static void token(struct scan *s)
{
	char c = *s->p;
	char next = s->end - s->p > 1 ? s->p[1] : '\0';
	switch (c) {
	case '"': text(s); return;
	case '{':
	case '[':
	case '(': opening(s); return;
	case '}':
	case ']':
	case ')': closing(s); return;
	case '@':
		mistake(s, s->at.line, "use inherit = [ \"NAME\" ]", "profiles have no @include");
		s->stop = true;
		return;
	}
	if (isdigit((unsigned char)c) || ((c == '+' || c == '-' || c == '.') && (isdigit((unsigned char)next) || next == '.'))) {
		number(s);
	} else if (isalpha((unsigned char)c) || c == '*' || c == '_') {
		word(s);
	} else {
		s->before = c;
		s->p++;
	}
}

/* Moves over blanks and comments; line ends stay, any other run becomes one blank. */
static void between(struct scan *s)
{
	unsigned before = s->at.line;
	const char *begin = s->p;
	while (s->p < s->end && !s->stop) {
		char c = *s->p;
		bool more = s->end - s->p > 1;
		if (c == '#' || (c == '/' && more && s->p[1] == '/')) {
			const char *eol = memchr(s->p, '\n', (size_t)(s->end - s->p));
			s->p = eol != NULL ? eol : s->end;
		} else if (c == '/' && more && s->p[1] == '*') {
			comment_block(s);
		} else if (isspace((unsigned char)c)) {
			s->at.line += c == '\n';
			s->p++;
		} else {
			break;
		}
	}
	size_t lines = s->at.line - before;
	memset(s->out, '\n', lines);
	s->out += lines;
	if (lines == 0 && s->p > begin)
		*s->out++ = ' ';
}

enum scan_result scan_text(struct diags *d, struct origin where, const char *bytes, size_t len, struct scanned *ret)
{
	struct scan s = { .d = d, .at = where, .p = bytes, .end = bytes + len, .result = ret };
	*ret = (struct scanned){ 0 };
	s.at.line = 1;

	const char *nul = memchr(bytes, '\0', len);
	if (nul != NULL) {
		for (const char *p = bytes; (p = memchr(p, '\n', (size_t)(nul - p))) != NULL; p++)
			s.at.line++;
		mistake(&s, s.at.line, "a profile is plain text; is this one?", "a NUL byte");
		return SCAN_STOP;
	}
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		mistake(&s, 1, "save the file as UTF-8 without it", "the file begins with a byte order mark");
		return SCAN_STOP;
	}
	char *copy = arena_alloc(d->arena, len + 1);
	ret->text = copy;
	s.out = copy;
	for (between(&s); s.p < s.end && !s.stop; between(&s)) {
		const char *begin = s.p;
		token(&s);
		memcpy(s.out, begin, (size_t)(s.p - begin));
		s.out += s.p - begin;
	}
	*s.out = '\0';
	if (!s.stop && s.depth > 0) {
		mistake(&s, s.open[s.depth - 1].line, NULL, "'%c' is not closed", s.open[s.depth - 1].bracket);
		s.stop = true;
	}
	return s.stop ? SCAN_STOP : s.mistakes > 0 ? SCAN_MISTAKES : SCAN_OK;
}
