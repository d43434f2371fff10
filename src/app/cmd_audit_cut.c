#include "app/audit_time.h"
#include "app/command.h"
#include "audit/cut.h"

static const struct flag flags[] = {
	{ "before", "TIME", "what is older than this day or moment (UTC) may go" },
	{ "unproven", NULL,
		"also what nobody can verify, since its key is lost for good; that is "
		"put on record" },
	{ 0 },
};

static struct err *
check_audit_cut(struct invocation *run)
{
	int64_t before;

	if (!flag_is_set(run, "before"))
		return usage_err(run, "say --before which day or moment");
	return flag_time(run, "before", &before);
}

static void
waiting_print(struct invocation *run, int64_t count, const char *what)
{
	if (count)
		fprintf(run->console.out,
			"entries of lost keys that waited for the chain: %lld %s\n",
			(long long)count, what);
}

static struct err *
run_audit_cut(struct invocation *run)
{
	struct audit_cut_options options = { .folder = run->config.data,
		.takes_unproven = flag_is_set(run, "unproven") };
	struct audit_cut_done done;

	TRY(flag_time(run, "before", &options.before));
	TRY(audit_cut_before(&run->ctx, &options, &done));
	if (run->is_json) {
		fprintf(run->console.out,
			"{\"cut\": %lld, \"waiting_taken\": %lld, \"waiting_left\": "
			"%lld}\n",
			(long long)done.seq, (long long)done.taken, (long long)done.left);
		return NULL;
	}
	if (done.seq)
		fprintf(run->console.out,
			"rows up to %lld may go; take them away with gridiron audit "
			"prune, "
			"as the owner of the schema\n",
			(long long)done.seq);
	else
		fprintf(run->console.out,
			"nothing to cut: the audit log has no rows from before " STR_FMT
			" that were not cut already\n",
			STR_ARG(flag_text(run, "before")));
	waiting_print(run, done.taken, "taken away");
	waiting_print(run, done.left, "left, until a cut lets rows go");
	return NULL;
}

const struct command cmd_audit_cut = {
	.name = "audit cut",
	.args = "",
	.summary = "let old rows of the audit log go, so that what stays can be proved",
	.detail = "Verifies the log, then signs the hash of the last row that may go. "
		  "Nothing is taken away yet: that is\n"
		  "gridiron audit prune. The last day stays in any case.",
	.examples = "audit export --until 2026-01-01 >2025.jsonl\n"
		    "audit cut --before 2026-01-01\n"
		    "audit prune",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.check = check_audit_cut,
	.run = run_audit_cut,
};
