/*
 * The plan: everything a launch will do, as constant data.  Made from the merged profile, the facts and the request; printed by
 * explain; carried out by launch/, which looks at nothing else.  No kernel object is made before the plan is complete.
 */
#ifndef BAILEY_PLAN_PLAN_H
#define BAILEY_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/origin.h"
#include "host/facts.h"
#include "plan/desktop.h"
#include "plan/resources.h"
#include "schema/schema.h"

/* One change of the new file tree. Operations are in the order of work: a directory comes before what is in it. */
enum mount_kind {
	MOUNT_DIRECTORY, /* mkdir(target, mode) in our own tmpfs */
	MOUNT_SYMLINK, /* symlink(source as text, target) */
	MOUNT_FILE, /* a new file with `content`, in our own tmpfs, or (MOUNT_OVER) a private file mounted over a name */
	MOUNT_BIND, /* source on the host, with everything mounted below it, at target */
	MOUNT_TMPFS, /* an empty file system of its own */
	MOUNT_PROC, /* proc of the new pid namespace; MOUNT_READ_ONLY counts */
	MOUNT_DEVPTS, /* a devpts instance of its own */
	MOUNT_UPPER, /* where the changes of the next OVERLAY go: a directory of the host and its work directory, or a tmpfs */
	MOUNT_WHITEOUT, /* the lower directory's name is not there; only with MOUNT_IN_UPPER */
	MOUNT_OVERLAY, /* source on the host below the last UPPER, at target */
	MOUNT_MQUEUE, /* POSIX message queues of the new ipc namespace */
	MOUNT_SERVED, /* the socket `served`, which a program of ours serves from outside */
};

enum mount_flags {
	MOUNT_READ_ONLY = 1 << 0, /* recursively; of a TMPFS: once everything below it is in its place */
	MOUNT_NOEXEC = 1 << 1,
	MOUNT_DEVICES = 1 << 2, /* device nodes work (else nodev) */
	MOUNT_ON_FILE = 1 << 3, /* source and target are not directories */
	MOUNT_MAKE = 1 << 4, /* make the mount point first: its parent is our own tmpfs */
	MOUNT_IN_BIND = 1 << 5, /* the mount point lies in something bound: resolve it without following symlinks */
	MOUNT_OVER = 1 << 6, /* MOUNT_FILE: over an existing name in something bound */
	MOUNT_IN_UPPER = 1 << 8, /* DIRECTORY, FILE, WHITEOUT: made in the last UPPER, unless the name is there */
	MOUNT_RUN = 1 << 9, /* UPPER: of this run alone (struct plan_changes), so nobody else can be using it */
	MOUNT_MAY_VANISH = 1 << 7, /* an absent source is not an error: optional, or a child of a rebuilt directory */
};

struct mount_op {
	enum mount_kind kind;
	unsigned flags;
	const char *target; /* absolute, normal, inside */
	const char *
		source; /* BIND, OVERLAY, UPPER: absolute, symlinks resolved by the plan: opened without following any; SYMLINK: the text */
	mode_t mode; /* DIRECTORY, FILE, TMPFS */
	uint64_t size; /* TMPFS, UPPER: bytes, 0 = the kernel's default */
	uint64_t inodes; /* TMPFS: files and directories, 0 = the kernel's default */
	const char *work; /* UPPER: the work directory beside `source`; both NULL for a tmpfs */
	enum served served; /* SERVED */
	const char *content; /* FILE; NULL: the machine id drawn at launch */
	const char *asked; /* the path as the profile wrote it, for messages; or NULL */
	const char *why; /* for explain, when no line asked for it: "rebuilt: ~/.config/bailey below it is protected" */
	struct origin origin;
};

/* Made on the host before the sandbox, as the user, when absent. */
struct create_op {
	const char *path; /* symlinks resolved up to the last existing component; every missing directory is made, mode 0700 */
	bool file; /* the last component is an empty file, mode 0600 */
	const char *asked;
	struct origin origin;
};

/*
 * filesystem.root is a tar archive.  It is unpacked once, into an entry of its own below `cache`: that directory's "tree" is the
 * root, and its "about" says what it was made of.
 */
struct image {
	const char *archive; /* the file, symlinks resolved; NULL: the root is no archive */
	const char *asked;
	const char *stamp; /* what facts_stamp() says of it */
	const char *cache; /* without symlinks; may be absent */
	const char *entry; /* `cache`/NAME */
	const char *about; /* the text that `entry`/about has to hold, all of it */
	size_t owner_len; /* `about` up to here says whose files these are: the user's, or those of an id map */
	bool absent; /* it has to be unpacked first; what is planned of the root is a guess until then */
	struct origin origin;
};

struct env_var {
	const char *text; /* NAME=VALUE */
	struct origin origin;
};

struct limit {
	int resource; /* RLIMIT_* */
	const char *name;
	struct rlimit value;
	struct origin origin;
};

/* One line of an id map: `count` ids from `inside` on are those from `outside` on. */
struct id_range {
	uint32_t inside, outside, count;
};

struct id_map {
	struct id_range *ranges;
	size_t count, cap;
};

/* A capability that is kept although no line asked for it. */
struct kept_capability {
	int number;
	const char *why;
};

/* Something the sandbox does not keep out, or that is less than was asked for; shown by explain. */
struct note {
	const char *text;
	struct origin origin;
};

/* One line of network.forward. */
struct port_forward {
	const char *host; /* address and port, as the profile has them */
	uint16_t port; /* inside */
	enum choice_value protocol; /* PROTOCOL_TCP, PROTOCOL_UDP */
	struct origin origin;
};

/* One line of network.allow or network.deny, or a name server that may be asked without one. */
struct firewall_rule {
	const char *text; /* as the profile has it */
	const char *words; /* for people: "tcp 443 at 192.0.2.0/24" */
	bool deny;
	bool server; /* nobody wrote it: a name server of the sandbox */
	bool name; /* for names: the addresses that they have */
	struct origin origin;
};

enum { FIREWALL_LOG_GROUP = 1, FIREWALL_LOG_BYTES = 128 }; /* nfnetlink_log: where refused packets go, and how much of each */

/* Rules for names: the sandbox's own resolver runs outside (bailey-resolver), and fills the sets of base/name_set.h. */
struct name_rules {
	const char *spec; /* what the resolver reads: resolver/policy.h; NULL: there are no such rules */
	size_t spec_len;
	unsigned groups; /* of base/name_set.h */
	const char **servers; /* whom it asks: addresses */
	size_t server_count;
	uint64_t least_ms; /* an address stays reachable for so long at least */
	const char *tls; /* with network.tls_name what bailey-tls reads: resolver/tls_rules.h; else NULL */
	size_t tls_len;
	struct origin origin; /* the first of them */
};

/*
 * What the sandbox's own network may be used for: rules of nftables in its network namespace, loaded from outside before anything is
 * connected to it.  The program has no power over that namespace.
 */
struct firewall_plan {
	const char *nft; /* the path of nft(8); NULL: there are no rules */
	const char *ruleset; /* what nft is told */
	bool only; /* what no rule allows is refused */
	bool log; /* what is refused is told at the end */
	struct firewall_rule *rules;
	size_t rule_count;
	struct origin origin; /* the first line of the profile that asks for it */
	struct name_rules names;
};

/* A network namespace that pasta(1) connects to the host's network, from outside, by ordinary sockets of the user. */
struct user_network {
	const char *pasta; /* of a user's hub: one for all; NULL: none is started, because the machine has no route to anywhere */
	char *const *argv; /* its arguments but for the namespaces, which are told at launch */
	size_t argc;
	const char *resolv; /* the text of /etc/resolv.conf inside; NULL: nothing is put there */
	const char *resolv_path; /* what /etc/resolv.conf leads to */
	struct port_forward *forwards;
	size_t forward_count;
	uint64_t rate_in, rate_out; /* of mode "user", bits in a second; 0: no limit */
	struct origin rate_origin;
};

/* An interface on a bridge of the host, made by bailey-net. */
struct bridge_network {
	const char *spec; /* what bailey-net reads: network/helper/spec.h; NULL: none is made */
	size_t spec_len;
	const struct origin *origins; /* of the lines of the spec, for its failures */
	size_t origin_count;
	const char *hub; /* a network of the user's: the directory of the hub it is in (launch/hub.h); NULL: it is the host's */
	char *const *inward; /* arguments of a pasta of the sandbox's own, for forwarded ports in a hub; or NULL */
	size_t inward_count;
	const char *name, *device; /* of the network, of the bridge */
	bool described; /* in networks.conf; else the bridge is somebody else's */
	bool masquerade;
	struct origin origin;
	const char **dns; /* of networks.conf */
	size_t dns_count;
	const char *hosts; /* the file on the host with the names of the sandboxes of the network; NULL: no names */
	const char *hosts_path; /* what /etc/hosts leads to */
	const char **addresses; /* "10.9.0.5/24", "the next free one of 10.9.0.2-10.9.0.254" */
	const char **gateways;
	size_t address_count, gateway_count;
	const char *mac; /* or NULL */
	unsigned mtu; /* 0: as the bridge has it */
	uint64_t rate_in, rate_out; /* bits in a second; 0: no limit */
	const struct bridge_network *more; /* further interfaces, eth1 and so on; without spec, origins and hosts */
	size_t more_count;
};

struct plan_path { /* one line of explain's table of granted paths, in the words of the profile */
	const char *path;
	const char *access; /* "read", "read, write", "empty", "hidden", "device" */
	const char *source; /* host path when it differs, else NULL */
	struct origin origin;
};

/* A path inside, and what Landlock allows at and below it. */
struct landlock_rule {
	const char *path; /* absolute, normal, without symlinks */
	uint64_t access; /* LL_* of base/landlock.h */
	bool may_vanish; /* as of its mount operation */
	struct origin origin;
};

struct landlock_port {
	uint16_t number;
	uint64_t access; /* LL_BIND_TCP, LL_CONNECT_TCP */
	struct origin origin;
};

/* Something that the plan would have Landlock do and that is not done. */
struct landlock_gap {
	const char *what; /* "signals" */
	const char *why;
	struct origin origin;
};

/* The Landlock domain that the program runs in; all masks 0: none is made. */
struct landlock_plan {
	enum choice_value use; /* LANDLOCK_AUTO, LANDLOCK_REQUIRED, LANDLOCK_OFF */
	struct origin origin;
	int abi; /* the kernel's; 0: it has no Landlock */
	uint64_t handled_files, handled_tcp, scoped; /* LL_* of base/landlock.h: refused but where a rule allows it */
	struct landlock_rule *rules; /* a path above before those below it */
	size_t rule_count;
	struct landlock_port *ports; /* by list, as the profile has them */
	size_t port_count;
	struct landlock_gap *gaps;
	size_t gap_count;
};

/* A granted directory whose changes of this run go elsewhere. */
struct plan_layer {
	const char *path; /* inside */
	const char *source; /* on the host, without symlinks; may be absent, and then nothing is shown of it */
	const char *file; /* only this file of `source` is granted; a copy of it is bound; NULL for a directory */
	const char *directory; /* its part of the run's directory, with "upper" and "work" in it */
	const char **covered; /* host names below `source` that are something else inside: hidden, or granted in another way */
	size_t covered_count, covered_cap;
	struct origin origin; /* the line that grants the directory */
};

/* A host path that no program may change, unless the profile grants it by name; so no change of it is applied either. */
struct plan_guard {
	const char *path, *why;
};

/* filesystem.changes: the directories that are overlays for this run. */
struct plan_changes {
	enum choice_value end; /* CHANGES_DIRECT: nothing of this applies */
	struct origin origin;
	const char *directory; /* of the run, below bailey's state; has to be made before the launch */
	const char *name; /* of the run: the last component */
	struct plan_layer *layers;
	size_t layer_count, layer_cap;
	struct plan_guard *guards;
	size_t guard_count, guard_cap;
};

enum identity_mode {
	IDENTITY_SELF, /* the same user and group inside and outside */
	IDENTITY_ROOT, /* uid 0 and gid 0 inside are the user */
	IDENTITY_MAPPED, /* the same, and further ids are the user's subordinate ones */
	IDENTITY_HOST, /* started by root: every id inside is the same outside, 0 too */
};

struct plan {
	const char *profile_name;
	const char *profile_path; /* or NULL */
	const char *description;
	const char *tried; /* with which version of the program; or NULL */

	/* who */
	enum identity_mode mode;
	uid_t uid, gid; /* on the host */
	uid_t inside_uid, inside_gid; /* what these are called inside: the same, or 0 */
	struct id_map uid_map, gid_map; /* MAPPED, HOST: more than that one user and group */
	const char *newuidmap, *newgidmap; /* MAPPED: paths of the programs that write these maps; NULL when started by root */
	bool become; /* started by root: become uid/gid/groups for good before anything else (MAPPED: once the maps are written) */
	gid_t *groups;
	size_t group_count;
	struct origin user_origin;
	const char *hostname; /* NULL: the host's */
	bool hostname_random; /* drawn at launch; `hostname` is then NULL */
	bool machine_id_private; /* the FILE operation for /etc/machine-id gets its content at launch */

	/* namespaces: CLONE_NEW* for clone3(2) */
	uint64_t clone_flags;
	bool nested; /* user namespaces of its own are allowed */
	struct origin nested_origin;
	enum choice_value network; /* NETWORK_NONE, NETWORK_HOST, NETWORK_USER, ... */
	struct origin network_origin;
	struct user_network user_network; /* of NETWORK_USER; name servers and forwards also of NETWORK_BRIDGE */
	struct bridge_network bridge; /* of NETWORK_BRIDGE */
	struct {
		const char *name; /* of NETWORK_JOIN: of a sandbox; NULL: none */
		const char *path; /* of a network namespace that has the name; or NULL */
		struct origin origin;
	} join;
	struct firewall_plan firewall;
	const char *network_fallback; /* why "user" became NETWORK_HOST, or NULL */

	/* files */
	struct image image;
	struct create_op *creates;
	size_t create_count;
	struct mount_op *mounts;
	size_t mount_count;
	struct plan_path *paths; /* for people; mounts[] is what happens */
	size_t path_count;
	enum choice_value arguments; /* ARGUMENTS_NONE, ...: what else is granted depends on the command line */
	bool argument_directories;
	struct origin arguments_origin;
	struct plan_changes changes;

	/* calls and privileges */
	const char *filter_spec; /* canonical text, see seccomp/spec.h; also the key of the cache; never NULL */
	size_t filter_spec_len;
	struct origin filter_origin;
	uint64_t keep_caps; /* bit set by capability number */
	const struct kept_capability *default_caps; /* those of keep_caps that come with the identity; or NULL */
	size_t default_cap_count;

	struct landlock_plan landlock;

	/* process */
	const char *program; /* absolute path inside */
	bool program_check; /* somebody else than root may have written it: its interpreter is looked at before it is executed */
	char *const *argv; /* NULL-terminated */
	char *const *envp; /* NULL-terminated */
	struct env_var *env; /* the same with origins */
	size_t env_count;
	bool keeps_term; /* the profile passes TERM on: so does a command that enters, also where the launch had none */
	const char *directory; /* inside */
	struct origin directory_origin;
	enum choice_value terminal_mode; /* TERMINAL_INHERIT, TERMINAL_PTY, TERMINAL_NONE */
	struct origin terminal_origin;
	const char *terminal; /* INHERIT: path of the terminal to bind at /dev/console, or NULL */
	dev_t terminal_rdev;
	unsigned pty_fds; /* PTY: bit N for a descriptor N of 0..2 that becomes the pseudo terminal; 0: none is made */
	bool enter; /* commands may enter it later */
	struct origin enter_origin;
	enum choice_value wait; /* WAIT_PROGRAM, WAIT_ALL */
	bool has_umask, has_nice;
	mode_t umask;
	int nice;
	struct origin nice_origin;
	uint64_t timeout_ms; /* 0: none */
	struct origin timeout_origin;
	struct limit *limits;
	size_t limit_count;
	char *const *command; /* process.command, what is run when no program is named; or NULL. NULL-terminated */
	struct origin command_origin;
	bool single; /* process.instance */
	struct origin single_origin;
	uint64_t log_size; /* of a program in the background, in bytes */
	struct origin log_size_origin;
	int *descriptors; /* kept besides 0..2 */
	size_t descriptor_count;
	struct origin descriptor_origin;

	struct desktop_plan desktop;

	struct cgroup_plan cgroup; /* resources: what bounds all processes together */

	struct note *notes;
	size_t note_count;
};

/* What the command line asks for besides settings. */
enum plan_streams {
	STREAMS_OF_CALLER, /* descriptors 0..2 are what the facts say */
	STREAMS_OF_LOG, /* none is a terminal: the program runs in the background */
	STREAMS_ARE_TERMINAL, /* all are one that is made for it */
};

struct plan_request {
	const char *program; /* as typed; NULL for explain, check: no program, argv, directory are planned */
	char *const *argv; /* program and arguments */
	bool own_command; /* both are the profile's: process.command */
	const char *const *may_degrade; /* settings besides resources.optional that may hold less: "resources.memory", or "all" */
	size_t may_degrade_count;
	enum plan_streams streams;
	bool strict; /* nothing may hold less, whatever the profile consents to */
	/* Draws a name for the directory of plan_changes; NULL: it is "NAME", for a plan that is only shown. */
	const char *(*new_name)(struct arena *a, const char *program);
};

/*
 * Makes the plan. Mistakes go to `d` (all of them; planning goes on after each), and then the plan must not be carried out.
 * With thorough = false (a launch) only facts that the plan needs are looked up; with true also those that tell whether the
 * machine can carry it out (user namespaces, kernel), as check, explain and --dry-run want.
 * Returns 0, -EINVAL when there were mistakes, -ENOENT / -EACCES when the program is not found / not executable (with a
 * diagnostic; the caller's exit status is then 127 / 126).
 */
int plan_make(struct plan *plan, struct arena *a, const struct profile *p, struct facts *f, const struct plan_request *r,
	bool thorough, struct diags *d);

/* The guards of plan_changes as they are today, wherever variables and symlinks lead; appended to `c`. */
void plan_guards(struct plan_changes *c, struct arena *a, struct facts *f);

/* The directory of bailey's state that has one directory for each run with changes. 0, or -EINVAL when there is no home. */
int plan_changes_directory(struct arena *a, struct facts *f, const char **ret);

/* The machine's part alone: adds an error when this machine cannot carry the plan out (kernel too old, no user namespaces). */
void plan_check_machine(const struct plan *plan, struct facts *f, struct diags *d);

#endif
