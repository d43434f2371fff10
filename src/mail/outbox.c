#include "mail/outbox.h"

#include "db/db.h"
#include "mail/payload.h"

struct str
outbox_kind(struct arena *arena, const struct mail_row *row)
{
	return payload_kind(arena, row->payload);
}

struct err *
outbox_list(struct ctx *ctx, struct str status, int32_t limit, struct mail_row_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return q_mail_page(&tx, status, limit, ret);
}

struct err *
outbox_retry(struct ctx *ctx, struct outbox_id id)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t changed;

	TRY(q_mail_retry(&tx, id, ctx->now, &changed));
	if (changed == 0)
		return err_new(ctx, ERR_NOT_FOUND,
			"no such mail waits: it was sent, is being sent now, or never "
			"was");
	return NULL;
}

struct err *
outbox_retry_dead(struct ctx *ctx, int64_t *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return q_mail_retry_dead(&tx, ctx->now, ret);
}
