#include "ops/shred.h"

#include "ops/shred_q.h"

static const char forget_statistics[] =
	"DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE "
	"relnamespace = current_schema()::regnamespace)";

/* One by one, since VACUUM and CHECKPOINT stand in no transaction. */
static const char *const steps[] = {
	forget_statistics,
	"VACUUM (FULL, ANALYZE)",
	/* Twice: what is under way at the first still needs the segments before it. */
	"SELECT pg_switch_wal()",
	"CHECKPOINT",
	"SELECT pg_switch_wal()",
	"CHECKPOINT",
};

/* Nothing is begun that could not be ended. */
static struct err *
refuse_in_vain(struct tx *tx)
{
	struct shred_setting setting;

	TRY(q_shred_setting(tx, &setting));
	if (!setting.is_superuser)
		return err_new(tx->ctx, ERR_DENIED,
			"this needs a superuser of PostgreSQL, and '" STR_FMT
			"' is none: name one in database.url",
			STR_ARG(setting.role));
	/* An old segment that is renamed for further use keeps what it holds. */
	if (setting.keeps_log)
		return err_new(tx->ctx, ERR_CONFLICT,
			"the server keeps old segments of its log, and what was deleted "
			"in them: set wal_recycle to off (ALTER SYSTEM SET wal_recycle = "
			"off, then SELECT pg_reload_conf()) and shred again");
	return NULL;
}

struct err *
shred(struct ctx *ctx)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	TRY(refuse_in_vain(&tx));
	db_shred(ctx->db);
	if (db_dialect(ctx->db) == DIALECT_SQLITE)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		TRY_CTX(db_run_text(&tx, str_from(steps[i])), "at: %s", steps[i]);
	return NULL;
}
