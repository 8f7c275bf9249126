/* Texts of desktop.dbus and desktop.open. */
#include "base/bus.h"
#include "base/uri.h"
#include "conf/value.h"

static bool judge(const struct place *at, const char *text, const char *wrong, const char *hint)
{
	if (wrong == NULL)
		return true;
	diag_hint(at->d, diag_error(at->d, at->origin, at->setting, "\"%s\": %s", text, wrong), "%s", hint);
	return false;
}

bool value_bus_name(const struct place *at, const char *text)
{
	return judge(
		at, text, bus_name_wrong(text), "a service's name has dots: \"org.freedesktop.Notifications\", or \"org.kde.*\"");
}

bool value_bus_rule(const struct place *at, const char *text)
{
	return judge(
		at, text, bus_rule_wrong(text), "write \"org.example.Service=org.example.Interface.Method@/org/example/path\"");
}

bool value_scheme(const struct place *at, const char *text)
{
	return judge(at, text, uri_scheme_wrong(text), "write \"https\", \"mailto\"");
}
