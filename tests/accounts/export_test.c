/* The export holds every table's rows of a user, and nobody else's. */
#include "accounts/export.h"
#include "audit/audit.h"
#include "audit/chainer.h"
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
	{ "audit_logs", "commitment", "of the chain, not of the person" },
	{ "audit_logs", "previous_hash", "likewise" },
	{ "audit_logs", "hash", "likewise" },
	{ "audit_logs", "key_id", "likewise" },
	{ "audit_pending", NULL, "in audit_logs within a second" },
	{ "invitations", "token_hash", "hash of a secret" },
	{ 0 },
};

/* Which rows are a user's that another column than their owner's says so of: one that it
 * alone says so of is in the export, with what must be seen of it. */
static const struct {
	const char *table;
	const char *column;
	const char *row; /* what it has beside the good row */
	const char *seen;
	const char *unseen; /* nowhere in the export; may be NULL */
} ways[] = {
	{ "audit_logs", "user_id",
		"user_id=%1; actor_kind='user'; resource_id='seen did'; "
		"ip_address='seen.ip'; user_agent='seen agent'",
		"seen did", NULL },
	{ "audit_logs", "subject_id",
		"subject_id=%1; actor_kind='anonymous'; resource_id='seen tried'; "
		"ip_address='seen.tried'; user_agent='agent tried'",
		"seen.tried", NULL },
	{ "audit_logs", "subject_id",
		"subject_id=%1; user_id=%2; actor_kind='admin'; resource_id='seen done'; "
		"ip_address='unseen.address'; user_agent='unseen.agent'",
		"seen done", "unseen." },
	{ "invitations", "accepted_by",
		"accepted_by=%1; accepted_at=T150; notes='seen accepted'",
		"seen accepted", NULL },
	{ "invitations", "addressee_id",
		"addressee_id=%1; email='former@example.org'; notes='seen former'",
		"seen former", NULL },
	{ "invitations", "addressee_id",
		"addressee_id=%1; email='user2@example.org'; accepted_by=%2; "
		"accepted_at=T150; notes='another accepted'",
		"seen did", "another accepted" },
	{ "invitations", "email", "email='user1@example.org'; notes='seen waits'",
		"seen waits", NULL },
};

/* Columns that name another beside the owner of the row, whose data it is. */
static const struct exception named[] = {
	{ "users", "email", "his own row" },
	{ "email_verifications", "email", "of the owner" },
	{ "account_changes", "email", "that the owner wants" },
	{ "outbox", "recipient", "is the owner's from when he proves it: mail_adopt" },
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

static bool
is_a_way(const struct column *column)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		if (str_eq(column->table, str_from(ways[i].table)) &&
			str_eq(column->name, str_from(ways[i].column)))
			return true;
	return false;
}

BOTH_ENGINES(no_column_that_names_a_user_is_forgotten)
{
	struct catalog catalog;

	OK_ERR(catalog_read(ctx, &catalog));
	for (size_t i = 0; i < catalog.count; i++) {
		const struct column *column = &catalog.columns[i];

		if (!column->names_user || str_eq(column->name, STR("user_id")))
			continue;
		OK_OR(is_a_way(column) !=
				exception_find(named, column->table, column->name),
			STR_FMT
			"." STR_FMT " names a user: export the rows of those whom "
			"it names, and add it to `ways`; or say in `named` why not",
			STR_ARG(column->table), STR_ARG(column->name));
	}
}

/* Bytes are what the audit log seals, which is opened, and nothing else. */
BOTH_ENGINES(no_export_has_bytes)
{
	(void)ctx;
	for (size_t i = 0; i < export_table_count; i++) {
		const struct query *query = export_tables[i].query;

		for (size_t j = 0; j < query->column_count; j++)
			OK_OR(query->column_types[j] != DB_BYTES ||
					(str_eq(export_tables[i].name,
						 STR("audit_logs")) &&
						strcmp(query->column_names[j],
							"personal") == 0),
				"%s has", query->name);
	}
}

static struct err *
gather(void *arg, struct str piece)
{
	buf_put(arg, piece);
	return NULL;
}

static struct err *
export_text(struct ctx *ctx, struct user_id user, struct str *ret)
{
	struct buf out;

	ctx->actor.user_id = user;
	buf_init(&out, ctx->arena, EXPORT_BYTES_MAX);
	/* The export gives back what is taken from the arena meanwhile. */
	if (!buf_reserve(&out, EXPORT_BYTES_MAX))
		return err_no_memory();
	TRY(export_write(ctx, gather, &out));
	*ret = buf_str(&out);
	return buf_is_cut(&out) ? err_no_memory() : NULL;
}

static struct err *
export_of(struct ctx *ctx, struct user_id user, struct json_node *ret)
{
	struct str text;

	TRY(export_text(ctx, user, &text));
	return json_read(ctx->arena, text, ret);
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

/* --- Values */

BOTH_ENGINES(an_export_has_what_each_column_holds)
{
	static const struct exception unplanted[] = {
		{ "audit_logs", NULL, "append-only: see ways" }, { 0 }
	};
	static const struct exception none[] = { { 0 } };
	struct catalog catalog;
	struct str text;
	int planted;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(catalog_read(ctx, &catalog));
	OK_ERR(catalog_fill(ctx, &catalog));
	OK_ERR(catalog_plant(ctx, &catalog, unplanted, none, &planted));
	OK_OR(planted > 50, "planted in %d columns only", planted);
	OK_ERR(export_text(ctx, user_one(), &text));
	for (size_t i = 0; i < catalog.count; i++) {
		const struct column *column = &catalog.columns[i];
		bool is_withheld = exception_find(withheld, column->table, column->name);

		/* Twice eight bytes are an id as well. */
		if (column->is_text && !str_is_none(column->planted))
			OK_OR((str_find(text, column->planted) < 0) == is_withheld,
				STR_FMT "." STR_FMT " is %s the export",
				STR_ARG(column->table), STR_ARG(column->name),
				is_withheld ? "withheld, and in" : "not in");
	}
}

BOTH_ENGINES(an_export_has_the_rows_that_name_its_user_elsewhere)
{
	struct catalog catalog;
	struct str text, others;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(catalog_read(ctx, &catalog));
	OK_ERR(catalog_fill(ctx, &catalog));
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		OK_ERR(catalog_insert(ctx, ways[i].table, 10 + (int)i, ways[i].row));
	OK_ERR(export_text(ctx, user_one(), &text));
	OK_ERR(export_text(ctx, (struct user_id){ { { [15] = 9 } } }, &others));
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		OK_OR(str_find(text, str_from(ways[i].seen)) >= 0, "%s.%s: no %s",
			ways[i].table, ways[i].column, ways[i].seen);
		OK_OR(!ways[i].unseen || str_find(text, str_from(ways[i].unseen)) < 0,
			"%s.%s: shows %s", ways[i].table, ways[i].column, ways[i].unseen);
		OK(str_find(others, str_from(ways[i].seen)) < 0);
	}
}

/* --- The audit log */

static struct err *
chain_all(struct ctx *ctx)
{
	struct audit_round round;
	struct audit *audit;

	TRY(audit_open(ctx, &(struct audit_options){ .is_syslog = false }, &audit));
	TRY(audit_round(ctx, audit, &round));
	audit_close(ctx, audit);
	return NULL;
}

/* An administrator looks at PERSON, from elsewhere. */
static struct err *
look_at(struct ctx *ctx, struct user_id person, struct user_id *ret_admin)
{
	struct str address = ctx->remote_address, agent = ctx->user_agent;
	struct session_tokens tokens;

	TRY(account_make(ctx, STR("boss@example.org"), STR(GOOD_PASSWORD)));
	TRY(account_sign_in(ctx, STR("boss@example.org"), STR(GOOD_PASSWORD), &tokens));
	ctx->actor = (struct actor){ .user_id = tokens.user_id, .is_admin = true };
	ctx->remote_address = STR("203.0.113.99");
	ctx->user_agent = STR("the browser of an administrator");
	TRY(audit_log_alone(ctx,
		&(struct audit_entry){ .action = AUDIT_ADMIN_USER_READ,
			.subject = person,
			.personal = STR("what was looked at") }));
	ctx->actor = (struct actor){ .is_admin = false };
	ctx->remote_address = address;
	ctx->user_agent = agent;
	*ret_admin = tokens.user_id;
	return NULL;
}

static const struct json_node *
entry_find(const struct json_node *entries, const char *action, const char *outcome)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct json_node *entry = &entries->items[i];

		if (str_eq(json_node_find(entry, STR("action"))->text,
			    str_from(action)) &&
			str_eq(json_node_find(entry, STR("outcome"))->text,
				str_from(outcome)))
			return entry;
	}
	return NULL;
}

BOTH_ENGINES(what_the_audit_log_seals_for_a_user_is_opened_for_him_alone)
{
	static const struct {
		const char *action;
		const char *outcome;
		const char *address; /* NULL: that of another */
		const char *personal;
	} wanted[] = {
		{ "account.register", "success", "192.0.2.7", NULL },
		{ "account.sign_in", "refused", "198.51.100.4", NULL },
		{ "account.sign_in", "success", "192.0.2.7", NULL },
		{ "admin.read_user", "success", NULL, "what was looked at" },
	};
	struct session_tokens tokens;
	struct json_node root, admins;
	const struct json_node *entries;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct user_id person, admin;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	ctx->remote_address = STR("198.51.100.4");
	FAILS_WITH(account_sign_in(ctx, STR("ann@example.org"), STR("not that"), &tokens),
		ERR_UNAUTHENTICATED);
	ctx->remote_address = STR("192.0.2.7");
	OK_ERR(account_sign_in(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD), &tokens));
	person = tokens.user_id;
	OK_ERR(look_at(ctx, person, &admin));
	OK_ERR(chain_all(ctx));
	OK_ERR(export_of(ctx, person, &root));
	entries = json_node_find(&root, STR("audit_logs"));
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		const struct json_node *entry = entry_find(
			entries, wanted[i].action, wanted[i].outcome);

		OK_OR(entry, "no %s, %s", wanted[i].action, wanted[i].outcome);
		EQ_STR(json_node_find(entry, STR("ip_address"))->text,
			wanted[i].address ? str_from(wanted[i].address) : STR_NONE);
		OK(str_is_none(json_node_find(entry, STR("user_agent"))->text) ==
			!wanted[i].address);
		EQ_STR(json_node_find(entry, STR("personal"))->text,
			wanted[i].personal ? str_from(wanted[i].personal) : STR_NONE);
	}
	/* Of what he did to another, the administrator has where he was, and no more. */
	OK_ERR(export_of(ctx, admin, &admins));
	entries = json_node_find(&admins, STR("audit_logs"));
	OK(entry_find(entries, "admin.read_user", "success"));
	EQ_STR(json_node_find(entry_find(entries, "admin.read_user", "success"),
		       STR("ip_address"))
			->text,
		STR("203.0.113.99"));
	OK(str_is_none(json_node_find(
		entry_find(entries, "admin.read_user", "success"), STR("personal"))
			       ->text));
	/* What cannot be opened is told: here his key is another's. */
	OK_ERR(db_run_text(&tx,
		STR("UPDATE users SET personal_key = (SELECT personal_key FROM users "
		    "WHERE email <> 'ann@example.org' AND personal_key IS NOT NULL "
		    "LIMIT 1) WHERE email = 'ann@example.org'")));
	OK_ERR(export_of(ctx, person, &root));
	entries = json_node_find(&root, STR("audit_logs"));
	OK(json_node_find(
		entry_find(entries, "account.sign_in", "success"), STR("is_damaged")));
}
