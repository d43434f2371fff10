/* API keys and the plan that they belong to, over days. */
#include "accounts/grant.h"
#include "codec/iso_time.h"
#include "codec/json_read.h"
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
				    "\"account\"]}"),
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
