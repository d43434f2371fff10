#include "app/command.h"
#include "audit/anchor.h"
#include "audit/chainer.h"

static struct err *
run_audit_anchor(struct invocation *run)
{
	struct audit_round round;
	struct audit_link last;

	TRY(audit_round(&run->ctx, run->ctx.audit, &round));
	TRY(audit_anchor(&run->ctx, run->ctx.audit));
	TRY(anchor_last(&run->ctx, run->config.data, &last));
	if (!last.seq) {
		fprintf(run->console.out,
			run->is_json ? "{\"seq\": 0, \"hash\": null}\n"
				     : "the audit log is empty: there is nothing to "
				       "anchor\n");
		return NULL;
	}
	fprintf(run->console.out, run->is_json ? "{\"seq\": %lld, \"hash\": \"" : "%lld ",
		(long long)last.seq);
	for (size_t i = 0; i < sizeof(last.hash.bytes); i++)
		fprintf(run->console.out, "%02x", last.hash.bytes[i]);
	fprintf(run->console.out, run->is_json ? "\"}\n" : "\n");
	return NULL;
}

const struct command cmd_audit_anchor = {
	.name = "audit anchor",
	.args = "",
	.summary = "put the end of the audit chain into the anchor, and print it",
	.detail = "The anchor is audit.anchor in the data folder: what the chain ended "
		  "with, "
		  "and when. Servers add to it\n"
		  "every minute. Keep what this prints elsewhere, and a chain that was "
		  "cut off or made anew is found.",
	.examples = "audit anchor\n"
		    "audit anchor --json",
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.run = run_audit_anchor,
};
