#include "accounts/admin_user.h"

#include "accounts/admin.h"
#include "accounts/mfa_removal.h"
#include "accounts/password_reset.h"
#include "accounts/user.h"
#include "audit/audit.h"
#include "mail/address.h"

/* Above every address that begins with what stands before it: the last of all
 * characters. */
#define LAST_CHARACTER "\xF4\x8F\xBF\xBF"

/* Who looked, and whom he found where that was one. Never what he wrote: it may be the
 * address, or half of it, of somebody who has no key yet that an erasure could take
 * away. */
static struct err *
put_on_record(struct ctx *ctx, const struct admin_user_row_list *found)
{
	struct audit_entry entry = { .action = AUDIT_ADMIN_USER_SEARCH,
		.details = str_fmt(ctx->arena, "{\"found\":%zu}", found->count) };

	if (str_is_none(entry.details))
		return err_no_memory();
	if (found->count == 1)
		entry.subject = found->items[0].id;
	return audit_log_alone(ctx, &entry);
}

struct err *
admin_user_list(struct ctx *ctx, const struct admin_user_search *search,
	struct admin_user_row_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct str prefix = address_in_lower_case(ctx->arena, search->prefix);
	struct str end = str_fmt(ctx->arena, STR_FMT LAST_CHARACTER, STR_ARG(prefix));
	struct admin_user_row_list found;

	if (str_is_none(prefix) || str_is_none(end))
		return err_no_memory();
	TRY(q_admin_user_page(&tx,
		(struct admin_user_page){
			.prefix = prefix,
			.prefix_end = end,
			.after = str_is_none(search->after) ? STR("") : search->after,
			.row_count = search->row_count,
		},
		&found));
	TRY(put_on_record(ctx, &found));
	*ret = found;
	return NULL;
}

static struct err *
find(struct tx *tx, struct user_id user, struct admin_user_row *ret)
{
	bool found;

	TRY(q_admin_user_get(tx, user, ret, &found));
	return found ? NULL : err_new(tx->ctx, ERR_NOT_FOUND, "no such user");
}

struct err *
admin_user_look(struct ctx *ctx, struct user_id user, struct admin_user_row *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct admin_user_row row;

	TRY(find(&tx, user, &row));
	TRY(audit_log_alone(ctx,
		&(struct audit_entry){
			.action = AUDIT_ADMIN_USER_READ, .subject = user }));
	*ret = row;
	return NULL;
}

struct err *
admin_user_grants(struct ctx *ctx, struct user_id user, struct grant_row_list *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(user));
	struct admin_user_row row;

	TRY(admin_user_look(ctx, user, &row));
	return q_grant_list(&tx, user, ret);
}

struct acting {
	struct user_id user;
	enum admin_act act;
	uint32_t permissions;
};

/* A second factor is what keeps roles from whoever has a password. */
static struct err *
check_super_admin(struct tx *tx, struct user_id user)
{
	struct admin_row target, actor;
	bool found;

	TRY(q_admin_of_user(tx, user, &target, &found));
	if (!found || !target.is_active)
		return NULL;
	TRY(admin_of_actor(tx, &actor));
	if (admin_role_parse(actor.role) == ROLE_SUPER_ADMIN)
		return NULL;
	return err_new(tx->ctx, ERR_DENIED,
		"this is an administrator's second factor: only another super_admin "
		"starts its removal");
}

static struct err *
carry_out(struct tx *tx, const struct admin_user_row *user, enum admin_act act)
{
	switch (act) {
	case ADMIN_DEACTIVATES:
		return user_deactivate(tx, user->id);
	case ADMIN_REACTIVATES:
		return user_reactivate(tx, user->id);
	case ADMIN_RESETS_PASSWORD:
		if (!user->is_active)
			return err_new(tx->ctx, ERR_NOT_FOUND, "no such active user");
		return password_reset_send(tx, user->id, user->email);
	case ADMIN_REMOVES_MFA:
		if (!user->is_active)
			return err_new(tx->ctx, ERR_NOT_FOUND, "no such active user");
		TRY(check_super_admin(tx, user->id));
		return mfa_removal_start(tx, user->id, user->email);
	}
	return NULL;
}

static struct err *
act_in_tx(struct tx *tx, void *arg)
{
	static const enum audit_action actions[] = {
		[ADMIN_DEACTIVATES] = AUDIT_ADMIN_USER_DEACTIVATE,
		[ADMIN_REACTIVATES] = AUDIT_ADMIN_USER_ACTIVATE,
		[ADMIN_RESETS_PASSWORD] = AUDIT_ADMIN_RESET_START,
		[ADMIN_REMOVES_MFA] = AUDIT_ADMIN_MFA_REMOVAL,
	};
	const struct acting *acting = arg;
	struct admin_user_row user;

	TRY(find(tx, acting->user, &user));
	TRY(admin_may_act_on(tx, user.id, acting->permissions));
	TRY(carry_out(tx, &user, acting->act));
	return audit_log(tx,
		&(struct audit_entry){
			.action = actions[acting->act], .subject = user.id });
}

struct err *
admin_user_act(
	struct ctx *ctx, struct user_id user, enum admin_act act, uint32_t permissions)
{
	struct acting acting = { .user = user, .act = act, .permissions = permissions };

	return db_transact(ctx, TX_WRITE, db_shard_of(user), act_in_tx, &acting);
}
