/* Refusals, and files of forecasts taken away, are on record, in few entries. */
#include "audit/chainer.h"
#include "audit/tally.h"
#include "tests/api/members.h"
#include "tests/support/database.h"

enum { NARROW = 1, ENTITLED = 2, TIMES = 20 };
#define HOUR ((int64_t)TALLY_HOUR_S * MICROSECONDS_PER_SECOND)

struct knocking {
	struct api api;
	struct member plain;
	struct member entitled;
};

static struct err *
prepare(struct ctx *ctx, struct knocking *ret)
{
	TRY(audit_open(ctx, &(struct audit_options){ 0 }, &ctx->audit));
	ret->api = (struct api){
		.db = ctx->db, .keys = ctx->keys, .audit = ctx->audit, .is_quiet = true
	};
	TRY(access_init(ctx->arena, &(struct access_setup){ .is_open = false },
		&ret->api.access));
	TRY(league_put(ctx));
	TRY(member_put(ctx, NARROW, MEMBER_PLAIN, &ret->plain));
	return member_put(ctx, ENTITLED, MEMBER_ENTITLED, &ret->entitled);
}

/* How often GET TARGET with BEARER from ADDRESS is answered with STATUS, of COUNT times. */
static int
knock(struct ctx *ctx, struct knocking *knocking, const char *target, struct str bearer,
	int status, int count)
{
	int met = 0;

	for (int i = 0; i < count; i++)
		met += ask(ctx, &knocking->api,
			       &(struct asking){ .method = METHOD_GET,
				       .target = str_from(target),
				       .bearer = bearer,
				       .address = STR("203.0.113.5") })
				.status == status;
	return met;
}

/* "action reason times" of what is on record of the gates, in order. */
static struct str
record(struct ctx *ctx)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str rows;

	if (database_dump(ctx,
		    "SELECT action || ' ' || outcome || ' ' || coalesce(details ->> "
		    "'reason', '-') || ' ' || (details ->> 'times') || CASE WHEN "
		    "user_id IS NULL THEN ' nobody' ELSE '' END FROM audit_logs WHERE "
		    "action LIKE 'access.%' OR action = 'account.export_forecasts' "
		    "ORDER BY 1",
		    columns, 1, &rows))
		return STR("the record cannot be read");
	return rows;
}

static struct str
waiting(struct ctx *ctx)
{
	static const enum db_type columns[] = { DB_I64 };
	struct str rows;

	return database_dump(ctx, "SELECT count(*) FROM audit_pending", columns, 1, &rows)
		? STR("?")
		: rows;
}

static struct err *
round_at(struct ctx *ctx, int64_t now)
{
	struct audit_round round;

	ctx->now = now;
	return audit_round(ctx, ctx->audit, &round);
}

#define EXPORT_ROUTE "/v1/predictions/export.csv?season=2021"

BOTH_ENGINES(refusals_and_exports_are_on_record_once_an_hour_with_their_number)
{
	static const char first[] = "access.denied refused credentials 1 nobody\n"
				    "access.denied refused rights 1\n"
				    "access.denied refused scope 1\n"
				    "account.export_forecasts success - 1\n";
	struct knocking knocking;
	int64_t began = ctx->now;

	OK_ERR(prepare(ctx, &knocking));
	EQ_I64(knock(ctx, &knocking, "/v1/predictions", knocking.entitled.narrow_key, 403,
		       TIMES),
		TIMES);
	EQ_I64(knock(ctx, &knocking, EXPORT_ROUTE,
		       member_token(ctx, &knocking.plain, 0, false), 403, 3),
		3);
	EQ_I64(knock(ctx, &knocking, "/v1/me", STR("e30.e30.e30"), 401, TIMES), TIMES);
	EQ_I64(knock(ctx, &knocking, EXPORT_ROUTE,
		       member_token(ctx, &knocking.entitled, 0, false), 200, 2),
		2);
	/* A stranger at a door that says what opens it has tried nothing. */
	EQ_I64(knock(ctx, &knocking, "/v1/me", STR_NONE, 401, 1), 1);
	EQ_I64(knock(ctx, &knocking, EXPORT_ROUTE, STR_NONE, 403, 1), 1);
	/* No request has written anything. */
	EQ_STR(waiting(ctx), STR("0\n"));
	OK_ERR(round_at(ctx, began));
	EQ_STR(record(ctx), str_from(first));
	EQ_I64(knock(ctx, &knocking, "/v1/me", STR("e30.e30.e30"), 401, 1), 1);
	OK_ERR(round_at(ctx, began + HOUR - 1));
	EQ_STR(record(ctx), str_from(first));
	OK_ERR(round_at(ctx, began + HOUR));
	EQ_STR(record(ctx),
		STR("access.denied refused credentials 1 nobody\n"
		    "access.denied refused credentials 20 nobody\n"
		    "access.denied refused rights 1\n"
		    "access.denied refused rights 2\n"
		    "access.denied refused scope 1\n"
		    "access.denied refused scope 19\n"
		    "account.export_forecasts success - 1\n"
		    "account.export_forecasts success - 1\n"));
	api_close(ctx, &knocking.api);
	audit_close(ctx, ctx->audit);
}

BOTH_ENGINES(who_asks_too_often_is_on_record_and_the_end_tells_what_was_counted)
{
	const int limit = 120;
	struct knocking knocking;

	OK_ERR(prepare(ctx, &knocking));
	EQ_I64(knock(ctx, &knocking, "/v1/me", STR("e30.e30.e30"), 401, limit), limit);
	EQ_I64(knock(ctx, &knocking, "/v1/me", STR("e30.e30.e30"), 429, 5), 5);
	api_close(ctx, &knocking.api);
	audit_close(ctx, ctx->audit);
	EQ_STR(record(ctx),
		STR("access.denied refused credentials 1 nobody\n"
		    "access.denied refused credentials 119 nobody\n"
		    "access.throttled refused - 1 nobody\n"
		    "access.throttled refused - 4 nobody\n"));
}

/* Addresses cost an attacker little. */
static void
flood(struct ctx *ctx)
{
	static const enum db_type numbers[] = { DB_I64, DB_I64 };
	const int clients = 3 * TALLY_PLACES;
	struct knocking knocking;
	struct ctx client;
	struct str rows, entries, times;

	OK_ERR(prepare(ctx, &knocking));
	client = *ctx;
	for (int i = 0; i < clients; i++) {
		client.remote_address = str_fmt(
			ctx->arena, "2001:db8:0:%x::1", (unsigned)i);
		audit_note(&client,
			&(struct audit_note){ .action = AUDIT_ACCESS_DENIED,
				.outcome = AUDIT_REFUSED,
				.reason = "credentials",
				.route = "GET /v1/me" });
	}
	audit_close(ctx, ctx->audit);
	OK_ERR(database_dump(ctx,
		"SELECT count(*), sum(CAST(details ->> 'times' AS integer)) FROM "
		"audit_logs",
		numbers, 2, &rows));
	OK(str_next(&rows, '|', &entries) && str_next(&rows, '\n', &times));
	EQ_STR(times, str_fmt(ctx->arena, "%d", clients));
	OK_OR(entries.len < 4 || str_starts_with(entries, STR("10")), STR_FMT " entries",
		STR_ARG(entries));
}

TEST(a_flood_from_many_addresses_is_few_entries_and_none_is_uncounted)
{
	database_run(DIALECT_SQLITE, flood);
}
