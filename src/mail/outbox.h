/* What waits, what went out, what was given up: for whoever looks after the server. */
#ifndef MAIL_OUTBOX_H
#define MAIL_OUTBOX_H

#include "base/ctx.h"
#include "base/err.h"
#include "mail/mail_q.h"

/* The kind of ROW's mail, such as "verify-email". */
struct str outbox_kind(struct arena *arena, const struct mail_row *row);

/* The newest LIMIT mails with STATUS (pending, sent, dead); absent: those not sent. */
struct err *outbox_list(struct ctx *ctx, struct str status, int32_t limit,
	struct mail_row_list *ret) MUST_USE;

/* Have the mail ID sent at once, as if it had not been tried. NOT_FOUND: there is none,
 * it was sent, or it is being sent now. */
struct err *outbox_retry(struct ctx *ctx, struct outbox_id id) MUST_USE;
/* The same of all that are dead; how many there were into RET. */
struct err *outbox_retry_dead(struct ctx *ctx, int64_t *ret) MUST_USE;

#endif
