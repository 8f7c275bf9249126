/* What a terminal that attaches later is told. */
#include "background/modes.h"
#include "tap.h"

static struct modes m;

static void feed(const char *text)
{
	modes_follow(&m, text, strlen(text));
}

static const char *switches(void)
{
	static char text[MODES_SWITCHES];
	text[modes_switch_on(&m, text)] = '\0';
	return text;
}

static const char *shown(void)
{
	static char text[MODES_TEXT + 1];
	size_t len;
	const char *from = modes_text(&m, &len);
	memcpy(text, from, len);
	text[len] = '\0';
	return text;
}

int main(void)
{
	modes_begin(&m);
	same(switches(), "", "a fresh terminal needs nothing");
	feed("one\r\n\033[31mtwo\033[0m\r\n");
	same(shown(), "one\r\n\033[31mtwo\033[0m\r\n", "text and colours are shown again");
	feed("\033[?25l\033[?2004h\033[?1000;1006h");
	same(switches(), "\033[?25l\033[?1000h\033[?1006h\033[?2004h", "modes are noted, several in one sequence too");
	feed("\033[?25");
	feed("h\033[?1000;1006;2004l");
	same(switches(), "", "and their end, also of a sequence in two parts");
	modes_begin(&m);
	feed("before\r\n\033[?1049hdrawn\033[2Jagain");
	same(switches(), "\033[?1049h", "the other screen");
	same(shown(), "", "is not shown again: it is drawn anew");
	feed("more\033[?1049lafter");
	same(shown(), "before\r\nafter", "what was drawn there is not on the main screen");
	feed("\033=\033[?1h");
	same(switches(), "\033[?1h\033=", "keys of the cursor and the keypad");
	feed("\033c");
	same(switches(), "", "a reset");
	modes_begin(&m);
	for (int i = 0; i < 10000; i++) {
		char line[32];
		(void)snprintf(line, sizeof line, "line %d\n", i);
		feed(line);
	}
	size_t len = strlen(shown());
	ok(len > MODES_TEXT / 2 - 16 && len <= MODES_TEXT, "a bounded part of much: %zu", len);
	ok(strncmp(shown(), "line ", 5) == 0 && strcmp(shown() + len - 10, "line 9999\n") == 0,
		"from the beginning of a line to the end");
	/* Whatever it is, it is followed within bounds. */
	modes_begin(&m);
	unsigned random = 1;
	static const char bytes[] = "\033[?;0123456789hlcm=>\n x";
	for (int i = 0; i < 500000; i++) {
		random = random * 1103515245 + 12345;
		modes_follow(&m, &bytes[(random >> 16) % (sizeof bytes - 1)], 1);
	}
	ok(m.len <= MODES_TEXT && modes_switch_on(&m, (char[MODES_SWITCHES]){ 0 }) < MODES_SWITCHES,
		"nonsense stays within bounds");
	return tap_done();
}
