/* Changes that their owner confirms by a link: another address, a lost second factor. */
#include "accounts/account_change.h"
#include "accounts/email_change.h"
#include "accounts/mfa_removal.h"
#include "accounts/users_q.h"
#include "api/auth_api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "sys/clock.h"

/* --- Another address */

struct email_change_row {
	struct str email;
	struct str new_email;
	struct opt_i64 expires_at;
};

static const struct field email_change_fields[] = {
	FIELD(struct email_change_row, email, TEXT, "the address that counts"),
	FIELD(struct email_change_row, new_email, OPT_TEXT,
		"the one that a link was sent to; null: none waits"),
	FIELD(struct email_change_row, expires_at, OPT_TIME,
		"until when that link works"),
};
const struct row_schema email_change_schema = ROW_SCHEMA("email_change",
	struct email_change_row, email_change_fields, "The account's address");

struct answer
api_email_change_get(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, db_shard_of(rq->caller.user_id));
	struct waiting_change waiting = { .expires_at = 0 };
	struct user_password user;
	bool is_waiting;

	ANSWER_ERR(q_user_password_get(&tx, rq->caller.user_id, &user));
	ANSWER_ERR(account_change_look(rq->ctx, CHANGE_EMAIL, &waiting, &is_waiting));
	return answer_row(rq, &email_change_schema,
		&(struct email_change_row){
			.email = user.email,
			.new_email = waiting.email,
			.expires_at = { .is_set = is_waiting,
				.value = waiting.expires_at },
		});
}

struct answer
api_email_change_ask(struct request *rq)
{
	const struct email_change_body *in = BODY_OF(rq, email_change);
	int64_t started_ns = clock_monotonic_ns();

	ANSWER_ERR(email_change_ask(rq->ctx,
		&(struct email_change){
			.email = in->email,
			.proof = { .password = in->password, .code = in->code },
			.family = rq->caller.session_family,
		}));
	wait_even(started_ns);
	return answer_empty(202);
}

struct answer
api_email_change_withdraw(struct request *rq)
{
	ANSWER_ERR(email_change_withdraw(rq->ctx));
	return answer_empty(204);
}

struct answer
api_email_change_confirm(struct request *rq)
{
	const struct own_link_body *in = BODY_OF(rq, own_link);

	ANSWER_ERR(email_change_confirm(rq->ctx, in->token, in->password));
	return answer_empty(204);
}

/* --- A lost second factor */

struct answer
api_mfa_removal_confirm(struct request *rq)
{
	const struct own_link_body *in = BODY_OF(rq, own_link);

	ANSWER_ERR(mfa_removal_confirm(rq->ctx, in->token, in->password));
	return answer_empty(204);
}

struct answer
api_mfa_removal_stop(struct request *rq)
{
	ANSWER_ERR(mfa_removal_stop(rq->ctx, BODY_OF(rq, link)->token));
	return answer_empty(204);
}

struct answer
api_mfa_removal_stop_own(struct request *rq)
{
	ANSWER_ERR(mfa_removal_stop_own(rq->ctx));
	return answer_empty(204);
}
