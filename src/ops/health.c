#include "ops/health.h"

#include "db/migration_data.h"
#include "ops/health_q.h"

struct err *
health_ready(struct ctx *ctx)
{
	int32_t wanted = migrations[migrations_count - 1].number;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct schema_state state;
	struct err *err;

	err = q_schema_newest(&tx, &state);
	if (err && err->code == ERR_INTERNAL)
		return err_note(err_new(ctx, ERR_BUSY,
					"the database has no schema of ours; run: "
					"gridiron migrate up"),
			STR_FMT, STR_ARG(err_describe(ctx->arena, err)));
	TRY(err);
	if (!state.newest.is_set || state.newest.value < wanted)
		return err_new(ctx, ERR_BUSY,
			"the database is at migration %d of %d; run: gridiron migrate up",
			state.newest.is_set ? state.newest.value : 0, wanted);
	return NULL;
}
