/* Parts of bailey net. */
#ifndef BAILEY_CLI_NET_H
#define BAILEY_CLI_NET_H

#include "cli/cli.h"
#include "state/state.h"

/* Shows interfaces, addresses, routes, rules and counters of a running sandbox's network. An exit status. */
int net_show_sandbox(struct cli *cli, const struct state_sandbox *s, bool as_json);

#endif
