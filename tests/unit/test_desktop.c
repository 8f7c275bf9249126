/* Exec lines and the files around them: read, quoted, rewritten. */
#include "desktop/entry.h"
#include "desktop/exec.h"
#include "tap.h"

static struct arena arena;

static const char *words(const struct exec_line *x)
{
	struct buf b = { .arena = &arena };
	for (size_t i = 0; i < x->unset_count; i++)
		buf_printf(&b, "-%s|", x->unset[i]);
	for (size_t i = 0; i < x->set_count; i++)
		buf_printf(&b, "%s|", x->set[i]);
	buf_printf(&b, "%s|%s", x->program, x->rest);
	return buf_text(&b);
}

static void test_read(void)
{
	static const struct {
		const char *value, *want;
	} good[] = {
		{ "prog", "prog|" },
		{ "  prog  %U", "prog|  %U" },
		{ "\"/a b/prog\" x", "/a b/prog| x" },
		{ "\"a\\\\\\\\b\" %f", "a\\b| %f" },
		{ "\"a\\\\$b\"", "a$b|" },
		{ "/a\\sb", "/a|\\sb" }, /* the escape stands for a blank, which ends the word */
		{ "'a b'c\"d\" e", "a bcd| e" },
		{ "env prog x", "prog| x" },
		{ "/usr/bin/env A=1 -u B C=2 --unset=D prog", "-B|-D|A=1|C=2|prog|" },
		{ "env a/b=c", "a/b=c|" },
		{ "prog \"not closed", "prog| \"not closed" },
	};
	static const char *const bad[] = { "", "   ", "\"open", "'open", "a\\x", "a\\", "env", "env A=b", "env -i prog", "env -u",
		"%f", "\"\"" };
	struct exec_line x;
	const char *why;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		bool read = exec_read(&x, &arena, good[i].value, &why) == 0;
		same(read ? words(&x) : why, good[i].want, good[i].value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(exec_read(&x, &arena, bad[i], &why) < 0 && why[0] != '\0', "refused: <%s>", bad[i]);
}

/* What is quoted is read as it was. */
static void test_word(void)
{
	static const char *const all[] = { "plain", "", "a b", "\"", "'", "\\", "\\\\s", "$HOME", "`x`", "a\tb\nc\rd",
		"#;&|<>()*?~", "ä" };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct buf b = { .arena = &arena };
		struct exec_line x;
		const char *why;
		buf_puts(&b, "env A=");
		exec_word(&b, all[i], false);
		buf_puts(&b, " p");
		if (exec_read(&x, &arena, buf_text(&b), &why) < 0 || x.set_count != 1)
			ok(false, "<%s> cannot be read: %s", buf_text(&b), why);
		else
			same(x.set[0] + 2, all[i], buf_text(&b));
	}
	struct buf b = { .arena = &arena };
	exec_word(&b, "100%", true);
	buf_putc(&b, ' ');
	exec_word(&b, "100%", false);
	buf_putc(&b, ' ');
	exec_shell_word(&b, "it's");
	same(buf_text(&b), "100%% 100% 'it'\\''s'", "field codes and the shell");
}

static const char *rewritten(enum desktop_kind kind, const char *text)
{
	struct programs none = { .arena = &arena, .path = "" };
	struct desktop_change c = { .kind = kind, .bailey = "/b c", .programs = &none, .profile = "p", .source = "/s" };
	struct buf out = { .arena = &arena };
	struct err e = { .code = 0 };
	return desktop_entry_rewrite(&out, &c, text, strlen(text), &e) == 0 ? buf_text(&out) : arena_strdup(&arena, e.text);
}

static void test_rewrite(void)
{
	same(rewritten(DESKTOP_APPLICATION,
		     "# c\n[Desktop Entry]\nExec=x %u\nX-Bailey-Profile=old\nDBusActivatable=true\nName=\n\n[a]\nExec[de]=y"),
		"# c\n[Desktop Entry]\nX-Bailey-Profile=p\nX-Bailey-Source=/s\nExec=\"/b c\" run --notify --profile=p -- x %u\n"
		"DBusActivatable=false\nName=\n\n[a]\nExec[de]=\"/b c\" run --notify --profile=p -- y",
		"an entry");
	same(rewritten(DESKTOP_SERVICE, "[D-BUS Service]\r\nName=a.b\r\nExec=x 100%\r\nSystemdService=x.service\r\n"),
		"[D-BUS Service]\r\nX-Bailey-Profile=p\r\nX-Bailey-Source=/s\r\nName=a.b\r\nExec=\"/b c\" run --notify --profile=p -- x 100%\r\n",
		"a service, with carriage returns");
	same(rewritten(DESKTOP_APPLICATION, "[Desktop Entry]"), "[Desktop Entry]\nX-Bailey-Profile=p\nX-Bailey-Source=/s\n",
		"nothing but a header");
	same(rewritten(DESKTOP_APPLICATION, "Exec=\"x\n"), "/s: Exec=\"x: a quote is not closed", "a mistake names the file");
	same(rewritten(DESKTOP_APPLICATION, "[Other]\n"), "/s: there is no [Desktop Entry] in it", "another file");
}

static void test_entry(void)
{
	static const char text[] = "[Desktop Entry]\nType = Application\nName[de]=N\n Name=M\nExec=env A=b /x/y %U\nHidden=false\n"
				   "DBusActivatable=true\n[Desktop Action a]\nName=other\nHidden=true\n";
	struct desktop_entry e;
	const char *why;
	ok(desktop_entry_read(&e, &arena, DESKTOP_APPLICATION, text, sizeof text - 1, &why) == 0, "it is read");
	same(e.program, "/x/y", "its program");
	ok(e.starts && !e.hidden && e.activatable && !e.ours, "and the rest");
	ok(desktop_entry_read(&e, &arena, DESKTOP_APPLICATION, "[Desktop Entry]\0", 17, &why) < 0, "no NUL bytes");
	ok(desktop_entry_read(&e, &arena, DESKTOP_SERVICE, text, sizeof text - 1, &why) < 0, "no service");
}

int main(void)
{
	test_read();
	test_word();
	test_rewrite();
	test_entry();
	arena_free(&arena);
	return tap_done();
}
