/* Entries: written with what they tell of, chained in order, watched over. */
#include "audit/audit_q.h"
#include "audit/personal.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/audit/log.h"

static struct err *
log_then_fail(struct tx *tx, void *arg)
{
	(void)arg;
	TRY(audit_log(tx, &(struct audit_entry){ .action = AUDIT_PAYMENT }));
	return err_new(tx->ctx, ERR_CONFLICT, "on purpose");
}

BOTH_ENGINES(an_entry_is_there_only_with_what_it_tells_of)
{
	struct audit_round round;

	OK_ERR(log_open(ctx, STR_NONE));
	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, log_then_fail, NULL),
		ERR_CONFLICT);
	OK_ERR(audit_log_alone(ctx, &(struct audit_entry){ .action = AUDIT_SIGN_IN }));
	audit_set_patience(ctx->audit, 0);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.chained, 1);
	EQ_I64(round.lost, 0);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_logs"), 1);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_pending"), 0);
	log_close(ctx);
}

BOTH_ENGINES(entries_are_chained_without_gaps_and_hold)
{
	struct audit_verified verified;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	for (int i = 0; i < 3; i++) {
		/* More than a page. */
		OK_ERR(log_entries(ctx, 150));
		if (i == 1)
			OK_ERR(audit_round(ctx, ctx->audit, &round));
	}
	EQ_I64(round.chained, 300);
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(verified.rows, 300);
	EQ_I64(verified.waiting, 150);
	log_close(ctx);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_logs WHERE seq BETWEEN 1 AND 450"),
		450);
	SOUND(ctx, STR_NONE);
}

BOTH_ENGINES(who_where_and_what_come_from_the_context)
{
	struct ctx own = *ctx;
	struct str row;
	static const enum db_type columns[] = { DB_TEXT, DB_TEXT, DB_TEXT, DB_JSON,
		DB_TEXT };

	OK_ERR(log_users(ctx));
	own.actor = (struct actor){ .user_id = log_user(2), .is_admin = true };
	OK_ERR(audit_log_alone(&own,
		&(struct audit_entry){ .action = AUDIT_ADMIN_GRANT,
			.subject = log_user(3),
			.details = STR("{\"tier\":\"season\"}") }));
	own.actor = (struct actor){ .user_id = log_user(2) };
	OK_ERR(audit_log_alone(&own, &(struct audit_entry){ .action = AUDIT_EXPORT }));
	own.actor = (struct actor){ .is_system = true };
	OK_ERR(audit_log_alone(&own, &(struct audit_entry){ .action = AUDIT_PAYMENT }));
	own.actor = (struct actor){ .is_system = false };
	OK_ERR(audit_log_alone(&own,
		&(struct audit_entry){
			.action = AUDIT_SIGN_IN, .outcome = AUDIT_REFUSED }));
	OK_ERR(database_dump(ctx,
		"SELECT actor_kind, action, outcome, details, "
		"CASE WHEN user_id IS NULL THEN 'no' ELSE 'yes' END FROM audit_pending "
		"ORDER BY id",
		columns, 5, &row));
	EQ_STR(row,
		STR("admin|admin.grant_access|success|{\"tier\": \"season\"}|yes\n"
		    "user|account.export|success|{}|yes\n"
		    "system|billing.payment|success|{}|no\n"
		    "anonymous|account.sign_in|refused|{}|no\n"));
}

BOTH_ENGINES(what_is_wrong_with_an_entry_is_said)
{
	OK_ERR(log_users(ctx));
	FAILS_WITH(audit_log_alone(ctx,
			   &(struct audit_entry){
				   .action = AUDIT_SIGN_IN, .user = log_user(99) }),
		ERR_INTERNAL);
	FAILS_WITH(audit_log_alone(ctx,
			   &(struct audit_entry){
				   .action = AUDIT_SIGN_IN, .details = STR("[1]") }),
		ERR_INTERNAL);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_pending"), 0);
}

/* --- What is personal */

static struct err *
personal_of_newest(struct ctx *ctx, struct audit_personal *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_waiting_list list;
	const struct audit_waiting *row;

	TRY(q_audit_waiting_list(&tx, (struct uuid){ { 0 } }, &list));
	row = &list.items[list.count - 1];
	return audit_personal_open(ctx,
		&(struct audit_people){ row->id, row->user_id, row->subject_id },
		row->personal, ret);
}

BOTH_ENGINES(what_is_personal_is_sealed_for_its_person_and_gone_with_them)
{
	struct ctx own = *ctx;
	struct audit_personal personal;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	own.audit = ctx->audit;
	/* What counts as erasure later: in whichever order they stand. */
	OK_ERR(audit_log_alone(&own,
		&(struct audit_entry){ .action = AUDIT_ERASE, .user = log_user(2) }));
	own.actor = (struct actor){ .user_id = log_user(1), .is_admin = true };
	own.remote_address = STR("192.0.2.77");
	own.user_agent = STR("Planted/1.0");
	OK_ERR(audit_log_alone(&own,
		&(struct audit_entry){ .action = AUDIT_EMAIL_CHANGE,
			.subject = log_user(2),
			.personal = STR("planted@example.org") }));
	OK_ERR(personal_of_newest(ctx, &personal));
	EQ_STR(personal.remote_address, STR("192.0.2.77"));
	EQ_STR(personal.user_agent, STR("Planted/1.0"));
	EQ_STR(personal.text, STR("planted@example.org"));
	OK(!personal.is_erased);
	/* The subject is erased: where the administrator was stays. */
	OK_ERR(owner_run(ctx,
		"UPDATE users SET personal_key = NULL, is_active = FALSE, erased_at = "
		"created_at WHERE id = %s",
		uuid_literal(ctx, log_user(2).uuid)));
	OK_ERR(personal_of_newest(ctx, &personal));
	OK(personal.is_erased && str_is_none(personal.text));
	EQ_STR(personal.remote_address, STR("192.0.2.77"));
	/* Of the erased nothing personal is taken down any more. */
	own.actor.user_id = log_user(2);
	OK_ERR(audit_log_alone(&own, &(struct audit_entry){ .action = AUDIT_SIGN_OUT }));
	OK_ERR(personal_of_newest(ctx, &personal));
	OK(str_is_none(personal.remote_address) && !personal.is_erased);
	log_close(ctx);
	SOUND(ctx, STR_NONE);
}

BOTH_ENGINES(where_nobody_came_from_is_sealed_too)
{
	struct ctx own = *ctx;
	struct audit_personal personal;

	own.actor = (struct actor){ .is_system = false };
	own.remote_address = STR("192.0.2.77");
	OK_ERR(audit_log_alone(&own,
		&(struct audit_entry){ .action = AUDIT_SIGN_IN,
			.outcome = AUDIT_REFUSED,
			.personal = STR("nobody@example.org") }));
	OK_ERR(personal_of_newest(ctx, &personal));
	EQ_STR(personal.remote_address, STR("192.0.2.77"));
	EQ_STR(personal.text, STR("nobody@example.org"));
}

/* --- Watching over */

BOTH_ENGINES(a_waiting_row_that_is_taken_away_is_missed)
{
	struct str folder = folder_make(ctx);
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	audit_set_patience(ctx->audit, 0);
	OK_ERR(log_entries(ctx, 3));
	OK_ERR(owner_remove_newest_waiting(ctx));
	/* Whoever looks finds it, from another process too. */
	OK(str_find(log_fault(ctx, folder), STR("has gone")) > 0);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.lost, 1);
	/* That itself is on record. */
	EQ_I64(round.chained, 3);
	EQ_I64(owner_count_tampered(ctx), 1);
	log_close(ctx);
	folder_remove(folder);
}

/* Do SQL to the log while nothing can be put on record: it is told once something can. */
static void
told_late(struct ctx *ctx, const char *sql)
{
	static const char count[] =
		"SELECT count(*) FROM audit_logs WHERE action = 'audit.tampered'";
	int64_t before = owner_count(ctx, count);
	struct audit_round round;

	OK_ERR(log_entries(ctx, 3));
	OK_ERR(owner_run(ctx, "%s", sql));
	OK_ERR(record_shut(ctx, true));
	for (int i = 0; i < 2; i++)
		OK_OR(audit_round(ctx, ctx->audit, &round) != NULL, "%s: no error", sql);
	OK_ERR(record_shut(ctx, false));
	for (int i = 0; i < 3; i++)
		OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(owner_count(ctx, count) - before, 1);
}

BOTH_ENGINES(what_could_not_be_put_on_record_is_told_until_it_is)
{
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	audit_set_patience(ctx->audit, 0);
	told_late(ctx,
		"DELETE FROM audit_pending WHERE id = (SELECT id FROM audit_pending "
		"ORDER BY id DESC LIMIT 1)");
	OK_ERR(log_entries(ctx, 3));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	told_late(ctx,
		"DELETE FROM audit_logs WHERE seq = (SELECT max(seq) FROM audit_logs)");
	/* It stays where it is, and so comes last. */
	told_late(ctx,
		"UPDATE audit_pending SET action = 'x' WHERE id = (SELECT id FROM "
		"audit_pending ORDER BY id DESC LIMIT 1)");
	log_close(ctx);
}

/* Rows that stay in its way, more than it cares to name, do not make the record grow. */
BOTH_ENGINES(many_rows_that_are_refused_are_told_once)
{
	static const char count[] =
		"SELECT count(*) FROM audit_logs WHERE action = 'audit.tampered'";
	static const char named[] = "SELECT count(*) FROM audit_logs WHERE CAST(details "
				    "AS TEXT) LIKE '%was altered%'";
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 80));
	OK_ERR(owner_run(ctx, "UPDATE audit_pending SET action = 'x'"));
	for (int i = 0; i < 3; i++) {
		OK_ERR(audit_round(ctx, ctx->audit, &round));
		EQ_I64(round.refused, 80);
	}
	EQ_I64(owner_count(ctx, count), 65);
	EQ_I64(owner_count(ctx, named), 64);
	/* They are gone; the next is told again. */
	OK_ERR(owner_run(ctx, "DELETE FROM audit_pending"));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(owner_run(ctx, "UPDATE audit_pending SET action = 'x'"));
	for (int i = 0; i < 2; i++)
		OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(owner_count(ctx, count), 66);
	EQ_I64(owner_count(ctx, named), 65);
	log_close(ctx);
}

/* What is told of a row may hold what others wrote into it. */
BOTH_ENGINES(a_row_cannot_stop_the_chain_by_what_it_says)
{
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 2));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(owner_run(ctx,
		"INSERT INTO audit_logs SELECT %s, 3, user_id, subject_id, actor_kind, "
		"action, outcome, resource_type, resource_id, details, personal, "
		"ip_address, user_agent, request_id, commitment, previous_hash, hash, "
		"%s, "
		"created_at FROM audit_logs WHERE seq = 2",
		uuid_literal(ctx, log_user(9).uuid),
		is_sqlite ? "replace(hex(zeroblob(20000)), '0', '\"')"
			  : "repeat('\"', 40000)"));
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.chained, 2);
	EQ_I64(owner_count_tampered(ctx), 1);
	log_close(ctx);
}

BOTH_ENGINES(the_first_row_that_is_wrong_is_named)
{
	struct audit_verified verified;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 20));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(owner_run(ctx, "UPDATE audit_logs SET action = 'x' WHERE seq >= 12"));
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	EQ_I64(verified.fault.seq, 12);
	EQ_I64(verified.rows, 11);
	OK_ERR(owner_run(ctx, "DELETE FROM audit_logs WHERE seq IN (7, 9)"));
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	EQ_I64(verified.fault.seq, 7);
	EQ_STR(verified.fault.what, STR("is missing: the next row is 8"));
	/* Whoever knows of that looks behind it. */
	OK_ERR(audit_verify(
		ctx, &(struct audit_verify_options){ .from = 10 }, &verified));
	EQ_I64(verified.fault.seq, 12);
	log_close(ctx);
}

BOTH_ENGINES(what_is_behind_the_end_is_no_alarm)
{
	struct str folder = folder_make(ctx);
	struct audit_verify_options options = { .folder = folder, .from = 21 };
	struct audit_verified verified;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 20));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(audit_anchor(ctx, ctx->audit));
	FAILS_WITH(audit_verify(ctx, &options, &verified), ERR_INVALID);
	options.from = 20;
	OK_ERR(audit_verify(ctx, &options, &verified));
	OK(str_is_none(verified.fault.what));
	EQ_I64(verified.rows, 1);
	/* One whom the anchor knows of is missing all the same. */
	OK_ERR(owner_run(ctx, "DELETE FROM audit_logs WHERE seq > 15"));
	OK_ERR(audit_verify(ctx, &options, &verified));
	EQ_I64(verified.fault.seq, 16);
	log_close(ctx);
	folder_remove(folder);
}

/* Two instances over one database, both with entries to chain. */
BOTH_ENGINES(instances_chain_side_by_side_and_hold)
{
	struct str folder = folder_make(ctx);
	struct audit *first, *second;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	first = ctx->audit;
	OK_ERR(log_open(ctx, folder));
	second = ctx->audit;
	for (int i = 0; i < 10; i++) {
		ctx->audit = first;
		OK_ERR(log_entries(ctx, 5));
		ctx->audit = second;
		OK_ERR(log_entries(ctx, 5));
		OK_ERR(audit_round(ctx, i % 2 ? first : second, &round));
		EQ_I64(round.chained, 10);
	}
	audit_set_patience(first, 0);
	audit_set_patience(second, 0);
	OK_ERR(audit_round(ctx, first, &round));
	EQ_I64(round.lost, 0);
	OK_ERR(audit_round(ctx, second, &round));
	EQ_I64(round.lost, 0);
	audit_close(ctx, first);
	SOUND(ctx, folder);
	log_close(ctx);
	SOUND(ctx, folder);
	folder_remove(folder);
}

/* --- Many at once */

enum { WRITERS = 6, CHAINERS = 3, ENTRIES_EACH = 40 };

struct crowd {
	struct ctx *ctx;
	struct audit *audits[CHAINERS];
	int writing;
	int chaining;
	int failures;
	int64_t lost;
};

/* One of the crowd: a writer, or beyond them a chainer. */
struct member {
	struct crowd *crowd;
	int number;
};

static void
write_entries(void *arg)
{
	const struct member *member = arg;
	struct crowd *crowd = member->crowd;
	struct ctx own = *crowd->ctx;
	struct arena arena;

	arena_init(&arena, 64 << 20);
	own.arena = &arena;
	own.audit = crowd->audits[member->number % CHAINERS];
	own.actor = (struct actor){ .user_id = log_user(1 + member->number % 3) };
	for (int i = 0; i < ENTRIES_EACH; i++)
		crowd->failures += audit_log_alone(&own,
					   &(struct audit_entry){ .action = AUDIT_SIGN_IN,
						   .subject = log_user(4) }) != NULL;
	arena_release(&arena);
	crowd->writing--;
}

static void
chain_rounds(void *arg)
{
	const struct member *member = arg;
	struct crowd *crowd = member->crowd;
	struct ctx own = *crowd->ctx;
	struct audit_round round;
	struct arena arena;

	arena_init(&arena, 64 << 20);
	own.arena = &arena;
	while (crowd->writing) {
		struct err *err = audit_round(
			&own, crowd->audits[member->number], &round);

		/* Two that are always one step behind each other give up, for now. */
		crowd->failures += err && err->code != ERR_CONFLICT;
		crowd->lost += err ? 0 : round.lost;
		fiber_yield();
	}
	arena_release(&arena);
	crowd->chaining--;
}

BOTH_ENGINES(many_instances_at_once_make_one_chain_without_gaps)
{
	struct crowd crowd = { .ctx = ctx, .writing = WRITERS, .chaining = CHAINERS };
	struct str folder = folder_make(ctx);
	struct member members[WRITERS + CHAINERS];
	struct audit_verified verified;

	OK_ERR(log_users(ctx));
	for (int i = 0; i < CHAINERS; i++) {
		OK_ERR(log_open(ctx, folder));
		crowd.audits[i] = ctx->audit;
	}
	for (int i = 0; i < WRITERS + CHAINERS; i++) {
		bool is_writer = i < WRITERS;

		members[i] = (struct member){ &crowd, is_writer ? i : i - WRITERS };
		OK(fiber_spawn(
			"crowd", is_writer ? write_entries : chain_rounds, &members[i]));
	}
	while (crowd.writing || crowd.chaining)
		fiber_sleep_until(clock_deadline_ms(5));
	EQ_I64(crowd.failures, 0);
	EQ_I64(crowd.lost, 0);
	for (int i = 0; i < CHAINERS; i++)
		audit_close(ctx, crowd.audits[i]);
	ctx->audit = NULL;
	OK_ERR(audit_verify(
		ctx, &(struct audit_verify_options){ .folder = folder }, &verified));
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(verified.rows, WRITERS * ENTRIES_EACH);
	EQ_I64(verified.waiting, 0);
	EQ_I64(verified.tampered, 0);
	folder_remove(folder);
}
