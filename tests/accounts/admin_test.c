/* Administrators: how they come, and what holds them back. */
#include "tests/accounts/accounts.h"
#include "tests/support/database.h"

#include "accounts/admin.h"
#include "accounts/admin_user.h"
#include "accounts/standing.h"
#include "accounts/sweep.h"
#include "accounts/users_q.h"
#include "audit/audit_q.h"
#include "audit/personal.h"
#include "codec/iso_time.h"

#define BOSS_PASSWORD "nobody guesses this one"

static const uint32_t all = UINT32_MAX;
static const uint32_t support = UINT32_C(1) << PERMISSION_USERS_READ |
	UINT32_C(1) << PERMISSION_USERS_WRITE;

static struct user_id
user_of(struct ctx *ctx, const char *email)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct registered user = { .is_active = false };
	bool found = false;

	if (q_user_by_email(&tx, str_from(email), &user, &found) || !found)
		tap_fail(__FILE__, __LINE__, "no user %s", email);
	return user.id;
}

static struct admin_row
admin_of(struct ctx *ctx, const char *email)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct admin_row row = { .is_active = false };
	bool found = false;

	if (q_admin_of_user(&tx, user_of(ctx, email), &row, &found) || !found)
		row.role = STR("none");
	return row;
}

/* From now on it is EMAIL who acts; NULL: the operator. */
static void
act_as(struct ctx *ctx, const char *email)
{
	ctx->actor = (struct actor){ .is_system = !email };
	if (email)
		ctx->actor = (struct actor){ .user_id = user_of(ctx, email),
			.is_admin = true };
}

/* The first administrator, boss@example.org. */
static struct err *
make_boss(struct ctx *ctx)
{
	struct str token;
	int64_t expires_at;

	TRY(accounts_begin(ctx));
	act_as(ctx, NULL);
	TRY(admin_invite_first(ctx, &token, &expires_at));
	return admin_accept_new(ctx,
		&(struct admin_registration){ .token = token,
			.email = STR("boss@example.org"),
			.password = STR(BOSS_PASSWORD) });
}

/* EMAIL, with an account, becomes ROLE by the boss's invitation. */
static struct err *
make_admin(struct ctx *ctx, const char *email, enum admin_role role)
{
	struct mail mail;

	act_as(ctx, NULL);
	TRY(account_make(ctx, str_from(email), STR(GOOD_PASSWORD)));
	act_as(ctx, "boss@example.org");
	TRY(admin_invite(ctx, str_from(email), role));
	TRY(mail_take(ctx, MAIL_INVITATION, str_from(email), &mail));
	act_as(ctx, email);
	TRY(admin_accept(ctx, mail.token));
	act_as(ctx, "boss@example.org");
	return NULL;
}

BOTH_ENGINES(the_first_administrator_comes_by_a_link)
{
	struct session_tokens tokens;
	struct str token;
	int64_t expires_at;
	bool has_first;

	OK_ERR(make_boss(ctx));
	EQ_STR(admin_of(ctx, "boss@example.org").role, STR("super_admin"));
	OK_ERR(account_sign_in(
		ctx, STR("boss@example.org"), STR(BOSS_PASSWORD), &tokens));
	OK_ERR(admin_has_first(ctx, &has_first));
	OK(has_first);
	FAILS_WITH(admin_invite_first(ctx, &token, &expires_at), ERR_CONFLICT);
}

BOTH_ENGINES(a_link_works_once_and_a_newer_one_ends_it)
{
	struct admin_registration registration = { .email = STR("a@example.org"),
		.password = STR(BOSS_PASSWORD) };
	struct str older, newer;
	int64_t expires_at;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(admin_invite_first(ctx, &older, &expires_at));
	OK_ERR(admin_invite_first(ctx, &newer, &expires_at));
	registration.token = older;
	FAILS_WITH(admin_accept_new(ctx, &registration), ERR_GONE);
	registration.token = newer;
	OK_ERR(admin_accept_new(ctx, &registration));
	registration.email = STR("b@example.org");
	FAILS_WITH(admin_accept_new(ctx, &registration), ERR_GONE);
}

BOTH_ENGINES(a_link_that_ran_out_works_no_more)
{
	struct str token;
	int64_t expires_at;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(admin_invite_first(ctx, &token, &expires_at));
	ctx->now = expires_at;
	FAILS_WITH(admin_accept_new(ctx,
			   &(struct admin_registration){ .token = token,
				   .email = STR("a@example.org"),
				   .password = STR(BOSS_PASSWORD) }),
		ERR_GONE);
}

BOTH_ENGINES(an_invitation_is_for_its_address_only)
{
	struct mail mail;

	OK_ERR(make_boss(ctx));
	OK_ERR(account_make(ctx, STR("other@example.org"), STR(GOOD_PASSWORD)));
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_invite(ctx, STR("ann@example.org"), ROLE_ADMIN));
	OK_ERR(mail_take(ctx, MAIL_INVITATION, STR("ann@example.org"), &mail));
	act_as(ctx, "other@example.org");
	FAILS_WITH(admin_accept(ctx, mail.token), ERR_DENIED);
	FAILS_WITH(admin_accept_new(ctx,
			   &(struct admin_registration){ .token = mail.token,
				   .email = STR("other@example.org"),
				   .password = STR(BOSS_PASSWORD) }),
		ERR_INVALID);
	OK_ERR(admin_accept_new(ctx,
		&(struct admin_registration){
			.token = mail.token, .password = STR(BOSS_PASSWORD) }));
	EQ_STR(admin_of(ctx, "ann@example.org").role, STR("admin"));
}

BOTH_ENGINES(who_has_an_account_must_sign_in_to_accept)
{
	struct mail mail;

	OK_ERR(make_boss(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_invite(ctx, STR("ann@example.org"), ROLE_SUPPORT));
	OK_ERR(mail_take(ctx, MAIL_INVITATION, STR("ann@example.org"), &mail));
	/* The link alone must not set the password of an account. */
	FAILS_WITH(admin_accept_new(ctx,
			   &(struct admin_registration){
				   .token = mail.token, .password = STR(BOSS_PASSWORD) }),
		ERR_CONFLICT);
	act_as(ctx, "ann@example.org");
	OK_ERR(admin_accept(ctx, mail.token));
	EQ_STR(admin_of(ctx, "ann@example.org").role, STR("support"));
}

BOTH_ENGINES(an_invitation_can_be_taken_back)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct invitation_row row;
	struct mail mail;

	OK_ERR(make_boss(ctx));
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_invite(ctx, STR("ann@example.org"), ROLE_ADMIN));
	OK_ERR(mail_take(ctx, MAIL_INVITATION, STR("ann@example.org"), &mail));
	OK_ERR(invitation_find(&tx, mail.token, &row));
	FAILS_WITH(
		invitation_withdraw(ctx, row.id, UINT32_C(1) << PERMISSION_GRANTS_WRITE),
		ERR_DENIED);
	OK_ERR(invitation_withdraw(ctx, row.id, all));
	FAILS_WITH(invitation_withdraw(ctx, row.id, all), ERR_NOT_FOUND);
	FAILS_WITH(admin_accept_new(ctx,
			   &(struct admin_registration){
				   .token = mail.token, .password = STR(BOSS_PASSWORD) }),
		ERR_GONE);
}

BOTH_ENGINES(nobody_comes_back_by_a_link_that_he_sent_himself)
{
	struct mail mail;

	OK_ERR(make_boss(ctx));
	OK_ERR(make_admin(ctx, "ann@example.org", ROLE_SUPER_ADMIN));
	act_as(ctx, "ann@example.org");
	OK_ERR(admin_invite(ctx, STR("again@example.org"), ROLE_SUPER_ADMIN));
	OK_ERR(mail_take(ctx, MAIL_INVITATION, STR("again@example.org"), &mail));
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_change_role(ctx, admin_of(ctx, "ann@example.org").id, ROLE_SUPPORT));
	/* One who passed the gate just before is stopped by what is so now. */
	act_as(ctx, "ann@example.org");
	FAILS_WITH(admin_invite(ctx, STR("third@example.org"), ROLE_ADMIN), ERR_DENIED);
	FAILS_WITH(admin_change_role(
			   ctx, admin_of(ctx, "boss@example.org").id, ROLE_SUPPORT),
		ERR_DENIED);
	act_as(ctx, NULL);
	FAILS_WITH(admin_accept_new(ctx,
			   &(struct admin_registration){
				   .token = mail.token, .password = STR(BOSS_PASSWORD) }),
		ERR_GONE);
}

BOTH_ENGINES(nobody_changes_his_own_role_and_the_last_super_admin_stays)
{
	struct admin_row boss, ann;

	OK_ERR(make_boss(ctx));
	OK_ERR(make_admin(ctx, "ann@example.org", ROLE_SUPER_ADMIN));
	boss = admin_of(ctx, "boss@example.org");
	ann = admin_of(ctx, "ann@example.org");
	act_as(ctx, "boss@example.org");
	FAILS_WITH(admin_change_role(ctx, boss.id, ROLE_SUPPORT), ERR_CONFLICT);
	FAILS_WITH(admin_remove(ctx, boss.id), ERR_CONFLICT);
	OK_ERR(admin_change_role(ctx, ann.id, ROLE_SUPPORT));
	EQ_STR(admin_of(ctx, "ann@example.org").role, STR("support"));
	/* However it is asked for: the operator is nobody's self. */
	act_as(ctx, NULL);
	FAILS_WITH(admin_remove(ctx, boss.id), ERR_CONFLICT);
	FAILS_WITH(admin_change_role(ctx, boss.id, ROLE_ADMIN), ERR_CONFLICT);
	OK_ERR(admin_remove(ctx, ann.id));
	FAILS_WITH(admin_remove(ctx, ann.id), ERR_NOT_FOUND);
}

BOTH_ENGINES(a_change_of_role_works_at_the_next_request)
{
	struct standing standing;
	bool found;

	OK_ERR(make_boss(ctx));
	OK_ERR(make_admin(ctx, "ann@example.org", ROLE_ADMIN));
	OK_ERR(standing_get(ctx, user_of(ctx, "ann@example.org"), &standing, &found));
	OK(standing_may(&standing, PERMISSION_GRANTS_WRITE));
	OK_ERR(admin_change_role(ctx, admin_of(ctx, "ann@example.org").id, ROLE_SUPPORT));
	OK_ERR(standing_get(ctx, user_of(ctx, "ann@example.org"), &standing, &found));
	OK(!standing_may(&standing, PERMISSION_GRANTS_WRITE));
	OK_ERR(admin_remove(ctx, admin_of(ctx, "ann@example.org").id));
	OK_ERR(standing_get(ctx, user_of(ctx, "ann@example.org"), &standing, &found));
	EQ_I64(standing.permissions, 0);
}

BOTH_ENGINES(support_does_not_shut_out_administrators)
{
	struct user_id boss;

	OK_ERR(make_boss(ctx));
	OK_ERR(make_admin(ctx, "sue@example.org", ROLE_SUPPORT));
	boss = user_of(ctx, "boss@example.org");
	act_as(ctx, "sue@example.org");
	FAILS_WITH(admin_user_act(ctx, boss, ADMIN_DEACTIVATES, support), ERR_DENIED);
	FAILS_WITH(admin_user_act(ctx, boss, ADMIN_RESETS_PASSWORD, support), ERR_DENIED);
	FAILS_WITH(admin_user_act(ctx, user_of(ctx, "sue@example.org"), ADMIN_DEACTIVATES,
			   support),
		ERR_CONFLICT);
}

BOTH_ENGINES(a_user_shut_out_is_out_until_let_in_again)
{
	struct session_tokens tokens;
	struct user_id ann;

	OK_ERR(make_boss(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	ann = user_of(ctx, "ann@example.org");
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_user_act(ctx, ann, ADMIN_DEACTIVATES, all));
	FAILS_WITH(admin_user_act(ctx, ann, ADMIN_DEACTIVATES, all), ERR_NOT_FOUND);
	FAILS_WITH(admin_user_act(ctx, ann, ADMIN_RESETS_PASSWORD, all), ERR_NOT_FOUND);
	FAILS_WITH(
		account_sign_in(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD), &tokens),
		ERR_UNAUTHENTICATED);
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_user_act(ctx, ann, ADMIN_REACTIVATES, all));
	OK_ERR(account_sign_in(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD), &tokens));
}

BOTH_ENGINES(a_reset_goes_to_the_users_own_mail)
{
	struct mail mail;

	OK_ERR(make_boss(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_user_act(
		ctx, user_of(ctx, "ann@example.org"), ADMIN_RESETS_PASSWORD, all));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, STR("ann@example.org"), &mail));
	FAILS_WITH(mail_take(ctx, MAIL_RESET_PASSWORD, STR("boss@example.org"), &mail),
		ERR_NOT_FOUND);
}

BOTH_ENGINES(administrators_start_three_resets_of_one_user_an_hour)
{
	struct user_id ann;
	struct err *err;
	size_t count;

	OK_ERR(make_boss(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	ann = user_of(ctx, "ann@example.org");
	OK_ERR(mail_count(ctx, &count));
	act_as(ctx, "boss@example.org");
	ctx->now += (int64_t)3601 * MICROSECONDS_PER_SECOND;
	for (int i = 0; i < 3; i++)
		OK_ERR(admin_user_act(ctx, ann, ADMIN_RESETS_PASSWORD, all));
	ctx->now += (int64_t)60 * MICROSECONDS_PER_SECOND;
	err = admin_user_act(ctx, ann, ADMIN_RESETS_PASSWORD, all);
	OK(err && err->code == ERR_RATE_LIMITED && err->retry_after_s == 3540);
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, 3);
}

BOTH_ENGINES(an_invitation_is_forgotten_a_month_after_it_ran_out)
{
	struct sweep_counts counts;
	struct str left;

	OK_ERR(make_boss(ctx));
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_invite(ctx, STR("ann@example.org"), ROLE_SUPPORT));
	ctx->now += 20 * MICROSECONDS_PER_DAY;
	OK_ERR(admin_invite(ctx, STR("late@example.org"), ROLE_SUPPORT));
	ctx->now += 16 * MICROSECONDS_PER_DAY;
	OK_ERR(account_sweep(ctx, &counts));
	EQ_I64(counts.invitations, 1); /* the boss's own, accepted */
	ctx->now += 2 * MICROSECONDS_PER_DAY;
	OK_ERR(account_sweep(ctx, &counts));
	EQ_I64(counts.invitations, 1);
	OK_ERR(value_of(ctx, "SELECT email FROM invitations", &left));
	EQ_STR(left, STR("late@example.org"));
}

BOTH_ENGINES(users_are_found_by_how_their_address_begins)
{
	static const char *const emails[] = { "ann@example.org", "anna@example.org",
		"an_n@example.org", "ben@example.org", "an%@example.org" };
	struct admin_user_row_list list;

	OK_ERR(make_boss(ctx));
	for (size_t i = 0; i < COUNT_OF(emails); i++)
		OK_ERR(account_make(ctx, str_from(emails[i]), STR(GOOD_PASSWORD)));
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_user_list(ctx,
		&(struct admin_user_search){ .prefix = STR("ANN"), .row_count = 10 },
		&list));
	EQ_I64(list.count, 2);
	EQ_STR(list.items[0].email, STR("ann@example.org"));
	EQ_STR(list.items[1].email, STR("anna@example.org"));
	/* What is a pattern elsewhere is a character here. */
	OK_ERR(admin_user_list(ctx,
		&(struct admin_user_search){ .prefix = STR("an%"), .row_count = 10 },
		&list));
	EQ_I64(list.count, 1);
	OK_ERR(admin_user_list(ctx,
		&(struct admin_user_search){ .prefix = STR("an_"), .row_count = 10 },
		&list));
	EQ_I64(list.count, 1);
	OK_ERR(admin_user_list(
		ctx, &(struct admin_user_search){ .row_count = 2 }, &list));
	EQ_I64(list.count, 2);
	OK_ERR(admin_user_list(ctx,
		&(struct admin_user_search){
			.after = list.items[1].email, .row_count = 10 },
		&list));
	EQ_I64(list.count, 4);
	EQ_STR(list.items[3].email, STR("boss@example.org"));
}

/* The newest entry, and what is personal in it. */
static struct err *
newest_entry(struct ctx *ctx, struct audit_waiting *ret, struct audit_personal *personal)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_waiting_list list;

	TRY(q_audit_waiting_list(&tx, (struct uuid){ { 0 } }, &list));
	*ret = list.items[list.count - 1];
	return audit_personal_open(ctx,
		&(struct audit_people){ ret->id, ret->user_id, ret->subject_id },
		ret->personal, personal);
}

/* The text of a search is somebody's address, whether he has an account by now or not. */
BOTH_ENGINES(of_a_search_whom_it_found_is_on_record_and_never_its_text)
{
	static const struct {
		struct str prefix;
		const char *subject;
		int64_t found;
	} cases[] = { { STR_INIT("ann@example.org"), "ann@example.org", 1 },
		{ STR_INIT("gone@example.org"), NULL, 0 }, { STR_INIT("later"), NULL, 0 },
		{ STR_INIT("an"), NULL, 2 } };
	struct admin_user_row_list list;
	struct audit_waiting entry = { .action = STR("") };
	struct audit_personal personal;

	OK_ERR(make_boss(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	OK_ERR(account_make(ctx, STR("anna@example.org"), STR(GOOD_PASSWORD)));
	act_as(ctx, "boss@example.org");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct user_id nobody = { { { 0 } } };

		OK_ERR(admin_user_list(ctx,
			&(struct admin_user_search){
				.prefix = cases[i].prefix, .row_count = 10 },
			&list));
		EQ_I64((int64_t)list.count, cases[i].found);
		OK_ERR(newest_entry(ctx, &entry, &personal));
		EQ_STR(entry.action, STR("admin.search_users"));
		OK(uuid_eq(entry.subject_id.uuid,
			cases[i].subject ? user_of(ctx, cases[i].subject).uuid
					 : nobody.uuid));
		EQ_STR(personal.remote_address, ctx->remote_address);
		OK(str_is_none(personal.text));
	}
}

BOTH_ENGINES(whatever_administrators_do_is_on_record)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct admin_user_row_list list;
	struct admin_row_list admins;
	struct invitation_row_list invitations;
	struct grant_row_list grants;
	struct admin_user_row row;
	struct user_id ann;
	struct str dump = STR("");

	OK_ERR(make_boss(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	ann = user_of(ctx, "ann@example.org");
	act_as(ctx, "boss@example.org");
	OK_ERR(admin_user_list(
		ctx, &(struct admin_user_search){ .row_count = 2 }, &list));
	OK_ERR(admin_user_look(ctx, ann, &row));
	OK_ERR(admin_user_grants(ctx, ann, &grants));
	FAILS_WITH(admin_user_grants(ctx, (struct user_id){ { { 1 } } }, &grants),
		ERR_NOT_FOUND);
	OK_ERR(admin_list(ctx, (struct uuid){ { 0 } }, 10, &admins));
	EQ_I64(admins.count, 1);
	OK_ERR(invitation_list(ctx, (struct uuid){ { 0 } }, 10, &invitations));
	EQ_I64(invitations.count, 1);
	OK_ERR(admin_user_act(ctx, ann, ADMIN_RESETS_PASSWORD, all));
	OK_ERR(admin_user_act(ctx, ann, ADMIN_DEACTIVATES, all));
	OK_ERR(admin_user_act(ctx, ann, ADMIN_REACTIVATES, all));
	OK_ERR(database_dump(ctx,
		"SELECT action FROM audit_pending WHERE action LIKE 'admin.%' ORDER BY "
		"id",
		columns, 1, &dump));
	EQ_STR(dump,
		STR("admin.invite\nadmin.accept_invitation\nadmin.search_users\n"
		    "admin.read_user\nadmin.read_user\n"
		    "admin.list_administrators\nadmin.list_invitations\n"
		    "admin.start_password_reset\n"
		    "admin.deactivate_user\nadmin.activate_user\n"));
}
