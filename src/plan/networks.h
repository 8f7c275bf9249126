/* The administrator's networks as plans and `bailey net` see them. */
#ifndef BAILEY_PLAN_NETWORKS_H
#define BAILEY_PLAN_NETWORKS_H

#include "conf/networks.h"
#include "host/facts.h"

#define PLAN_NETWORKS_FILE BAILEY_SYSCONFDIR "/bailey/networks.conf"

/* Below it a directory for each network that is in use: network/helper/state.h. */
#define PLAN_NETWORKS_STATE "/run/bailey-net"

/* Where bailey-netd listens, which gives interfaces to programs of ordinary users. */
#define PLAN_NETD_SOCKET "/run/bailey-netd.sock"

/* What pasta's interface is called where it has rates, and the size of its largest packet: queues count in packets. */
#define PLAN_RATED_DEVICE "eth0"
#define PLAN_RATED_MTU "1500"
/* Where what it receives waits: what goes by that interface has been counted at the other one. */
#define PLAN_RATED_QUEUE "queue0"

/* In a hub, ports of the host lead to an interface of their own in the sandbox, which is connected to nothing else. */
#define PLAN_INWARD_DEVICE "forward0"
#define PLAN_INWARD4 "169.254.213.2"
#define PLAN_INWARD4_GATEWAY "169.254.213.1"
#define PLAN_INWARD4_MASK "255.255.255.252"
#define PLAN_INWARD6 "fd62:6169:6c65:7a::2"
#define PLAN_INWARD6_GATEWAY "fd62:6169:6c65:7a::1"

/* The networks of the machine; none without the file. 0, or -errno with diagnostics. Owned by d->arena. */
int plan_networks(struct networks *ret, struct facts *f, struct diags *d);

/*
 * The networks of the user: those of the user's own file, and "user", which is there without one.  0, or -errno with diagnostics.
 * Owned by d->arena.
 */
int plan_user_networks(struct networks *ret, struct facts *f, struct diags *d);

/* The file that describes them, or NULL where the user has no home. */
const char *plan_user_networks_file(struct arena *a, const struct facts *f);

/* The path of nft(8), or NULL. Rules are made by root, so only the system's directories are looked into. */
const char *plan_nft(struct facts *f);

/* What bailey-net is told to make or remove a network; NULL after a diagnostic. */
const char *plan_network_spec(struct arena *a, struct facts *f, const struct network_def *def, struct diags *d);

#endif
