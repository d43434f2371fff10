#include "app/command.h"
#include "app/progress.h"
#include "audit/verify.h"
#include "base/num.h"
#include "codec/json_write.h"

enum {
	JSON_BYTES_MAX = 8192,
};

static const struct flag flags[] = {
	{ "from", "SEQ", "begin with this row, trusting the one before it" },
	{ "without-anchor", NULL,
		"do not look at audit.anchor: what it would prove is not proven then" },
	{ 0 },
};

static void
progress_draw(void *arg, int64_t done, int64_t total)
{
	progress_set_of(arg, done, total);
}

static void
put_count(struct json *json, const char *key, int64_t count)
{
	json_put_key(json, str_from(key));
	json_put_i64(json, count);
}

static void
unproven_put(struct json *json, const struct audit_unproven *unproven)
{
	json_put_array(json);
	for (size_t i = 0; i < unproven->count; i++) {
		const struct audit_unproven_key *key = &unproven->keys[i];

		json_put_object(json);
		json_put_key(json, STR("key"));
		json_put_text(json, audit_unproven_id(key));
		put_count(json, "rows", key->rows);
		put_count(json, "first", key->first);
		put_count(json, "last", key->last);
		put_count(json, "others", key->others);
		json_put_object_end(json);
	}
	json_put_array_end(json);
}

static void
json_print(struct invocation *run, const struct audit_verified *verified)
{
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, run->arena, JSON_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("is_sound"));
	json_put_bool(&json, run->exit_status == 0);
	put_count(&json, "first", verified->first);
	put_count(&json, "last", verified->last);
	put_count(&json, "rows", verified->rows);
	put_count(&json, "cut", verified->cut_seq);
	put_count(&json, "waiting", verified->waiting);
	put_count(&json, "anchors", verified->anchors);
	put_count(&json, "anchors_torn", verified->anchors_torn);
	put_count(&json, "anchors_begun", verified->anchors_begun);
	json_put_key(&json, STR("is_without_anchor"));
	json_put_bool(&json, flag_is_set(run, "without-anchor"));
	put_count(&json, "anchored", verified->anchored_seq);
	put_count(&json, "witnessed", verified->witnessed);
	put_count(&json, "witnesses_torn", verified->witnesses_torn);
	put_count(&json, "tampered", verified->tampered);
	json_put_key(&json, STR("anchor_fault"));
	json_put_text(&json, verified->anchor_fault);
	json_put_key(&json, STR("unproven"));
	unproven_put(&json, &verified->unproven);
	json_put_key(&json, STR("anchors_unproven"));
	unproven_put(&json, &verified->anchors_unproven);
	put_count(&json, "unreadable", verified->readable.rows);
	put_count(&json, "unreadable_unproven", verified->readable.unproven);
	json_put_key(&json, STR("fault"));
	json_put_text(&json, verified->fault.what);
	put_count(&json, "fault_seq", verified->fault.seq);
	json_put_object_end(&json);
	fprintf(run->console.out, STR_FMT "\n", STR_ARG(buf_str(&out)));
}

/* What nobody can tell of, and the way on. */
static void
unproven_print(struct invocation *run, const struct audit_verified *verified)
{
	const struct audit_unproven *unproven = &verified->unproven;
	const struct audit_unproven *anchors = &verified->anchors_unproven;
	int64_t last = audit_unproven_last(unproven);
	FILE *out = run->console.out;

	for (size_t i = 0; i < unproven->count; i++)
		fprintf(out, STR_FMT "\n",
			STR_ARG(audit_unproven_text(run->arena, &unproven->keys[i])));
	for (size_t i = 0; i < anchors->count; i++)
		fprintf(out,
			"key '" STR_FMT "', which the keyring has not, signed %lld "
			"line%s of audit.anchor: nothing is proven by %s\n",
			STR_ARG(audit_unproven_id(&anchors->keys[i])),
			(long long)anchors->keys[i].others,
			plural_s(anchors->keys[i].others),
			anchors->keys[i].others == 1 ? "it" : "them");
	if (!unproven->count)
		return;
	fprintf(out,
		"nobody can tell whether that was altered; it is no tampering where the "
		"keys that are named were ours: put back the keyring that has them, or "
		"copy it from the other instance\n");
	if (last && last < verified->last)
		fprintf(out,
			"where they are lost for good, gridiron audit verify --from %lld "
			"verifies only what comes behind those rows\n",
			(long long)last + 1);
}

static const char *
verdict_of(const struct audit_verified *verified)
{
	if (verified->readable.rows)
		return "the chain itself holds";
	if (!str_is_none(verified->fault.what))
		return "holds until then";
	return verified->unproven.count ? "all else holds" : "the chain holds";
}

static void
text_print(struct invocation *run, const struct audit_verified *verified)
{
	FILE *out = run->console.out;
	const struct audit_fault *fault = &verified->fault;

	if (!str_is_none(fault->what) && fault->seq)
		fprintf(out, "row %lld " STR_FMT "\n", (long long)fault->seq,
			STR_ARG(fault->what));
	else if (!str_is_none(fault->what))
		fprintf(out, STR_FMT "\n", STR_ARG(fault->what));
	if (!str_is_none(verified->anchor_fault) &&
		!str_eq(verified->anchor_fault, fault->what))
		fprintf(out, STR_FMT "\n", STR_ARG(verified->anchor_fault));
	unproven_print(run, verified);
	if (verified->readable.unproven)
		fprintf(out, STR_FMT "\n",
			STR_ARG(audit_readable_unproven_text(
				run->arena, &verified->readable)));
	if (verified->tampered)
		fprintf(out,
			"%lld row%s say%s that the log was tampered with, row %lld "
			"first: gridiron audit export --action audit.tampered\n",
			(long long)verified->tampered, plural_s(verified->tampered),
			verified->tampered == 1 ? "s" : "",
			(long long)verified->tampered_first);
	if (verified->anchors_torn)
		fprintf(out,
			"%lld line%s of the anchor %s written by half, by a machine that "
			"died or whoever cut the file: see docs/audit.md\n",
			(long long)verified->anchors_torn,
			plural_s(verified->anchors_torn),
			verified->anchors_torn == 1        ? "was"
				: verified->is_anchor_open ? "were, the last too,"
							   : "were");
	if (verified->anchors_begun)
		fprintf(out,
			"%lld row%s say%s that no anchor was found, and one begun: "
			"gridiron audit export --action audit.anchor_begun\n",
			(long long)verified->anchors_begun,
			plural_s(verified->anchors_begun),
			verified->anchors_begun == 1 ? "s" : "");
	if (verified->witnesses_torn)
		fprintf(out,
			"%lld line%s of the witnesses %s damaged: what was remembered "
			"there is looked for by nobody\n",
			(long long)verified->witnesses_torn,
			plural_s(verified->witnesses_torn),
			verified->witnesses_torn == 1 ? "is" : "are");
	if (!verified->rows && !str_is_none(fault->what))
		return;
	fprintf(out, "%s: %lld row%s, %lld to %lld; %lld waiting; %lld anchor%s met\n",
		verdict_of(verified), (long long)verified->rows, plural_s(verified->rows),
		(long long)verified->first, (long long)verified->last,
		(long long)verified->waiting, (long long)verified->anchors,
		plural_s(verified->anchors));
}

/* What nothing vouches for without the file. */
static void
unanchored_print(FILE *out, const struct audit_verified *verified)
{
	if (verified->anchored_seq)
		fprintf(out,
			"without the anchor it is not proven that nobody cut off what "
			"came behind row %lld, the last of which the database itself "
			"knows that it was anchored\n",
			(long long)verified->anchored_seq);
	else
		fprintf(out,
			"without an anchor it is not proven that nobody cut off the end "
			"of the chain\n");
}

static struct err *
from_parse(struct invocation *run, int64_t *ret)
{
	struct str from = flag_text(run, "from");

	*ret = 0;
	if (!str_is_none(from) && !num_parse_i64(from, 1, INT64_MAX, ret))
		return usage_err(run,
			"--from is '" STR_FMT "', but must be a row's number",
			STR_ARG(from));
	return NULL;
}

static struct err *
check_audit_verify(struct invocation *run)
{
	int64_t from;

	return from_parse(run, &from);
}

static struct err *
run_audit_verify(struct invocation *run)
{
	struct progress progress;
	struct audit_verify_options options = { .folder = run->config.data,
		.progress = progress_draw,
		.progress_arg = &progress };
	struct audit_verified verified;
	struct err *err;

	TRY(from_parse(run, &options.from));
	options.is_without_anchor = flag_is_set(run, "without-anchor");
	progress_begin(&progress, &run->console, "verifying", 0);
	err = audit_verify(&run->ctx, &options, &verified);
	progress_end(&progress);
	TRY(err);
	if (!audit_is_sound(&verified) || verified.tampered)
		run->exit_status = 1;
	if (run->is_json)
		json_print(run, &verified);
	else
		text_print(run, &verified);
	if (!run->is_json && str_is_none(verified.fault.what) &&
		(options.is_without_anchor || !verified.anchors))
		unanchored_print(run->console.out, &verified);
	return NULL;
}

const struct command cmd_audit_verify = {
	.name = "audit verify",
	.args = "",
	.summary = "check that nobody altered the audit log",
	.detail = "Goes along the whole chain, then looks at what waits for it, and "
		  "compares both with the anchor and\n"
		  "the witnesses in the data folder. Exit status 1 where something is "
		  "wrong, with the first row that is.",
	.examples = "audit verify\n"
		    "audit verify --from 120000 --json\n"
		    "audit verify --without-anchor",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.is_off_record = true,
	.check = check_audit_verify,
	.run = run_audit_verify,
};
