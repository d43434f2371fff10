/*
 * Mail: promised in the transaction that causes it, sent later (mail/deliver.h).
 *
 *     TRY(mail_put(tx, &(struct mail){
 *             .kind = MAIL_VERIFY_EMAIL,
 *             .recipient = address,
 *             .user_id = user,
 *             .token = token,
 *             .expires_at = tx->ctx->now + VERIFY_US,
 *     }));
 *
 * A rolled back transaction sends nothing, a committed one always: the mail waits in the
 * table outbox until a mail server took it, or until that proved hopeless. What a
 * template is filled with is sealed while it waits and gone once it is sent.
 *
 * What each kind needs says mail/mail_kind.def; what the values are, mail/mail_value.def.
 * Links end in #TOKEN, which browsers keep to themselves: no log and no referrer holds
 * it.
 */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include "base/err.h"
#include "base/id.h"

struct tx;

/* Where a mail program posts to end mail, the token behind it. */
#define MAIL_UNSUBSCRIBE_PATH "/v1/alerts/unsubscribe?token="

enum mail_kind {
#define KIND(name, file, page, urgency, needs) MAIL_##name,
#include "mail/mail_kind.def"
#undef KIND
	MAIL_KIND_COUNT
};

/* TEXT: one line, cut at 200 bytes. LINES: up to 8,000 bytes. TOKEN: letters, digits, -
 * and _ and . only. MOMENT: microseconds UTC. */
typedef struct str mail_TEXT;
typedef struct str mail_LINES;
typedef struct str mail_TOKEN;
typedef int64_t mail_MOMENT;

struct mail {
	enum mail_kind kind;
	struct str recipient;   /* see mail/address.h */
	struct user_id user_id; /* whose mail it is; nil: of nobody who has an account */
	struct str dedupe_key; /* a second mail with this key is not sent; absent: none */
#define VALUE(type, field, about) mail_##type field;
#include "mail/mail_value.def"
#undef VALUE
};

/* Promise MAIL. INVALID: the recipient is no address that mail can be sent to. INTERNAL:
 * a value that its kind needs is missing, or a token holds what no token does. */
struct err *mail_put(struct tx *tx, const struct mail *mail) MUST_USE;

/* Promise COUNT MAILS at once. */
struct err *mail_put_many(struct tx *tx, const struct mail *mails, size_t count) MUST_USE;

/* Forget what was or is to be sent to USER or to ADDRESS: for erasure. */
struct err *mail_forget(struct tx *tx, struct user_id user, struct str address) MUST_USE;

/* USER gives up ADDRESS: whatever was sent there while it was theirs, an invitation say,
 * is forgotten with them. */
struct err *mail_adopt(struct tx *tx, struct user_id user, struct str address) MUST_USE;

/* Forget mail promised BEFORE that was sent or given up: with it goes the address. */
struct err *mail_sweep(struct tx *tx, int64_t before, int64_t *ret) MUST_USE;

#endif
