#include "app/command.h"
#include "codec/uuid.h"
#include "mail/outbox.h"

static struct err *
check_mail_retry(struct invocation *run)
{
	struct outbox_id id;

	if (flag_is_set(run, "dead") == (run->arg_count > 0))
		return usage_err(run, "name the mails to send, or give --dead");
	for (size_t i = 0; i < run->arg_count; i++)
		if (!uuid_parse(run->args[i], &id.uuid))
			return usage_err(run,
				"'" STR_FMT "' is no id of a mail; gridiron mail list "
				"shows them",
				STR_ARG(run->args[i]));
	return NULL;
}

static struct err *
retry_named(struct invocation *run, int64_t *ret)
{
	for (size_t i = 0; i < run->arg_count; i++) {
		struct outbox_id id;

		if (uuid_parse(run->args[i], &id.uuid))
			TRY_CTX(outbox_retry(&run->ctx, id),
				STR_FMT ", the mails named before it are due now",
				STR_ARG(run->args[i]));
		++*ret;
	}
	return NULL;
}

static struct err *
run_mail_retry(struct invocation *run)
{
	int64_t count = 0;

	TRY(flag_is_set(run, "dead") ? outbox_retry_dead(&run->ctx, &count)
				     : retry_named(run, &count));
	if (run->is_json)
		fprintf(run->console.out, "{\"retried\": %lld}\n", (long long)count);
	else
		fprintf(run->console.out,
			"%lld mails are due now; a running server sends them\n",
			(long long)count);
	return NULL;
}

static const struct flag flags[] = {
	{ "dead", NULL, "all that are dead" },
	{ 0 },
};

const struct command cmd_mail_retry = {
	.name = "mail retry",
	.args = "[MAIL...]",
	.summary = "send mail again that waits or was given up",
	.detail = "For when what was wrong is mended. Links in old mail may no longer "
		  "work: "
		  "they say until when.",
	.examples = "mail retry 0199a3c1-7a10-7e2b-9d5e-0f6a5d2c8b11\n"
		    "mail retry --dead",
	.flags = flags,
	.args_max = COMMAND_ARGS_MAX,
	.needs = NEEDS_DATABASE,
	.check = check_mail_retry,
	.run = run_mail_retry,
};
