/*
 * What ends somebody's access on one instance ends it on another, which is told, whatever
 * it keeps: its clock stands still.
 */
#include "accounts/admin.h"
#include "accounts/api_key.h"
#include "accounts/api_keys_q.h"
#include "accounts/erase.h"
#include "accounts/standing.h"
#include "accounts/users_q.h"
#include "db/listen.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/accounts/accounts.h"
#include "tests/accounts/peer.h"
#include "tests/support/database.h"

static struct peer peer; /* a test that fails leaves it open */

static struct err *
begin(struct ctx *ctx)
{
	TRY(accounts_begin(ctx));
	TRY(standing_open(ctx));
	if (!peer_start(&peer, ctx->arena, database_url()) ||
		!peer_says(&peer, "hears", "yes"))
		return err_new(ctx, ERR_INTERNAL, "no second instance");
	return NULL;
}

static void
end(void)
{
	peer_end(&peer);
	standing_loop_close();
}

/* ANN with a key, and the question whether it is good. */
static struct err *
ann_make(struct ctx *ctx, struct api_key *ret_key, const char **ret_question)
{
	struct session_tokens tokens;
	struct str text;

	TRY(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	TRY(account_sign_in(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD), &tokens));
	ctx->actor.user_id = tokens.user_id;
	TRY(api_key_create(ctx,
		&(struct api_key_new){ .name = STR("k"),
			.scopes = 1,
			.days = 1,
			.proof = { .password = STR(GOOD_PASSWORD) } },
		ret_key, &text));
	*ret_question = str_cstr(
		ctx->arena, str_fmt(ctx->arena, "key " STR_FMT, STR_ARG(text)));
	return NULL;
}

static void
key_and_account_end(struct ctx *ctx)
{
	const char *question, *get;
	struct api_key key;

	OK_ERR(begin(ctx));
	OK_ERR(ann_make(ctx, &key, &question));
	EQ_STR(peer_ask(&peer, question), STR("good"));
	OK_ERR(api_key_revoke(ctx, key.id));
	/* Keys are kept nowhere. */
	EQ_STR(peer_ask(&peer, question), STR("refused"));
	get = peer_question(ctx->arena, "get", ctx->actor.user_id);
	OK(str_starts_with(peer_ask(&peer, get), STR("active")));
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }));
	OK(peer_says(&peer, get, "inactive"));
	end();
}

TEST(a_key_taken_back_and_an_erased_account_end_on_the_other_instance)
{
	database_run(DIALECT_POSTGRES, key_and_account_end);
}

/* --- Roles */

static struct err *
boss_make(struct ctx *ctx, struct user_id *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct registered user;
	int64_t expires_at;
	struct str token;
	bool found;

	ctx->actor = (struct actor){ .is_system = true };
	TRY(admin_invite_first(ctx, &token, &expires_at));
	TRY(admin_accept_new(ctx,
		&(struct admin_registration){ .token = token,
			.email = STR("boss@example.org"),
			.password = STR("nobody guesses this one") }));
	TRY(q_user_by_email(&tx, STR("boss@example.org"), &user, &found));
	*ret = user.id;
	return NULL;
}

static struct err *
sue_make(struct ctx *ctx, struct user_id *ret, struct admin_id *ret_admin)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct mail invitation;
	struct admin_row row;
	struct person sue;

	ctx->actor = (struct actor){ .is_system = false };
	TRY(account_enrol(ctx, STR("sue@example.org"), &sue));
	ctx->actor = (struct actor){ .is_system = true };
	TRY(admin_invite(ctx, STR("sue@example.org"), ROLE_SUPPORT));
	TRY(mail_take(ctx, MAIL_INVITATION, STR("sue@example.org"), &invitation));
	ctx->actor = (struct actor){ .user_id = sue.tokens.user_id };
	TRY(admin_accept(ctx, invitation.token));
	TRY(admin_of_actor(&tx, &row));
	*ret = sue.tokens.user_id;
	*ret_admin = row.id;
	return NULL;
}

static void
role_changes(struct ctx *ctx)
{
	struct user_id boss, sue;
	struct admin_id admin;
	const char *role;

	OK_ERR(begin(ctx));
	OK_ERR(boss_make(ctx, &boss));
	OK_ERR(sue_make(ctx, &sue, &admin));
	ctx->actor = (struct actor){ .user_id = boss, .is_admin = true };
	role = peer_question(ctx->arena, "role", sue);
	OK(peer_says(&peer, role,
		str_cstr(ctx->arena, str_fmt(ctx->arena, "%d hits", ROLE_SUPPORT))));
	OK_ERR(admin_change_role(ctx, admin, ROLE_ADMIN));
	OK(peer_says(&peer, role,
		str_cstr(ctx->arena, str_fmt(ctx->arena, "%d hits", ROLE_ADMIN))));
	OK_ERR(admin_remove(ctx, admin));
	OK(peer_says(&peer, role,
		str_cstr(ctx->arena, str_fmt(ctx->arena, "%d hits", ROLE_NONE))));
	end();
}

TEST(a_role_changed_or_ended_is_so_on_the_other_instance)
{
	database_run(DIALECT_POSTGRES, role_changes);
}
