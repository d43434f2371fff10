#include "accounts/admin.h"

#include "accounts/grant.h"
#include "accounts/identity.h"
#include "accounts/standing.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "base/buf.h"
#include "codec/json_write.h"
#include "codec/uuid.h"
#include "crypto/password.h"
#include "mail/mail.h"
#include "sys/random.h"

#define NOBODY   ((struct user_id){ { { 0 } } })
#define HOURS(n) ((int64_t)(n)*3600 * MICROSECONDS_PER_SECOND)

enum {
	DETAILS_BYTES_MAX = 200,
};

/* {"role": ROLE}, for the record. */
static struct str
role_details(struct arena *arena, struct str role)
{
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("role"));
	json_put_text(&json, role);
	json_put_object_end(&json);
	return buf_is_cut(&out) ? STR_NONE : buf_str(&out);
}

/* --- Inviting */

struct inviting {
	struct str email; /* absent: the first administrator */
	enum admin_role role;
	struct invitation_token token;
	int64_t expires_at;
};

/* How many super_admins there are besides EXCEPT (nil: all of them). */
static struct err *
count_super(struct tx *tx, struct user_id except, int64_t *ret)
{
	struct admin_count count;

	TRY(q_admin_super_count(tx, except.uuid, &count));
	*ret = count.total;
	return NULL;
}

static struct err *
offer(struct tx *tx, const struct inviting *inviting, struct admin_id invited_by)
{
	bool is_first = str_is_none(inviting->email);
	struct invitation_insert row = {
		.id = { uuid_v7(tx->ctx->now) },
		.email = inviting->email,
		.kind = invitation_kind_name(
			is_first ? INVITATION_FIRST_ADMIN : INVITATION_ADMIN),
		.admin_role = str_from(admin_role_name(inviting->role)),
		.token_hash = inviting->token.hash,
		.invited_by = invited_by,
		.now = tx->ctx->now,
		.expires_at = inviting->expires_at,
	};

	TRY(q_invitation_insert(tx, row));
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_ADMIN_INVITE,
			.resource_type = STR("invitation"),
			.resource_id = uuid_text(tx->ctx->arena, row.id.uuid),
			/* The address stands with the invitation, and goes with its
			 * owner. */
			.details = role_details(tx->ctx->arena, row.admin_role),
		});
}

static struct err *
invite_first_in_tx(struct tx *tx, void *arg)
{
	int64_t count;

	TRY(count_super(tx, NOBODY, &count));
	if (count > 0)
		return err_new(tx->ctx, ERR_CONFLICT,
			"there is an administrator already, who invites others; if none "
			"can sign in any more: gridiron admin invite ADDRESS --role "
			"super_admin");
	TRY(q_invitation_revoke_first(tx, tx->ctx->now));
	return offer(tx, arg, (struct admin_id){ { { 0 } } });
}

struct err *
admin_invite_first(struct ctx *ctx, struct str *ret_token, int64_t *ret_expires_at)
{
	struct inviting inviting = {
		.role = ROLE_SUPER_ADMIN,
		.expires_at = ctx->now + HOURS(INVITATION_FIRST_HOURS),
	};

	TRY(invitation_token_new(ctx->arena, &inviting.token));
	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, invite_first_in_tx, &inviting));
	*ret_token = inviting.token.text;
	*ret_expires_at = inviting.expires_at;
	return NULL;
}

struct err *
admin_has_first(struct ctx *ctx, bool *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t count;

	TRY(count_super(&tx, NOBODY, &count));
	*ret = count > 0;
	return NULL;
}

struct err *
admin_of_actor(struct tx *tx, struct admin_row *ret)
{
	struct admin_row row = { .is_active = false };
	bool found = false;

	if (!uuid_is_nil(tx->ctx->actor.user_id.uuid))
		TRY(q_admin_of_user(tx, tx->ctx->actor.user_id, &row, &found));
	*ret = row;
	return NULL;
}

/* Whether ADMIN makes administrators, now and in this transaction. Nobody's is the
 * operator's. */
static struct err *
makes_admins(struct tx *tx, struct admin_id admin, bool *ret)
{
	struct admin_standing standing;
	bool found = false;
	uint32_t may = UINT32_C(1) << PERMISSION_ROLES_WRITE;

	if (!uuid_is_nil(admin.uuid)) {
		TRY(q_admin_standing(tx, admin, &standing, &found));
		may = found ? admin_role_permissions(admin_role_parse(standing.role)) : 0;
	}
	*ret = may >> PERMISSION_ROLES_WRITE & 1;
	return NULL;
}

/* The gate asked before; since then he may have been removed, or his role changed. */
static struct err *
actor_must_make_admins(struct tx *tx, struct admin_row *ret)
{
	bool does;

	TRY(admin_of_actor(tx, ret));
	TRY(makes_admins(tx, ret->id, &does));
	if (!does ||
		(uuid_is_nil(ret->id.uuid) && !uuid_is_nil(tx->ctx->actor.user_id.uuid)))
		return err_new(
			tx->ctx, ERR_DENIED, "this needs the permission 'roles.write'");
	return NULL;
}

static struct err *
invite_in_tx(struct tx *tx, void *arg)
{
	const struct inviting *inviting = arg;
	struct ctx *ctx = tx->ctx;
	struct registered user;
	struct admin_row inviter, invited = { .is_active = false };
	bool found;

	TRY(actor_must_make_admins(tx, &inviter));
	TRY(q_user_by_email(tx, inviting->email, &user, &found));
	if (found)
		TRY(q_admin_of_user(tx, user.id, &invited, &found));
	if (found && invited.is_active)
		return err_new(ctx, ERR_CONFLICT,
			"this address belongs to an administrator; change the role "
			"instead, or where he cannot sign in any more, invite another "
			"address as super_admin, who can start the removal of a lost "
			"second factor");
	TRY(q_invitation_revoke_email(tx, inviting->email, ctx->now));
	TRY(offer(tx, inviting, inviter.id));
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_INVITATION,
			.recipient = inviting->email,
			.token = inviting->token.text,
			.expires_at = inviting->expires_at,
			.role = str_from(admin_role_title(inviting->role)),
			.invited_by = inviter.email,
		});
}

struct err *
admin_invite(struct ctx *ctx, struct str email, enum admin_role role)
{
	struct inviting inviting = {
		.email = email,
		.role = role,
		.expires_at = ctx->now + HOURS(INVITATION_ADMIN_DAYS * 24),
	};

	TRY(invitation_token_new(ctx->arena, &inviting.token));
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, invite_in_tx, &inviting);
}

/* --- Accepting */

/* USER becomes what INVITATION says. */
static struct err *
accept(struct tx *tx, const struct invitation_row *invitation, struct user_id user)
{
	struct admin_key admin;
	int64_t count;

	if (invitation_is(invitation, INVITATION_FIRST_ADMIN)) {
		TRY(count_super(tx, NOBODY, &count));
		if (count > 0)
			return err_new(
				tx->ctx, ERR_GONE, "there is an administrator already");
	}
	TRY(invitation_accept(tx, invitation, user));
	TRY(q_admin_put(tx,
		(struct admin_put){
			.user_id = user,
			.role = invitation->admin_role,
			.created_by = invitation->invited_by,
			.now = tx->ctx->now,
		},
		&admin));
	TRY(audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_ADMIN_ACCEPT,
			.user = user,
			.resource_type = STR("invitation"),
			.resource_id = uuid_text(tx->ctx->arena, invitation->id.uuid),
			.details = role_details(tx->ctx->arena, invitation->admin_role),
		}));
	return standing_changed(tx, user);
}

/* An invitation to be an administrator, and no other. */
static struct err *
find_admin_invitation(struct tx *tx, struct str token, struct invitation_row *ret)
{
	bool stands;

	TRY(invitation_find(tx, token, ret));
	if (invitation_is(ret, INVITATION_GRANT))
		return err_new(tx->ctx, ERR_GONE,
			"this invitation offers free access: it takes effect once an "
			"account with its address is confirmed");
	/* It goes with whoever made it: nobody comes back by a link that he sent
	 * himself. */
	TRY(makes_admins(tx, ret->invited_by, &stands));
	if (!stands)
		return err_new(tx->ctx, ERR_GONE,
			"whoever sent this invitation is no administrator any more: ask "
			"for another");
	return NULL;
}

static struct err *
accept_in_tx(struct tx *tx, void *arg)
{
	const struct str *token = arg;
	struct ctx *ctx = tx->ctx;
	struct invitation_row invitation;
	struct user_password user;

	TRY(find_admin_invitation(tx, *token, &invitation));
	TRY(q_user_password_get(tx, ctx->actor.user_id, &user));
	if (!str_is_none(invitation.email) && !str_eq(invitation.email, user.email))
		return err_new(ctx, ERR_DENIED,
			"this invitation was sent to another address than yours; sign in "
			"with the account of that, or ask for one to yours");
	return accept(tx, &invitation, ctx->actor.user_id);
}

struct err *
admin_accept(struct ctx *ctx, struct str token)
{
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, accept_in_tx, &token);
}

/* --- Accepting without an account */

struct registering {
	const struct admin_registration *registration;
	struct str email;
	struct str identity;
	struct str password_hash;
};

/* The account of REGISTERING's address, made or, where it was never proved, taken
 * over. */
static struct err *
make_account(struct tx *tx, const struct registering *registering, struct user_id *ret)
{
	struct registered user = { .id = { uuid_v7(tx->ctx->now) } };
	int64_t changed;
	bool found;

	TRY(q_user_by_email(tx, registering->email, &user, &found));
	if (found && user.email_verified)
		return err_new(tx->ctx, ERR_CONFLICT,
			"this address has an account; sign in with it, then follow the "
			"link again");
	if (!found)
		TRY(q_user_insert(tx,
			(struct user_insert){
				.id = user.id,
				.email = registering->email,
				.email_identity = registering->identity,
				.now = tx->ctx->now,
			},
			&changed));
	TRY(q_user_verify(tx,
		(struct user_verify){
			.id = user.id,
			.password_hash = registering->password_hash,
			.first_name = registering->registration->first_name,
			.last_name = registering->registration->last_name,
			.now = tx->ctx->now,
		},
		&changed));
	if (changed != 1)
		return err_new(tx->ctx, ERR_CONFLICT,
			"the account of this address is deactivated");
	*ret = user.id;
	return NULL;
}

static struct err *
accept_new_in_tx(struct tx *tx, void *arg)
{
	const struct registering *registering = arg;
	struct invitation_row invitation;
	struct user_id user;

	TRY(find_admin_invitation(tx, registering->registration->token, &invitation));
	TRY(make_account(tx, registering, &user));
	/* The link came by mail, so the address is proved: what it was offered is his. */
	if (!str_is_none(invitation.email))
		TRY(grants_claim(tx, user, invitation.email));
	TRY(audit_log(
		tx, &(struct audit_entry){ .action = AUDIT_REGISTER, .subject = user }));
	return accept(tx, &invitation, user);
}

/* Whose account it is to be: the address that was invited, where one was. */
static struct err *
choose_email(struct ctx *ctx, const struct invitation_row *invitation, struct str given,
	struct str *ret)
{
	if (str_is_none(invitation->email)) {
		if (str_is_none(given))
			return err_field(
				ctx, "email", "give the address of the new account");
		*ret = given;
		return NULL;
	}
	if (!str_is_none(given) && !str_eq(given, invitation->email))
		return err_field(ctx, "email",
			"this invitation was sent to another address; leave it out, or "
			"give that one");
	*ret = invitation->email;
	return NULL;
}

struct err *
admin_accept_new(struct ctx *ctx, const struct admin_registration *registration)
{
	struct registering registering = { .registration = registration };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct invitation_row invitation;

	/* Hashing costs: only whoever has a link makes us do it. */
	TRY(find_admin_invitation(&tx, registration->token, &invitation));
	TRY(choose_email(ctx, &invitation, registration->email, &registering.email));
	TRY(password_check(ctx, registration->password, registering.email));
	TRY(password_hash(ctx, registration->password, &registering.password_hash));
	registering.identity = email_identity(ctx->arena, registering.email);
	if (str_is_none(registering.identity))
		return err_no_memory();
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, accept_new_in_tx, &registering);
}

/* --- Looking */

struct err *
admin_list(struct ctx *ctx, struct uuid after, int32_t count, struct admin_row_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	TRY(audit_log_alone(ctx, &(struct audit_entry){ .action = AUDIT_ADMIN_LIST }));
	return q_admin_page(&tx, after, count, ret);
}

/* --- Changing */

struct err *
admin_may_act_on(struct tx *tx, struct user_id user, uint32_t permissions)
{
	struct admin_row admin;
	int64_t count;
	bool found;

	if (user_id_eq(user, tx->ctx->actor.user_id))
		return err_new(tx->ctx, ERR_CONFLICT,
			"nobody does this to himself: ask another administrator");
	TRY(q_admin_of_user(tx, user, &admin, &found));
	if (!found || !admin.is_active)
		return NULL;
	if (!(permissions >> PERMISSION_ROLES_WRITE & 1))
		return err_new(tx->ctx, ERR_DENIED,
			"this is an administrator's account: it needs the permission "
			"'roles.write'");
	TRY(count_super(tx, user, &count));
	if (admin_role_parse(admin.role) == ROLE_SUPER_ADMIN && count == 0)
		return err_new(tx->ctx, ERR_CONFLICT, "this is the last super_admin");
	return NULL;
}

struct changing {
	struct admin_id id;
	enum admin_role role; /* ROLE_NONE: an administrator no more */
};

static struct err *
change_in_tx(struct tx *tx, void *arg)
{
	const struct changing *changing = arg;
	bool is_removal = changing->role == ROLE_NONE;
	struct str role = str_from(admin_role_name(changing->role));
	struct admin_row admin, actor;
	int64_t changed = 0;
	bool found;

	TRY(actor_must_make_admins(tx, &actor));
	TRY(q_admin_get(tx, changing->id, &admin, &found));
	if (!found || !admin.is_active)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such administrator");
	TRY(admin_may_act_on(tx, admin.user_id, UINT32_C(1) << PERMISSION_ROLES_WRITE));
	if (is_removal)
		TRY(q_admin_remove(tx, changing->id, tx->ctx->now, &changed));
	else
		TRY(q_admin_put_role(tx,
			(struct admin_put_role){
				.id = changing->id, .role = role, .now = tx->ctx->now },
			&changed));
	TRY(audit_log(tx,
		&(struct audit_entry){
			.action = is_removal ? AUDIT_ADMIN_REMOVE : AUDIT_ADMIN_ROLE,
			.subject = admin.user_id,
			.details = is_removal ? STR_NONE
					      : role_details(tx->ctx->arena, role),
		}));
	return standing_changed(tx, admin.user_id);
}

struct err *
admin_change_role(struct ctx *ctx, struct admin_id id, enum admin_role role)
{
	struct changing changing = { .id = id, .role = role };

	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, change_in_tx, &changing);
}

struct err *
admin_remove(struct ctx *ctx, struct admin_id id)
{
	struct changing changing = { .id = id, .role = ROLE_NONE };

	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, change_in_tx, &changing);
}
