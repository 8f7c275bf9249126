/* bailey explain: what a program under a profile could see and do. */
#include <string.h>

#include "cli/cli.h"
#include "plan/print.h"

int cli_print_plan(
	struct cli *cli, const struct args *args, const struct facts *facts, const struct profile *profile, const struct plan *plan)
{
	struct buf out = { .arena = &cli->arena };
	struct conf_request request = { 0 };
	if (args_has(args, "--json")) {
		plan_json(&out, plan);
		return cli_write(cli, &out);
	}
	int status = cli_request(cli, args, &request);
	if (status != 0)
		return status;
	const struct plan_text_options options = {
		.width = cli_width(cli),
		.color = cli->color_out,
		.home = facts->home,
		.request = &request,
	};
	plan_text(&out, plan, profile, &options);
	return cli_write(cli, &out);
}

static int print_diff(struct cli *cli, const struct args *args, struct facts *facts, const char *other, const struct plan *plan)
{
	const struct args none = { .verb = args->verb };
	struct profile from_profile = { 0 };
	struct plan from = { 0 };
	struct buf out = { .arena = &cli->arena };
	const char *name = cli_profile_for(cli, facts, other);
	int status = cli_plan(cli, &none, name, &(struct plan_request){ 0 }, facts, false, &from_profile, &from);
	if (status != 0)
		return status;
	const struct plan_text_options options = { .width = cli_width(cli), .color = cli->color_out, .home = facts->home };
	if (args_has(args, "--json"))
		plan_diff_json(&out, &from, plan);
	else if (plan_diff(&out, &from, plan, &options) == 0)
		buf_printf(&out, "%s and %s do the same.\n", from.profile_name, plan->profile_name);
	return cli_write(cli, &out);
}

int cmd_explain(struct cli *cli, struct args *args)
{
	struct facts store;
	struct profile profile = { 0 };
	struct plan plan = { 0 };
	struct facts *facts = cli_facts(cli, args, &store);
	if (facts == NULL)
		return EXIT_USAGE;
	if (args->rest_count != 1)
		return cli_fail(cli, EXIT_USAGE, "bailey profiles lists the profiles",
			"explain takes one profile or program, not %d", args->rest_count);
	const char *name = cli_profile_for(cli, facts, args->rest[0]);
	int status = cli_plan(cli, args, name, &(struct plan_request){ 0 }, facts, true, &profile, &plan);
	if (status != 0)
		return status;
	const char *other = args_value(args, "--diff");
	if (other != NULL)
		return print_diff(cli, args, facts, other, &plan);
	return cli_print_plan(cli, args, facts, &profile, &plan);
}
