#include "accounts/invitation.h"

#include "audit/audit.h"
#include "codec/uuid.h"
#include "crypto/hmac.h"
#include "crypto/token.h"

static const struct str kind_names[] = {
	[INVITATION_FIRST_ADMIN] = STR_INIT("first_admin"),
	[INVITATION_ADMIN] = STR_INIT("admin"),
	[INVITATION_GRANT] = STR_INIT("grant"),
};

struct str
invitation_kind_name(enum invitation_kind kind)
{
	return kind_names[kind];
}

bool
invitation_is(const struct invitation_row *invitation, enum invitation_kind kind)
{
	return str_eq(invitation->kind, kind_names[kind]);
}

struct err *
invitation_token_new(struct arena *arena, struct invitation_token *ret)
{
	uint8_t hash[SHA256_BYTES];

	TRY(token_new(arena, STR(TOKEN_INVITE), &ret->text));
	token_hash(ret->text, hash);
	ret->hash = str_dup(arena, str_from_bytes(hash, sizeof(hash)));
	return str_is_none(ret->hash) ? err_no_memory() : NULL;
}

static struct err *
dead_link(struct ctx *ctx)
{
	return err_new(ctx, ERR_GONE,
		"this invitation does not stand any more; ask whoever sent it for a new "
		"one");
}

struct err *
invitation_find(struct tx *tx, struct str text, struct invitation_row *ret)
{
	uint8_t hash[SHA256_BYTES];
	struct invitation_row row;
	bool found;

	if (!token_is_wellformed(text, STR(TOKEN_INVITE)))
		return dead_link(tx->ctx);
	token_hash(text, hash);
	TRY(q_invitation_by_token(tx, str_from_bytes(hash, sizeof(hash)), &row, &found));
	if (found && row.accepted_at.is_set)
		return err_new(tx->ctx, ERR_GONE,
			"this invitation was accepted already; sign in with the account "
			"that did");
	if (!found || row.revoked_at.is_set || row.expires_at <= tx->ctx->now)
		return dead_link(tx->ctx);
	*ret = row;
	return NULL;
}

struct err *
invitation_accept(
	struct tx *tx, const struct invitation_row *invitation, struct user_id user)
{
	int64_t changed;

	TRY(q_invitation_accept(tx,
		(struct invitation_accept){
			.id = invitation->id, .accepted_by = user, .now = tx->ctx->now },
		&changed));
	return changed == 1 ? NULL : dead_link(tx->ctx);
}

struct withdrawal {
	struct invitation_id id;
	uint32_t permissions;
};

static struct err *
withdraw_in_tx(struct tx *tx, void *arg)
{
	const struct withdrawal *withdrawal = arg;
	struct invitation_row invitation;
	int64_t changed = 0;
	bool found, is_grant;

	TRY(q_invitation_get(tx, withdrawal->id, &invitation, &found));
	if (found) {
		is_grant = invitation_is(&invitation, INVITATION_GRANT);
		if (!(withdrawal->permissions >> (is_grant ? PERMISSION_GRANTS_WRITE
							   : PERMISSION_ROLES_WRITE) &
			    1))
			return err_new(tx->ctx, ERR_DENIED,
				"this needs the permission 'roles.write'");
		TRY(q_invitation_revoke(tx, withdrawal->id, tx->ctx->now, &changed));
	}
	if (changed == 0)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such invitation stands");
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_ADMIN_INVITE_WITHDRAW,
			.resource_type = STR("invitation"),
			.resource_id = uuid_text(tx->ctx->arena, withdrawal->id.uuid),
		});
}

struct err *
invitation_withdraw(struct ctx *ctx, struct invitation_id id, uint32_t permissions)
{
	struct withdrawal withdrawal = { .id = id, .permissions = permissions };

	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, withdraw_in_tx, &withdrawal);
}

struct err *
invitation_list(struct ctx *ctx, struct uuid after, int32_t count,
	struct invitation_row_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	TRY(audit_log_alone(
		ctx, &(struct audit_entry){ .action = AUDIT_ADMIN_INVITE_LIST }));
	return q_invitation_page(&tx, after, count, ret);
}
