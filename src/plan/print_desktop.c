/* What explain says of the desktop session. */
#include <string.h>

#include "base/buf.h"
#include "plan/print_parts.h"

static bool is_wanted(const struct desktop_plan *d)
{
	return d->display.kind != CHOICE_NONE || d->audio.kind == AUDIO_ALL || d->open.scheme_count > 0 ||
		d->bus[SERVED_SESSION_BUS].rule_count + d->bus[SERVED_SYSTEM_BUS].rule_count > 0;
}

void print_desktop_know(struct layout *l, const struct plan *plan)
{
	for (size_t i = 0; i < BUS_COUNT; i++)
		for (size_t k = 0; k < plan->desktop.bus[i].rule_count; k++)
			layout_know(l, plan->desktop.bus[i].rules[k].origin);
	layout_know(l, plan->desktop.required_origin);
	layout_know(l, plan->desktop.display.origin);
	layout_know(l, plan->desktop.display.context_origin);
	layout_know(l, plan->desktop.audio.origin);
	layout_know(l, plan->desktop.open.origin);
}

/* "talk org.freedesktop.Notifications" of "--talk=org.freedesktop.Notifications" */
static const char *rule_words(struct arena *a, const char *option)
{
	char *text = arena_strdup(a, option + 2);
	*strchr(text, '=') = ' ';
	return text;
}

static void bus_rows(struct layout *l, const struct bus_plan *b)
{
	const struct origin first = b->rules[0].origin;
	const char *word = arena_printf(l->arena, "%s bus", b->name);
	if (b->address == NULL) {
		layout_row(l, word, arena_printf(l->arena, "none: %s", b->absent), layout_origin(l, first));
		return;
	}
	layout_row(l, word, arena_printf(l->arena, "%s at %s, filtered", layout_clean(l->arena, b->address), b->inside),
		layout_origin(l, first));
	for (size_t i = 0; i < b->rule_count; i++)
		layout_row(l, "", rule_words(l->arena, b->rules[i].option), layout_origin(l, b->rules[i].origin));
}

/* How the compositor takes the program; nobody asks it before the launch. */
static const char *context_words(const struct display_plan *d)
{
	switch ((int)d->context) {
	case CONTEXT_REQUIRED: return ", which has to take it as a sandbox";
	case CONTEXT_AUTO: return ", as a sandbox if it knows of such";
	default: return "";
	}
}

/* What the program gets of the displays, in words. */
static const char *display_words(struct arena *a, const struct display_plan *d)
{
	if (d->absent != NULL)
		return arena_printf(a, "none: %s", d->absent);
	if (d->screen.server != NULL)
		return arena_printf(a, "x11-isolated: an X server of its own, by %s%s", d->screen.server,
			d->screen.envp[2] != NULL ? "" : ", on a screen that nobody sees");
	if (d->forwarded != NULL)
		return arena_printf(a, "x11: the X server at %s, over the network, with its cookie alone", d->forwarded);
	if (d->wayland != NULL && d->x11 != NULL)
		return arena_printf(
			a, "both: the Wayland compositor at %s%s; the X server at %s", d->wayland, context_words(d), d->x11);
	if (d->wayland != NULL)
		return arena_printf(a, "wayland: the compositor at %s%s", d->wayland, context_words(d));
	return d->x11 != NULL ? arena_printf(a, "x11: the X server at %s, with its cookie alone", d->x11) : "none";
}

static const char *audio_words(struct arena *a, const struct audio_plan *d)
{
	if (d->absent != NULL)
		return arena_printf(a, "none: %s", d->absent);
	if (d->pulse != NULL && d->pipewire != NULL)
		return arena_printf(a, "PipeWire at %s and PulseAudio at %s, microphone included", d->pipewire, d->pulse);
	return arena_printf(a, "%s at %s, microphone included", d->pulse != NULL ? "PulseAudio" : "PipeWire",
		d->pulse != NULL ? d->pulse : d->pipewire);
}

static const char *portal_words(struct arena *a, const struct portal_plan *p)
{
	return arena_printf(a, "the program is %s to them%s%s", p->application,
		p->documents != NULL ? "; files that the user chooses are below " : "",
		p->documents != NULL ? p->documents_inside : "");
}

static const char *open_words(struct arena *a, const struct open_plan *o)
{
	struct buf words = { .arena = a };
	for (size_t i = 0; i < o->scheme_count; i++)
		buf_printf(&words, "%s%s", i > 0 ? ", " : "", o->schemes[i]);
	if (o->absent != NULL)
		return arena_printf(a, "nothing (asked for: %s): %s", buf_text(&words), o->absent);
	return arena_printf(a, "%s, outside, by %s", buf_text(&words), o->handler);
}

void print_desktop_text(struct layout *l, const struct plan *plan)
{
	const struct desktop_plan *d = &plan->desktop;
	if (!is_wanted(d))
		return;
	layout_heading(l, "Desktop");
	if (d->display.kind != CHOICE_NONE)
		layout_row(l, "display", display_words(l->arena, &d->display), layout_origin(l, d->display.origin));
	if (d->audio.kind == AUDIO_ALL)
		layout_row(l, "audio", audio_words(l->arena, &d->audio), layout_origin(l, d->audio.origin));
	if (d->open.scheme_count > 0)
		layout_row(l, "opens", open_words(l->arena, &d->open), layout_origin(l, d->open.origin));
	if (d->portal.info != NULL)
		layout_row(l, "portals", portal_words(l->arena, &d->portal), layout_origin(l, d->portal.origin));
	for (size_t i = 0; i < BUS_COUNT; i++)
		if (d->bus[i].rule_count > 0)
			bus_rows(l, &d->bus[i]);
	layout_table(l);
}

static void bus_json(struct json *j, const struct bus_plan *b)
{
	json_object(j, arena_printf(j->out->arena, "%s_bus", b->name));
	json_string(j, "address", b->address); /* null: none is served */
	json_string(j, "inside", b->inside);
	if (b->absent != NULL)
		json_string(j, "absent", b->absent);
	json_array(j, "rules");
	for (size_t i = 0; i < b->rule_count; i++) {
		json_object(j, NULL);
		json_string(j, "rule", rule_words(j->out->arena, b->rules[i].option));
		json_origin(j, "origin", b->rules[i].origin);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

void print_desktop_json(struct json *j, const struct plan *plan)
{
	const struct desktop_plan *d = &plan->desktop;
	if (!is_wanted(d))
		return;
	json_object(j, "desktop");
	if (d->display.kind != CHOICE_NONE) {
		const struct display_plan *s = &d->display;
		json_object(j, "display");
		json_string(j, "kind", schema_choice_word((int)s->kind));
		json_string(j, "absent", s->absent);
		json_string(j, "wayland", s->wayland);
		json_string(j, "wayland_context", s->wayland != NULL ? schema_choice_word((int)s->context) : NULL);
		json_string(j, "x11", s->x11);
		json_string(j, "forwarded", s->forwarded);
		json_string(j, "cookies", s->screen.server == NULL ? s->cookies : NULL);
		json_string(j, "server", s->screen.server);
		json_array(j, "arguments");
		for (char *const *word = s->screen.argv; word != NULL && *word != NULL; word++)
			json_string(j, NULL, *word);
		json_array_end(j);
		json_origin(j, "origin", s->origin);
		json_object_end(j);
	}
	if (d->audio.kind == AUDIO_ALL) {
		json_object(j, "audio");
		json_string(j, "absent", d->audio.absent);
		json_string(j, "pulse", d->audio.pulse);
		json_string(j, "cookie", d->audio.cookie);
		json_string(j, "pipewire", d->audio.pipewire);
		json_origin(j, "origin", d->audio.origin);
		json_object_end(j);
	}
	if (d->open.scheme_count > 0) {
		json_object(j, "open");
		json_string(j, "program", d->open.handler); /* null: nothing is opened */
		json_string(j, "absent", d->open.absent);
		json_array(j, "schemes");
		for (size_t i = 0; i < d->open.scheme_count; i++)
			json_string(j, NULL, d->open.schemes[i]);
		json_array_end(j);
		json_origin(j, "origin", d->open.origin);
		json_object_end(j);
	}
	if (d->portal.info != NULL) {
		json_object(j, "portals");
		json_string(j, "application", d->portal.application);
		json_string(j, "documents", d->portal.documents);
		json_origin(j, "origin", d->portal.origin);
		json_object_end(j);
	}
	json_string(j, "bus_proxy", d->proxy);
	json_bool(j, "bus_required", d->bus_required);
	for (size_t i = 0; i < BUS_COUNT; i++)
		if (d->bus[i].rule_count > 0)
			bus_json(j, &d->bus[i]);
	json_object_end(j);
}

void print_desktop_statements(
	struct arena *a, const struct plan *plan, void (*say)(void *data, const char *text, struct origin o), void *data)
{
	const struct desktop_plan *d = &plan->desktop;
	if (d->display.kind != CHOICE_NONE)
		say(data, arena_printf(a, "display %s", display_words(a, &d->display)), d->display.origin);
	if (d->audio.kind == AUDIO_ALL)
		say(data, arena_printf(a, "audio %s", audio_words(a, &d->audio)), d->audio.origin);
	if (d->open.scheme_count > 0)
		say(data, arena_printf(a, "opens %s", open_words(a, &d->open)), d->open.origin);
	if (d->portal.info != NULL)
		say(data, arena_printf(a, "portals: %s", portal_words(a, &d->portal)), d->portal.origin);
	for (size_t i = 0; i < BUS_COUNT; i++) {
		const struct bus_plan *b = &d->bus[i];
		if (b->rule_count > 0)
			say(data, arena_printf(a, "%s bus: %s", b->name, b->address != NULL ? b->address : "none"),
				b->rules[0].origin);
		for (size_t k = 0; k < b->rule_count; k++)
			say(data, arena_printf(a, "%s bus: %s", b->name, rule_words(a, b->rules[k].option)), b->rules[k].origin);
	}
	if (d->bus_required)
		say(data, "the buses are required", d->required_origin);
}
