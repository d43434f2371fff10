/*
 * The authorisation matrix: every caller × every route of api/routes.def × objects of the
 * caller's own, of another's, and of nobody's. What must come follows from the columns of
 * the table and the object rules below; a route with {…} in its path and no object rule
 * fails the test, so that nobody adds one without saying whose it is.
 */
#include "tests/api/matrix_objects.h"

#include "codec/uuid.h"
#include "crypto/keyring.h"
#include "tests/accounts/people.h"
#include "tests/support/database.h"

static bool
has_part(const struct route *route)
{
	return path_part_count(route) > 0;
}

static bool
is_owned(const struct object_rule *rule)
{
	return rule && rule->parts[0];
}

/* Which of the two ways in which a path may be filled is of no meaning for ROUTE. */
static bool
is_asked(const struct route *route, enum whose whose)
{
	return whose == OWN ||
		(whose == MIXED ? path_part_count(route) > 1 : has_part(route));
}

TEST(every_route_with_an_object_has_a_rule_whose_it_is)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		OK_OR(!has_part(&route_table[i]) || object_rule_find(&route_table[i]),
			"%s: whose object is in its path? add it to object_rules",
			route_table[i].label);
}

/* --- Who asks --- */

#define CALLERS(X)           \
	X(NOBODY)            \
	X(GARBAGE)           \
	X(FORGED)            \
	X(EXPIRED)           \
	X(STALE_EPOCH)       \
	X(DEACTIVATED)       \
	X(UNKNOWN_KEY)       \
	X(PLAIN)             \
	X(ENTITLED)          \
	X(KEY_WITH_SCOPES)   \
	X(KEY_WITHOUT)       \
	X(KEY_WITHOUT_PLAN)  \
	X(ADMIN_WITHOUT_MFA) \
	X(SUPPORT)           \
	X(ADMIN)             \
	X(SUPER_ADMIN)

enum caller_case {
#define X(name) AS_##name,
	CALLERS(X)
#undef X
		AS_COUNT
};
static const char *const caller_names[] = {
#define X(name) #name,
	CALLERS(X)
#undef X
};

static bool
is_entitled(enum caller_case caller)
{
	return caller == AS_ENTITLED || caller == AS_KEY_WITH_SCOPES ||
		caller == AS_KEY_WITHOUT;
}

static enum standing_kind
standing_of(enum caller_case caller)
{
	if (is_entitled(caller))
		return MEMBER_ENTITLED;
	if (caller == AS_SUPPORT)
		return MEMBER_SUPPORT;
	if (caller == AS_ADMIN || caller == AS_ADMIN_WITHOUT_MFA)
		return MEMBER_ADMIN;
	return caller == AS_SUPER_ADMIN ? MEMBER_SUPER_ADMIN : MEMBER_PLAIN;
}

static bool
is_good_credential(enum caller_case caller)
{
	return caller == AS_NOBODY || caller >= AS_PLAIN;
}

static bool
is_key(enum caller_case caller)
{
	return caller >= AS_KEY_WITH_SCOPES && caller <= AS_KEY_WITHOUT_PLAN;
}

/* The token of another installation. */
static struct str
forged_token(struct ctx *ctx, const struct member *member)
{
	struct ctx other = *ctx;
	struct keyring *keys = NULL;
	struct str token;

	if (keyring_new(ctx, &keys))
		return STR("none");
	other.keys = keys;
	token = member_token(&other, member, 0, true);
	keyring_close(keys);
	return token;
}

static struct str
bearer_of(struct ctx *ctx, const struct member *member, enum caller_case caller)
{
	struct ctx past = *ctx;

	past.now -= INT64_C(3600) * MICROSECONDS_PER_SECOND;
	switch (caller) {
	case AS_NOBODY:
		return STR_NONE;
	case AS_GARBAGE:
		return STR("e30.e30.e30");
	case AS_FORGED:
		return forged_token(ctx, member);
	case AS_EXPIRED:
		return member_token(&past, member, 0, false);
	case AS_STALE_EPOCH:
		return member_token(ctx, member, 1, false);
	case AS_UNKNOWN_KEY:
		return STR("grk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	case AS_KEY_WITH_SCOPES:
	case AS_KEY_WITHOUT_PLAN:
		return member->key;
	case AS_KEY_WITHOUT:
		return member->narrow_key;
	case AS_DEACTIVATED:
	case AS_PLAIN:
	case AS_ENTITLED:
	case AS_ADMIN_WITHOUT_MFA:
		return member_token(ctx, member, 0, false);
	case AS_SUPPORT:
	case AS_ADMIN:
	case AS_SUPER_ADMIN:
		return member_token(ctx, member, 0, true);
	case AS_COUNT:
		break;
	}
	return STR_NONE;
}

/* --- What must come --- */

static enum admin_role
role_of(enum caller_case caller)
{
	if (caller == AS_SUPPORT)
		return ROLE_SUPPORT;
	if (caller == AS_ADMIN)
		return ROLE_ADMIN;
	return caller == AS_SUPER_ADMIN ? ROLE_SUPER_ADMIN : ROLE_NONE;
}

static const char *const whose_names[] = { "own", "foreign", "mixed", "absent" };

/* What the domain refuses to some of those whom the gate lets in. */
static bool
is_refused_by_rule(const struct route *route, enum caller_case caller, enum whose whose)
{
	/* An administrator's own invitation is one of administrators: roles.write. */
	if (str_eq(route->path, STR("/v1/admin/invitations/{id}")))
		return whose == OWN && caller != AS_SUPER_ADMIN;
	/* The running week's questions of "what if" are for subscribers. */
	return str_eq(route->path, STR("/v1/games/{id}/forecast")) && whose != ABSENT &&
		!is_entitled(caller);
}

/* 401, 403, or 0: the caller is let in. */
static int
status_of_gate(const struct route *route, enum caller_case caller, enum whose whose)
{
	if (route->who == WHO_ANYONE && route->key == ROUTE_NO_KEY)
		return 0;
	if (!is_good_credential(caller))
		return 401;
	if (caller == AS_NOBODY && route->who != WHO_ANYONE)
		return 401;
	if (is_key(caller) &&
		(route->key == ROUTE_NO_KEY || caller != AS_KEY_WITH_SCOPES))
		return 403;
	if (route->who == WHO_ADMIN &&
		!(admin_role_permissions(role_of(caller)) & route->permission))
		return 403;
	if (route->feature != ROUTE_OPEN && !is_entitled(caller))
		return 403;
	return is_refused_by_rule(route, caller, whose) ? 403 : 0;
}

struct matrix {
	struct ctx *ctx;
	struct api api;
	struct everybodys public;
	int next_number;
	int cases;
	int unchanged; /* answers of administrators' routes that may change nothing */
	int faults;
	int leaks; /* of those: rows of another in an answer */
};

/* What went wrong, without ending the test: the whole matrix is told. */
static void fault(struct matrix *matrix, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
fault(struct matrix *matrix, const char *fmt, ...)
{
	struct buf text;
	va_list args;

	buf_init(&text, matrix->ctx->arena, 4096);
	va_start(args, fmt);
	buf_vfmt(&text, fmt, args);
	va_end(args);
	printf("# " STR_FMT "\n", STR_ARG(buf_str(&text)));
	matrix->faults++;
}

/* Whether what administrators get is right: what is there is found, be it their own. */
static bool
is_expected_of_admin(
	const struct route *route, const struct asked *asked, enum whose whose)
{
	int status = asked->status;

	if (whose == ABSENT || whose == MIXED)
		return status == 404;
	if (whose == FOREIGN &&
		(route->method == METHOD_DELETE || route->method == METHOD_PATCH))
		return status == 200 || status == 204;
	return status != 404 && status != 403 && status != 401;
}

/* Whether the answer may come of a request that was let in. */
static bool
is_expected(const struct route *route, const struct asked *asked, enum whose whose)
{
	const struct object_rule *rule = object_rule_find(route);
	int status = asked->status;
	bool is_auth = str_starts_with(route->path, STR("/v1/auth/"));

	if (route->who == WHO_ADMIN && has_part(route) &&
		!is_expected_of_admin(route, asked, whose))
		return false;
	if (has_part(route) && whose != OWN && (whose == ABSENT || is_owned(rule)) &&
		route->who != WHO_ADMIN)
		return status == 404;
	if (status == 404 && route->who == WHO_ADMIN)
		return true;
	if (route->method == METHOD_GET)
		/* A forecast that is not published is not there for its owner either,
		 * until models can be published. */
		return status == 200 || status == 204 ||
			(is_owned(rule) && rule->parts[0] == OBJECT_PREDICTION &&
				status == 404);
	/* A sample body need not please: a wrong password, an unknown token. */
	return status < 500 && status != 405 && status != 415 &&
		(status != 403 || is_auth) && (status != 401 || is_auth) &&
		(status != 404 || !has_part(route));
}

/* A 404 of another's object and of none, without the ids of the request. */
static struct str
without_request(struct str body)
{
	ptrdiff_t at = str_find(body, STR("\"request_id\""));

	return at < 0 ? body : str_slice(body, 0, (size_t)at);
}

static void
check_answer(struct matrix *matrix, const struct route *route, enum caller_case caller,
	enum whose whose, const struct asked *asked)
{
	int wanted = status_of_gate(route, caller, whose);

	matrix->cases++;
	if (wanted ? asked->status != wanted : !is_expected(route, asked, whose))
		fault(matrix, "%s, %s, %s object: %d (want %d) " STR_FMT, route->label,
			caller_names[caller], whose_names[whose], asked->status, wanted,
			STR_ARG(str_slice(asked->body, 0, 300)));
	if (asked->status == 401 &&
		str_is_none(asked_header(asked, STR("www-authenticate"))))
		fault(matrix, "%s, %s: 401 without WWW-Authenticate", route->label,
			caller_names[caller]);
	if (route->who != WHO_ANYONE && !str_eq(asked->cache_control, STR("no-store")))
		fault(matrix, "%s, %s: may be cached", route->label,
			caller_names[caller]);
}

/* Nothing of another's, and for nobody nothing of OWN's, stands in the answer. */
static void
check_leak(struct matrix *matrix, const struct route *route, enum caller_case caller,
	const struct asked *asked, const struct member *own)
{
	bool is_administrator = route->who == WHO_ADMIN && asked->status < 300;
	bool is_leak = !is_administrator && !member_is_alone(own, asked->body);

	matrix->leaks += is_leak;
	if (is_leak)
		fault(matrix, "%s, %s: shows another's: " STR_FMT, route->label,
			caller_names[caller], STR_ARG(str_slice(asked->body, 0, 500)));
	if (!is_good_credential(caller) && str_find(asked->body, own->marker) >= 0)
		fault(matrix, "%s, %s: shows what is nobody's: " STR_FMT, route->label,
			caller_names[caller], STR_ARG(str_slice(asked->body, 0, 500)));
}

static struct asked
ask_route(struct matrix *matrix, const struct route *route, enum caller_case caller,
	enum whose whose, const struct named *named)
{
	struct asking what = {
		.method = route->method,
		.target = path_of(matrix->ctx->arena, route, whose, named),
		.bearer = bearer_of(matrix->ctx, named->own, caller),
	};
	struct str types = route->body.types;

	if (route->method != METHOD_GET && route->body.schema != &body_none) {
		(void)!str_next(&types, '|', &what.type);
		what.body = STR("x");
		if (route->body.schema)
			what.body = member_sample_body(
				matrix->ctx, route->body.schema, named->own->number);
	}
	return ask(matrix->ctx, &matrix->api, &what);
}

/* What would be, if: for those who are shown forecasts. A supposition that is none is told
 * to be that without a season being played. */
static void
check_supposing(struct matrix *matrix, enum caller_case caller, const struct member *own)
{
	const struct route *route = &route_table[ROUTE_api_outlook_list];
	int gate = status_of_gate(route, caller, OWN);
	int wanted = gate ? gate : is_entitled(caller) ? 400 : 403;
	struct asked asked = ask(matrix->ctx, &matrix->api,
		&(struct asking){ .method = METHOD_GET,
			.target = STR("/v1/season/2021/outlook?result=none"),
			.bearer = bearer_of(matrix->ctx, own, caller) });

	matrix->cases++;
	if (asked.status != wanted)
		fault(matrix, "a season with a supposed result, %s: %d (want %d)",
			caller_names[caller], asked.status, wanted);
}

/* Ask, and see of what administrators do that a refusal has changed nothing; and that what
 * was done to somebody shows, or else nothing would. */
static struct err *
ask_watched(struct matrix *matrix, const struct route *route, enum caller_case caller,
	enum whose whose, const struct named *named, struct asked *ret)
{
	struct str before = STR(""), after = STR("");
	bool is_changed;

	if (route->who == WHO_ADMIN)
		TRY(stored_dump(matrix->ctx, named->own, named->foreign, &before));
	*ret = ask_route(matrix, route, caller, whose, named);
	if (route->who != WHO_ADMIN)
		return NULL;
	TRY(stored_dump(matrix->ctx, named->own, named->foreign, &after));
	is_changed = !str_eq(before, after);
	if (ret->status >= 400 || route->method == METHOD_GET) {
		matrix->unchanged++;
		if (is_changed)
			fault(matrix,
				"%s, %s, %s object: %d, and changed " STR_FMT
				" | " STR_FMT,
				route->label, caller_names[caller], whose_names[whose],
				ret->status, STR_ARG(before), STR_ARG(after));
	} else if (has_part(route) && !is_changed) {
		fault(matrix, "%s, %s, %s object: %d, and nothing is changed",
			route->label, caller_names[caller], whose_names[whose],
			ret->status);
	}
	return NULL;
}

static struct err *
shut_out(struct ctx *ctx, const struct member *member)
{
	return people_change(ctx, member->number,
		str_cstr(ctx->arena,
			str_fmt(ctx->arena,
				"UPDATE users SET is_active = {no} WHERE id = {u%d}",
				member->number)));
}

/* One caller at one route: own, another's and nobody's object. */
static struct err *
run_case(struct matrix *matrix, const struct route *route, enum caller_case caller,
	const struct member *foreign)
{
	struct str bodies[WHOSE_COUNT] = { 0 };
	struct member own;
	const struct named named = { &own, foreign, matrix->public };

	TRY(member_put(matrix->ctx, matrix->next_number++, standing_of(caller), &own));
	if (caller == AS_DEACTIVATED)
		TRY(shut_out(matrix->ctx, &own));
	/* What is another's and what is not there first: a request for one's own may end
	 * the session, or the account. */
	for (int whose = WHOSE_COUNT - 1; whose >= 0; whose--) {
		struct asked asked;

		if (!is_asked(route, (enum whose)whose))
			continue;
		TRY(ask_watched(
			matrix, route, caller, (enum whose)whose, &named, &asked));
		check_answer(matrix, route, caller, (enum whose)whose, &asked);
		check_leak(matrix, route, caller, &asked, &own);
		bodies[whose] = without_request(asked.body);
	}
	if (route == &route_table[ROUTE_api_outlook_list])
		check_supposing(matrix, caller, &own);
	if (is_owned(object_rule_find(route)) && route->who != WHO_ADMIN &&
		!str_eq(bodies[FOREIGN], bodies[ABSENT]))
		fault(matrix,
			"%s, %s: another's is told from none: " STR_FMT " | " STR_FMT,
			route->label, caller_names[caller], STR_ARG(bodies[FOREIGN]),
			STR_ARG(bodies[ABSENT]));
	return NULL;
}

/* Somebody for administrators to act on as ROUTE does: an administrator, or shut out. */
static struct err *
acted_on_put(struct matrix *matrix, const struct route *route, struct member *ret)
{
	const struct object_rule *rule = object_rule_find(route);
	bool is_administrator = rule && rule->parts[0] == OBJECT_ADMIN;

	TRY(member_put(matrix->ctx, matrix->next_number++,
		is_administrator ? MEMBER_ADMIN : MEMBER_PLAIN, ret));
	if (str_ends_with(route->path, STR("/reactivate")))
		return shut_out(matrix->ctx, ret);
	return NULL;
}

static struct err *
run_route(struct matrix *matrix, const struct route *route)
{
	struct str before, after;
	struct member foreign;

	TRY(member_put(matrix->ctx, matrix->next_number++, MEMBER_PLAIN, &foreign));
	TRY(member_dump(matrix->ctx, &foreign, &before));
	for (int caller = 0; caller < AS_COUNT; caller++) {
		/* What one administrator did to somebody is not there for the next. */
		if (route->who == WHO_ADMIN)
			TRY(acted_on_put(matrix, route, &foreign));
		TRY_CTX(run_case(matrix, route, (enum caller_case)caller, &foreign),
			"%s, %s", route->label, caller_names[caller]);
	}
	TRY(member_dump(matrix->ctx, &foreign, &after));
	if (route->who != WHO_ADMIN && !str_eq(before, after))
		fault(matrix, "%s changed another's: " STR_FMT " | " STR_FMT,
			route->label, STR_ARG(before), STR_ARG(after));
	return NULL;
}

static struct err *
find_public(struct matrix *matrix)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str game, team;

	TRY(database_dump(matrix->ctx,
		"SELECT nflverse_id FROM games WHERE season = 2021 ORDER BY nflverse_id "
		"LIMIT 1",
		columns, 1, &game));
	TRY(database_dump(matrix->ctx, "SELECT team FROM ratings ORDER BY team LIMIT 1",
		columns, 1, &team));
	matrix->public.game = str_trim(game);
	matrix->public.team = str_trim(team);
	return NULL;
}

/* All of it; RET counts what went wrong. */
static struct err *
run_matrix(struct ctx *ctx, struct matrix *ret)
{
	struct matrix matrix = { .ctx = ctx, .next_number = 1 };
	struct keyring *keys;

	TRY(keyring_new(ctx, &keys));
	ctx->keys = keys;
	TRY(league_put(ctx));
	TRY(find_public(&matrix));
	TRY(database_open_as_app(ctx, &matrix.api.db));
	TRY(access_init(ctx->arena, &(struct access_setup){ .is_open = false },
		&matrix.api.access));
	matrix.api.keys = keys;
	matrix.api.is_quiet = true;
	openapi_open(&matrix.api.openapi, "test");
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		TRY(run_route(&matrix, &route_table[i]));
	printf("# %d cases over %d routes, %d answers to administrators that may change "
	       "nothing\n",
		matrix.cases, ROUTE_COUNT, matrix.unchanged);
	api_close(ctx, &matrix.api);
	keyring_close(keys);
	*ret = matrix;
	return NULL;
}

static void
expect_no_faults(struct ctx *ctx)
{
	struct matrix matrix;

	OK_ERR(run_matrix(ctx, &matrix));
	OK_OR(matrix.faults == 0, "%d faults", matrix.faults);
}

#ifndef IS_UNGUARDED
TEST(callers_get_what_the_table_says_postgres)
{
	database_run(DIALECT_POSTGRES, expect_no_faults);
}

TEST(callers_get_what_the_table_says_sqlite)
{
	database_run(DIALECT_SQLITE, expect_no_faults);
}
#else
static void
expect_faults(struct ctx *ctx)
{
	struct matrix matrix;

	OK_ERR(run_matrix(ctx, &matrix));
	OK_OR(matrix.leaks > 0,
		"nobody saw another's rows: the queries are guarded still");
}

TEST(row_security_alone_holds_everybody_to_his_own)
{
	database_run(DIALECT_POSTGRES, expect_no_faults);
}

/* What the test above would find if row security were not there. */
TEST(without_predicates_and_row_security_the_matrix_finds_leaks)
{
	database_run(DIALECT_SQLITE, expect_faults);
}
#endif
