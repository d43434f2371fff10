/* Retention that keeps the chain provable, and what is read out of the log. */
#include "audit/browse.h"
#include "audit/cut.h"
#include "base/buf.h"
#include "tests/audit/log.h"

#define DAY_US ((int64_t)86400 * MICROSECONDS_PER_SECOND)

/* OLD entries of three days ago and YOUNG ones of now, chained and anchored. */
static struct err *
fill(struct ctx *ctx, int old, int young)
{
	struct ctx past = *ctx;
	struct audit_round round;

	TRY(log_users(ctx));
	past.now -= 3 * DAY_US;
	TRY(log_entries(&past, old));
	TRY(audit_round(ctx, ctx->audit, &round));
	TRY(audit_anchor(ctx, ctx->audit));
	TRY(log_entries(ctx, young));
	TRY(audit_round(ctx, ctx->audit, &round));
	return audit_anchor(ctx, ctx->audit);
}

static struct err *
cut_before(struct ctx *ctx, struct str folder, int64_t before, int64_t *ret)
{
	struct audit_cut_done done;

	TRY(audit_cut_before(ctx,
		&(struct audit_cut_options){ .folder = folder, .before = before },
		&done));
	*ret = done.seq;
	return NULL;
}

BOTH_ENGINES(what_is_old_may_go_and_the_rest_is_still_proved)
{
	struct str folder = folder_make(ctx);
	struct audit_verified verified;
	int64_t cut, pruned;

	OK_ERR(log_open(ctx, folder));
	OK_ERR(fill(ctx, 40, 10));
	OK_ERR(cut_before(ctx, folder, ctx->now - 2 * DAY_US, &cut));
	EQ_I64(cut, 40);
	SOUND(ctx, folder);
	OK_ERR(audit_prune(ctx, &pruned));
	EQ_I64(pruned, 40);
	OK_ERR(audit_verify(
		ctx, &(struct audit_verify_options){ .folder = folder }, &verified));
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(verified.first, 41);
	EQ_I64(verified.last, 50);
	EQ_I64(verified.anchors, 2);
	OK_ERR(cut_before(ctx, folder, ctx->now - 2 * DAY_US, &cut));
	EQ_I64(cut, 0);
	/* The cut itself is on record; the chain goes on. */
	log_close(ctx);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_logs WHERE action = "
		       "'operator.cut_audit'"),
		1);
	SOUND(ctx, folder);
	folder_remove(folder);
}

BOTH_ENGINES(a_chain_of_which_nothing_is_left_goes_on_behind_its_cut)
{
	struct str folder = folder_make(ctx);
	int64_t cut, pruned;

	OK_ERR(log_open(ctx, folder));
	OK_ERR(fill(ctx, 5, 0));
	OK_ERR(cut_before(ctx, folder, ctx->now - 2 * DAY_US, &cut));
	OK_ERR(audit_prune(ctx, &pruned));
	EQ_I64(pruned, 5);
	SOUND(ctx, folder);
	log_close(ctx);
	EQ_I64(owner_count(ctx, "SELECT min(seq) FROM audit_logs"), 6);
	SOUND(ctx, folder);
	folder_remove(folder);
}

BOTH_ENGINES(a_log_that_is_not_sound_is_not_cut)
{
	int64_t cut;

	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(fill(ctx, 5, 1));
	FAILS_WITH(cut_before(ctx, STR_NONE, ctx->now - DAY_US / 2, &cut), ERR_INVALID);
	OK_ERR(owner_run(ctx, "UPDATE audit_logs SET action = 'x' WHERE seq = 6"));
	FAILS_WITH(cut_before(ctx, STR_NONE, ctx->now - 2 * DAY_US, &cut), ERR_CONFLICT);
	log_close(ctx);
}

/* What is done to the log after it was cut and pruned; each is found. */
static const char *const designs[] = {
	"DELETE FROM audit_cuts",
	"UPDATE audit_cuts SET seq = seq + 1",
	"UPDATE audit_cuts SET entries_until = created_at",
	"UPDATE audit_cuts SET hash = mac",
	"UPDATE audit_cuts SET key_id = 'x'",
	"UPDATE audit_cuts SET key_id = '0123456789abcdef'",
	"UPDATE audit_cuts SET key_id = '0123456789abcdef'; DELETE FROM audit_logs",
	"UPDATE audit_cuts SET mac = hash",
	"UPDATE audit_cuts SET created_at = entries_until",
	"DELETE FROM audit_logs WHERE seq = 6",
	"DELETE FROM audit_logs",
	"INSERT INTO audit_pending SELECT * FROM old_pending",
};

BOTH_ENGINES(a_cut_is_no_hole_to_slip_through)
{
	struct str folder = folder_make(ctx);
	struct ctx past = *ctx;
	struct audit_round round;
	int64_t cut, pruned;

	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_users(ctx));
	past.now -= 3 * DAY_US;
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(&past, 5));
	/* Kept by somebody for later. */
	OK_ERR(owner_run(ctx, "CREATE TABLE old_pending AS SELECT * FROM audit_pending"));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(log_entries(ctx, 5));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(cut_before(ctx, folder, ctx->now - 2 * DAY_US, &cut));
	EQ_I64(cut, 5);
	OK_ERR(audit_prune(ctx, &pruned));
	log_close(ctx);
	OK_ERR(owner_run(ctx,
		"CREATE TABLE cuts AS SELECT * FROM audit_cuts; CREATE TABLE logs AS "
		"SELECT * FROM audit_logs"));
	for (size_t i = 0; i < COUNT_OF(designs); i++) {
		SOUND(ctx, folder);
		OK_ERR(owner_run(ctx, "%s", designs[i]));
		OK_OR(!str_is_none(log_fault(ctx, folder)), "not found: %s", designs[i]);
		OK_ERR(owner_run(ctx,
			"BEGIN; DELETE FROM audit_cuts; DELETE FROM audit_logs; DELETE "
			"FROM audit_pending; INSERT INTO audit_cuts SELECT * FROM cuts; "
			"INSERT INTO audit_logs SELECT * FROM logs; COMMIT"));
	}
	folder_remove(folder);
}

/* Under a cut that would let it go, a waiting row is taken away. */
BOTH_ENGINES(a_forged_cut_hides_nothing_that_has_gone)
{
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;
	struct audit_round round;

	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 2));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(log_entries(ctx, 3));
	OK_ERR(owner_run(ctx,
		"DELETE FROM audit_pending WHERE id = (SELECT id FROM audit_pending "
		"ORDER BY id DESC LIMIT 1); INSERT INTO audit_cuts SELECT seq, hash, "
		"created_at + %s, commitment, key_id, created_at FROM audit_logs WHERE "
		"seq = 1",
		is_sqlite ? "86400000000" : "interval '1 day'"));
	audit_set_patience(ctx->audit, 0);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.lost, 1);
	EQ_I64(round.refused, 0);
	/* That, and the cut; the cut stays, and is told once. */
	EQ_I64(owner_count_tampered(ctx), 2);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(owner_count_tampered(ctx), 2);
	OK_ERR(owner_run(ctx, "DELETE FROM audit_cuts"));
	log_close(ctx);
}

/* What is written then would be taken for pruned rows put back, or for pruned. */
BOTH_ENGINES(a_clock_that_goes_back_behind_a_cut_loses_nothing)
{
	struct str folder = folder_make(ctx);
	struct ctx past = *ctx;
	struct audit_round round;
	int64_t cut;

	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(fill(ctx, 5, 1));
	OK_ERR(cut_before(ctx, folder, ctx->now - 2 * DAY_US, &cut));
	log_close(ctx);
	OK_ERR(log_open(ctx, folder));
	past.audit = ctx->audit;
	past.now -= 5 * DAY_US;
	OK_ERR(log_entries(&past, 3));
	OK_ERR(owner_run(ctx,
		"DELETE FROM audit_pending WHERE id = (SELECT id FROM audit_pending "
		"ORDER BY id DESC LIMIT 1)"));
	audit_set_patience(ctx->audit, 0);
	OK_ERR(audit_round(&past, ctx->audit, &round));
	EQ_I64(round.refused, 0);
	EQ_I64(round.lost, 1);
	EQ_I64(round.chained, 3);
	log_close(ctx);
	SOUND(ctx, folder);
	folder_remove(folder);
}

/* An instance that was stopped for days while another went on, cut and pruned. */
BOTH_ENGINES(whoever_slept_over_a_cut_raises_no_alarm)
{
	struct audit *asleep;
	int64_t cut, pruned;

	OK_ERR(log_open(ctx, STR_NONE));
	asleep = ctx->audit;
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(fill(ctx, 5, 2));
	OK_ERR(cut_before(ctx, STR_NONE, ctx->now - 2 * DAY_US, &cut));
	OK_ERR(audit_prune(ctx, &pruned));
	EQ_I64(pruned, 5);
	audit_close(ctx, asleep);
	log_close(ctx);
	EQ_I64(owner_count_tampered(ctx), 0);
	SOUND(ctx, STR_NONE);
}

/* --- Reading */

static struct err *
gather(void *arg, struct str text)
{
	buf_put(arg, text);
	return NULL;
}

BOTH_ENGINES(an_export_holds_what_is_asked_for)
{
	struct ctx own = *ctx;
	struct arena arena = { .cap_bytes = 16 << 20 };
	struct audit_filter filter = { .user = log_user(2) };
	struct buf out;
	int64_t count;

	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(fill(ctx, 0, 300));
	buf_init(&out, &arena, 1 << 20);
	OK_ERR(audit_export(ctx, &(struct audit_filter){ 0 }, AUDIT_JSON_LINES, gather,
		&out, &count));
	EQ_I64(count, 300);
	OK(str_starts_with(buf_str(&out), STR("{\"seq\":1,\"time\":\"")));
	OK(str_find(buf_str(&out),
		   STR("\"address\":\"192.0.2.77\",\"agent\":\"Planted")) > 0);
	buf_clear(&out);
	OK_ERR(audit_export(ctx, &filter, AUDIT_JSON_LINES, gather, &out, &count));
	EQ_I64(count,
		owner_count(ctx,
			str_cstr(ctx->arena,
				str_fmt(ctx->arena,
					"SELECT count(*) FROM audit_logs WHERE user_id = "
					"%s OR subject_id = %s",
					uuid_literal(ctx, log_user(2).uuid),
					uuid_literal(ctx, log_user(2).uuid)))));
	/* A program that calls itself a formula. */
	own.user_agent = STR("=HYPERLINK(\"x\")");
	OK_ERR(audit_log_alone(&own, &(struct audit_entry){ .action = AUDIT_EXPORT }));
	log_close(ctx);
	buf_clear(&out);
	OK_ERR(audit_export(ctx, &(struct audit_filter){ .first = 301 }, AUDIT_CSV,
		gather, &out, &count));
	EQ_I64(count, 1);
	OK(str_starts_with(buf_str(&out), STR("seq,time,actor_kind,")));
	OK(str_find(buf_str(&out), STR(",\"'=HYPERLINK(\"\"x\"\")\",")) > 0);
	arena_release(&arena);
}

/* What cannot be mended is exported as it is; the chain says what was done. */
BOTH_ENGINES(an_export_goes_past_what_was_altered)
{
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;
	struct arena arena = { .cap_bytes = 16 << 20 };
	struct audit_verified verified;
	struct audit_round round;
	struct str text;
	struct buf out;
	int64_t count;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 5));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(owner_run(ctx,
		"UPDATE audit_logs SET personal = %s WHERE seq = 2; UPDATE audit_logs "
		"SET "
		"user_id = %s WHERE seq = 3; UPDATE audit_logs SET personal = %s WHERE "
		"seq = 5",
		is_sqlite ? "X'77'" : "'\\x77'", uuid_literal(ctx, log_user(9).uuid),
		is_sqlite ? "zeroblob(1000000)"
			  : "decode(repeat('00', 1000000), 'hex')"));
	buf_init(&out, &arena, 1 << 20);
	OK_ERR(audit_export(ctx, &(struct audit_filter){ 0 }, AUDIT_JSON_LINES, gather,
		&out, &count));
	EQ_I64(count, 5);
	text = buf_str(&out);
	for (count = 0; str_find(text, STR("\"is_damaged\":true")) >= 0; count++)
		text = str_slice(text,
			(size_t)str_find(text, STR("\"is_damaged\":true")) + 1, text.len);
	EQ_I64(count, 3);
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ .from = 5 }, &verified));
	EQ_I64(verified.fault.seq, 5);
	log_close(ctx);
	arena_release(&arena);
}
