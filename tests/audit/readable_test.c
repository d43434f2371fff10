/* What is personal in the chain: keys that are taken away, exchanged, or rightly gone. */
#include "audit/browse.h"
#include "audit/cut.h"
#include "tests/audit/log.h"

#define DAY_US    ((int64_t)86400 * MICROSECONDS_PER_SECOND)
#define SECOND_US ((int64_t)MICROSECONDS_PER_SECOND)

enum { PERSON = 3 };

/* An entry of ACTION by user PERSON, at AT. */
static struct err *
entry_put(struct ctx *ctx, enum audit_action action, int64_t at)
{
	struct ctx own = *ctx;

	own.now = at;
	own.actor = (struct actor){ .user_id = log_user(PERSON) };
	own.remote_address = STR("192.0.2.77");
	return audit_log_alone(&own, &(struct audit_entry){ .action = action });
}

/* Twenty entries of all, chained. */
static struct err *
fill(struct ctx *ctx)
{
	struct audit_round round;

	TRY(log_users(ctx));
	TRY(owner_prepare(ctx));
	TRY(log_open(ctx, STR_NONE));
	TRY(log_entries(ctx, 20));
	return audit_round(ctx, ctx->audit, &round);
}

static struct err *
tombstone_set(struct ctx *ctx, int64_t at)
{
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;

	return owner_run(ctx,
		"UPDATE users SET personal_key = NULL, is_active = FALSE, erased_at = "
		"%s%lld%s WHERE id = %s",
		is_sqlite ? "" : "to_timestamp(",
		(long long)(is_sqlite ? at : at / SECOND_US), is_sqlite ? "" : ")",
		uuid_literal(ctx, log_user(PERSON).uuid));
}

static void
is_missed(struct ctx *ctx)
{
	struct audit_verified verified;

	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	OK(str_find(verified.fault.what, STR("what is personal")) == 0);
	OK_OR(str_find(verified.fault.what, STR("cannot be opened")) > 0, STR_FMT,
		STR_ARG(verified.fault.what));
	OK(verified.readable.rows > 0);
	EQ_I64(verified.rows, 20);
}

struct exported {
	int64_t damaged;
	int64_t erased;
};

static struct err *
count_line(void *arg, struct str text)
{
	struct exported *exported = arg;
	struct str line;

	while (str_next(&text, '\n', &line)) {
		exported->damaged += str_find(line, STR("\"is_damaged\":true")) > 0;
		exported->erased += str_find(line, STR("\"is_erased\":true")) > 0;
	}
	return NULL;
}

static struct exported
exported_of(struct ctx *ctx)
{
	struct audit_filter filter = { .user = log_user(PERSON) };
	struct exported exported = { .damaged = 0 };
	int64_t count;

	if (audit_export(ctx, &filter, AUDIT_JSON_LINES, count_line, &exported, &count))
		exported.damaged = -1;
	return exported;
}

BOTH_ENGINES(a_key_that_is_taken_away_is_missed)
{
	OK_ERR(fill(ctx));
	SOUND(ctx, STR_NONE);
	OK_ERR(owner_run(ctx, "UPDATE users SET personal_key = NULL WHERE id = %s",
		uuid_literal(ctx, log_user(PERSON).uuid)));
	is_missed(ctx);
	OK(exported_of(ctx).damaged > 0);
	log_close(ctx);
}

/* The next entry makes another, which opens what comes and nothing that was. */
BOTH_ENGINES(a_key_that_was_made_anew_is_missed)
{
	struct audit_verified verified;
	struct audit_round round;

	OK_ERR(fill(ctx));
	OK_ERR(owner_run(ctx, "UPDATE users SET personal_key = NULL WHERE id = %s",
		uuid_literal(ctx, log_user(PERSON).uuid)));
	OK_ERR(entry_put(ctx, AUDIT_SIGN_IN, ctx->now));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	OK(verified.readable.rows > 0 && verified.readable.last <= 20);
	/* An operator who gave up what was lost has put that on record. */
	OK_ERR(audit_log_alone(
		ctx, &(struct audit_entry){ .action = AUDIT_KEYS_GIVE_UP }));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	SOUND(ctx, STR_NONE);
	log_close(ctx);
}

BOTH_ENGINES(a_key_of_another_user_is_missed)
{
	OK_ERR(fill(ctx));
	OK_ERR(owner_run(ctx,
		"UPDATE users SET personal_key = (SELECT o.personal_key FROM users o "
		"WHERE o.email = 'user2@example.org') WHERE id = %s",
		uuid_literal(ctx, log_user(PERSON).uuid)));
	is_missed(ctx);
	OK(exported_of(ctx).damaged > 0);
	log_close(ctx);
}

BOTH_ENGINES(a_tombstone_without_an_erasure_on_record_is_missed)
{
	struct audit_verified verified;

	OK_ERR(fill(ctx));
	OK_ERR(tombstone_set(ctx, ctx->now));
	is_missed(ctx);
	OK(exported_of(ctx).damaged > 0);
	EQ_I64(exported_of(ctx).erased, 0);
	/* An entry that is made up for it is no entry of ours. */
	OK_ERR(owner_run(ctx,
		"UPDATE audit_logs SET action = 'account.erase', outcome = 'success' "
		"WHERE user_id = %s",
		uuid_literal(ctx, log_user(PERSON).uuid)));
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	OK(!str_is_none(verified.fault.what));
	OK(exported_of(ctx).damaged > 0);
	EQ_I64(exported_of(ctx).erased, 0);
	log_close(ctx);
}

/* Also while the entry waits for the chain. */
BOTH_ENGINES(who_is_erased_on_record_is_not_missed)
{
	struct audit_round round;

	OK_ERR(fill(ctx));
	OK_ERR(entry_put(ctx, AUDIT_ERASE, ctx->now));
	OK_ERR(tombstone_set(ctx, ctx->now));
	SOUND(ctx, STR_NONE);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	SOUND(ctx, STR_NONE);
	EQ_I64(exported_of(ctx).damaged, 0);
	OK(exported_of(ctx).erased > 0);
	log_close(ctx);
}

/* The entry of the erasure is cut off; what a transaction wrote that had the key already
 * is not. */
BOTH_ENGINES(an_erasure_that_retention_cut_off_is_not_missed)
{
	struct audit_cut_done cut;
	int64_t at = ctx->now - 3 * DAY_US, pruned;
	struct audit_verified verified;
	struct audit_round round;

	at -= at % SECOND_US;
	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(entry_put(ctx, AUDIT_SIGN_IN, at - SECOND_US));
	OK_ERR(entry_put(ctx, AUDIT_ERASE, at));
	OK_ERR(entry_put(ctx, AUDIT_SIGN_OUT, at + 2 * SECOND_US));
	OK_ERR(tombstone_set(ctx, at));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(audit_cut_before(
		ctx, &(struct audit_cut_options){ .before = at + SECOND_US }, &cut));
	EQ_I64(cut.seq, 2);
	OK_ERR(audit_prune(ctx, &pruned));
	EQ_I64(pruned, 2);
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	EQ_I64(verified.first, 3);
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(exported_of(ctx).damaged, 0);
	log_close(ctx);
}

BOTH_ENGINES(a_seal_key_that_is_missing_is_told_apart)
{
	struct audit_verified verified;
	struct str sealed_by;

	OK_ERR(fill(ctx));
	sealed_by = db_dialect(ctx->db) == DIALECT_SQLITE
		? STR("X'01aaaaaaaaaaaaaaaa' || substr(personal_key, 10)")
		: STR("'\\x01aaaaaaaaaaaaaaaa'::bytea || substr(personal_key, 10)");
	OK_ERR(owner_run(ctx,
		"UPDATE users SET personal_key = CAST(" STR_FMT " AS %s) WHERE id = %s",
		STR_ARG(sealed_by),
		db_dialect(ctx->db) == DIALECT_SQLITE ? "BLOB" : "bytea",
		uuid_literal(ctx, log_user(PERSON).uuid)));
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	OK(str_is_none(verified.fault.what) && !audit_is_sound(&verified));
	OK(verified.readable.unproven > 0);
	log_close(ctx);
}

/* Whoever exports a user's data waits for what was said of him before. */
BOTH_ENGINES(what_was_said_of_a_user_is_waited_for_until_it_is_chained)
{
	const char *waiting = "SELECT CAST(count(*) AS bigint) FROM audit_pending";
	struct ctx later = *ctx;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	later.audit = ctx->audit;
	later.now = ctx->now + 1000;
	/* Where nobody adds to the chain it would never be. */
	OK_ERR(entry_put(ctx, AUDIT_EXPORT, ctx->now));
	OK_ERR(audit_settle(&later, ctx->audit, log_user(PERSON)));
	EQ_I64(owner_count(ctx, waiting), 1);
	OK_ERR(audit_start(ctx, ctx->audit));
	OK_ERR(audit_settle(&later, ctx->audit, log_user(PERSON)));
	EQ_I64(owner_count(ctx, waiting), 0);
	log_close(ctx);
}
