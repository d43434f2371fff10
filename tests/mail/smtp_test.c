/* The outbox against a mail server that takes, refuses, puts off, hangs and breaks off. */
#include "tests/support/database.h"
#include "tests/support/mail_server.h"

#include "mail/deliver.h"
#include "mail/mail.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	TIMEOUT_MS = 60000,     /* only where the server hangs */
	HANG_TIMEOUT_MS = 3000, /* where that is what is looked for */
	/* libcurl alone would wait two minutes for the answer to QUIT. */
	LEFT_WITHIN_MS = 60000,
	HELD_UP_MS = 30000,
};

#define NO_SERVER "python3-aiosmtpd is not installed"
#define OUTBOX                                                                           \
	"SELECT status, attempts, CASE WHEN locked_until IS NULL AND status = 'pending'" \
	" AND next_attempt_at > created_at THEN 1 ELSE 0 END, last_error FROM outbox"

static struct err *
put_in_tx(struct tx *tx, void *arg)
{
	return mail_put(tx, arg);
}

static struct err *
put(struct ctx *ctx, const char *recipient)
{
	struct mail mail = {
		.kind = MAIL_RESET_PASSWORD,
		.recipient = str_from(recipient),
		.token = STR("grp_secret"),
		.expires_at = ctx->now,
	};

	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_in_tx, &mail);
}

/* A server, and how it is spoken to. */
struct dialogue {
	char *flags[4];     /* of the server */
	const char *scheme; /* and what stands before the host */
	bool trusts;        /* its certificate */
	int64_t timeout_ms; /* 0: TIMEOUT_MS */
	const char *recipient;
};

/* What the outbox's only row holds behind it, and how many mails the server kept. */
struct outcome {
	struct str row;
	int kept;
	struct str last;
};

static struct err *
hold(struct ctx *ctx, struct dialogue *dialogue, struct outcome *ret)
{
	static const enum db_type columns[] = { DB_TEXT, DB_I64, DB_I64, DB_TEXT };
	struct mail_server server;
	struct mail_counts counts = { 0 };
	struct mail_options options = {
		.from = STR("Gridiron <mail@example.org>"),
		.public_url = STR("https://gridiron.example.org"),
	};
	struct err *err;

	if (!mail_server_start(&server, dialogue->flags))
		return err_new(ctx, ERR_NOT_FOUND, NO_SERVER);
	options.smtp = (struct smtp_options){
		.url = str_fmt(ctx->arena, "%s127.0.0.1:%d",
			dialogue->scheme ? dialogue->scheme : "smtp://", server.port),
		.ca_file = dialogue->trusts
			? str_fmt(ctx->arena, "%s/ca.pem", server.folder)
			: STR_NONE,
		.timeout_ms = dialogue->timeout_ms ? dialogue->timeout_ms : TIMEOUT_MS,
	};
	err = put(ctx, dialogue->recipient ? dialogue->recipient : "a@example.org");
	if (!err)
		err = mail_deliver(ctx, &options, &counts);
	if (!err)
		err = database_dump(ctx, OUTBOX, columns, COUNT_OF(columns), &ret->row);
	ret->kept = mail_folder_read(ctx->arena, server.folder, &ret->last);
	mail_server_stop(&server);
	return err;
}

#define OK_OR_SKIP(expr)                                                     \
	do {                                                                 \
		struct err *skip_err_ = (expr);                              \
		if (skip_err_ && str_eq(skip_err_->message, STR(NO_SERVER))) \
			SKIP(NO_SERVER);                                     \
		OK_ERR(skip_err_);                                           \
	} while (0)

/* The row is ROW, or begins with it where it ends in a bar. */
static void
ends_as(struct ctx *ctx, struct dialogue dialogue, const char *row, int kept)
{
	struct outcome outcome = { .kept = 0 };
	struct str want = str_from(row);

	OK_OR_SKIP(hold(ctx, &dialogue, &outcome));
	OK_OR(str_ends_with(want, STR("|")) ? str_starts_with(outcome.row, want)
					    : str_eq(str_trim(outcome.row), want),
		STR_FMT, STR_ARG(outcome.row));
	EQ_I64(outcome.kept, kept);
}

BOTH_ENGINES(a_server_that_takes_a_mail_has_all_of_it)
{
	struct dialogue dialogue = { .recipient = "a@example.org" };
	struct outcome outcome = { .kept = 0 };

	OK_OR_SKIP(hold(ctx, &dialogue, &outcome));
	EQ_STR(outcome.row, STR("sent|1|0|\n"));
	EQ_I64(outcome.kept, 1);
	OK(str_find(outcome.last, STR("To: <a@example.org>\r\n")) > 0);
	OK(str_find(outcome.last, STR("/reset-password#grp_secret")) > 0);
	OK(str_find(outcome.last, STR("\r\nMessage-ID:\r\n <")) > 0);
	OK(str_ends_with(str_trim(outcome.last), STR("--")));
}

BOTH_ENGINES(a_mail_put_off_is_tried_again_later)
{
	ends_as(ctx, (struct dialogue){ .recipient = "later@example.org" },
		"pending|1|1|to RCPT the server said: 451 4.3.2 not now", 0);
}

BOTH_ENGINES(a_mail_put_off_after_its_text_is_tried_again_later)
{
	ends_as(ctx, (struct dialogue){ .recipient = "late@example.org" },
		"pending|1|1|to DATA the server said: 452 4.2.2 mailbox is full", 0);
}

BOTH_ENGINES(a_mail_refused_for_good_is_dead_at_once)
{
	ends_as(ctx, (struct dialogue){ .recipient = "never@example.org" },
		"dead|1|0|to RCPT the server said: 550 5.1.1 no such mailbox", 0);
}

BOTH_ENGINES(a_mail_refused_for_its_text_is_dead_at_once)
{
	ends_as(ctx, (struct dialogue){ .recipient = "no@example.org" },
		"dead|1|0|to DATA the server said: 554 5.7.1 looks like spam", 0);
}

BOTH_ENGINES(a_server_that_hangs_is_left_in_time)
{
	ends_as(ctx,
		(struct dialogue){
			.recipient = "hang@example.org", .timeout_ms = HANG_TIMEOUT_MS },
		"pending|1|1|no answer in time behind RCPT", 0);
}

BOTH_ENGINES(a_server_that_closes_the_connection_is_tried_again)
{
	ends_as(ctx, (struct dialogue){ .recipient = "drop@example.org" }, "pending|1|1|",
		0);
}

BOTH_ENGINES(a_mail_taken_without_a_word_is_tried_again)
{
	ends_as(ctx, (struct dialogue){ .recipient = "lost@example.org" }, "pending|1|1|",
		1);
}

BOTH_ENGINES(tls_from_the_first_byte_is_spoken)
{
	ends_as(ctx,
		(struct dialogue){
			.flags = { "--tls" }, .scheme = "smtps://", .trusts = true },
		"sent|1|0|", 1);
}

BOTH_ENGINES(a_certificate_that_nobody_vouches_for_is_refused)
{
	ends_as(ctx, (struct dialogue){ .flags = { "--tls" }, .scheme = "smtps://" },
		"pending|1|1|", 0);
}

BOTH_ENGINES(starttls_is_spoken)
{
	ends_as(ctx, (struct dialogue){ .flags = { "--starttls" }, .trusts = true },
		"sent|1|0|", 1);
}

BOTH_ENGINES(a_server_without_tls_gets_nothing_where_tls_is_asked_for)
{
	ends_as(ctx, (struct dialogue){ .trusts = true }, "pending|1|1|", 0);
}

BOTH_ENGINES(a_login_is_made_with_what_the_url_says)
{
	ends_as(ctx,
		(struct dialogue){ .flags = { "--starttls", "--user", "me:p@ss" },
			.scheme = "smtp://me:p%40ss@",
			.trusts = true },
		"sent|1|0|", 1);
}

BOTH_ENGINES(a_login_that_fails_is_our_fault_and_not_the_mails)
{
	ends_as(ctx,
		(struct dialogue){ .flags = { "--starttls", "--user", "me:p@ss" },
			.scheme = "smtp://me:guess@",
			.trusts = true },
		"pending|1|1|Login denied", 0);
}

/* --- A server that does not let us go */

/* How long the loop stood still at most. */
struct beat {
	bool is_over;
	int64_t longest_ns;
	struct fiber_event ended;
};

static void
beat_run(void *arg)
{
	struct beat *beat = arg;
	int64_t last = clock_monotonic_ns();

	while (!beat->is_over) {
		int64_t now;

		fiber_sleep_until(clock_deadline_ms(10));
		now = clock_monotonic_ns();
		if (now - last > beat->longest_ns)
			beat->longest_ns = now - last;
		last = now;
	}
	fiber_event_set(&beat->ended);
}

static void
left_in_time(struct ctx *ctx, const char *recipient, const char *row, int kept)
{
	struct dialogue dialogue = { .flags = { "--stays" }, .recipient = recipient };
	struct outcome outcome = { .kept = 0 };
	struct beat beat = { .is_over = false };
	int64_t began, took_ms;
	struct err *err;

	fiber_event_init(&beat.ended);
	OK(fiber_spawn("beat", beat_run, &beat));
	began = clock_monotonic_ns();
	err = hold(ctx, &dialogue, &outcome);
	beat.is_over = true;
	fiber_event_join(&beat.ended);
	OK_OR_SKIP(err);
	EQ_STR(str_trim(outcome.row), str_from(row));
	EQ_I64(outcome.kept, kept);
	took_ms = (clock_monotonic_ns() - began) / 1000000;
	OK_OR(took_ms < LEFT_WITHIN_MS, "%lld ms in all", (long long)took_ms);
	OK_OR(beat.longest_ns / 1000000 < HELD_UP_MS, "%lld ms",
		(long long)beat.longest_ns / 1000000);
}

BOTH_ENGINES(a_server_that_hangs_at_quit_holds_nobody_up)
{
	left_in_time(ctx, "a@example.org", "sent|1|0|", 1);
}

BOTH_ENGINES(a_server_that_hangs_at_quit_behind_a_refusal_holds_nobody_up)
{
	left_in_time(ctx, "never@example.org",
		"dead|1|0|to RCPT the server said: 550 5.1.1 no such mailbox", 0);
}

/* How many mails the server has once it has one, well before those that hang are given up. */
static int
kept_at_last(struct ctx *ctx, const struct mail_server *server)
{
	struct str last;
	int kept = 0;

	for (int64_t until = clock_deadline_ms(TIMEOUT_MS / 2);
		kept == 0 && clock_monotonic_ns() < until;
		fiber_sleep_until(clock_deadline_ms(20)))
		kept = mail_folder_read(ctx->arena, server->folder, &last);
	return kept;
}

/* Nor other mail that anybody can ask for. */
BOTH_ENGINES(a_destination_that_hangs_holds_up_no_mail_to_others)
{
	struct mail_server server;
	struct mailer *mailer = NULL;
	struct mail_options options = {
		.from = STR("Gridiron <mail@example.org>"),
		.public_url = STR("https://gridiron.example.org"),
	};
	struct mail asked = { .kind = MAIL_VERIFY_EMAIL,
		.recipient = STR("hang@example.org"),
		.token = STR("grv_secret"),
		.expires_at = ctx->now };
	int kept;

	if (!mail_server_start(&server, (char *[]){ NULL }))
		SKIP(NO_SERVER);
	options.smtp.url = str_fmt(ctx->arena, "smtp://127.0.0.1:%d", server.port);
	options.smtp.timeout_ms = TIMEOUT_MS;
	for (int i = 0; i < 8; i++)
		OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_in_tx, &asked));
	asked.recipient = STR("a@elsewhere.example");
	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_in_tx, &asked));
	OK_ERR(mailer_open(ctx, &options, &mailer));
	kept = mailer ? kept_at_last(ctx, &server) : 0;
	EQ_I64(kept, 1);
	/* First the server, so that what hangs ends. */
	mail_server_stop(&server);
	if (mailer)
		mailer_close(mailer);
}

/* Eight addresses that anybody may have given hang in every lane that takes their mail; the
 * mail that waits behind them, of somebody known, is there all the same. */
BOTH_ENGINES(recipients_that_hang_hold_up_no_mail_that_is_awaited)
{
	struct mail_server server;
	struct mailer *mailer = NULL;
	struct mail_options options = {
		.from = STR("Gridiron <mail@example.org>"),
		.public_url = STR("https://gridiron.example.org"),
	};
	struct mail hanging = { .kind = MAIL_VERIFY_EMAIL,
		.recipient = STR("hang@example.org"),
		.token = STR("grv_secret"),
		.expires_at = ctx->now };
	int kept;

	if (!mail_server_start(&server, (char *[]){ NULL }))
		SKIP(NO_SERVER);
	options.smtp.url = str_fmt(ctx->arena, "smtp://127.0.0.1:%d", server.port);
	options.smtp.timeout_ms = TIMEOUT_MS;
	for (int i = 0; i < 8; i++)
		OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_in_tx, &hanging));
	OK_ERR(put(ctx, "a@example.org"));
	OK_ERR(mailer_open(ctx, &options, &mailer));
	kept = mailer ? kept_at_last(ctx, &server) : 0;
	EQ_I64(kept, 1);
	/* First the server, so that what hangs ends. */
	mail_server_stop(&server);
	if (mailer)
		mailer_close(mailer);
}
