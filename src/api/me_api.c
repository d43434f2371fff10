/* The signed-in user's own account: profile, password, sessions, export, erasure. */
#include "accounts/alert.h"
#include "accounts/erase.h"
#include "accounts/export.h"
#include "accounts/password_reset.h"
#include "accounts/profile.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "api/auth_api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/iso_time.h"
#include "codec/uuid.h"

/* --- Profile */

static const struct field profile_fields[] = {
	FIELD_AS("id", struct profile, id.uuid, UUID, "the account's own id"),
	FIELD(struct profile, email, TEXT, "the address, in lower case"),
	FIELD(struct profile, first_name, OPT_TEXT,
		"shown to its owner and to administrators"),
	FIELD(struct profile, last_name, OPT_TEXT,
		"shown to its owner and to administrators"),
	FIELD(struct profile, created_at, TIME, "when the account was made"),
	FIELD(struct profile, last_login, OPT_TIME, "when it was last signed in to"),
	FIELD(struct profile, password_changed_at, OPT_TIME,
		"when the password was last set"),
	FIELD(struct profile, mfa_enabled_at, OPT_TIME,
		"since when a code is asked for; null: none is"),
	FIELD(struct profile, wants_email_alerts, BOOL, "whether alerts are mailed"),
	FIELD(struct profile, alert_min_confidence, OPT_FINE,
		"only of forecasts at least this sure, 0 to 1"),
	FIELD(struct profile, leaderboard_name, OPT_TEXT,
		"how the leaderboard would show the account"),
	FIELD(struct profile, is_on_leaderboard, BOOL, "whether it does"),
};
const struct row_schema profile_schema = ROW_SCHEMA(
	"profile", struct profile, profile_fields, "The signed-in user's account");

struct answer
api_me_get(struct request *rq)
{
	struct profile profile;

	ANSWER_ERR(profile_get(rq->ctx, &profile));
	return answer_row(rq, &profile_schema, &profile);
}

struct answer
api_me_change(struct request *rq)
{
	const struct profile_body *in = BODY_OF(rq, profile);
	struct profile_change change = {
		.to = {
			.first_name = in->first_name,
			.last_name = in->last_name,
			.wants_email_alerts = in->wants_email_alerts.value,
			.alert_min_confidence = in->alert_min_confidence,
			.leaderboard_name = in->leaderboard_name,
			.is_on_leaderboard = in->is_on_leaderboard.value,
		},
	};
	struct profile profile;

	if (BODY_HAS(in, profile, first_name))
		change.members |= PROFILE_FIRST_NAME;
	if (BODY_HAS(in, profile, last_name))
		change.members |= PROFILE_LAST_NAME;
	if (BODY_HAS(in, profile, wants_email_alerts))
		change.members |= PROFILE_WANTS_EMAIL_ALERTS;
	if (BODY_HAS(in, profile, alert_min_confidence))
		change.members |= PROFILE_ALERT_MIN_CONFIDENCE;
	if (BODY_HAS(in, profile, leaderboard_name))
		change.members |= PROFILE_LEADERBOARD_NAME;
	if (BODY_HAS(in, profile, is_on_leaderboard))
		change.members |= PROFILE_IS_ON_LEADERBOARD;
	ANSWER_ERR(profile_change(rq->ctx, &change, &profile));
	return answer_row(rq, &profile_schema, &profile);
}

struct password_changed_row {
	struct tokens_row tokens;
	int64_t api_keys;
};

static const struct field password_changed_fields[] = {
	TOKENS_FIELDS(struct password_changed_row, tokens.),
	FIELD(struct password_changed_row, api_keys, I64,
		"how many API keys go on; DELETE /v1/me/api-keys/{id} takes one back"),
};
const struct row_schema password_changed_schema = ROW_SCHEMA("password_changed",
	struct password_changed_row, password_changed_fields,
	"What a client signs its requests with since the password is another");

struct answer
api_me_password(struct request *rq)
{
	const struct password_change_body *in = BODY_OF(rq, password_change);
	struct password_changed_row row;
	struct session_tokens tokens;

	ANSWER_ERR(password_change(rq->ctx,
		&(struct password_change){
			.proof = {
				.password = in->current_password,
				.password_field = "current_password",
				.code = in->code,
			},
			.password = in->password,
			.family = rq->caller.session_family,
			.is_mfa_passed = rq->caller.is_mfa_passed,
		},
		&tokens, &row.api_keys));
	row.tokens = tokens_row_of(rq, &tokens);
	return answer_secret(rq, &password_changed_schema, &row);
}

/* --- Sessions */

struct session_item {
	struct device device;
	bool is_current;
};

static const struct field session_fields[] = {
	FIELD_AS("id", struct session_item, device.family_id, UUID,
		"the session's id, the same from sign-in to sign-out"),
	FIELD_AS("device", struct session_item, device.device_name, OPT_TEXT,
		"what is signed in"),
	FIELD_AS("place", struct session_item, device.place, OPT_TEXT,
		"from where, as far as known"),
	FIELD_AS("ip_address", struct session_item, device.ip_address, OPT_TEXT,
		"the address it was last used from"),
	FIELD_AS("user_agent", struct session_item, device.user_agent, OPT_TEXT,
		"what it says it is"),
	FIELD_AS("signed_in_at", struct session_item, device.family_started_at, TIME,
		"when the session began"),
	FIELD_AS("last_used_at", struct session_item, device.last_accessed, TIME,
		"within a quarter of an hour"),
	FIELD_AS("expires_at", struct session_item, device.expires_at, TIME,
		"when it ends unless it is used before"),
	FIELD(struct session_item, is_current, BOOL, "whether it is the one that asks"),
};
const struct row_schema session_schema = ROW_SCHEMA(
	"session", struct session_item, session_fields, "A device that is signed in");

struct answer
api_session_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, db_shard_of(rq->caller.user_id));
	struct device_list list;
	struct session_item *items;

	ANSWER_ERR(q_device_list(&tx, rq->caller.user_id, rq->ctx->now, &list));
	items = arena_alloc_array(rq->ctx->arena, list.count + 1, sizeof(*items));
	if (!items)
		return answer_problem(err_no_memory());
	for (size_t i = 0; i < list.count; i++) {
		items[i].device = list.items[i];
		items[i].is_current = uuid_eq(
			list.items[i].family_id, rq->caller.session_family);
	}
	return answer_rows(rq,
		&(struct page){
			.schema = &session_schema, .rows = items, .count = list.count });
}

/* Whoever found a device signed in does not end its owner's sessions elsewhere. */
static struct err *
confirm_ending(struct request *rq)
{
	struct str password = BODY_OF(rq, session_end)->password;
	struct session_beginning here;
	struct user_password known;

	if (!str_is_none(password))
		return user_confirm(rq->ctx, password, "password", &known);
	TRY(session_find(rq->ctx, rq->caller.session_family, &here));
	if (rq->ctx->now - here.family_started_at <=
		RECENT_MINUTES * MICROSECONDS_PER_MINUTE)
		return NULL;
	return err_field(rq->ctx, "password",
		"enter your password: it is a while since you signed in here");
}

struct answer
api_session_end_others(struct request *rq)
{
	int64_t ended;

	ANSWER_ERR(confirm_ending(rq));
	ANSWER_ERR(session_end_others(rq->ctx, rq->caller.session_family, &ended));
	return answer_empty(204);
}

struct answer
api_session_end(struct request *rq)
{
	enum session_end_reason reason = SESSION_SIGNED_OUT;
	struct session_beginning other;
	struct uuid family;

	if (!uuid_parse(rq->path_params[0], &family))
		return answer_problem(err_new(rq->ctx, ERR_NOT_FOUND, "no such session"));
	if (!uuid_eq(family, rq->caller.session_family)) {
		reason = SESSION_SIGNED_OUT_ELSEWHERE;
		ANSWER_ERR(session_find(rq->ctx, family, &other));
		ANSWER_ERR(confirm_ending(rq));
	}
	ANSWER_ERR(session_end(rq->ctx, family, reason));
	return answer_empty(204);
}

/* --- Export and erasure */

static struct err *
write_piece(void *arg, struct str piece)
{
	return http_write(arg, piece);
}

static struct err *
export_stream(struct http_writer *writer, void *arg)
{
	return export_write(arg, write_piece, writer);
}

struct answer
api_me_export(struct request *rq)
{
	static const struct http_header download = {
		.name = STR_INIT("Content-Disposition"),
		.value = STR_INIT("attachment; filename=\"gridiron-account.json\""),
	};

	ANSWER_ERR(export_begin(rq->ctx));
	return (struct answer){ .http = {
					.status = 200,
					.content_type = STR("application/json"),
					.cache_control = STR("no-store"),
					.headers = &download,
					.header_count = 1,
					.stream = export_stream,
					.stream_arg = rq->ctx,
				} };
}

struct answer
api_me_erase(struct request *rq)
{
	const struct erasure_body *in = BODY_OF(rq, erasure);

	ANSWER_ERR(erase_account(
		rq->ctx, &(struct proof){ .password = in->password, .code = in->code }));
	return answer_empty(204);
}

/* --- Alerts */

struct answer
api_alerts_end(struct request *rq)
{
	if (str_is_none(rq->params.token))
		return answer_problem(err_field(rq->ctx, "token",
			"open the link of the mail, or turn alerts off in your account"));
	ANSWER_ERR(alerts_end(rq->ctx, rq->params.token));
	return answer_empty(204);
}
