#include "api/auth_gate.h"

#include "api/api.h"
#include "audit/audit.h"
#include "audit/tally.h"
#include "billing/tier.h"
#include "crypto/token.h"

/* --- Who asks --- */

/* The token of the Authorization header; absent where there is no such header. */
static struct err *
read_header(struct request *rq, struct str *ret)
{
	struct str value = http_request_header(rq->http, STR("authorization")), scheme;

	if (http_request_repeats(rq->http, STR("authorization")))
		return err_new(rq->ctx, ERR_UNAUTHENTICATED,
			"the Authorization header is repeated");
	*ret = value;
	if (str_is_none(value))
		return NULL;
	if (!str_next(&value, ' ', &scheme) || !str_eq_nocase(scheme, STR("bearer")) ||
		value.len == 0)
		return err_new(rq->ctx, ERR_UNAUTHENTICATED,
			"send the credentials as Authorization: Bearer TOKEN");
	*ret = value;
	return NULL;
}

static struct err *
find_caller(struct request *rq)
{
	struct str token;

	TRY(read_header(rq, &token));
	if (str_is_none(token))
		return NULL;
	if (str_starts_with(token, STR(TOKEN_API_KEY)))
		TRY(caller_by_key(rq->ctx, token, &rq->caller));
	else
		TRY(caller_by_token(rq->ctx, token, &rq->caller));
	rq->ctx->actor.user_id = rq->caller.user_id;
	return NULL;
}

/* --- Whether that is enough --- */

struct err *
auth_needs_mfa(struct request *rq)
{
	return err_new(rq->ctx, ERR_DENIED,
		"this service asks everybody who signs in for a second factor: set one "
		"up on the page /account, or by POST /v1/me/mfa");
}

/* What a plan must have that the caller's has not, and which plans have it. */
struct err *
auth_check_feature(struct request *rq, enum feature feature)
{
	struct str plans;

	if (entitlement_has(&rq->caller.entitlement, feature))
		return NULL;
	if (rq->lacks_mfa)
		return auth_needs_mfa(rq);
	TRY(tier_names_with(rq->ctx, feature, &plans));
	return err_new(rq->ctx, ERR_DENIED,
		"this needs a plan with %s (%s), such as " STR_FMT
		"; GET /v1/tiers lists them",
		feature_name(feature), feature_about(feature), STR_ARG(plans));
}

/* A key is as good as its owner's plan at this moment: it rests while that has none. */
static struct err *
check_key(struct request *rq)
{
	int scope = rq->route->key;

	if (rq->caller.kind != CALLER_API_KEY)
		return NULL;
	if (scope == ROUTE_NO_KEY)
		return err_new(rq->ctx, ERR_DENIED,
			"API keys cannot do this; sign in as a person");
	if (!(rq->caller.scopes >> scope & 1))
		return err_new(rq->ctx, ERR_DENIED,
			"this API key does not have the scope '" STR_FMT "'",
			STR_ARG(scope_name((enum scope)scope)));
	return auth_check_feature(rq, FEATURE_API_ACCESS);
}

static struct err *
check_administrator(struct request *rq)
{
	const struct caller *caller = &rq->caller;

	if (caller->role == ROLE_NONE || caller->kind != CALLER_SESSION)
		return err_new(rq->ctx, ERR_DENIED, "this is for administrators");
	if (!caller->is_mfa_passed)
		return err_new(rq->ctx, ERR_DENIED,
			"administrators sign in with a second factor; set one up, then "
			"sign in again with its code");
	if ((caller->permissions & rq->route->permission) != rq->route->permission)
		return err_new(rq->ctx, ERR_DENIED, "this needs the permission '%s'",
			permission_name(
				(enum permission)__builtin_ctz(rq->route->permission)));
	return NULL;
}

/* What is needed to set up a second factor, and what nobody is kept from: to see the
 * account, take its data away, and leave. */
static bool
is_open_without_mfa(const struct route *route)
{
	static const int open[] = { ROUTE_api_me_get, ROUTE_api_me_export,
		ROUTE_api_me_erase, ROUTE_api_mfa_get, ROUTE_api_mfa_begin,
		ROUTE_api_mfa_confirm };

	for (size_t i = 0; i < COUNT_OF(open); i++)
		if (route == &route_table[open[i]])
			return true;
	return false;
}

/* A person goes on as entitled as a stranger is; a program is told, as by a plan that ran
 * out. */
static struct err *
check_mfa_of_all(struct request *rq)
{
	rq->lacks_mfa = rq->api->requires_mfa && rq->caller.kind != CALLER_NOBODY &&
		!rq->caller.is_mfa_passed;
	if (!rq->lacks_mfa)
		return NULL;
	entitlement_init(&rq->caller.entitlement);
	if (is_open_without_mfa(rq->route) ||
		(rq->caller.kind == CALLER_SESSION && rq->route->who == WHO_ANYONE))
		return NULL;
	return auth_needs_mfa(rq);
}

/* Whoever knocks there without being let in is put on record. */
static struct err *
admit_administrator(struct request *rq)
{
	struct err *refusal = check_administrator(rq);

	rq->ctx->actor.is_admin = !refusal;
	if (!refusal)
		return NULL;
	rq->is_on_record = true;
	TRY(audit_log_alone(rq->ctx,
		&(struct audit_entry){ .action = AUDIT_ACCESS_DENIED,
			.outcome = AUDIT_REFUSED,
			.resource_type = STR("route"),
			.resource_id = str_from(rq->route->label) }));
	return refusal;
}

struct err *
auth_gate(struct request *rq)
{
	const struct route *route = rq->route;

	rq->ctx->actor = (struct actor){ 0 };
	rq->caller = (struct caller){ 0 };
	if (route->who == WHO_ANYONE && route->key == ROUTE_NO_KEY)
		return NULL;
	TRY(find_caller(rq));
	if (route->who != WHO_ANYONE && rq->caller.kind == CALLER_NOBODY)
		return err_new(rq->ctx, ERR_UNAUTHENTICATED, "sign in first");
	TRY(check_mfa_of_all(rq));
	if (rq->is_open)
		rq->caller.entitlement.features = FEATURES_ALL;
	TRY(check_key(rq));
	if (route->who == WHO_ADMIN)
		TRY(admit_administrator(rq));
	return route->feature == ROUTE_OPEN
		? NULL
		: auth_check_feature(rq, (enum feature)route->feature);
}

static bool
was_tried(const struct request *rq)
{
	return !str_is_none(http_request_header(rq->http, STR("authorization")));
}

struct err *
auth_challenge(struct request *rq, const struct err *err, struct http_answer *answer)
{
	if (err->code != ERR_UNAUTHENTICATED)
		return NULL;
	return http_answer_add(rq->ctx, answer, STR("WWW-Authenticate"),
		was_tried(rq) ? STR("Bearer realm=\"gridiron\", error=\"invalid_token\"")
			      : STR("Bearer realm=\"gridiron\""));
}

/* --- What of it is on record --- */

static void
note(struct request *rq, enum audit_action action, const char *reason)
{
	audit_note(rq->ctx,
		&(struct audit_note){ .action = action,
			.outcome = AUDIT_REFUSED,
			.reason = reason,
			.route = rq->route->label });
}

static const char *
reason_of(const struct request *rq)
{
	const struct caller *caller = &rq->caller;
	int scope = rq->route->key;

	if (rq->lacks_mfa)
		return "second_factor";
	if (caller->kind == CALLER_API_KEY &&
		(scope == ROUTE_NO_KEY || !(caller->scopes >> scope & 1)))
		return "scope";
	return "rights"; /* a plan, or what the rules of the thing leave to others */
}

/* Who signs in, refreshes or proves something has an entry of his own for that. */
static bool
is_of_a_credential(const struct request *rq)
{
	return was_tried(rq) && rq->caller.kind == CALLER_NOBODY &&
		!(rq->route->who == WHO_ANYONE && rq->route->key == ROUTE_NO_KEY);
}

void
auth_note_refusal(struct request *rq, const struct err *err)
{
	bool is_known = rq->caller.kind != CALLER_NOBODY;

	if (err->code == ERR_UNAUTHENTICATED && is_of_a_credential(rq))
		note(rq, AUDIT_ACCESS_DENIED, "credentials");
	else if (err->code == ERR_DENIED && is_known && !rq->is_on_record)
		note(rq, AUDIT_ACCESS_DENIED, reason_of(rq));
	else if (err->code == ERR_RATE_LIMITED &&
		(is_known || rq->route->rate == RATE_WRITE || is_of_a_credential(rq)))
		note(rq, AUDIT_ACCESS_THROTTLED, NULL);
}
