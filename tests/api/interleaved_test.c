/*
 * Requests of fifty users at once, over a pool of two connections, while connections are
 * killed in the middle of their transactions: nobody is ever shown another's row, nor
 * changes it. GRIDIRON_INTERLEAVED says how many requests; the proof runs 100,000.
 */
#include <stdlib.h>

#include "base/num.h"
#include "crypto/keyring.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"
#include "tests/accounts/people.h"
#include "tests/api/members.h"
#include "tests/support/database.h"

enum {
	USERS = 50,
	CLIENTS = 40,
	REQUESTS_USUAL = 2000,
	REQUEST_ARENA_BYTES = 32 << 20,
	KILL_EVERY_MS = 15,
	ANSWERS_PER_KILL = 8,
	/* Before anybody is over RATE_OWN_LIMIT, counting begins anew. */
	REQUESTS_PER_HOUR = 30000,
};

struct run {
	struct ctx *ctx;
	struct api api;
	struct member members[USERS];
	struct str tokens[USERS];
	int64_t left; /* requests still to be begun */
	int clients;
	bool kills;
	int64_t answered; /* 2xx */
	int64_t broken;   /* 5xx: a connection was killed under it */
	int64_t kill_count;
	int64_t leaks;
	struct str first_leak;
};

struct client {
	struct run *run;
	struct arena arena;
};

static int64_t
request_count(void)
{
	const char *text = getenv("GRIDIRON_INTERLEAVED");
	int64_t count = REQUESTS_USUAL;

	if (text && !num_parse_i64(str_from(text), 1, 100000000, &count))
		return REQUESTS_USUAL;
	return count;
}

/* One of what users do: looked at, listed, changed. */
static struct asking
pick_request(struct ctx *ctx, const struct run *run, size_t user)
{
	struct asking what = { .method = METHOD_GET, .bearer = run->tokens[user] };

	switch (random_u64() % 4) {
	case 0:
		what.target = STR("/v1/me");
		break;
	case 1:
		what.target = STR("/v1/me/sessions");
		break;
	case 2:
		what.target = STR("/v1/me/export");
		break;
	default:
		what.method = METHOD_PATCH;
		what.target = STR("/v1/me");
		what.type = STR("application/json");
		what.body = str_fmt(ctx->arena,
			"{\"first_name\":\"" STR_FMT "\",\"last_name\":\"" STR_FMT "\"}",
			STR_ARG(run->members[user].marker),
			STR_ARG(run->members[user].marker));
	}
	return what;
}

/* As if another hour had begun. */
static bool
forget_rates(struct run *run)
{
	return access_init(run->ctx->arena, &(struct access_setup){ .is_open = false },
		       &run->api.access) == NULL;
}

static void
client_run(void *arg)
{
	struct client *client = arg;
	struct run *run = client->run;
	struct ctx ctx = *run->ctx;

	arena_init(&client->arena, REQUEST_ARENA_BYTES);
	ctx.arena = &client->arena;
	while (run->left > 0) {
		size_t user = random_u64() % USERS;
		struct asking what;
		struct asked asked;

		if (run->left-- % REQUESTS_PER_HOUR == 0 && !forget_rates(run))
			break;
		arena_reset(&client->arena);
		what = pick_request(&ctx, run, user);
		asked = ask(&ctx, &run->api, &what);
		run->answered += asked.status < 300;
		run->broken += asked.status >= 500;
		if (member_is_alone(&run->members[user], asked.body) &&
			asked.status != 404 && asked.status != 401 && asked.status != 403)
			continue;
		if (run->leaks++ == 0)
			run->first_leak = str_fmt(run->ctx->arena,
				"user %d asked " STR_FMT ": %d " STR_FMT,
				run->members[user].number, STR_ARG(what.target),
				asked.status, STR_ARG(asked.body));
	}
	arena_release(&client->arena);
	run->clients--;
}

/* Ends connections of the server that are at work, until the clients are done; not more
 * often than they are answered, however slowly a new one opens. */
static struct err *
kill_connections(struct run *run)
{
	static const enum db_type columns[] = { DB_I64 };
	int64_t killed_at = 0;
	struct str killed;

	while (run->clients > 0) {
		(void)fiber_sleep_until(clock_deadline_ms(KILL_EVERY_MS));
		if (!run->kills || run->answered < killed_at + ANSWERS_PER_KILL)
			continue;
		killed_at = run->answered;
		TRY(database_dump(run->ctx,
			"SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM "
			"pg_stat_activity WHERE usename = 'gridiron_app' AND datname = "
			"current_database() AND state IN ('active', 'idle in "
			"transaction') ORDER BY random() LIMIT 1) AS victim",
			columns, 1, &killed));
		run->kill_count += str_eq(killed, STR("1\n"));
	}
	return NULL;
}

static struct err *
prepare(struct run *run)
{
	struct ctx *ctx = run->ctx;
	struct keyring *keys;

	TRY(keyring_new(ctx, &keys));
	ctx->keys = keys;
	TRY(league_put(ctx));
	for (int i = 0; i < USERS; i++) {
		TRY(member_put(ctx, i + 1, MEMBER_ENTITLED, &run->members[i]));
		run->tokens[i] = member_token(ctx, &run->members[i], 0, false);
	}
	TRY(database_open_as_app(ctx, &run->api.db));
	if (!forget_rates(run))
		return err_no_memory();
	run->api.keys = keys;
	run->api.is_quiet = true;
	openapi_open(&run->api.openapi, "test");
	return NULL;
}

/* Each still has his own names, and no other's. */
static struct err *
count_mixed(struct ctx *ctx, struct str *ret)
{
	static const enum db_type columns[] = { DB_I64 };

	return database_dump(ctx,
		"SELECT count(*) FROM users WHERE email <> first_name || '@example.org' "
		"OR "
		"first_name <> last_name",
		columns, 1, ret);
}

static void
run_interleaved(struct ctx *ctx, bool kills)
{
	struct run *run = arena_alloc(ctx->arena, sizeof(*run));
	struct client clients[CLIENTS];
	struct str mixed;

	OK(run != NULL);
	*run = (struct run){ .ctx = ctx, .left = request_count(), .kills = kills };
	OK_ERR(prepare(run));
	ctx->deadline = DEADLINE_NEVER;
	for (size_t i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){ .run = run };
		run->clients += fiber_spawn("client", client_run, &clients[i]) != NULL;
	}
	OK_ERR(kill_connections(run));
	printf("# %lld answered, %lld broken off by %lld killed connections\n",
		(long long)run->answered, (long long)run->broken,
		(long long)run->kill_count);
	OK_ERR(count_mixed(ctx, &mixed));
	api_close(ctx, &run->api);
	OK_OR(run->leaks == 0, "%lld wrong answers, the first: " STR_FMT,
		(long long)run->leaks, STR_ARG(run->first_leak));
	EQ_STR(mixed, STR("0\n"));
	EQ_I64(run->answered + run->broken, request_count());
	OK(run->answered > request_count() / 2);
	OK(!kills || run->kill_count > 0);
}

static void
with_kills(struct ctx *ctx)
{
	run_interleaved(ctx, true);
}

#ifndef IS_UNGUARDED
static void
without_kills(struct ctx *ctx)
{
	run_interleaved(ctx, false);
}
#endif

TEST(fifty_users_over_two_dying_connections_see_their_own_only)
{
	database_run(DIALECT_POSTGRES, with_kills);
}

/* On SQLite nothing else holds. */
#ifndef IS_UNGUARDED
TEST(fifty_users_over_one_file_see_their_own_only)
{
	database_run(DIALECT_SQLITE, without_kills);
}
#endif
