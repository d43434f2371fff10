#include "app/command.h"
#include "codec/iso_time.h"
#include "codec/uuid.h"
#include "mail/outbox.h"

enum {
	LIMIT_DEFAULT = 50,
	LIMIT_MAX = 1000,
};

static const struct table_column columns[] = {
	{ "id", "MAIL" },
	{ "kind", "KIND" },
	{ "recipient", "TO" },
	{ "status", "STATUS" },
	{ "attempts", "TRIES" },
	{ "created_at", "PROMISED" },
	{ "next_attempt_at", "NEXT TRY" },
	{ "last_error", "LAST ERROR" },
};

static void
put_time(struct table *table, int64_t time)
{
	struct buf text;

	buf_init(&text, table->arena, ISO_TIME_LEN_MAX);
	iso_time_format(&text, time);
	table_put_text(table, buf_str(&text));
}

static void
put_mail(struct table *table, const struct mail_row *row)
{
	struct buf id;

	buf_init(&id, table->arena, UUID_TEXT_LEN);
	uuid_format(&id, row->id.uuid);
	table_put_text(table, buf_str(&id));
	table_put_text(table, outbox_kind(table->arena, row));
	table_put_text(table, row->recipient);
	table_put_text(table, row->status);
	table_put_i64(table, row->attempts);
	put_time(table, row->created_at);
	if (str_eq(row->status, STR("pending")))
		put_time(table, row->next_attempt_at);
	else
		table_put_none(table);
	table_put_text(table, row->last_error);
}

static struct err *
limit_read(struct invocation *run, int32_t *ret)
{
	struct opt_i32 limit = { .is_set = false };

	TRY(flag_i32(run, "limit", 1, LIMIT_MAX, &limit));
	*ret = limit.is_set ? limit.value : LIMIT_DEFAULT;
	return NULL;
}

static struct err *
check_mail_list(struct invocation *run)
{
	static const char *const known[] = { "pending", "sent", "dead" };
	struct str status = flag_text(run, "status");
	int32_t limit;
	size_t i = 0;

	while (i < COUNT_OF(known) && !str_eq(status, str_from(known[i])))
		i++;
	if (!str_is_none(status) && i == COUNT_OF(known))
		return usage_err(run,
			"--status is '" STR_FMT "', but must be pending, sent or dead",
			STR_ARG(status));
	return limit_read(run, &limit);
}

static struct err *
run_mail_list(struct invocation *run)
{
	struct mail_row_list list;
	struct table table;
	int32_t limit;

	TRY(limit_read(run, &limit));
	TRY(outbox_list(&run->ctx, flag_text(run, "status"), limit, &list));
	TABLE_INIT(&table, run->arena, columns);
	for (size_t i = 0; i < list.count; i++)
		put_mail(&table, &list.items[i]);
	print_table(run, &table);
	return NULL;
}

static const struct flag flags[] = {
	{ "status", "pending|sent|dead", "only those" },
	{ "limit", "N", "how many, 50 without it" },
	{ 0 },
};

const struct command cmd_mail_list = {
	.name = "mail list",
	.args = "",
	.summary = "mail that waits or was given up, newest first, and why",
	.detail =
		"A mail that a server does not take is tried again for some five hours, "
		"then it is dead; one that is\n"
		"refused for good is dead at once. What a sent one said is not kept.",
	.examples = "mail list\n"
		    "mail list --status dead --json",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.check = check_mail_list,
	.run = run_mail_list,
};
