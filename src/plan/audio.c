/* desktop.audio: the sockets of the session's sound servers. */
#include <string.h>

#include "base/path.h"
#include "host/resolve.h"
#include "plan/parts.h"

/* What is there of that type at `path`, which may have variables in it; or NULL. */
static const char *find(struct planner *pl, const char *path, enum node_type type)
{
	struct resolved r;
	if (path == NULL || expand_quietly(pl, path, &path) < 0 || path[0] != '/' || facts_resolve(pl->facts, path, &r) < 0)
		return NULL;
	return r.node.type == type ? r.path : NULL;
}

/* A path from the environment, where nothing but the path itself counts; or NULL. */
static const char *find_literal(struct planner *pl, const char *path, enum node_type type)
{
	struct resolved r;
	if (path == NULL || path[0] != '/' || path_normal(pl->arena, path, &path) < 0 || facts_resolve(pl->facts, path, &r) < 0)
		return NULL;
	return r.node.type == type ? r.path : NULL;
}

/* The local one of PULSE_SERVER's list: "{machine}unix:/path", "unix:/path", "/path". pulse-client.conf(5) */
static const char *pulse_server(struct planner *pl)
{
	const char *list = facts_env(pl->facts, "PULSE_SERVER");
	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, " ");
		const char *one = arena_strndup(pl->arena, list, len), *end;
		if (one[0] == '{' && (end = strchr(one, '}')) != NULL)
			one = end + 1;
		if (strncmp(one, "unix:", 5) == 0)
			one += 5;
		if (one[0] == '/')
			return one;
		list += len + strspn(list + len, " ");
	}
	return NULL;
}

static void find_servers(struct planner *pl, struct audio_plan *a)
{
	static const char *const cookies[] = { "${CONFIG}/pulse/cookie", "~/.config/pulse/cookie", "~/.pulse-cookie" };
	const char *server = pulse_server(pl), *remote = facts_env(pl->facts, "PIPEWIRE_REMOTE");
	a->pulse = server != NULL ? find_literal(pl, server, NODE_SOCKET) : find(pl, "${RUNTIME}/pulse/native", NODE_SOCKET);
	if (a->pulse != NULL)
		a->cookie = find_literal(pl, facts_env(pl->facts, "PULSE_COOKIE"), NODE_FILE);
	for (size_t i = 0; i < sizeof cookies / sizeof *cookies && a->pulse != NULL && a->cookie == NULL; i++)
		a->cookie = find(pl, cookies[i], NODE_FILE);
	const char *runtime;
	if (remote == NULL || remote[0] == '\0')
		a->pipewire = find(pl, "${RUNTIME}/pipewire-0", NODE_SOCKET);
	else if (remote[0] == '/')
		a->pipewire = find_literal(pl, remote, NODE_SOCKET);
	else if (strchr(remote, '/') == NULL && expand_quietly(pl, "${RUNTIME}", &runtime) == 0)
		a->pipewire = find_literal(pl, path_join(pl->arena, runtime, remote), NODE_SOCKET);
}

void plan_audio(struct planner *pl)
{
	struct audio_plan *a = &pl->plan->desktop.audio;
	*a = (struct audio_plan){ .kind = (enum choice_value)pl->p->desktop_audio.i, .origin = pl->p->desktop_audio.origin };
	if (a->kind != AUDIO_ALL)
		return;
	a->absent = "root started bailey, which has no part in the session of the user it becomes";
	if (pl->plan->become || expand_quietly(pl, "${RUNTIME}", &a->inside) < 0)
		return;
	find_servers(pl, a);
	a->absent = a->pulse == NULL && a->pipewire == NULL ? "neither PipeWire nor PulseAudio serves the session" : NULL;
}

void plan_audio_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o))
{
	const struct audio_plan *a = &pl->plan->desktop.audio;
	if (a->pulse != NULL)
		put(pl, arena_printf(pl->arena, "PULSE_SERVER=unix:%s" AUDIO_PULSE, a->inside), a->origin);
	if (a->cookie != NULL)
		put(pl, arena_printf(pl->arena, "PULSE_COOKIE=%s" AUDIO_COOKIE, a->inside), a->origin);
	if (a->pipewire != NULL)
		put(pl, "PIPEWIRE_REMOTE=" AUDIO_PIPEWIRE, a->origin);
}

void plan_note_audio(struct planner *pl)
{
	const struct audio_plan *a = &pl->plan->desktop.audio;
	if (a->pulse != NULL || a->pipewire != NULL)
		planner_note(pl, a->origin,
			arena_printf(pl->arena,
				"Whoever may play sound may record too: the microphone is heard, and what other programs play%s.",
				a->pipewire != NULL ? "; PipeWire also hands out the cameras that it serves" : ""));
}
