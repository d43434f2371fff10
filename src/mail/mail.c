#include "mail/mail.h"

#include "db/db.h"
#include "mail/address.h"
#include "mail/mail_q.h"
#include "mail/payload.h"
#include "sys/random.h"

struct err *
mail_put(struct tx *tx, const struct mail *mail)
{
	struct mail_insert row = {
		.id = { uuid_v7(tx->ctx->now) },
		.user_id = mail->user_id,
		.recipient = mail->recipient,
		.dedupe_key = mail->dedupe_key,
		.now = tx->ctx->now,
	};

	if (!address_is_valid(mail->recipient))
		return err_new(
			tx->ctx, ERR_INVALID, "not an address that mail can be sent to");
	TRY(payload_format(tx->ctx, row.id, mail, &row.payload));
	return q_mail_insert(tx, row);
}

struct err *
mail_forget(struct tx *tx, struct user_id user, struct str address)
{
	TRY(q_mail_forget_user(tx, user));
	return q_mail_forget_address(tx, address);
}
