/* "~", ${VARIABLES}, escapes and patterns. */
#include "plan/internal.h"
#include "tap.h"

static struct arena arena;
static struct facts facts;
static struct diags diags;
static struct planner planner;
static struct profile profile;

static void setup(const char *json)
{
	struct err e = { 0 };
	if (facts_json(&facts, &arena, json, strlen(json), "f.json", &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	diags = (struct diags){ .arena = &arena };
	profile = (struct profile){ .name = "firefox" };
	planner = (struct planner){ .arena = &arena, .p = &profile, .facts = &facts, .diags = &diags };
}

static const char ada[] = "{\"uid\":1000,\"user\":\"ada\",\"home\":\"/home/ada\",\"cwd\":\"/work\",\"environment\":{}}";

/* The text, or "! message (hint)". */
static const char *last_mistake(void)
{
	const struct diag *d = &diags.items[diags.count - 1];
	return arena_printf(&arena, "! %s (%s)", d->text, d->hint != NULL ? d->hint : "");
}

static const char *text(const char *s)
{
	const char *out;
	if (expand_text(&planner, (struct origin){ 0 }, "x.y", s, &out) == 0)
		return out;
	return last_mistake();
}

/* All paths with blanks between them. */
static const char *paths(const char *s)
{
	const char **list;
	size_t count;
	struct buf b = { .arena = &arena };
	if (expand_path(&planner, (struct origin){ 0 }, "x.y", s, true, &list, &count, NULL) < 0)
		return last_mistake();
	for (size_t i = 0; i < count; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", list[i]);
	return buf_text(&b);
}

static void test_variables(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "~", "/home/ada" },
		{ "~/x", "/home/ada/x" },
		{ "a~", "a~" },
		{ "~bob/x", "~bob/x" },
		{ "${HOME}/x/${USER}", "/home/ada/x/ada" },
		{ "${UID}", "1000" },
		{ "${RUNTIME}", "/run/user/1000" },
		{ "${CONFIG}", "/home/ada/.config" },
		{ "${CACHE}", "/home/ada/.cache" },
		{ "${DATA}", "/home/ada/.local/share" },
		{ "${STATE}", "/home/ada/.local/state" },
		{ "${DOWNLOADS}", "/home/ada/Downloads" },
		{ "${DOCUMENTS}", "/home/ada/Documents" },
		{ "${PICTURES}", "/home/ada/Pictures" },
		{ "${MUSIC}", "/home/ada/Music" },
		{ "${VIDEOS}", "/home/ada/Videos" },
		{ "${DESKTOP}", "/home/ada/Desktop" },
		{ "${CWD}", "/work" },
		{ "${PROFILE}", "firefox" },
		{ "NAME=${HOME}", "NAME=/home/ada" },
		{ "$HOME $", "$HOME $" },
		{ "\\${HOME}", "${HOME}" },
		{ "\\~/x", "~/x" },
		{ "a\\nb\\", "a\\nb\\" },
		{ "\\\\${UID}", "\\1000" },
		{ "a*b?c[d]", "a*b?c[d]" },
		{ "", "" },
		{ "${HOMES}", "! unknown variable \"${HOMES}\" (did you mean ${HOME}?)" },
		{ "${SOMETHING}", "! unknown variable \"${SOMETHING}\" ()" },
		{ "${}", "! unknown variable \"${}\" ()" },
		{ "${HOME", "! \"${\" without \"}\" (write \"\\\\$\" for a dollar sign that is part of the name)" },
	};
	setup(ada);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		same(text(cases[i].text), cases[i].want, cases[i].text);
}

static void test_environment(void)
{
	setup("{\"uid\":7,\"home\":\"/h\",\"environment\":{\"XDG_CONFIG_HOME\":\"/c\",\"XDG_CACHE_HOME\":\"relative\",\"XDG_DATA_HOME\":\"\","
	      "\"XDG_RUNTIME_DIR\":\"/r\"},\"files\":{\"/c/user-dirs.dirs\":\"# comment\\nXDG_DOWNLOAD_DIR=\\\"$HOME/Down loads\\\"\\n"
	      "XDG_MUSIC_DIR=\\\"/srv/\\\\\\\"music\\\\\\\"\\\"\\nXDG_VIDEOS_DIR=\\\"$HOME/\\\"\\nXDG_PICTURES_DIR=\\\"pictures\\\"\\n"
	      "XDG_DESKTOP_DIR=\\\"$HOME/../x\\\"\\n  XDG_DOCUMENTS_DIR=\\\"$HOME/Docs\\\"\\n\"}}");
	same(text("${CONFIG}"), "/c", "XDG_CONFIG_HOME");
	same(text("${CACHE}"), "/h/.cache", "a relative one does not count");
	same(text("${DATA}"), "/h/.local/share", "nor does an empty one");
	same(text("${RUNTIME}"), "/r", "XDG_RUNTIME_DIR");
	same(text("${DOWNLOADS}"), "/h/Down loads", "user-dirs.dirs");
	same(text("${MUSIC}"), "/srv/\"music\"", "an absolute path, with backslashes");
	same(text("${VIDEOS}"), "/h/Videos", "the home itself is no directory for videos");
	same(text("${PICTURES}"), "/h/Pictures", "neither is a relative path");
	same(text("${DESKTOP}"), "/h/Desktop", "nor one with dots");
	same(text("${DOCUMENTS}"), "/h/Docs", "blanks in front");

	setup("{\"uid\":7}");
	same(text("~"), "! needs the home directory, but HOME is not set and the user database names none (set HOME)", "no home");
	same(text("${CACHE}"), "! needs the home directory, but HOME is not set and the user database names none (set HOME)",
		"no cache");
	same(text("${USER}"), "! needs the user's name, but neither USER nor the user database tells it ()", "no user");
	same(text("${CWD}"), "! needs the current directory, but that was deleted or cannot be reached ()", "no current directory");
	same(text("${RUNTIME}"), "/run/user/7", "no runtime directory: the usual place");
	const char *out;
	size_t before = diags.count;
	ok(expand_quietly(&planner, "~/x", &out) < 0 && diags.count == before, "quiet");
	ok(expand_quietly(&planner, "${RUNTIME}//x", &out) == 0 && strcmp(out, "/run/user/7/x") == 0, "quiet and normal");
}

static void test_paths(void)
{
	setup("{\"uid\":7,\"home\":\"/h*\",\"cwd\":\"/w[1]\",\"paths\":{\"/dev/video0\":\"dev\",\"/dev/video10\":\"dev\",\"/dev/vi\":\"dev\","
	      "\"/d/.hidden\":\"file\",\"/d/a\":\"dir\",\"/d/b\":\"file\",\"/d/a/x.conf\":\"file\",\"/d/c/x.conf\":\"file\",\"/d/dead\":\"-> no\","
	      "\"/l\":\"-> d\",\"/h*/x1\":\"file\",\"/hh/x1\":\"file\",\"/w[1]/y\":\"file\",\"/d/s*r\":\"file\",\"/d/star\":\"file\",\"/d/-x\":\"file\"}}");
	same(paths("/a//b/./c/"), "/a/b/c", "normal");
	same(paths("/"), "/", "the root");
	same(paths("/dev/video*"), "/dev/video0 /dev/video10", "a star");
	same(paths("/dev/video?"), "/dev/video0", "one character");
	same(paths("/dev/v[hi]"), "/dev/vi", "a set");
	same(paths("/dev/v[!x]"), "/dev/vi", "none of a set");
	same(paths("/dev/v[a-i]*"), "/dev/vi /dev/video0 /dev/video10", "a range");
	same(paths("/d/*"), "/d/-x /d/a /d/b /d/c /d/s*r /d/star", "hidden names and dead links are left out");
	same(paths("/d/.h*"), "/d/.hidden", "the dot says it");
	same(paths("/d/*/x.conf"), "/d/a/x.conf /d/c/x.conf", "in the middle");
	same(paths("/l/[ab]"), "/l/a /l/b", "through a symlink");
	same(paths("/d/s\\*r"), "/d/s*r", "an escaped star");
	same(paths("/d/s\\*[r]"), "/d/s*r", "an escaped star beside a pattern");
	same(paths("/d/[-]x"), "/d/-x", "a dash in a set");
	same(paths("~/x?"), "/h*/x1", "a star in a variable's value is no pattern");
	same(paths("${CWD}/*"), "/w[1]/y", "neither are its brackets");
	same(paths("${CWD}"), "/w[1]", "nor alone");
	same(paths("/none/*"), "", "no match");
	same(paths("a/b"), "! \"a/b\" is not an absolute path (begin it with \"/\", \"~\" or a variable such as ${CWD})",
		"relative");
	same(paths(""), "! \"\" is not an absolute path (begin it with \"/\", \"~\" or a variable such as ${CWD})", "empty");
	same(paths("~bob/x"), "! \"~bob/x\" is not an absolute path (begin it with \"/\", \"~\" or a variable such as ${CWD})",
		"another's home");
	same(paths("/a/../b"), "! \"/a/../b\" must not hold \"..\" (write where it leads to)", "dots");
	same(paths("/a/*/.."), "! \"/a/*/..\" must not hold \"..\" (write where it leads to)", "dots behind a pattern");
	char *lengthy = arena_alloc(&arena, 6000);
	memset(lengthy, 'x', 5999);
	lengthy[0] = '/';
	same(paths(lengthy), "! the path is too long ()", "too long");

	const char **list;
	size_t count;
	bool pattern;
	ok(expand_path(&planner, (struct origin){ 0 }, "x", "/dev/v*", false, &list, &count, &pattern) == 0 && count == 1 &&
			!pattern && strcmp(list[0], "/dev/v*") == 0,
		"no patterns where none are wanted");
	ok(expand_path(&planner, (struct origin){ 0 }, "x", "/dev/v*", true, &list, &count, &pattern) == 0 && count == 3 && pattern,
		"a pattern says that it is one");
}

static void test_bomb(void)
{
	struct buf b = { .arena = &arena };
	buf_puts(&b, "{\"paths\":{");
	for (int i = 0; i < 70; i++)
		for (int k = 0; k < 70; k++)
			buf_printf(&b, "%s\"/p/%d/%d\":\"file\"", i + k > 0 ? "," : "", i, k);
	buf_puts(&b, "}}");
	setup(buf_text(&b));
	same(paths("/p/*/*"), "! the pattern matches more than 4096 paths (name a directory above them)",
		"a pattern that matches too much");
	ok(strchr(paths("/p/1/*"), ' ') != NULL, "less is all right");
}

int main(void)
{
	test_variables();
	test_environment();
	test_paths();
	test_bomb();
	arena_free(&arena);
	return tap_done();
}
