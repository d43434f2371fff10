/*
 * What the owner of the database can do to the log behind the program's back: a thousand
 * times something, each found by audit_verify, on either engine. GRIDIRON_MUTATIONS says
 * how many, GRIDIRON_SEED which.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/num.h"
#include "tests/audit/log.h"

enum {
	MUTATIONS = 1000,
	CHAINED = 72,
	WAITING = 8,
	UNANCHORED = 12,
	SOUND_EVERY = 100,
};

/* A small generator of our own, so that a run can be repeated. */
static uint64_t state = 20260101;

static int
pick(int count)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int)(state % (uint64_t)count);
}

/* Each in turn, so that none is left out. */
static int
turn(int *next, int count)
{
	int now = *next;

	*next = (now + 1) % count;
	return now;
}

static int64_t
setting(const char *name, int64_t otherwise)
{
	struct str text = str_from(getenv(name));
	int64_t value;

	return !str_is_none(text) && num_parse_i64(text, 1, INT64_MAX, &value)
		? value
		: otherwise;
}

/* --- Another value for each column. @1: a literal for a user, @2 another; @b: a byte; %h:
 * thirty-two; @t: a moment. */

struct column {
	const char *name;
	const char *other;
};

#define USER_OTHER(column) "CASE WHEN " column " = @1 THEN @2 ELSE @1 END"

static const struct column plain[] = {
	{ "id", "@1" },
	{ "user_id", USER_OTHER("user_id") },
	{ "subject_id", USER_OTHER("subject_id") },
	{ "subject_id", "CASE WHEN subject_id IS NULL THEN @1 END" },
	{ "actor_kind",
		"CASE actor_kind WHEN 'anonymous' THEN 'system' WHEN 'system' THEN "
		"'anonymous' WHEN 'user' THEN 'admin' ELSE 'user' END" },
	{ "action", "action || 'x'" },
	{ "outcome", "CASE outcome WHEN 'success' THEN 'failure' ELSE 'success' END" },
	{ "resource_type", "coalesce(resource_type, '') || 'x'" },
	{ "resource_id", "coalesce(resource_id, '') || 'x'" },
	{ "resource_type", "CASE WHEN resource_type IS NULL THEN '' END" },
	{ "details", "'{\"x\": 1}'" },
	{ "personal", "CASE WHEN personal IS NULL THEN @b END" },
	{ "personal", "@b" },
	{ "request_id", USER_OTHER("request_id") },
	{ "commitment", "@h" },
	{ "key_id", "key_id || 'x'" },
	{ "key_id", "'0123456789abcdef'" },
	{ "created_at", "created_at + @t" },
};
static const struct column of_chain[] = {
	{ "seq", "seq + 1000" },
	{ "previous_hash", "@h" },
	{ "hash", "@h" },
	{ "ip_address", "coalesce(ip_address, '') || 'x'" },
	{ "user_agent", "coalesce(user_agent, '') || 'x'" },
};

static const char *
filled(struct ctx *ctx, const char *text)
{
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;
	struct buf out;

	buf_init(&out, ctx->arena, 4096);
	for (const char *c = text; *c; c++) {
		const char *put = NULL;

		if (*c == '@' && c[1] == '1')
			put = uuid_literal(ctx, log_user(9).uuid);
		else if (*c == '@' && c[1] == '2')
			put = uuid_literal(ctx, log_user(8).uuid);
		else if (*c == '@' && c[1] == 'b')
			put = is_sqlite ? "X'77'" : "'\\x77'::bytea";
		else if (*c == '@' && c[1] == 'h')
			put = is_sqlite ? "randomblob(32)"
					: "sha256(random()::text::bytea)";
		else if (*c == '@' && c[1] == 't')
			put = is_sqlite ? "1" : "interval '1 microsecond'";
		if (put)
			buf_put(&out, str_from(put));
		else
			buf_put_char(&out, *c);
		c += put != NULL;
	}
	buf_put_char(&out, '\0');
	return out.ptr;
}

/* --- What may be done */

/* SQL with its numbers and its literals. */
#define SQL(ctx, ...) \
	filled(ctx, str_cstr((ctx)->arena, str_fmt((ctx)->arena, __VA_ARGS__)))

static const char *
change_chained(struct ctx *ctx)
{
	static int next;
	int n = turn(&next, (int)(COUNT_OF(plain) + COUNT_OF(of_chain)));
	const struct column *column = n < (int)COUNT_OF(plain)
		? &plain[n]
		: &of_chain[n - (int)COUNT_OF(plain)];

	return SQL(ctx, "UPDATE audit_logs SET %s = %s WHERE seq = %d", column->name,
		column->other, 1 + pick(CHAINED));
}

#define WAITING_ROW "(SELECT id FROM audit_pending ORDER BY id LIMIT 1 OFFSET %d)"

static const char *
change_waiting(struct ctx *ctx)
{
	static const struct column mac = { "mac", "@h" };
	static int next;
	int n = turn(&next, (int)COUNT_OF(plain) + 1);
	const struct column *column = n < (int)COUNT_OF(plain) ? &plain[n] : &mac;

	return SQL(ctx,
		"UPDATE audit_pending SET %s = %s WHERE id "
		"= " WAITING_ROW,
		column->name, column->other, pick(WAITING));
}

/* What the database remembers of the anchor. */
static const char *
change_anchored(struct ctx *ctx)
{
	static const char *const others[] = { "seq = seq + 1", "seq = 1", "hash = @h",
		"mac = @h", "key_id = key_id || 'x'", "anchored_at = anchored_at + @t",
		"file = @h" };

	static int next;

	return SQL(ctx, "UPDATE audit_anchors SET %s",
		others[turn(&next, (int)COUNT_OF(others))]);
}

#define ROW_OF(id, seq)                                                             \
	"INSERT INTO audit_logs SELECT " id ", " seq ", user_id, subject_id, "      \
	"actor_kind, action, outcome, resource_type, resource_id, details, "        \
	"personal, ip_address, user_agent, request_id, commitment, previous_hash, " \
	"hash, key_id, created_at FROM audit_logs WHERE seq = %d"
#define WAITING_OF(id, hash)                                                 \
	"INSERT INTO audit_pending SELECT " id ", user_id, subject_id, "     \
	"actor_kind, action, outcome, resource_type, resource_id, details, " \
	"personal, request_id, commitment, " hash ", key_id, created_at FROM "

static const char *
mutation(struct ctx *ctx)
{
	static int next;
	int row = 1 + pick(CHAINED), other = 1 + (row + pick(CHAINED - 1)) % CHAINED;

	switch (turn(&next, 15)) {
	case 0:
		return SQL(ctx, "DELETE FROM audit_logs WHERE seq = %d", row);
	case 1:
		return SQL(ctx, "DELETE FROM audit_pending WHERE id = " WAITING_ROW,
			pick(WAITING));
	case 2: /* The end, or all of it. */
		return SQL(ctx, "DELETE FROM audit_logs WHERE seq >= %d", row);
	case 3: /* The beginning. */
		return SQL(ctx, "DELETE FROM audit_logs WHERE seq <= %d", row);
	case 4: /* Two rows change places. */
		return str_cstr(ctx->arena,
			str_fmt(ctx->arena,
				"UPDATE audit_logs SET seq = 9999 WHERE seq = %d; UPDATE "
				"audit_logs SET seq = %d WHERE seq = %d; UPDATE "
				"audit_logs SET seq = %d WHERE seq = 9999",
				row, row, other, other));
	case 5: /* One row is taken out and the gap closed. */
		return SQL(ctx,
			"DELETE FROM audit_logs WHERE seq = %d; UPDATE audit_logs SET "
			"seq = seq + 9999 WHERE seq > %d; UPDATE audit_logs SET seq = "
			"seq - 10000 WHERE seq > 9999",
			row, row);
	case 6: /* A copy at the end. */
		return SQL(
			ctx, ROW_OF("@1", "1 + (SELECT max(seq) FROM audit_logs)"), row);
	case 7: /* A chained entry waits once more: made up, or kept from then. */
		if (row % 2)
			return SQL(ctx,
				"INSERT INTO audit_pending SELECT * FROM pending_kept "
				"ORDER BY id LIMIT 1 OFFSET %d",
				pick(UNANCHORED));
		return SQL(
			ctx, WAITING_OF("id", "hash") "audit_logs WHERE seq = %d", row);
	case 8: /* A copy of what waits. */
		return SQL(ctx,
			WAITING_OF("@1", "mac") "audit_pending WHERE id = " WAITING_ROW,
			pick(WAITING));
	case 9: /* A cut that we did not make, and what is before it gone. */
		return SQL(ctx,
			"INSERT INTO audit_cuts SELECT seq, hash, created_at, "
			"commitment, key_id, created_at FROM audit_logs WHERE seq = %d; "
			"DELETE FROM audit_logs WHERE seq <= %d",
			row, row);
	case 10:
		return change_waiting(ctx);
	case 11:
		return change_anchored(ctx);
	default:
		return change_chained(ctx);
	}
}

/* --- There and back */

/* Changes may break rules that only the program keeps to. */
static struct err *
copy_all(struct ctx *ctx)
{
	TRY(owner_prepare(ctx));
	if (db_dialect(ctx->db) == DIALECT_POSTGRES)
		TRY(owner_run(ctx,
			"ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_user_fk, DROP "
			"CONSTRAINT audit_logs_subject_fk, DROP CONSTRAINT "
			"audit_logs_seq_positive"));
	return owner_run(ctx,
		"CREATE TABLE logs_copy AS SELECT * FROM audit_logs; CREATE TABLE "
		"pending_copy AS SELECT * FROM audit_pending; CREATE TABLE "
		"anchors_copy AS SELECT * FROM audit_anchors");
}

static struct err *
put_back(struct ctx *ctx)
{
	return owner_run(ctx,
		"BEGIN; DELETE FROM audit_logs; DELETE FROM audit_pending; DELETE FROM "
		"audit_cuts; INSERT INTO audit_logs SELECT * FROM logs_copy; INSERT INTO "
		"audit_pending SELECT * FROM pending_copy; DELETE FROM audit_anchors; "
		"INSERT INTO audit_anchors SELECT * FROM anchors_copy; COMMIT");
}

static struct err *
fill(struct ctx *ctx)
{
	struct audit_round round;

	TRY(log_users(ctx));
	TRY(log_entries(ctx, CHAINED - UNANCHORED));
	TRY(audit_round(ctx, ctx->audit, &round));
	TRY(audit_anchor(ctx, ctx->audit));
	/* These the anchor does not know yet. */
	TRY(log_entries(ctx, UNANCHORED));
	TRY(owner_run(ctx, "CREATE TABLE pending_kept AS SELECT * FROM audit_pending"));
	TRY(audit_round(ctx, ctx->audit, &round));
	TRY(log_entries(ctx, WAITING));
	return copy_all(ctx);
}

static struct err *
run_mutations(struct ctx *ctx, struct str folder, int64_t count, struct str *ret_missed)
{
	for (int64_t i = 0; i < count; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);
		const char *sql = mutation(ctx);

		TRY_CTX(owner_run(ctx, "BEGIN; %s; COMMIT", sql), "%s", sql);
		if (str_is_none(log_fault(ctx, folder))) {
			*ret_missed = str_fmt(ctx->arena, "%s", sql);
			return NULL;
		}
		TRY(put_back(ctx));
		if (i % SOUND_EVERY == 0 && !str_is_none(log_fault(ctx, folder))) {
			*ret_missed = log_fault(ctx, folder);
			return NULL;
		}
		arena_rewind(ctx->arena, mark);
	}
	return NULL;
}

BOTH_ENGINES(whatever_is_done_to_the_log_is_found)
{
	struct str folder = folder_make(ctx), missed = STR_NONE;
	struct err *err;

	state = (uint64_t)setting("GRIDIRON_SEED", 20260101);
	ctx->deadline = DEADLINE_NEVER;
	OK_ERR(log_open(ctx, folder));
	OK_ERR(fill(ctx));
	OK(str_is_none(log_fault(ctx, folder)));
	err = run_mutations(
		ctx, folder, setting("GRIDIRON_MUTATIONS", MUTATIONS), &missed);
	OK_OR(!err, STR_FMT, STR_ARG(err_describe(ctx->arena, err)));
	OK_OR(str_is_none(missed), "not found: " STR_FMT, STR_ARG(missed));
	log_close(ctx);
	OK(str_is_none(log_fault(ctx, folder)));
	folder_remove(folder);
}
