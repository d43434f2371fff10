#include "tests/audit/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "codec/hex.h"
#include "codec/uuid.h"

enum {
	SQL_BYTES_MAX = 64 * 1024,
};

struct user_id
log_user(int n)
{
	struct user_id id = { { { 0 } } };

	id.uuid.bytes[15] = (uint8_t)n;
	return id;
}

/* --- The owner of the database */

struct err *
owner_run(struct ctx *ctx, const char *fmt, ...)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct buf sql;
	va_list args;

	buf_init(&sql, ctx->arena, SQL_BYTES_MAX);
	va_start(args, fmt);
	buf_vfmt(&sql, fmt, args);
	va_end(args);
	return buf_is_cut(&sql) ? err_no_memory() : db_run_text(&tx, buf_str(&sql));
}

struct err *
owner_prepare(struct ctx *ctx)
{
	static const char *const triggers[] = { "audit_logs_no_update",
		"audit_logs_no_delete", "audit_pending_no_update", "audit_cuts_no_update",
		"audit_cuts_no_delete", "audit_anchors_no_delete" };

	if (db_dialect(ctx->db) != DIALECT_SQLITE)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(triggers); i++)
		TRY(owner_run(ctx, "DROP TRIGGER %s", triggers[i]));
	return NULL;
}

struct str
owner_text(struct ctx *ctx, const char *sql)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str text;

	if (database_dump(ctx, sql, columns, 1, &text))
		return STR("failed");
	return str_trim(text);
}

int64_t
owner_count(struct ctx *ctx, const char *sql)
{
	static const enum db_type columns[] = { DB_I64 };
	struct str text;
	int64_t count = 0;

	if (database_dump(ctx, sql, columns, 1, &text))
		return -1;
	text = str_trim(text);
	for (size_t i = 0; i < text.len; i++)
		count = count * 10 + (text.ptr[i] - '0');
	return count;
}

int64_t
owner_count_tampered(struct ctx *ctx)
{
	return owner_count(ctx,
		"SELECT (SELECT count(*) FROM audit_logs WHERE action = "
		"'audit.tampered') "
		"+ (SELECT count(*) FROM audit_pending WHERE action = 'audit.tampered')");
}

struct err *
owner_remove_newest_waiting(struct ctx *ctx)
{
	return owner_run(ctx,
		"DELETE FROM audit_pending WHERE id = (SELECT id FROM audit_pending "
		"ORDER BY id DESC LIMIT 1)");
}

const char *
uuid_literal(struct ctx *ctx, struct uuid id)
{
	struct buf text;

	buf_init(&text, ctx->arena, 64);
	if (db_dialect(ctx->db) == DIALECT_SQLITE) {
		buf_put(&text, STR("X'"));
		hex_encode(
			&text, (struct str){ (const char *)id.bytes, sizeof(id.bytes) });
	} else {
		buf_put(&text, STR("'"));
		uuid_format(&text, id);
	}
	buf_put(&text, db_dialect(ctx->db) == DIALECT_SQLITE ? STR("'") : STR("'::uuid"));
	buf_put_char(&text, '\0');
	return text.ptr;
}

struct err *
record_shut(struct ctx *ctx, bool is_shut)
{
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;

	if (is_sqlite)
		return owner_run(ctx,
			is_shut ? "CREATE TRIGGER shut BEFORE INSERT ON audit_pending "
				  "BEGIN SELECT RAISE(ABORT, 'shut'); END"
				: "DROP TRIGGER shut");
	return owner_run(ctx,
		is_shut ? "ALTER TABLE audit_pending ADD CONSTRAINT shut CHECK (FALSE) "
			  "NOT VALID"
			: "ALTER TABLE audit_pending DROP CONSTRAINT shut");
}

/* --- What is in the log */

struct err *
log_users(struct ctx *ctx)
{
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;

	for (int n = 1; n <= 9; n++)
		TRY(owner_run(ctx,
			"INSERT INTO users (id, email, password_hash, created_at, "
			"updated_at) VALUES (%s, 'user%d@example.org', 'x', %s, %s)",
			uuid_literal(ctx, log_user(n).uuid), n,
			is_sqlite ? "100" : "to_timestamp(1)",
			is_sqlite ? "100" : "to_timestamp(1)"));
	return NULL;
}

struct err *
log_entries(struct ctx *ctx, int count)
{
	static const enum audit_action kinds[] = { AUDIT_SIGN_IN, AUDIT_PASSWORD_CHANGE,
		AUDIT_ADMIN_GRANT, AUDIT_PAYMENT, AUDIT_EMAIL_CHANGE };
	const struct user_id nobody = { { { 0 } } };
	struct ctx own = *ctx;

	for (int i = 0; i < count; i++) {
		bool is_anonymous = i % 7 == 3;

		own.now++;
		own.request_id = log_user(100 + i % 9).uuid;
		own.actor = (struct actor){ .is_admin = i % 5 == 2 };
		own.remote_address = STR("192.0.2.77");
		own.user_agent = STR("Planted/1.0 (agent)");
		TRY(audit_log_alone(&own,
			&(struct audit_entry){
				.action = kinds[(size_t)i % COUNT_OF(kinds)],
				.outcome = is_anonymous ? AUDIT_REFUSED : AUDIT_SUCCESS,
				.user = is_anonymous ? nobody : log_user(1 + i % 4),
				.subject = i % 3 ? log_user(1 + i % 5) : nobody,
				.resource_type = i % 2 ? STR("thing") : STR_NONE,
				.resource_id = i % 2 ? STR("t-1") : STR_NONE,
				.details = i % 4 ? STR("{\"b\": 1.50, \"a\":[true,null]}")
						 : STR_NONE,
				.personal = i % 5 == 4 ? STR("planted@example.org")
						       : STR_NONE,
			}));
	}
	return NULL;
}

/* --- Folders, opening and closing */

struct str
folder_make(struct ctx *ctx)
{
	char *path = arena_alloc_text(ctx->arena, 64);

	if (!path)
		return STR_NONE;
	snprintf(path, 64, "/tmp/gridiron-audit.XXXXXX");
	return mkdtemp(path) ? str_from(path) : STR_NONE;
}

struct err *
log_open(struct ctx *ctx, struct str folder)
{
	return audit_open(ctx, &(struct audit_options){ .folder = folder }, &ctx->audit);
}

void
log_close(struct ctx *ctx)
{
	audit_close(ctx, ctx->audit);
	ctx->audit = NULL;
}

struct str
log_fault(struct ctx *ctx, struct str folder)
{
	struct audit_verified verified;
	struct err *err = audit_verify(
		ctx, &(struct audit_verify_options){ .folder = folder }, &verified);

	if (err)
		return err_describe(ctx->arena, err);
	return str_is_none(verified.fault.what) && verified.unproven.count
		? audit_unproven_text(ctx->arena, &verified.unproven.keys[0])
		: verified.fault.what;
}
