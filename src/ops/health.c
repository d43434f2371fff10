#include "ops/health.h"

#include "db/migration_data.h"
#include "ops/health_q.h"

/*
 * What keeps us from reading which schema there is. Tables that are not there are an
 * internal error to those who ask for rows; to who may not see them (the schema was taken
 * away with its rights, or is another's) they are DENIED.
 */
static struct err *
not_read(struct ctx *ctx, struct err *err)
{
	struct str why = err->message;

	if (err->code == ERR_BUSY)
		return err;
	if (err->code == ERR_DENIED || err->lacks_schema)
		why = STR("the database has no schema of ours; run: gridiron migrate up");
	return err_note(err_new(ctx, ERR_BUSY, STR_FMT, STR_ARG(why)), STR_FMT,
		STR_ARG(err_describe(ctx->arena, err)));
}

struct err *
health_ready(struct ctx *ctx)
{
	int32_t wanted = migrations[migrations_count - 1].number;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct schema_state state;
	struct err *err;

	TRY(db_check_place(ctx));
	err = q_schema_newest(&tx, &state);
	if (err)
		return not_read(ctx, err);
	if (!state.newest.is_set || state.newest.value < wanted)
		return err_new(ctx, ERR_BUSY,
			"the database is at migration %d of %d; run: gridiron migrate up",
			state.newest.is_set ? state.newest.value : 0, wanted);
	return NULL;
}

struct err *
health_alerts(struct ctx *ctx, int64_t *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct alerts_state state;

	TRY(q_alerts_firing(&tx, &state));
	*ret = state.firing;
	return NULL;
}
