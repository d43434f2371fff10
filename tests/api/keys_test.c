/* What the gate asks beside credentials: a plan with API keys, a second factor, the password once more. */
#include "accounts/api_key.h"
#include "accounts/api_keys_q.h"
#include "accounts/erase.h"
#include "accounts/grant.h"
#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "predictions/delivery.h"
#include "predictions/league.h"
#include "predictions/pick.h"
#include "predictions/reads_q.h"
#include "tests/accounts/people.h"
#include "tests/api/members.h"
#include "tests/support/database.h"

enum { OWNER = 1, STRANGER = 2 };

struct owning {
	struct api api;
	struct member owner;
	struct member stranger; /* without a plan */
};

static struct err *
prepare(struct ctx *ctx, struct owning *ret)
{
	ret->api = (struct api){ .db = ctx->db, .keys = ctx->keys, .is_quiet = true };
	TRY(access_init(ctx->arena, &(struct access_setup){ .is_open = false },
		&ret->api.access));
	TRY(league_put(ctx));
	TRY(member_put(ctx, OWNER, MEMBER_ENTITLED, &ret->owner));
	return member_put(ctx, STRANGER, MEMBER_PLAIN, &ret->stranger);
}

static struct asked
make_key(struct ctx *ctx, struct owning *owning, const struct member *member)
{
	return ask(ctx, &owning->api,
		&(struct asking){
			.method = METHOD_POST,
			.target = STR("/v1/me/api-keys"),
			.bearer = member_token(ctx, member, 0, false),
			.type = STR("application/json"),
			.body = STR("{\"name\": \"n\", \"scopes\": [\"forecasts\", "
				    "\"account\"], \"password\": "
				    "\"" MEMBER_PASSWORD "\"}"),
		});
}

static struct asked
use_key(struct ctx *ctx, struct owning *owning, struct str key, const char *target)
{
	return ask(ctx, &owning->api,
		&(struct asking){ .target = str_from(target), .bearer = key });
}

static struct str
key_of(struct ctx *ctx, struct str body)
{
	const struct json_node *key;
	struct json_node made;

	if (json_read(ctx->arena, body, &made))
		return STR("none");
	key = json_node_find(&made, STR("key"));
	return key ? key->text : STR("none");
}

BOTH_ENGINES(a_key_is_made_by_who_has_a_plan_with_them)
{
	struct owning owning;
	struct asked asked;

	OK_ERR(prepare(ctx, &owning));
	asked = make_key(ctx, &owning, &owning.stranger);
	EQ_I64(asked.status, 403);
	OK_OR(str_find(asked.body, STR("api_access")) > 0 &&
			str_find(asked.body, STR("such as season;")) > 0,
		STR_FMT, STR_ARG(asked.body));
	EQ_I64(make_key(ctx, &owning, &owning.owner).status, 201);
}

BOTH_ENGINES(a_key_rests_while_its_owner_has_no_plan_with_them)
{
	static const char *const targets[] = { "/v1/me", "/v1/teams", "/v1/access" };
	struct grant_wish wish;
	struct owning owning;
	struct asked asked;
	struct str key;

	OK_ERR(prepare(ctx, &owning));
	key = key_of(ctx, make_key(ctx, &owning, &owning.owner).body);
	for (size_t i = 0; i < COUNT_OF(targets); i++)
		EQ_I64(use_key(ctx, &owning, key, targets[i]).status, 200);
	/* The plan ends by the clock; nobody is told. */
	ctx->now += 2 * MICROSECONDS_PER_DAY;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		asked = use_key(ctx, &owning, key, targets[i]);
		EQ_I64(asked.status, 403);
		OK_OR(str_find(asked.body, STR("api_access")) > 0, STR_FMT,
			STR_ARG(asked.body));
	}
	/* His keys he still sees. */
	EQ_I64(use_key(ctx, &owning, member_token(ctx, &owning.owner, 0, false),
		       "/v1/me/api-keys")
			.status,
		200);
	/* A new one wakes the key. */
	ctx->actor = (struct actor){ .is_system = true };
	OK_ERR(grant_give(ctx,
		&(struct grant_one){
			.email = str_fmt(ctx->arena, STR_FMT "@example.org",
				STR_ARG(owning.owner.marker)),
			.tier = STR("beta_tester"),
		},
		&wish));
	for (size_t i = 0; i < COUNT_OF(targets); i++)
		EQ_I64(use_key(ctx, &owning, key, targets[i]).status, 200);
}

/* --- What else the gate asks of sessions --- */

static struct asked
put(struct ctx *ctx, struct owning *owning, enum http_method method, const char *target,
	const char *body)
{
	return ask(ctx, &owning->api,
		&(struct asking){
			.method = method,
			.target = str_from(target),
			.bearer = member_token(ctx, &owning->owner, 0, false),
			.type = STR("application/json"),
			.body = str_from(body),
		});
}

/* Everything that anyone may read, asked for by who signed in without a code. */
static void
reads_like_a_stranger(struct ctx *ctx, struct owning *owning, bool is_local)
{
	struct str token = member_token(ctx, &owning->owner, 0, false);

	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct route *route = &route_table[i];
		struct asking what = { .target = route->path,
			.address = is_local ? STR("127.0.0.1") : STR_NONE,
			.host = is_local ? STR("localhost") : STR_NONE };
		struct asked stranger, known;

		if (route->who != WHO_ANYONE || route->method != METHOD_GET ||
			str_find_char(route->path, '{') >= 0)
			continue;
		stranger = ask(ctx, &owning->api, &what);
		what.bearer = token;
		known = ask(ctx, &owning->api, &what);
		OK_OR(known.status == stranger.status,
			"%s: %d, and %d for a stranger: " STR_FMT, route->label,
			known.status, stranger.status, STR_ARG(known.body));
		if (route->answer.shape == SHAPE_ROWS)
			EQ_STR(known.body, stranger.body);
		if (known.status == 403)
			OK_OR(str_find(known.body, STR("/account")) > 0, STR_FMT,
				STR_ARG(known.body));
	}
}

/* Failing ends here, behind which the loop gives back what requests left on it. */
static void
check_reading_without_factor(struct ctx *ctx, struct owning *owning)
{
	struct asked asked;
	struct str token;

	token = member_token(ctx, &owning->owner, 0, false);
	/* Without the setting he has what his plan has. */
	EQ_I64(use_key(ctx, owning, token, "/v1/predictions/export.csv").status, 200);
	owning->api.requires_mfa = true;
	reads_like_a_stranger(ctx, owning, false);
	asked = use_key(ctx, owning, token, "/v1/access");
	OK_OR(str_find(asked.body, STR("\"audience\":\"public\"")) > 0 &&
			str_find(asked.body, STR("\"needs_second_factor\":true")) > 0 &&
			str_find(asked.body, STR("\"is_signed_in\":true")) > 0,
		STR_FMT, STR_ARG(asked.body));
	/* It is his nonetheless: what he is told otherwise once he has the factor is not
	 * to come from a browser's memory. */
	asked = use_key(ctx, owning, token, "/v1/teams");
	EQ_STR(asked.cache_control, STR("no-store"));
	/* Where access is open, it is open to him too. */
	OK_ERR(access_init(ctx->arena, &(struct access_setup){ .is_open = true },
		&owning->api.access));
	reads_like_a_stranger(ctx, owning, true);
}

BOTH_ENGINES(who_signed_in_without_the_factor_that_is_asked_for_reads_like_a_stranger)
{
	struct owning owning;

	OK_ERR(prepare(ctx, &owning));
	OK_ERR(database_open_as_app(ctx, &owning.api.db));
	check_reading_without_factor(ctx, &owning);
	api_close(ctx, &owning.api);
}

BOTH_ENGINES(a_second_factor_is_asked_of_everybody_where_that_is_set)
{
	struct owning owning;
	struct asked asked;
	struct member boss;
	struct str key;

	OK_ERR(prepare(ctx, &owning));
	OK_ERR(member_put(ctx, STRANGER + 1, MEMBER_SUPER_ADMIN, &boss));
	key = key_of(ctx, make_key(ctx, &owning, &owning.owner).body);
	EQ_I64(use_key(ctx, &owning, key, "/v1/teams").status, 200);
	owning.api.requires_mfa = true;
	asked = use_key(ctx, &owning, key, "/v1/teams");
	EQ_I64(asked.status, 403);
	OK_OR(str_find(asked.body, STR("second factor")) > 0, STR_FMT,
		STR_ARG(asked.body));
	asked = put(ctx, &owning, METHOD_GET, "/v1/picks", "");
	EQ_I64(asked.status, 403);
	OK_OR(str_find(asked.body, STR("/account")) > 0, STR_FMT, STR_ARG(asked.body));
	EQ_I64(make_key(ctx, &owning, &owning.owner).status, 403);
	/* What sets one up, and what nobody is kept from. */
	EQ_I64(put(ctx, &owning, METHOD_GET, "/v1/me", "").status, 200);
	EQ_I64(put(ctx, &owning, METHOD_GET, "/v1/me/mfa", "").status, 200);
	EQ_I64(put(ctx, &owning, METHOD_GET, "/v1/me/export", "").status, 200);
	EQ_I64(put(ctx, &owning, METHOD_POST, "/v1/me/mfa",
		       "{\"password\": \"" MEMBER_PASSWORD "\"}")
			.status,
		200);
	/* Who signed in with a code, and who asks as nobody, are let through. */
	EQ_I64(use_key(ctx, &owning, member_token(ctx, &boss, 0, true), "/v1/picks")
			.status,
		200);
	EQ_I64(use_key(ctx, &owning, member_token(ctx, &boss, 0, false), "/v1/picks")
			.status,
		403);
	EQ_I64(use_key(ctx, &owning, STR_NONE, "/v1/teams").status, 200);
}

/* --- Pages of other origins --- */

static void
expect_no_cors(const struct route *route, const struct asked *asked)
{
	OK_OR(str_find(asked->lines, STR("Access-Control")) < 0, "%s", route->label);
	for (size_t i = 0; i < asked->header_count; i++) {
		struct str name = asked->headers[i].name;

		OK_OR(name.len < 15 ||
				!str_eq_nocase(
					str_slice(name, 0, 15), STR("access-control-")),
			"%s: " STR_FMT, route->label, STR_ARG(name));
	}
}

/* Whether it may be asked or not: no browser shows the answer to another page. */
BOTH_ENGINES(no_answer_lets_a_page_of_another_origin_read_it)
{
	struct owning owning;
	struct str token;

	OK_ERR(prepare(ctx, &owning));
	OK_ERR(database_open_as_app(ctx, &owning.api.db));
	openapi_open(&owning.api.openapi, "test");
	token = member_token(ctx, &owning.owner, 0, false);
	for (size_t i = 0; i < ROUTE_COUNT && !tap_failed; i++) {
		const struct route *route = &route_table[i];
		struct asking what = { .target = route->path,
			.method = route->method,
			.origin = STR("https://other.example"),
			.type = STR("application/json"),
			.body = STR("x") };
		struct asked asked;

		for (int as = 0; as < 2; as++) {
			what.bearer = as ? token : STR_NONE;
			asked = ask(ctx, &owning.api, &what);
			expect_no_cors(route, &asked);
		}
		/* What a browser asks before it lets such a page send anything. */
		what.method = METHOD_OPTIONS;
		asked = ask(ctx, &owning.api, &what);
		expect_no_cors(route, &asked);
	}
	api_close(ctx, &owning.api);
}

/* --- Who is erased while he asks --- */

/* What the gate let in a moment before comes to its transaction a moment after. */
static void
write_everything(struct ctx *ctx, struct str game, struct str forecast, struct str code)
{
	struct delivery delivery = { .user_id = ctx->actor.user_id, .via = STR("page") };
	struct league_row league;
	struct api_key key;
	struct str text;

	FAILS_WITH(api_key_create(ctx,
			   &(struct api_key_new){ .name = STR("mine"),
				   .scopes = 1,
				   .days = 1,
				   .proof = { .password = STR(MEMBER_PASSWORD) } },
			   &key, &text),
		ERR_NOT_FOUND);
	FAILS_WITH(pick_make(ctx,
			   &(struct pick_ask){ .game_id = game,
				   .type = STR("game"),
				   .pick = STR("home"),
				   .probability = 0.6 },
			   NULL),
		ERR_NOT_FOUND);
	FAILS_WITH(league_make(ctx,
			   &(struct league_plan){ .name = STR("Mine"),
				   .display_name = STR("Me"),
				   .season = 2021 },
			   &league),
		ERR_NOT_FOUND);
	FAILS_WITH(league_join(ctx, code, STR("Me"), &league), ERR_NOT_FOUND);
	delivery_note(ctx, &delivery, forecast);
	delivery_loop_close(ctx->db);
}

BOTH_ENGINES(nothing_is_kept_of_who_is_erased_while_he_asks)
{
	static const enum db_type text = DB_TEXT;
	struct prediction_row_list week;
	struct league_row league;
	struct owning owning;
	struct str game, held;
	struct tx tx;

	OK_ERR(prepare(ctx, &owning));
	OK_ERR(people_run(ctx,
		"UPDATE games SET home_score = NULL, away_score = NULL, result = NULL, "
		"total = NULL, kickoff_at = {day} WHERE nflverse_id = (SELECT "
		"max(nflverse_id) FROM games)"));
	OK_ERR(database_dump(ctx, "SELECT max(nflverse_id) FROM games", &text, 1, &game));
	tx = db_auto(ctx, SHARD_GLOBAL);
	OK_ERR(q_prediction_page(&tx,
		(struct prediction_page){ .season = 2021,
			.first_week = 3,
			.last_week = 3,
			.model = STR("gridiron"),
			.open_through = 3,
			.row_count = 1 },
		&week));
	EQ_I64(week.count, 1);
	ctx->actor = (struct actor){ .user_id = owning.stranger.id };
	OK_ERR(league_make(ctx,
		&(struct league_plan){ .name = STR("Sunday"),
			.display_name = STR("Ann"),
			.season = 2021 },
		&league));
	ctx->actor.user_id = owning.owner.id;
	OK_ERR(pick_make(ctx,
		&(struct pick_ask){ .game_id = str_trim(game),
			.type = STR("game"),
			.pick = STR("home"),
			.probability = 0.6 },
		NULL));
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(MEMBER_PASSWORD) }));
	write_everything(ctx, str_trim(game),
		(struct str){ (const char *)week.items[0].id.uuid.bytes,
			sizeof(week.items[0].id) },
		league.code);
	OK_ERR(database_dump(ctx,
		"SELECT CAST(count(*) AS text) FROM (SELECT user_id FROM picks UNION ALL "
		"SELECT user_id FROM api_keys UNION ALL SELECT user_id FROM leagues "
		"UNION ALL SELECT user_id FROM league_members UNION ALL SELECT user_id "
		"FROM league_standings UNION ALL SELECT user_id FROM "
		"user_prediction_access) AS held JOIN users u ON u.id = held.user_id "
		"WHERE u.erased_at IS NOT NULL",
		&text, 1, &held));
	EQ_STR(str_trim(held), STR("0"));
}

BOTH_ENGINES(ending_other_sessions_asks_for_the_password_after_a_while)
{
	struct owning owning;
	struct asked asked;

	/* The member signed in a day ago. */
	OK_ERR(prepare(ctx, &owning));
	asked = put(ctx, &owning, METHOD_DELETE, "/v1/me/sessions", "{}");
	EQ_I64(asked.status, 400);
	OK_OR(str_find(asked.body, STR("\"field\":\"password\"")) > 0, STR_FMT,
		STR_ARG(asked.body));
	EQ_I64(put(ctx, &owning, METHOD_DELETE, "/v1/me/sessions",
		       "{\"password\": \"not that one\"}")
			.status,
		400);
	EQ_I64(put(ctx, &owning, METHOD_DELETE, "/v1/me/sessions",
		       "{\"password\": \"" MEMBER_PASSWORD "\"}")
			.status,
		204);
	OK_ERR(people_run(ctx,
		"UPDATE user_sessions SET family_started_at = {now} WHERE user_id = "
		"{u1}"));
	EQ_I64(put(ctx, &owning, METHOD_DELETE, "/v1/me/sessions", "{}").status, 204);
}
