/* The export holds every table's rows of a user, and nobody else's. */
#include "accounts/export.h"
#include "base/buf.h"
#include "codec/json_read.h"
#include "tests/accounts/accounts.h"
#include "tests/accounts/catalog.h"
#include "tests/support/database.h"

enum {
	EXPORT_BYTES_MAX = 1 << 20,
};

/* What no export has. Whatever else a user's rows hold it must have. */
static const struct exception withheld[] = {
	{ "users", "password_hash", "helps whoever steals the export, and nobody else" },
	{ "users", "personal_key", "sealed" },
	{ "users", "totp_secret", "sealed, and would be the second factor" },
	{ "users", "totp_last_step", "of the secret" },
	{ "user_sessions", "token_hash", "hash of a secret" },
	{ "user_sessions", "successor_id", "bookkeeping of rotation" },
	{ "user_sessions", "successor_sealed", "sealed" },
	{ "email_verifications", "token_hash", "hash of a secret" },
	{ "email_verifications", "password_hash", "as of users" },
	{ "password_resets", "token_hash", "hash of a secret" },
	{ "account_changes", "token_hash", "hash of a secret" },
	{ "api_keys", "key_hash", "hash of a secret" },
	{ "mfa_recovery_codes", "code_hash", "hash of a secret" },
	{ "affiliates", "payout_details", "sealed" },
	{ "affiliate_payouts", "payout_details", "sealed" },
	{ "idempotency_keys", "request_hash", "hash of what the client sent" },
	{ "audit_logs", "personal", "sealed" },
	{ "audit_logs", "commitment", "of the chain, not of the person" },
	{ "audit_logs", "previous_hash", "likewise" },
	{ "audit_logs", "hash", "likewise" },
	{ "audit_logs", "key_id", "likewise" },
	{ "audit_pending", NULL, "in audit_logs within a second" },
	{ 0 },
};

static const struct export_table *
table_find(struct str name)
{
	for (size_t i = 0; i < export_table_count; i++)
		if (str_eq(export_tables[i].name, name))
			return &export_tables[i];
	return NULL;
}

static bool
has_column(const struct export_table *table, struct str name)
{
	for (size_t i = 0; table && i < table->query->column_count; i++)
		if (str_eq(str_from(table->query->column_names[i]), name))
			return true;
	return false;
}

BOTH_ENGINES(no_table_and_no_column_of_a_user_is_forgotten)
{
	struct catalog catalog;
	size_t exported = 0;

	OK_ERR(catalog_read(ctx, &catalog));
	for (size_t i = 0; i < catalog.count; i++) {
		const struct column *column = &catalog.columns[i];
		struct str owner = catalog_owner(&catalog, column->table);
		bool is_in;

		/* Whose a row is says the export as a whole. */
		if (str_is_none(owner) || str_eq(column->name, STR("user_id")))
			continue;
		is_in = has_column(table_find(column->table), column->name);
		OK_OR(is_in != exception_find(withheld, column->table, column->name),
			STR_FMT "." STR_FMT " is %s: put it into sql/queries/export.sql, "
				"or into the list of what is withheld, with the reason",
			STR_ARG(column->table), STR_ARG(column->name),
			is_in ? "exported and withheld" : "in no export");
		exported += is_in;
	}
	OK(exported > 150);
}

BOTH_ENGINES(no_export_has_bytes)
{
	(void)ctx;
	for (size_t i = 0; i < export_table_count; i++) {
		const struct query *query = export_tables[i].query;

		for (size_t j = 0; j < query->column_count; j++)
			OK_OR(query->column_types[j] != DB_BYTES, "%s has", query->name);
	}
}

static struct err *
gather(void *arg, struct str piece)
{
	buf_put(arg, piece);
	return NULL;
}

static struct err *
export_of(struct ctx *ctx, struct user_id user, struct json_node *ret)
{
	struct buf out;

	ctx->actor.user_id = user;
	buf_init(&out, ctx->arena, EXPORT_BYTES_MAX);
	TRY(export_write(ctx, gather, &out));
	if (buf_is_cut(&out))
		return err_no_memory();
	return json_read(ctx->arena, buf_str(&out), ret);
}

BOTH_ENGINES(an_export_holds_a_row_of_every_table)
{
	struct catalog catalog;
	struct json_node root;
	const struct json_node *rows, *email;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(catalog_read(ctx, &catalog));
	OK_ERR(catalog_fill(ctx, &catalog));
	OK_ERR(export_of(ctx, user_one(), &root));
	for (size_t i = 0; i < export_table_count; i++) {
		struct str name = export_tables[i].name;

		rows = json_node_find(&root, name);
		OK_OR(rows && rows->kind == JSON_IS_ARRAY, "no " STR_FMT, STR_ARG(name));
		OK_OR(rows->count == 1, STR_FMT " has %zu rows", STR_ARG(name),
			rows->count);
		EQ_I64(rows->items[0].count, export_tables[i].query->column_count);
	}
	email = json_node_find(
		&json_node_find(&root, STR("users"))->items[0], STR("email"));
	EQ_STR(email->text, STR("user1@example.org"));
}

BOTH_ENGINES(nobody_is_given_the_rows_of_another)
{
	struct catalog catalog;
	struct json_node root;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(catalog_read(ctx, &catalog));
	OK_ERR(catalog_fill(ctx, &catalog));
	OK_ERR(export_of(ctx, (struct user_id){ { { [15] = 9 } } }, &root));
	for (size_t i = 0; i < export_table_count; i++)
		EQ_I64(json_node_find(&root, export_tables[i].name)->count, 0);
}

BOTH_ENGINES(rows_of_many_pages_are_exported_once_each)
{
	static const char *const more[DIALECT_COUNT] = {
		[DIALECT_POSTGRES] =
			"INSERT INTO idempotency_keys (user_id, idempotency_key, route, "
			"request_hash, created_at, expires_at) SELECT user_id, 'k' || g, "
			"route, request_hash, created_at, expires_at FROM "
			"idempotency_keys, generate_series(1, 250) g; INSERT INTO "
			"user_prediction_access (user_id, id, prediction_id, "
			"accessed_at, via) SELECT user_id, gen_random_uuid(), "
			"prediction_id, accessed_at, via FROM user_prediction_access, "
			"generate_series(1, 250) g",
		[DIALECT_SQLITE] =
			"WITH RECURSIVE s (g) AS (VALUES (1) UNION ALL SELECT g + 1 FROM "
			"s WHERE g < 250) INSERT INTO idempotency_keys (user_id, "
			"idempotency_key, route, request_hash, created_at, expires_at) "
			"SELECT user_id, 'k' || g, route, request_hash, created_at, "
			"expires_at FROM idempotency_keys, s; WITH RECURSIVE s (g) AS "
			"(VALUES (1) UNION ALL SELECT g + 1 FROM s WHERE g < 250) INSERT "
			"INTO user_prediction_access (user_id, id, prediction_id, "
			"accessed_at, via) SELECT user_id, randomblob(16), "
			"prediction_id, accessed_at, via FROM user_prediction_access, s",
	};
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct catalog catalog;
	struct json_node root;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(catalog_read(ctx, &catalog));
	OK_ERR(catalog_fill(ctx, &catalog));
	OK_ERR(db_run_text(&tx, str_from(more[db_dialect(ctx->db)])));
	OK_ERR(export_of(ctx, user_one(), &root));
	EQ_I64(json_node_find(&root, STR("idempotency_keys"))->count, 251);
	EQ_I64(json_node_find(&root, STR("user_prediction_access"))->count, 251);
}
