#include "app/command.h"
#include "billing/tier.h"

static struct err *
run_seed(struct invocation *run)
{
	int64_t count;

	TRY(tier_seed(&run->ctx, &count));
	if (run->is_json)
		fprintf(run->console.out, "{\"tiers_new\": %lld}\n", (long long)count);
	else if (count == 0)
		fprintf(run->console.out, "the tiers are on file already\n");
	else
		fprintf(run->console.out, "%lld tiers put on file\n", (long long)count);
	return NULL;
}

const struct command cmd_seed = {
	.name = "seed",
	.args = "",
	.summary = "put the house's tiers on file",
	.detail = "Safe to repeat: what is on file stays as it is, prices changed since "
		  "included.",
	.examples = "seed",
	.needs = NEEDS_DATABASE,
	.run = run_seed,
};
