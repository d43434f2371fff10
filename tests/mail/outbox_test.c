/* Mail on its way: promised in a transaction, leased, written to a folder, tried again. */
#include "tests/support/database.h"
#include "tests/support/mail_server.h"

#include "mail/deliver.h"
#include "mail/mail.h"

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
#define OUTBOX                                                                  \
	"SELECT status, attempts, CASE WHEN payload = '{}' THEN 1 ELSE 0 END, " \
	"last_error FROM outbox ORDER BY id"

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
	EQ_STR(outbox(ctx), STR("sent|1|1|\n"));
	OK_ERR(mail_deliver(ctx, &options, &counts));
	EQ_I64(counts.sent, 1);
	mail_folder_remove(folder);
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
	mail_folder_remove(folder);
}
