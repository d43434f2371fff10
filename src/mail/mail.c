#include "mail/mail.h"

#include "db/db.h"
#include "mail/address.h"
#include "mail/mail_q.h"
#include "mail/payload.h"
#include "sys/random.h"

/* MAIL as a row of the outbox. */
static struct err *
row_of(struct ctx *ctx, const struct mail *mail, struct mail_insert *ret)
{
	struct mail_insert row = {
		.id = { uuid_v7(ctx->now) },
		.user_id = mail->user_id,
		.recipient = mail->recipient,
		.dedupe_key = mail->dedupe_key,
		.urgency = mail_kind_urgency(mail->kind),
		.now = ctx->now,
	};

	if (!address_is_valid(mail->recipient))
		return err_new(
			ctx, ERR_INVALID, "not an address that mail can be sent to");
	TRY(payload_format(ctx, row.id, mail, &row.payload));
	*ret = row;
	return NULL;
}

struct err *
mail_put(struct tx *tx, const struct mail *mail)
{
	struct mail_insert row;

	TRY(row_of(tx->ctx, mail, &row));
	return q_mail_insert(tx, row);
}

struct err *
mail_put_many(struct tx *tx, const struct mail *mails, size_t count)
{
	struct mail_insert_many *rows;
	struct mail_insert row;
	int64_t written;

	if (count == 0)
		return NULL;
	TRY_NEW(tx->ctx->arena, rows, count);
	for (size_t i = 0; i < count; i++) {
		TRY(row_of(tx->ctx, &mails[i], &row));
		rows[i] = (struct mail_insert_many){
			.id = row.id,
			.user_id = row.user_id,
			.recipient = row.recipient,
			.payload = row.payload,
			.dedupe_key = row.dedupe_key,
			.urgency = row.urgency,
			.now = row.now,
		};
	}
	return q_mail_insert_many(tx, rows, count, &written);
}

struct err *
mail_forget(struct tx *tx, struct user_id user, struct str address)
{
	TRY(q_mail_forget_user(tx, user));
	return q_mail_forget_address(tx, address);
}

struct err *
mail_adopt(struct tx *tx, struct user_id user, struct str address)
{
	return q_mail_adopt(tx, user, address);
}

struct err *
mail_sweep(struct tx *tx, int64_t before, int64_t *ret)
{
	return q_mail_sweep(tx, before, ret);
}
