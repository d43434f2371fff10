#include "ops/shred.h"

/* An old segment that is renamed for further use keeps what it holds. */
#define REFUSE_WHERE_LOG_STAYS                                                           \
	"DO $$ BEGIN IF current_setting('wal_recycle')::boolean THEN RAISE EXCEPTION "   \
	"'wal_recycle is on: set it to off, so that the server deletes old segments of " \
	"its log'; END IF; END $$"

#define FORGET_STATISTICS                                                             \
	"DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE " \
	"relnamespace = current_schema()::regnamespace)"

/* One by one, since VACUUM and CHECKPOINT stand in no transaction. */
static const char *const steps[] = {
	REFUSE_WHERE_LOG_STAYS,
	FORGET_STATISTICS,
	"VACUUM (FULL, ANALYZE)",
	/* Twice: what is under way at the first still needs the segments before it. */
	"SELECT pg_switch_wal()",
	"CHECKPOINT",
	"SELECT pg_switch_wal()",
	"CHECKPOINT",
};

struct err *
shred(struct ctx *ctx)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	db_shred(ctx->db);
	if (db_dialect(ctx->db) == DIALECT_SQLITE)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		TRY_CTX(db_run_text(&tx, str_from(steps[i])), "at: %s", steps[i]);
	return NULL;
}
