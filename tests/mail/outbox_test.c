/* Mail on its way: promised in a transaction, leased, written to a folder, tried again. */
#include "tests/support/database.h"
#include "tests/support/mail_server.h"

#include "crypto/keyring.h"
#include "mail/deliver.h"
#include "mail/mail.h"
#include "mail/mail_q.h"
#include "mail/outbox.h"
#include "sys/clock.h"

static struct mail_options
options_for(const char *folder)
{
	return (struct mail_options){
		.folder = str_from(folder),
		.from = STR("Gridiron <mail@example.org>"),
		.public_url = STR("https://gridiron.example.org"),
		.smtp = { .timeout_ms = 1000 },
	};
}

static struct err *
put_in_tx(struct tx *tx, void *arg)
{
	return mail_put(tx, arg);
}

static struct err *
put_and_fail(struct tx *tx, void *arg)
{
	TRY(mail_put(tx, arg));
	return err_new(tx->ctx, ERR_CONFLICT, "something else went wrong");
}

static struct err *
put(struct ctx *ctx, struct mail mail)
{
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_in_tx, &mail);
}

static struct mail
verify_mail(struct ctx *ctx, const char *recipient)
{
	return (struct mail){
		.kind = MAIL_VERIFY_EMAIL,
		.recipient = str_from(recipient),
		.token = STR("grv_secret-token"),
		.expires_at = ctx->now + 86400 * (int64_t)MICROSECONDS_PER_SECOND,
	};
}

static const enum db_type outbox_columns[] = { DB_TEXT, DB_I64, DB_TEXT, DB_TEXT };
#define OUTBOX                                                                          \
	"SELECT status, attempts, CAST(payload AS text), last_error FROM outbox ORDER " \
	"BY id"

static struct str
outbox(struct ctx *ctx)
{
	struct str rows = STR("failed");

	if (database_dump(ctx, OUTBOX, outbox_columns, COUNT_OF(outbox_columns), &rows))
		rows = STR("cannot be read");
	return rows;
}

BOTH_ENGINES(a_mail_that_is_put_goes_out_once)
{
	char folder[64];
	struct mail_options options = options_for(mail_folder_make(folder));
	struct mail_counts counts = { 0 };
	struct str text = STR_NONE;

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 1);
	EQ_I64(mail_folder_read(ctx->arena, folder, &text), 1);
	OK(str_find(text, STR("To: <a@example.org>\r\n")) > 0);
	OK(str_find(text, STR("verify-email#grv_secret-token")) > 0);
	OK_OR(str_starts_with(outbox(ctx), STR("sent|1|{\"mail\":")), STR_FMT,
		STR_ARG(outbox(ctx)));
	OK(str_find(outbox(ctx), STR("sealed")) < 0);
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 1);
	folder_remove(str_from(folder));
}

BOTH_ENGINES(a_transaction_rolled_back_sends_nothing)
{
	char folder[64];
	struct mail_options options = options_for(mail_folder_make(folder));
	struct mail_counts counts = { 0 };
	struct mail mail = verify_mail(ctx, "a@example.org");

	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_and_fail, &mail),
		ERR_CONFLICT);
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 0);
	EQ_STR(outbox(ctx), STR(""));
	folder_remove(str_from(folder));
}

BOTH_ENGINES(a_second_mail_with_the_same_key_is_not_sent)
{
	char folder[64];
	struct mail_options options = options_for(mail_folder_make(folder));
	struct mail_counts counts = { 0 };
	struct mail mail = verify_mail(ctx, "a@example.org");

	mail.dedupe_key = STR("verify:1");
	OK_ERR(put(ctx, mail));
	OK_ERR(put(ctx, mail));
	OK_ERR(mail_deliver(ctx, &options, &counts));
	OK_ERR(put(ctx, mail));
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 1);
	folder_remove(str_from(folder));
}

BOTH_ENGINES(nobody_but_the_sender_can_read_what_waits)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct mail mail = verify_mail(ctx, "a@example.org");
	struct str dump = STR("");

	OK_ERR(put(ctx, mail));
	OK_ERR(database_dump(
		ctx, "SELECT CAST(payload AS text) FROM outbox", columns, 1, &dump));
	OK(str_find(dump, STR("verify-email")) > 0);
	OK(str_find(dump, STR("secret")) < 0);
}

static struct err *
lease(struct ctx *ctx, int64_t now, int32_t *ret_attempts, struct outbox_id *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct mail_leased_list list;

	TRY(q_mail_lease(&tx,
		(struct mail_lease){ .now = now,
			.lease_until = now + 1000000,
			.urgency = 2,
			.row_count = 1 },
		&list));
	*ret_attempts = list.count ? list.items[0].attempts : 0;
	if (list.count)
		*ret = list.items[0].id;
	return NULL;
}

BOTH_ENGINES(a_leased_mail_is_left_alone_until_the_lease_runs_out)
{
	struct outbox_id id;
	int32_t attempts;

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	OK_ERR(lease(ctx, ctx->now, &attempts, &id));
	EQ_I64(attempts, 1);
	OK_ERR(lease(ctx, ctx->now + 999999, &attempts, &id));
	EQ_I64(attempts, 0);
	OK_ERR(lease(ctx, ctx->now + 1000000, &attempts, &id));
	EQ_I64(attempts, 2);
}

BOTH_ENGINES(who_comes_late_does_not_overrule_a_later_attempt)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct outbox_id id;
	int32_t attempts;

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	OK_ERR(lease(ctx, ctx->now, &attempts, &id));
	OK_ERR(lease(ctx, ctx->now + 1000000, &attempts, &id));
	OK_ERR(q_mail_failed(&tx,
		(struct mail_failed){ .id = id,
			.attempts = 1,
			.status = STR("dead"),
			.last_error = STR("late"),
			.next_attempt_at = ctx->now }));
	OK_OR(str_starts_with(outbox(ctx), STR("pending|2|")), STR_FMT,
		STR_ARG(outbox(ctx)));
	OK_ERR(q_mail_sent(&tx,
		(struct mail_sent){ .id = id,
			.attempts = 2,
			.payload = STR("{}"),
			.now = ctx->now }));
	EQ_STR(outbox(ctx), STR("sent|2|{}|\n"));
	/* Nor does a sent mail come back to life. */
	OK_ERR(q_mail_failed(&tx,
		(struct mail_failed){ .id = id,
			.attempts = 2,
			.status = STR("pending"),
			.last_error = STR("late"),
			.next_attempt_at = ctx->now }));
	EQ_STR(outbox(ctx), STR("sent|2|{}|\n"));
}

static struct err *
make_due(struct ctx *ctx)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx,
		db_dialect(ctx->db) == DIALECT_SQLITE
			? STR("UPDATE outbox SET next_attempt_at = 0")
			: STR("UPDATE outbox SET next_attempt_at = to_timestamp(0)"));
}

/* A folder that cannot be made: every attempt fails, as with a server that is down. */
static struct mail_options
nowhere(void)
{
	return options_for("/dev/null/mail");
}

BOTH_ENGINES(a_mail_that_never_goes_out_is_dead_after_twelve_attempts)
{
	struct mail_options options = nowhere();

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	for (int i = 1; i <= MAIL_ATTEMPTS_MAX; i++) {
		struct mail_counts counts = { 0 };

		OK_ERR(make_due(ctx));
		OK_ERR(mail_deliver(ctx, &options, &counts));
		EQ_I64(counts.deferred, i < MAIL_ATTEMPTS_MAX);
		EQ_I64(counts.dead, i == MAIL_ATTEMPTS_MAX);
	}
	OK_OR(str_starts_with(outbox(ctx), STR("dead|12|")), STR_FMT,
		STR_ARG(outbox(ctx)));
	OK(str_find(outbox(ctx), STR("/dev/null/mail")) > 0);
}

BOTH_ENGINES(attempts_are_put_off_twice_as_long_each_time)
{
	struct mail_options options = nowhere();
	struct mail_row_list list;
	int64_t wait_s = 30;

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	for (int i = 1; i < MAIL_ATTEMPTS_MAX; i++) {
		struct mail_counts counts = { 0 };
		int64_t before = clock_now_us(), put_off_s;

		OK_ERR(mail_deliver(ctx, &options, &counts));
		OK_ERR(outbox_list(ctx, STR("pending"), 1, &list));
		EQ_I64(list.count, 1);
		EQ_I64(list.items[0].attempts, i);
		put_off_s = (list.items[0].next_attempt_at - before) / 1000000;
		/* A quarter less or more; the upper end leaves room for a slow test. */
		OK_OR(put_off_s >= wait_s * 3 / 4 && put_off_s <= wait_s * 5 / 4 + 60,
			"%lld s at attempt %d", (long long)put_off_s, i);
		wait_s = wait_s * 2 > 3600 ? 3600 : wait_s * 2;
		OK_ERR(make_due(ctx));
	}
}

/* The outbox's only mail was promised HOURS ago. */
static struct err *
promised_before(struct ctx *ctx, int64_t hours)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t at = clock_now_us() - hours * 3600 * MICROSECONDS_PER_SECOND;
	struct str value = str_fmt(ctx->arena,
		db_dialect(ctx->db) == DIALECT_SQLITE ? "%lld" : "to_timestamp(%lld)",
		(long long)(db_dialect(ctx->db) == DIALECT_SQLITE
				? at
				: at / MICROSECONDS_PER_SECOND));

	TRY(make_due(ctx));
	return db_run_text(&tx,
		str_fmt(ctx->arena, "UPDATE outbox SET created_at = " STR_FMT,
			STR_ARG(value)));
}

/* Sent by a program that cannot write it out, while it is young and when it is old; then,
 * where it is not dead, by one that can. */
static void
left_to_another(struct ctx *ctx, const struct mail_options *options)
{
	struct mail_counts counts = { 0 };
	struct mail_row_list list;

	for (int i = 0; i < MAIL_ATTEMPTS_MAX + 2; i++) {
		OK_ERR(make_due(ctx));
		OK_ERR(mail_deliver(ctx, options, &counts));
	}
	EQ_I64(counts.dead, 0);
	EQ_I64(counts.deferred, MAIL_ATTEMPTS_MAX + 2);
	OK_ERR(outbox_list(ctx, STR("pending"), 1, &list));
	EQ_I64(list.count, 1);
	EQ_I64(list.items[0].attempts, 0);
	/* A quarter less or more than a minute, in which another finds it. */
	OK_OR(list.items[0].next_attempt_at - clock_now_us() <
			80 * MICROSECONDS_PER_SECOND,
		"%lld us", (long long)(list.items[0].next_attempt_at - clock_now_us()));
	OK_ERR(promised_before(ctx, MAIL_LEFT_HOURS - 1));
	OK_ERR(mail_deliver(ctx, options, &counts));
	EQ_I64(counts.dead, 0);
	OK_ERR(promised_before(ctx, MAIL_LEFT_HOURS + 1));
	OK_ERR(mail_deliver(ctx, options, &counts));
	EQ_I64(counts.dead, 1);
}

BOTH_ENGINES(a_mail_under_a_key_that_is_not_there_waits_a_day_for_who_has_it)
{
	char folder[64];
	struct mail_options options = options_for(mail_folder_make(folder));
	struct mail_counts counts = { 0 };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	const struct keyring *keys = ctx->keys;
	struct keyring *others;
	int64_t retried;

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	OK_ERR(keyring_new(ctx, &others));
	ctx->keys = others;
	left_to_another(ctx, &options);
	ctx->keys = keys;
	keyring_close(others);
	OK_ERR(q_mail_retry_dead(&tx, ctx->now, &retried));
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 1);
	folder_remove(str_from(folder));
}

BOTH_ENGINES(a_mail_of_a_newer_program_waits_a_day_for_it)
{
	char folder[64];
	struct mail_options options = options_for(mail_folder_make(folder));
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE outbox SET payload = '{\"mail\": \"from-the-future\", "
		    "\"sealed\": \"AAAA\"}'")));
	left_to_another(ctx, &options);
	folder_remove(str_from(folder));
}

BOTH_ENGINES(an_operator_can_have_the_dead_sent)
{
	char folder[64];
	struct mail_options options = options_for(mail_folder_make(folder));
	struct mail_counts counts = { 0 };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct mail_row_list list;
	int64_t retried = 0;

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	OK_ERR(put(ctx, verify_mail(ctx, "b@example.org")));
	OK_ERR(db_run_text(&tx, STR("UPDATE outbox SET status = 'dead', attempts = 12")));
	OK_ERR(outbox_list(ctx, STR_NONE, 10, &list));
	EQ_I64(list.count, 2);
	EQ_STR(outbox_kind(ctx->arena, &list.items[0]), STR("verify-email"));
	OK_ERR(outbox_retry(ctx, list.items[0].id));
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 1);
	FAILS_WITH(outbox_retry(ctx, list.items[0].id), ERR_NOT_FOUND);
	OK_ERR(outbox_retry_dead(ctx, &retried));
	EQ_I64(retried, 1);
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 2);
	OK_ERR(outbox_list(ctx, STR("sent"), 10, &list));
	EQ_I64(list.count, 2);
	EQ_STR(outbox_kind(ctx->arena, &list.items[1]), STR("verify-email"));
	folder_remove(str_from(folder));
}

struct forgetting {
	struct user_id user;
	struct str address;
};

static struct err *
forget_in_tx(struct tx *tx, void *arg)
{
	const struct forgetting *forgetting = arg;

	return mail_forget(tx, forgetting->user, forgetting->address);
}

BOTH_ENGINES(erasure_leaves_no_mail_behind)
{
	struct forgetting forgetting = { .user = { { { 1 } } },
		.address = STR("a@example.org") };

	OK_ERR(put(ctx, verify_mail(ctx, "a@example.org")));
	OK_ERR(put(ctx, verify_mail(ctx, "b@example.org")));
	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, forget_in_tx, &forgetting));
	OK_OR(str_find(outbox(ctx), STR("\n")) + 1 == (ptrdiff_t)outbox(ctx).len, STR_FMT,
		STR_ARG(outbox(ctx)));
}

BOTH_ENGINES(what_is_no_address_is_refused_before_it_is_promised)
{
	FAILS_WITH(put(ctx, verify_mail(ctx, "a@b>\r\nRCPT TO:<c@d")), ERR_INVALID);
	EQ_STR(outbox(ctx), STR(""));
}

BOTH_ENGINES(what_somebody_waits_for_goes_before_what_is_sent_to_many)
{
	struct mail bulk = verify_mail(ctx, "bulk@example.org");
	struct mail reset = verify_mail(ctx, "reset@example.org");
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct mail_lease lease = { .urgency = 2, .row_count = 1 };
	struct mail_leased_list list;

	bulk.kind = MAIL_ALERT;
	bulk.headline = bulk.details = bulk.unsubscribe = STR("x");
	reset.kind = MAIL_RESET_PASSWORD;
	OK_ERR(put(ctx, bulk));
	OK_ERR(put(ctx, verify_mail(ctx, "asked@example.org")));
	OK_ERR(put(ctx, reset));
	lease.now = ctx->now;
	lease.lease_until = ctx->now + MICROSECONDS_PER_SECOND;
	OK_ERR(q_mail_lease(&tx, lease, &list));
	EQ_STR(list.items[0].recipient, STR("reset@example.org"));
	lease.urgency = 0;
	OK_ERR(q_mail_lease(&tx, lease, &list));
	EQ_I64(list.count, 0);
	lease.urgency = 2;
	OK_ERR(q_mail_lease(&tx, lease, &list));
	EQ_STR(list.items[0].recipient, STR("asked@example.org"));
}
