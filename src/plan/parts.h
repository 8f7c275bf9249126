/* The parts of plan_make() besides the file tree (internal.h). Each adds its mistakes to the planner's diagnostics. */
#ifndef BAILEY_PLAN_PARTS_H
#define BAILEY_PLAN_PARTS_H

#include "plan/internal.h"

struct network_def; /* conf/networks.h */

/*
 * Who the program runs as. Started by root it also puts that user in the place of the caller in planner.facts (uid, gid, user,
 * home, environment), so that "~" is theirs; plan_make() puts the caller back.
 */
void plan_identity(struct planner *pl);

/* The ranges of ids of identity.user = "mapped", from /etc/subuid and /etc/subgid, and the programs that map them. */
void plan_id_maps(struct planner *pl);

/*
 * The path, without symlinks, of a program that does a part of the work from outside (newuidmap, pasta), or NULL.  The caller's PATH
 * decides: some distributions keep programs with a setuid bit in a directory of their own.  One that a program of an earlier sandbox
 * may have put there, or, started by root, that anybody but root can change, is passed over; then, and when no other is found,
 * `*ret_refused` is the first such one.
 */
const char *plan_tool(struct planner *pl, const char *name, const char **ret_refused);

/* The same, in directories of administrators' programs too, which are not in every user's PATH. */
const char *plan_tool_of_admin(struct planner *pl, const char *name, const char **ret_refused);

/* What is wrong with it, for the end of a sentence, and what to do about it. */
const char *plan_tool_refusal(struct planner *pl, const char *refused, const char **ret_hint);

/* The network, its name servers and the program that connects it; before plan_files(), which puts resolv.conf in its place. */
void plan_network(struct planner *pl);

/* network.allow and network.deny. Needs plan_network() and plan_capabilities(). */
void plan_firewall(struct planner *pl);

/* Whether a rule of network.allow has a name; then the sandbox asks a resolver of bailey's, and nobody else. */
bool plan_has_names(const struct planner *pl);

/* The interface on a bridge, as text for bailey-net. Needs plan_identity(). */
void plan_bridge(struct planner *pl);

/* desktop.dbus; before plan_files(), which puts the sockets in their place. Needs plan_identity(). */
void plan_dbus(struct planner *pl);

/* "DBUS_SESSION_BUS_ADDRESS=...": what tells libraries where the bus is, or that there is none. */
const char *plan_dbus_variable(struct planner *pl, const struct bus_plan *b);

/* desktop.display; before plan_files(). Needs plan_identity(). */
void plan_display(struct planner *pl);

/* Calls `put` for each variable that leads to the display. */
void plan_display_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o));

/* desktop.audio, and what it puts into the environment; before plan_files(). Needs plan_identity(). */
void plan_audio(struct planner *pl);
void plan_audio_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o));
void plan_note_audio(struct planner *pl);

/* "io.bailey.Sandbox.common_x": the name by which portals remember what the user allowed, and compositors which windows are whose. */
const char *plan_application(struct planner *pl);

/* The file that tells portals and toolkits of the sandbox, and the document portal's files. Needs plan_dbus() and plan_network(). */
void plan_portals(struct planner *pl);
void plan_portals_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o));

/* desktop.open, and what it puts into the environment; before plan_files(). Needs plan_identity(). */
void plan_open(struct planner *pl);
void plan_open_environment(struct planner *pl, void (*put)(struct planner *pl, const char *text, struct origin o));
void plan_note_open(struct planner *pl);

/* What other windows are not safe from. */
void plan_note_display(struct planner *pl);

/* Services on the buses that act outside of the sandbox. */
void plan_note_dbus(struct planner *pl);

/*
 * pasta(1) for a hub, as plan->user_network: without forwarded ports.  NULL, or why there is none, with `*ret_hint`; a machine without a
 * route has none for no reason.
 */
const char *plan_pasta_of_hub(struct planner *pl, const char **ret_hint);

/* Whether network.rate_in or network.rate_out is said of the network as a whole, and not of one interface of several. */
bool plan_has_rates(const struct planner *pl);

/*
 * network.rate_in and rate_out of mode "user", and what rates do not go with in any mode.  Needs plan_network() and plan_capabilities().
 */
void plan_rates(struct planner *pl);

/* network.join. */
void plan_join(struct planner *pl);

/* network.forward on a network in a hub: plan->bridge.inward, for the pasta that is planned. */
void plan_inward(struct planner *pl);

/* The name servers of a network on a bridge (network.c): those of the profile, of the network (plan->bridge.dns), or the host's. */
void plan_bridge_resolv(struct planner *pl);

/*
 * Started by root: the ids outside, from root's lines in /etc/subuid and /etc/subgid, into plan->uid and gid; with `one` false also
 * the maps of all of them.  False after a diagnostic.
 */
bool plan_id_maps_of_root(struct planner *pl, bool one);

/* Maps in which every id is the same inside and outside. */
void plan_id_maps_of_host(struct planner *pl);

/* The name of the caller's account, whatever USER says: what /etc/subuid goes by. */
const char *plan_account(struct planner *pl);

/* Whether the caller's supplementary groups still count inside. */
void plan_note_groups(struct planner *pl);

/*
 * The control group, and the stand-ins for what it cannot hold.  Comes before plan_identity(): the group is made by the caller, not
 * by the user that root becomes.  plan_process() puts the stand-ins among the other limits, plan_filter() closes
 * sched_setaffinity.
 */
void plan_resources(struct planner *pl);

/* What the switches of `devices` let through. */
void plan_note_devices(struct planner *pl);

/* What the program keeps: capabilities.keep, and what comes with the identity. Needs plan_identity() and the namespaces. */
void plan_capabilities(struct planner *pl);

/* umask, nice, timeout, resource limits, descriptors, terminal. */
void plan_process(struct planner *pl);

/* Adds a limit, or lowers the one there is to `value`. What is above the limit that bailey itself runs under changes nothing. */
void planner_limit(struct planner *pl, int resource, const char *name, uint64_t value, struct origin o);

/* The environment: kept variables, those every program gets, those of the profile; sorted by name. */
void plan_environment(struct planner *pl);

/* The working directory; needs plan_files() done. Without a program only a directory that the profile names is looked at. */
void plan_directory(struct planner *pl, const struct plan_request *r);

/* Finds the program; needs plan_files() done. 0, -ENOENT, -EACCES. */
int plan_program(struct planner *pl, const struct plan_request *r);

/* The Landlock domain, from the mounts and the network that are planned. Needs plan_capabilities() and plan_files() done. */
void plan_landlock(struct planner *pl);

/* What the sandbox does not keep out. Comes last: it looks at the plan. */
void plan_notes(struct planner *pl);

/* Adds one note; `text` lives as long as the plan. */
void planner_note(struct planner *pl, struct origin o, const char *text);

#endif
