#include "ops/health.h"

#include "db/migration_data.h"
#include "ops/health_q.h"

struct err *
health_ready(struct ctx *ctx)
{
	int32_t wanted = migrations[migrations_count - 1].number;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct schema_state state;

	TRY_CTX(q_schema_newest(&tx, &state),
		"is the database migrated? gridiron migrate up does it");
	if (!state.newest.is_set || state.newest.value < wanted)
		return err_new(ctx, ERR_BUSY,
			"the database is at migration %d of %d; run: gridiron migrate up",
			state.newest.is_set ? state.newest.value : 0, wanted);
	return NULL;
}
