#include "app/command.h"
#include "audit/cut.h"
#include "base/num.h"

static struct err *
run_audit_prune(struct invocation *run)
{
	int64_t count;

	TRY(audit_prune(&run->ctx, &count));
	if (run->is_json)
		fprintf(run->console.out, "{\"pruned\": %lld}\n", (long long)count);
	else
		fprintf(run->console.out, "%lld row%s taken out of the audit log\n",
			(long long)count, plural_s(count));
	return NULL;
}

const struct command cmd_audit_prune = {
	.name = "audit prune",
	.args = "",
	.summary = "take away the rows of the audit log that lie before its cut",
	.detail =
		"On PostgreSQL as the owner of the schema: the roles that serve have no "
		"right to take anything out.\n"
		"gridiron audit cut comes first.",
	.examples = "audit prune",
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.is_off_record = true,
	.run = run_audit_prune,
};
