#include "predictions/publication.h"

#include "predictions/publications_q.h"

struct err *
publication_token(struct ctx *ctx, struct uuid *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return publication_token_in(&tx, ret);
}

struct err *
publication_token_in(struct tx *tx, struct uuid *ret)
{
	struct publication publication;
	bool found;

	TRY(q_publication_get(tx, &publication, &found));
	*ret = found ? publication.token : (struct uuid){ { 0 } };
	return NULL;
}

struct err *
publication_renew(struct tx *tx)
{
	return q_publication_put(tx, tx->ctx->now);
}
