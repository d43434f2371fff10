#include "app/audit_time.h"
#include "app/command.h"
#include "audit/audit.h"
#include "audit/browse.h"
#include "audit/chainer.h"
#include "base/num.h"
#include "codec/json_write.h"
#include "codec/uuid.h"

enum {
	DETAILS_BYTES_MAX = 1024,
};

static const struct flag flags[] = {
	{ "csv", NULL, "for a spreadsheet, instead of JSON lines" },
	{ "first", "SEQ", "from this row" },
	{ "last", "SEQ", "up to this row" },
	{ "since", "TIME", "from this day or moment (UTC)" },
	{ "until", "TIME", "up to this day or moment, which is not in it" },
	{ "user", "ID", "what this user did, or what was done to them" },
	{ "action", "NAME", "such as account.sign_in" },
	{ 0 },
};

static struct err *
flag_seq(struct invocation *run, const char *name, int64_t *ret)
{
	struct str text = flag_text(run, name);

	*ret = 0;
	if (!str_is_none(text) && !num_parse_i64(text, 1, INT64_MAX, ret))
		return usage_err(run, "--%s is '" STR_FMT "', but must be a row's number",
			name, STR_ARG(text));
	return NULL;
}

static struct err *
filter_parse(struct invocation *run, struct audit_filter *ret)
{
	struct str user = flag_text(run, "user"), action = flag_text(run, "action");
	struct audit_filter filter = { .action = action };
	enum audit_action known;

	TRY(flag_seq(run, "first", &filter.first));
	TRY(flag_seq(run, "last", &filter.last));
	TRY(flag_time(run, "since", &filter.since));
	TRY(flag_time(run, "until", &filter.until));
	if (filter.last && filter.first > filter.last)
		return usage_err(run, "--first is after --last");
	if (filter.until && filter.since >= filter.until)
		return usage_err(run, "--since is not before --until");
	if (!str_is_none(user) && !uuid_parse(user, &filter.user.uuid))
		return usage_err(run, "--user is '" STR_FMT "', but must be a user's id",
			STR_ARG(user));
	if (!str_is_none(action) && !audit_action_parse(action, &known))
		return usage_err(run,
			"no action '" STR_FMT
			"' is put on record; the nearest is " STR_FMT,
			STR_ARG(action), STR_ARG(audit_action_nearest(action)));
	*ret = filter;
	return NULL;
}

static struct err *
check_audit_export(struct invocation *run)
{
	struct audit_filter filter;

	if (flag_is_set(run, "csv") && run->is_json)
		return usage_err(run, "say --csv or --json, not both");
	return filter_parse(run, &filter);
}

static struct err *
write_out(void *arg, struct str text)
{
	struct invocation *run = arg;

	if (fwrite(text.ptr, 1, text.len, run->console.out) == text.len)
		return NULL;
	return err_in(run->arena, ERR_INTERNAL, "cannot write the output");
}

/* An export is on record itself, with what was asked for; before it, since its reader may
 * go away, or end it, with what he wanted. */
static struct err *
record(struct invocation *run, const struct audit_filter *filter)
{
	struct audit_entry entry = { .action = AUDIT_AUDIT_EXPORT,
		.subject = filter->user,
		.resource_type = STR("audit") };
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, run->arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("action"));
	json_put_text(&json, filter->action);
	json_put_object_end(&json);
	entry.details = buf_str(&out);
	return audit_log_alone(&run->ctx, &entry);
}

/* What stands in the way of all else is told; so much the more is what stands in the
 * chain wanted. */
static void
note(struct invocation *run, const char *what, struct str why)
{
	fprintf(run->console.err, "gridiron audit export: %s, since " STR_FMT "\n", what,
		STR_ARG(why));
}

/* What waits is part of it; but evidence is left as it is. */
static void
waiting_take(struct invocation *run)
{
	struct audit_round round;
	bool is_frozen;
	struct err *err = audit_freeze_if_cut(&run->ctx, run->ctx.audit, &is_frozen);

	if (err || is_frozen) {
		note(run,
			"nothing is added to the chain, and this export is put on record "
			"by the next server",
			err ? err->message
			    : STR("it ends before what was anchored or is another there, "
				  "or the memory of that was altered (see gridiron audit "
				  "verify)"));
		return;
	}
	err = audit_round(&run->ctx, run->ctx.audit, &round);
	if (err)
		note(run, "without what waits for the chain", err->message);
}

static struct err *
run_audit_export(struct invocation *run)
{
	struct audit_filter filter = { .first = 0 };
	struct err *err;
	int64_t count;

	TRY(filter_parse(run, &filter));
	err = record(run, &filter);
	if (err)
		note(run, "this export is not on record", err->message);
	waiting_take(run);
	err = audit_export(&run->ctx, &filter,
		flag_is_set(run, "csv") ? AUDIT_CSV : AUDIT_JSON_LINES, write_out, run,
		&count);
	/* Output that cannot be written is told at the program's end. */
	return ferror(run->console.out) ? NULL : err;
}

const struct command cmd_audit_export = {
	.name = "audit export",
	.args = "",
	.summary = "write the audit log out as JSON lines or CSV",
	.detail =
		"Oldest first, with what is personal in it, as far as those persons are "
		"not erased. That it was exported\n"
		"is put on record: behind what is there, or, where the chain was cut "
		"off or\n"
		"that cannot be told, by the next server.",
	.examples = "audit export >audit.jsonl\n"
		    "audit export --since 2026-09-01 --until 2026-10-01 --csv "
		    ">september.csv\n"
		    "audit export --action account.sign_in --user "
		    "0190c1d2-0000-7000-8000-000000000001",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.check = check_audit_export,
	.run = run_audit_export,
};
