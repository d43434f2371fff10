/* Administrators and what they do with users: invitations, roles, accounts. */
#include "accounts/admin.h"
#include "accounts/admin_user.h"
#include "api/auth_api.h"
#include "api/cursor.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/uuid.h"

/* The id in the path, number I; NOT_FOUND, saying WHAT, where it is none. */
static struct err *
path_id(struct request *rq, size_t i, const char *what, struct uuid *ret)
{
	if (!uuid_parse(rq->path_params[i], ret))
		return err_new(rq->ctx, ERR_NOT_FOUND, "no such %s", what);
	return NULL;
}

/* --- Invitations */

static const struct field invitation_fields[] = {
	FIELD_AS("id", struct invitation_row, id.uuid, UUID, ""),
	FIELD(struct invitation_row, kind, TEXT, "first_admin, admin or grant"),
	FIELD(struct invitation_row, email, OPT_TEXT,
		"whom it was sent to; null: the link was printed"),
	FIELD_AS("role", struct invitation_row, admin_role, OPT_TEXT,
		"what it makes an administrator"),
	FIELD(struct invitation_row, access_type, OPT_TEXT,
		"of a grant: why it is given"),
	FIELD_AS("days", struct invitation_row, grant_days, OPT_I32,
		"of a grant: for how long"),
	FIELD(struct invitation_row, created_at, TIME, ""),
	FIELD(struct invitation_row, expires_at, TIME, "until when the link works"),
	FIELD(struct invitation_row, accepted_at, OPT_TIME, ""),
	FIELD(struct invitation_row, revoked_at, OPT_TIME, "when it was taken back"),
};
const struct row_schema invitation_schema = ROW_SCHEMA("invitation",
	struct invitation_row, invitation_fields,
	"An offer to become an administrator, or to have free access");

static struct err *
id_cursor_parse(struct request *rq, struct uuid *ret)
{
	struct page_key key = { .week = 0 };

	TRY(cursor_parse(rq, &key));
	*ret = key.id;
	return NULL;
}

struct answer
api_invitation_list(struct request *rq)
{
	struct invitation_row_list list;
	struct page page = { .schema = &invitation_schema };
	struct uuid after;

	ANSWER_ERR(id_cursor_parse(rq, &after));
	ANSWER_ERR(invitation_list(rq->ctx, after, page_limit(&rq->params) + 1, &list));
	page.rows = list.items;
	page.count = list.count;
	if (page_is_full(&rq->params, &page.count))
		ANSWER_ERR(cursor_format(rq,
			(struct page_key){ .id = list.items[page.count - 1].id.uuid },
			&page.next));
	return answer_rows(rq, &page);
}

struct answer
api_invitation_withdraw(struct request *rq)
{
	struct invitation_id id;

	ANSWER_ERR(path_id(rq, 0, "invitation", &id.uuid));
	ANSWER_ERR(invitation_withdraw(rq->ctx, id, rq->caller.permissions));
	return answer_empty(204);
}

/* What a link offers, for the page that it opens. */
struct answer
api_invitation_look(struct request *rq)
{
	const struct link_body *in = BODY_OF(rq, link);
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct invitation_row invitation;

	ANSWER_ERR(invitation_find(&tx, in->token, &invitation));
	return answer_row(rq, &invitation_schema, &invitation);
}

struct answer
api_invitation_accept(struct request *rq)
{
	const struct link_body *in = BODY_OF(rq, link);

	ANSWER_ERR(admin_accept(rq->ctx, in->token));
	return answer_empty(204);
}

struct answer
api_invitation_register(struct request *rq)
{
	const struct invitation_acceptance_body *in = BODY_OF(rq, invitation_acceptance);

	ANSWER_ERR(admin_accept_new(rq->ctx,
		&(struct admin_registration){
			.token = in->token,
			.email = in->email,
			.password = in->password,
			.first_name = in->first_name,
			.last_name = in->last_name,
		}));
	return answer_empty(204);
}

/* --- Administrators */

static const struct field administrator_fields[] = {
	FIELD_AS("id", struct admin_row, id.uuid, UUID, "as an administrator"),
	FIELD_AS("user_id", struct admin_row, user_id.uuid, UUID, "the account"),
	FIELD(struct admin_row, email, TEXT, "its address"),
	FIELD(struct admin_row, role, TEXT, "support, admin or super_admin"),
	FIELD(struct admin_row, is_active, BOOL, "false: an administrator no more"),
	FIELD(struct admin_row, has_mfa, BOOL,
		"whether a code is asked for at sign-in; without it no permission works"),
	FIELD(struct admin_row, created_at, TIME, "since when"),
	FIELD(struct admin_row, last_admin_login, OPT_TIME, "last sign-in with a code"),
};
const struct row_schema administrator_schema = ROW_SCHEMA("administrator",
	struct admin_row, administrator_fields, "Somebody who may run this service");

struct answer
api_administrator_list(struct request *rq)
{
	struct page page = { .schema = &administrator_schema };
	struct admin_row_list list;
	struct uuid after;

	ANSWER_ERR(id_cursor_parse(rq, &after));
	ANSWER_ERR(admin_list(rq->ctx, after, page_limit(&rq->params) + 1, &list));
	page.rows = list.items;
	page.count = list.count;
	if (page_is_full(&rq->params, &page.count))
		ANSWER_ERR(cursor_format(rq,
			(struct page_key){ .id = list.items[page.count - 1].id.uuid },
			&page.next));
	return answer_rows(rq, &page);
}

struct answer
api_administrator_invite(struct request *rq)
{
	const struct administrator_body *in = BODY_OF(rq, administrator);

	ANSWER_ERR(admin_invite(rq->ctx, in->email, admin_role_parse(in->role)));
	return answer_empty(202);
}

struct answer
api_administrator_change(struct request *rq)
{
	const struct role_body *in = BODY_OF(rq, role);
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct admin_row row;
	struct admin_id id;
	bool found;

	ANSWER_ERR(path_id(rq, 0, "administrator", &id.uuid));
	if (BODY_HAS(in, role, role))
		ANSWER_ERR(admin_change_role(rq->ctx, id, admin_role_parse(in->role)));
	ANSWER_ERR(q_admin_get(&tx, id, &row, &found));
	if (!found)
		return answer_problem(
			err_new(rq->ctx, ERR_NOT_FOUND, "no such administrator"));
	return answer_row(rq, &administrator_schema, &row);
}

struct answer
api_administrator_remove(struct request *rq)
{
	struct admin_id id;

	ANSWER_ERR(path_id(rq, 0, "administrator", &id.uuid));
	ANSWER_ERR(admin_remove(rq->ctx, id));
	return answer_empty(204);
}

/* --- Users */

static const struct field user_fields[] = {
	FIELD_AS("id", struct admin_user_row, id.uuid, UUID, ""),
	FIELD(struct admin_user_row, email, TEXT, "in lower case"),
	FIELD(struct admin_user_row, first_name, OPT_TEXT, ""),
	FIELD(struct admin_user_row, last_name, OPT_TEXT, ""),
	FIELD(struct admin_user_row, email_verified, BOOL,
		"whether the address is proved"),
	FIELD(struct admin_user_row, is_active, BOOL, "false: deactivated or erased"),
	FIELD(struct admin_user_row, has_mfa, BOOL,
		"whether a code is asked for at sign-in"),
	FIELD(struct admin_user_row, role, OPT_TEXT, "as an administrator"),
	FIELD(struct admin_user_row, created_at, TIME, ""),
	FIELD(struct admin_user_row, last_login, OPT_TIME, ""),
	FIELD(struct admin_user_row, deactivated_at, OPT_TIME, ""),
	FIELD(struct admin_user_row, erased_at, OPT_TIME, "what is left is a tombstone"),
};
const struct row_schema user_schema = ROW_SCHEMA("user", struct admin_user_row,
	user_fields, "An account, as administrators see it");

struct answer
api_user_list(struct request *rq)
{
	struct page page = { .schema = &user_schema };
	struct admin_user_row_list list;
	struct text_key after = { .text = STR("") };

	ANSWER_ERR(text_cursor_parse(rq, &after));
	ANSWER_ERR(admin_user_list(rq->ctx,
		&(struct admin_user_search){
			.prefix = rq->params.email,
			.after = after.text,
			.row_count = page_limit(&rq->params) + 1,
		},
		&list));
	page.rows = list.items;
	page.count = list.count;
	if (page_is_full(&rq->params, &page.count))
		ANSWER_ERR(text_cursor_format(rq,
			(struct text_key){ .text = list.items[page.count - 1].email },
			&page.next));
	return answer_rows(rq, &page);
}

struct answer
api_user_get(struct request *rq)
{
	struct admin_user_row row;
	struct user_id id;

	ANSWER_ERR(path_id(rq, 0, "user", &id.uuid));
	ANSWER_ERR(admin_user_look(rq->ctx, id, &row));
	return answer_row(rq, &user_schema, &row);
}

static struct answer
act(struct request *rq, enum admin_act what)
{
	struct user_id id;

	ANSWER_ERR(path_id(rq, 0, "user", &id.uuid));
	ANSWER_ERR(admin_user_act(rq->ctx, id, what, rq->caller.permissions));
	return answer_empty(204);
}

struct answer
api_user_deactivate(struct request *rq)
{
	return act(rq, ADMIN_DEACTIVATES);
}

struct answer
api_user_reactivate(struct request *rq)
{
	return act(rq, ADMIN_REACTIVATES);
}

struct answer
api_user_reset(struct request *rq)
{
	return act(rq, ADMIN_RESETS_PASSWORD);
}

struct answer
api_user_remove_mfa(struct request *rq)
{
	return act(rq, ADMIN_REMOVES_MFA);
}
