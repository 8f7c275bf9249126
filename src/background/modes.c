#include "background/modes.h"

#include <stdio.h>
#include <string.h>

/* DEC's private modes, as in xterm's "Control Sequences". The other screen's come first. */
static const unsigned short numbers[] = { 1049, 1047, 47, 1, 7, 9, 25, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 2004 };
enum { NUMBERS = sizeof numbers / sizeof *numbers, OTHER_SCREENS = 3, WRAP = 4, CURSOR = 6, KEYPAD = NUMBERS };

static const uint32_t at_first = 1U << WRAP | 1U << CURSOR;

void modes_begin(struct modes *m)
{
	*m = (struct modes){ .on = at_first };
}

static bool on_other_screen(uint32_t on)
{
	return (on & ((1U << OTHER_SCREENS) - 1)) != 0;
}

bool modes_draws(const struct modes *m)
{
	return on_other_screen(m->on);
}

static void set_mode(struct modes *m, unsigned number, bool on)
{
	for (size_t i = 0; i < NUMBERS; i++)
		if (numbers[i] == number)
			m->on = on ? m->on | 1U << i : m->on & ~(1U << i);
}

/* The last byte of a sequence of private modes. */
static void end_private(struct modes *m, char c)
{
	for (size_t i = 0; (c == 'h' || c == 'l') && i < m->count; i++)
		set_mode(m, m->numbers[i], c == 'h');
}

static void parameter(struct modes *m, char c)
{
	const size_t most = sizeof m->numbers / sizeof *m->numbers;
	if (m->count == 0)
		m->numbers[m->count++] = 0;
	if (c == ';' && m->count < most)
		m->numbers[m->count++] = 0;
	else if (c >= '0' && c <= '9' && m->numbers[m->count - 1] < 100000)
		m->numbers[m->count - 1] = m->numbers[m->count - 1] * 10 + (unsigned)(c - '0');
}

/* Follows one byte. */
static void follow(struct modes *m, char c)
{
	if (c == '\033') {
		m->at = MODES_ESCAPE;
		m->sequence = 0;
		return;
	}
	switch (m->at) {
	case MODES_PLAIN: return;
	case MODES_ESCAPE:
		m->at = c == '[' ? MODES_CSI : MODES_PLAIN;
		m->count = 0;
		if (c == '=' || c == '>')
			m->on = c == '=' ? m->on | 1U << KEYPAD : m->on & ~(1U << KEYPAD);
		if (c == 'c') /* all over again */
			m->on = at_first;
		return;
	case MODES_CSI: m->at = c == '?' ? MODES_PRIVATE : c >= '@' && c <= '~' ? MODES_PLAIN : MODES_OTHER; return;
	case MODES_PRIVATE:
		if ((c >= '0' && c <= '9') || c == ';') {
			parameter(m, c);
			return;
		}
		end_private(m, c);
		m->at = MODES_PLAIN;
		return;
	case MODES_OTHER:
		if (c >= '@' && c <= '~')
			m->at = MODES_PLAIN;
	}
}

/* The older half goes when there is no more room. */
static void keep(struct modes *m, char c)
{
	if (m->len == sizeof m->text) {
		m->len = sizeof m->text / 2;
		memmove(m->text, m->text + m->len, m->len);
	}
	m->text[m->len++] = c;
	m->sequence++;
}

void modes_follow(struct modes *m, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool before = on_other_screen(m->on);
		follow(m, bytes[i]);
		bool now = on_other_screen(m->on);
		/* What switches screens is told by the modes, and does not belong to what is shown. */
		if (now && !before)
			m->len -= m->sequence < m->len ? m->sequence : m->len;
		else if (!now && !before)
			keep(m, bytes[i]);
	}
}

size_t modes_switch_on(const struct modes *m, char ret[MODES_SWITCHES])
{
	size_t n = 0;
	for (size_t i = 0; i < NUMBERS; i++) {
		bool on = (m->on >> i & 1) != 0;
		if (on != ((at_first >> i & 1) != 0))
			n += (size_t)snprintf(ret + n, MODES_SWITCHES - n, "\033[?%u%c", numbers[i], on ? 'h' : 'l');
	}
	if ((m->on >> KEYPAD & 1) != 0)
		n += (size_t)snprintf(ret + n, MODES_SWITCHES - n, "\033=");
	return n;
}

const char *modes_text(const struct modes *m, size_t *ret_len)
{
	const char *line = m->len > MODES_TEXT / 2 ? memchr(m->text, '\n', m->len) : NULL;
	const char *from = line != NULL ? line + 1 : m->text;
	*ret_len = on_other_screen(m->on) ? 0 : (size_t)(m->text + m->len - from);
	return from;
}
