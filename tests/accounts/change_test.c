/* Changes confirmed by a link: another address, a lost second factor; on both engines. */
#include "accounts/account_change.h"
#include "accounts/admin.h"
#include "accounts/admin_user.h"
#include "accounts/email_change.h"
#include "accounts/erase.h"
#include "accounts/mfa_removal.h"
#include "accounts/password_reset.h"
#include "accounts/standing.h"
#include "accounts/sweep.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "codec/iso_time.h"
#include "mail/mail.h"
#include "tests/accounts/accounts.h"
#include "tests/accounts/people.h"
#include "tests/support/database.h"

#define ALICE  STR("alice@example.org")
#define BOB    STR("bob@example.org")
#define NEW    STR("alice@new.example")
#define BETTER "two horses and a rope"

#define ON_RECORD(action)                                                          \
	"SELECT CAST(count(*) AS text) FROM audit_pending WHERE action = '" action \
	"' AND outcome = 'success'"

static void
later(struct ctx *ctx, int64_t seconds)
{
	ctx->now += seconds * MICROSECONDS_PER_SECOND;
}

static void
act_as(struct ctx *ctx, struct user_id user)
{
	ctx->actor = (struct actor){ .user_id = user };
}

static void
act_as_nobody(struct ctx *ctx)
{
	ctx->actor = (struct actor){ .is_system = false };
}

/* --- Another address --- */

static struct err *
begin(struct ctx *ctx, struct session_tokens *ret)
{
	TRY(accounts_begin(ctx));
	TRY(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	TRY(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), ret));
	act_as(ctx, ret->user_id);
	return NULL;
}

static struct err *
ask_for(struct ctx *ctx, const struct session_tokens *session, struct str email)
{
	return email_change_ask(ctx,
		&(struct email_change){ .email = email,
			.proof = { .password = STR(GOOD_PASSWORD) },
			.family = session->family_id });
}

BOTH_ENGINES(an_address_changes_when_the_new_one_confirms_and_the_old_one_is_told)
{
	struct session_tokens here, there, again;
	struct waiting_change waiting;
	struct mail link, told;
	struct str count;
	bool is_waiting;

	OK_ERR(begin(ctx, &here));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &there));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &told));
	FAILS_WITH(ask_for(ctx, &here, ALICE), ERR_INVALID);
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(account_change_look(ctx, CHANGE_EMAIL, &waiting, &is_waiting));
	OK(is_waiting);
	EQ_STR(waiting.email, NEW);
	/* Nothing has changed yet. */
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &again));
	FAILS_WITH(account_sign_in(ctx, NEW, STR(GOOD_PASSWORD), &again),
		ERR_UNAUTHENTICATED);
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	act_as_nobody(ctx);
	OK_ERR(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)));
	FAILS_WITH(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &again),
		ERR_UNAUTHENTICATED);
	OK_ERR(account_sign_in(ctx, NEW, STR(GOOD_PASSWORD), &again));
	OK_ERR(mail_take(ctx, MAIL_EMAIL_CHANGED, ALICE, &link));
	/* The session that asked goes on, the others end, old links are void. */
	OK_ERR(session_refresh(ctx, here.refresh, &here));
	FAILS_WITH(session_refresh(ctx, there.refresh, &there), ERR_UNAUTHENTICATED);
	FAILS_WITH(password_reset(ctx, told.token, STR(BETTER)), ERR_GONE);
	OK_ERR(value_of(ctx, ON_RECORD("account.ask_change_email"), &count));
	EQ_STR(count, STR("1"));
	OK_ERR(value_of(ctx, ON_RECORD("account.change_email"), &count));
	EQ_STR(count, STR("1"));
}

BOTH_ENGINES(what_was_sent_to_a_former_address_is_erased_with_the_account)
{
	struct session_tokens here;
	struct user_id alice;
	struct mail link;
	struct str count;

	OK_ERR(begin(ctx, &here));
	alice = ctx->actor.user_id;
	/* An invitation goes to whoever has the address. */
	act_as_nobody(ctx);
	OK_ERR(admin_invite(ctx, ALICE, ROLE_SUPPORT));
	ctx->actor.user_id = alice;
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	OK_ERR(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)));
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }));
	OK_ERR(value_of(ctx,
		"SELECT CAST((SELECT count(*) FROM outbox WHERE recipient IN "
		"('alice@example.org', 'alice@new.example')) + (SELECT count(*) FROM "
		"invitations) AS text)",
		&count));
	EQ_STR(count, STR("0"));
}

BOTH_ENGINES(a_password_asked_for_again_that_is_wrong_is_on_record)
{
	struct session_tokens here;
	struct user_password known;
	struct str by;

	OK_ERR(begin(ctx, &here));
	FAILS_WITH(user_confirm(ctx, STR(BETTER), "password", &known), ERR_INVALID);
	OK_ERR(user_confirm(ctx, STR(GOOD_PASSWORD), "password", &known));
	OK_ERR(value_of(ctx,
		"SELECT u.email || ' ' || p.outcome FROM audit_pending p JOIN users u ON "
		"u.id = p.user_id WHERE p.action = 'account.check_password'",
		&by));
	EQ_STR(by, STR("alice@example.org refused"));
}

BOTH_ENGINES(the_old_address_is_told_as_soon_as_another_is_asked_for_and_can_stop_it)
{
	struct session_tokens here;
	struct mail link, told;
	struct err *err;

	OK_ERR(begin(ctx, &here));
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	OK_ERR(ask_for(ctx, &here, STR("alice@third.example")));
	OK_ERR(mail_take(ctx, MAIL_EMAIL_CHANGE_ASKED, ALICE, &told));
	/* Only the last link counts, */
	FAILS_WITH(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)), ERR_GONE);
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	/* three an hour are sent, */
	ctx->now += (int64_t)600 * MICROSECONDS_PER_SECOND;
	err = ask_for(ctx, &here, NEW);
	OK(err && err->code == ERR_RATE_LIMITED);
	EQ_I64(err->retry_after_s, 3000);
	/* and a password set by the old mailbox ends it. */
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &told));
	OK_ERR(password_reset(ctx, told.token, STR(BETTER)));
	FAILS_WITH(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)), ERR_GONE);
}

BOTH_ENGINES(whoever_asks_learns_nothing_of_a_taken_address)
{
	struct session_tokens here;
	struct mail told, link;

	OK_ERR(begin(ctx, &here));
	OK_ERR(account_make(ctx, BOB, STR(BETTER)));
	OK_ERR(ask_for(ctx, &here, BOB));
	/* Its owner is told that he has an account; no link goes to him. */
	OK_ERR(mail_take(ctx, MAIL_ALREADY_REGISTERED, BOB, &told));
	later(ctx, 4000);
	/* One that was taken between asking and confirming stays whose it is. */
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	act_as_nobody(ctx);
	OK_ERR(account_make(ctx, NEW, STR(BETTER)));
	FAILS_WITH(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)), ERR_GONE);
	OK_ERR(account_sign_in(ctx, NEW, STR(BETTER), &here));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &here));
}

BOTH_ENGINES(who_was_shut_out_hears_no_more_of_his_address_than_at_registration)
{
	struct session_tokens here;
	struct mail told;

	OK_ERR(begin(ctx, &here));
	OK_ERR(account_make(ctx, BOB, STR(BETTER)));
	OK_ERR(people_run(ctx,
		"UPDATE users SET is_active = {no} WHERE email = 'bob@example.org'"));
	OK_ERR(ask_for(ctx, &here, BOB));
	FAILS_WITH(mail_take(ctx, MAIL_ALREADY_REGISTERED, BOB, &told), ERR_NOT_FOUND);
	FAILS_WITH(mail_take(ctx, MAIL_CHANGE_EMAIL, BOB, &told), ERR_NOT_FOUND);
}

BOTH_ENGINES(an_address_that_somebody_registered_and_never_proved_is_not_his)
{
	struct session_tokens here;
	struct mail link, squatters;
	struct str count;

	OK_ERR(begin(ctx, &here));
	act_as_nobody(ctx);
	OK_ERR(user_register(
		ctx, &(struct registration){ .email = NEW, .password = STR(BETTER) }));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, NEW, &squatters));
	OK_ERR(password_forgotten(ctx, NEW));
	act_as(ctx, here.user_id);
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	act_as_nobody(ctx);
	OK_ERR(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)));
	FAILS_WITH(user_verify(ctx, squatters.token, STR(BETTER)), ERR_GONE);
	/* No link of his is left on file, whatever it was for. */
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM users u WHERE u.erased_at IS NOT "
		"NULL AND (u.id IN (SELECT user_id FROM password_resets) OR u.id IN "
		"(SELECT user_id FROM email_verifications))",
		&count));
	EQ_STR(count, STR("0"));
	OK_ERR(account_sign_in(ctx, NEW, STR(GOOD_PASSWORD), &here));
	/* An account ended, and it says whose. */
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM audit_pending p JOIN users u ON "
		"u.id = p.subject_id WHERE p.action = 'account.lose_unproved_email' AND "
		"u.erased_at IS NOT NULL",
		&count));
	EQ_STR(count, STR("1"));
}

BOTH_ENGINES(a_change_ends_after_a_day_or_when_it_is_withdrawn_and_is_forgotten)
{
	struct session_tokens here;
	struct sweep_counts swept;
	struct mail link;

	OK_ERR(begin(ctx, &here));
	FAILS_WITH(email_change_withdraw(ctx), ERR_NOT_FOUND);
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	OK_ERR(email_change_withdraw(ctx));
	FAILS_WITH(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)), ERR_GONE);
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	later(ctx, 24 * 3600);
	FAILS_WITH(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)), ERR_GONE);
	FAILS_WITH(
		email_change_confirm(ctx, STR("grc_none"), STR(GOOD_PASSWORD)), ERR_GONE);
	ctx->now += (SWEEP_AFTER_DAYS + 1) * MICROSECONDS_PER_DAY;
	OK_ERR(account_sweep(ctx, &swept));
	OK(swept.links >= 2);
}

BOTH_ENGINES(a_change_of_address_asks_for_password_and_code)
{
	struct email_change change = { .email = NEW };
	struct person alice;
	struct mail link;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	act_as(ctx, alice.tokens.user_id);
	change.proof.password = STR(BETTER);
	FAILS_WITH(email_change_ask(ctx, &change), ERR_INVALID);
	change.proof.password = STR(GOOD_PASSWORD);
	FAILS_WITH(email_change_ask(ctx, &change), ERR_INVALID);
	change.proof.code = STR("000000");
	FAILS_WITH(email_change_ask(ctx, &change), ERR_INVALID);
	FAILS_WITH(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link), ERR_NOT_FOUND);
	change.proof.code = alice.codes.codes[0];
	OK_ERR(email_change_ask(ctx, &change));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
}

/* --- A lost second factor --- */

static const uint32_t all = UINT32_MAX;

/* The first administrator, signed in. */
static struct err *
make_boss(struct ctx *ctx, struct session_tokens *ret)
{
	struct str token;
	int64_t expires_at;

	ctx->actor = (struct actor){ .is_system = true };
	TRY(admin_invite_first(ctx, &token, &expires_at));
	TRY(admin_accept_new(ctx,
		&(struct admin_registration){ .token = token,
			.email = STR("boss@example.org"),
			.password = STR(GOOD_PASSWORD) }));
	return account_sign_in(ctx, STR("boss@example.org"), STR(GOOD_PASSWORD), ret);
}

static struct err *
start(struct ctx *ctx, struct user_id boss, struct user_id user)
{
	ctx->actor = (struct actor){ .user_id = boss, .is_admin = true };
	TRY(admin_user_act(ctx, user, ADMIN_REMOVES_MFA, all));
	act_as_nobody(ctx);
	return NULL;
}

struct losing {
	struct session_tokens boss;
	struct person alice;
	struct mail link;
};

static struct err *
begin_losing(struct ctx *ctx, struct losing *ret)
{
	TRY(accounts_begin(ctx));
	TRY(account_enrol(ctx, ALICE, &ret->alice));
	TRY(make_boss(ctx, &ret->boss));
	TRY(start(ctx, ret->boss.user_id, ret->alice.tokens.user_id));
	return mail_take(ctx, MAIL_REMOVE_MFA, ALICE, &ret->link);
}

BOTH_ENGINES(a_lost_factor_goes_by_link_and_password_after_a_day)
{
	struct losing losing;
	struct session_tokens tokens;
	struct standing standing;
	struct mail told;
	struct str count;
	bool found;

	OK_ERR(begin_losing(ctx, &losing));
	FAILS_WITH(mfa_removal_confirm(ctx, losing.link.token, STR(GOOD_PASSWORD)),
		ERR_CONFLICT);
	later(ctx, 24 * 3600);
	FAILS_WITH(mfa_removal_confirm(ctx, losing.link.token, STR(BETTER)), ERR_INVALID);
	FAILS_WITH(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens),
		ERR_UNAUTHENTICATED);
	OK_ERR(mfa_removal_confirm(ctx, losing.link.token, STR(GOOD_PASSWORD)));
	OK_ERR(mail_take(ctx, MAIL_MFA_REMOVED, ALICE, &told));
	FAILS_WITH(session_refresh(ctx, losing.alice.tokens.refresh, &tokens),
		ERR_UNAUTHENTICATED);
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(standing_get(ctx, tokens.user_id, &standing, &found));
	OK(!standing.has_mfa);
	/* Twice: it is so already, and only told to whoever has the password as well. */
	FAILS_WITH(mfa_removal_confirm(ctx, losing.link.token, STR(BETTER)), ERR_INVALID);
	OK_ERR(mfa_removal_confirm(ctx, losing.link.token, STR(GOOD_PASSWORD)));
	FAILS_WITH(mfa_removal_stop(ctx, losing.link.token), ERR_GONE);
	OK_ERR(value_of(
		ctx, "SELECT CAST(count(*) AS text) FROM mfa_recovery_codes", &count));
	EQ_STR(count, STR("0"));
	OK_ERR(value_of(ctx, ON_RECORD("admin.start_mfa_removal"), &count));
	EQ_STR(count, STR("1"));
	OK_ERR(value_of(ctx, ON_RECORD("account.remove_lost_mfa"), &count));
	EQ_STR(count, STR("1"));
}

BOTH_ENGINES(whoever_still_has_the_factor_stops_its_removal)
{
	struct losing losing;
	struct session_tokens tokens;
	struct mfa_status status;
	struct user_id alice;

	OK_ERR(begin_losing(ctx, &losing));
	alice = losing.alice.tokens.user_id;
	act_as(ctx, alice);
	OK_ERR(mfa_status(ctx, &status));
	OK(status.removal_opens_at.is_set);
	/* By the link, */
	act_as_nobody(ctx);
	OK_ERR(mfa_removal_stop(ctx, losing.link.token));
	FAILS_WITH(mfa_removal_stop(ctx, losing.link.token), ERR_GONE);
	/* in the account, */
	OK_ERR(start(ctx, losing.boss.user_id, alice));
	act_as(ctx, alice);
	OK_ERR(mfa_removal_stop_own(ctx));
	FAILS_WITH(mfa_removal_stop_own(ctx), ERR_NOT_FOUND);
	/* or by a code, be it one for recovery. */
	OK_ERR(start(ctx, losing.boss.user_id, alice));
	OK_ERR(mail_take(ctx, MAIL_REMOVE_MFA, ALICE, &losing.link));
	OK_ERR(sign_in(ctx,
		&(struct sign_in){ .email = ALICE,
			.password = STR(GOOD_PASSWORD),
			.code = losing.alice.codes.codes[0] },
		&tokens));
	later(ctx, 25 * 3600);
	FAILS_WITH(mfa_removal_confirm(ctx, losing.link.token, STR(GOOD_PASSWORD)),
		ERR_GONE);
}

BOTH_ENGINES(the_mailbox_alone_takes_no_factor_away)
{
	struct losing losing;
	struct mail reset;

	OK_ERR(begin_losing(ctx, &losing));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &reset));
	OK_ERR(password_reset(ctx, reset.token, STR(BETTER)));
	later(ctx, 25 * 3600);
	FAILS_WITH(mfa_removal_confirm(ctx, losing.link.token, STR(BETTER)), ERR_GONE);
}

/* Start a removal for Alice; RET: how many hours it waits, by the mail that she gets. */
static struct err *
start_and_look(struct ctx *ctx, const struct losing *losing, int64_t *ret)
{
	struct mail link;

	TRY(start(ctx, losing->boss.user_id, losing->alice.tokens.user_id));
	TRY(mail_take(ctx, MAIL_REMOVE_MFA, ALICE, &link));
	*ret = (link.opens_at - ctx->now) / MICROSECONDS_PER_HOUR;
	return NULL;
}

BOTH_ENGINES(a_password_that_the_mailbox_set_before_makes_the_wait_a_week)
{
	struct losing losing;
	struct mail reset;
	int64_t hours;

	OK_ERR(begin_losing(ctx, &losing));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &reset));
	/* A link that nobody followed tells nothing. */
	OK_ERR(start_and_look(ctx, &losing, &hours));
	EQ_I64(hours, 24);
	later(ctx, 60);
	OK_ERR(password_reset(ctx, reset.token, STR(BETTER)));
	later(ctx, 3600);
	OK_ERR(start(ctx, losing.boss.user_id, losing.alice.tokens.user_id));
	OK_ERR(mail_take(ctx, MAIL_REMOVE_MFA, ALICE, &losing.link));
	later(ctx, 7 * 24 * 3600 - 3601);
	FAILS_WITH(
		mfa_removal_confirm(ctx, losing.link.token, STR(BETTER)), ERR_CONFLICT);
	later(ctx, 1);
	OK_ERR(mfa_removal_confirm(ctx, losing.link.token, STR(BETTER)));
}

BOTH_ENGINES(a_week_after_a_reset_a_day_is_enough_again)
{
	struct losing losing;
	struct mail reset;
	int64_t hours;

	OK_ERR(begin_losing(ctx, &losing));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &reset));
	later(ctx, 60);
	OK_ERR(password_reset(ctx, reset.token, STR(BETTER)));
	later(ctx, 6 * 24 * 3600 + 3600);
	OK_ERR(start_and_look(ctx, &losing, &hours));
	EQ_I64(hours, 24);
}

/* Word of the removal goes to a mailbox that may not be the owner's yet. */
BOTH_ENGINES(another_address_makes_the_wait_a_week_too)
{
	struct losing losing;
	struct mail link;

	OK_ERR(begin_losing(ctx, &losing));
	later(ctx, 60);
	act_as(ctx, losing.alice.tokens.user_id);
	OK_ERR(email_change_ask(ctx,
		&(struct email_change){ .email = NEW,
			.proof = { .password = STR(GOOD_PASSWORD),
				.code = losing.alice.codes.codes[0] } }));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	act_as_nobody(ctx);
	OK_ERR(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)));
	OK_ERR(start(ctx, losing.boss.user_id, losing.alice.tokens.user_id));
	OK_ERR(mail_take(ctx, MAIL_REMOVE_MFA, NEW, &link));
	EQ_I64(link.opens_at - ctx->now, 7 * MICROSECONDS_PER_DAY);
}

/* Whoever put the factor in force had the password that was reset before. */
BOTH_ENGINES(a_factor_set_up_after_a_reset_is_lost_like_any_other)
{
	struct losing losing;
	struct session_tokens tokens;
	struct mfa_enrolment enrolment;
	struct recovery_codes codes;
	struct mail reset;
	int64_t hours;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &reset));
	OK_ERR(password_reset(ctx, reset.token, STR(BETTER)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(BETTER), &tokens));
	act_as(ctx, tokens.user_id);
	later(ctx, 60);
	OK_ERR(mfa_begin(ctx, STR(BETTER), &enrolment));
	OK_ERR(mfa_confirm(ctx, tokens.family_id,
		authenticator_code(
			ctx, authenticator_secret(ctx->arena, enrolment.secret), 0),
		&codes));
	losing.alice.tokens = tokens;
	OK_ERR(make_boss(ctx, &losing.boss));
	OK_ERR(start_and_look(ctx, &losing, &hours));
	EQ_I64(hours, 24);
}

/* Whoever asked may be why the account was shut. */
BOTH_ENGINES(what_waits_ends_when_the_account_is_shut_out)
{
	struct session_tokens here;
	struct losing losing;
	struct mail link;
	struct user_id alice;

	OK_ERR(begin_losing(ctx, &losing));
	alice = losing.alice.tokens.user_id;
	act_as_nobody(ctx);
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &here));
	act_as(ctx, here.user_id);
	OK_ERR(ask_for(ctx, &here, NEW));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &link));
	ctx->actor = (struct actor){ .user_id = losing.boss.user_id, .is_admin = true };
	OK_ERR(admin_user_act(ctx, alice, ADMIN_DEACTIVATES, all));
	OK_ERR(admin_user_act(ctx, alice, ADMIN_REACTIVATES, all));
	OK_ERR(admin_user_act(ctx, here.user_id, ADMIN_DEACTIVATES, all));
	OK_ERR(admin_user_act(ctx, here.user_id, ADMIN_REACTIVATES, all));
	act_as_nobody(ctx);
	FAILS_WITH(email_change_confirm(ctx, link.token, STR(GOOD_PASSWORD)), ERR_GONE);
	later(ctx, 25 * 3600);
	FAILS_WITH(mfa_removal_confirm(ctx, losing.link.token, STR(GOOD_PASSWORD)),
		ERR_GONE);
}

BOTH_ENGINES(a_removal_that_nobody_carries_out_is_over_in_a_week)
{
	struct losing losing;

	OK_ERR(begin_losing(ctx, &losing));
	later(ctx, 7 * 24 * 3600);
	FAILS_WITH(mfa_removal_confirm(ctx, losing.link.token, STR(GOOD_PASSWORD)),
		ERR_GONE);
}

BOTH_ENGINES(nobody_starts_it_for_himself_or_for_an_administrator_but_a_super_admin)
{
	struct session_tokens boss;
	struct person sue, ann;
	struct mail invitation;
	const uint32_t support = UINT32_C(1) << PERMISSION_USERS_WRITE;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(make_boss(ctx, &boss));
	act_as_nobody(ctx);
	OK_ERR(account_enrol(ctx, STR("sue@example.org"), &sue));
	OK_ERR(account_enrol(ctx, STR("ann@example.org"), &ann));
	ctx->actor = (struct actor){ .user_id = boss.user_id, .is_admin = true };
	OK_ERR(admin_invite(ctx, STR("sue@example.org"), ROLE_SUPPORT));
	OK_ERR(mail_take(ctx, MAIL_INVITATION, STR("sue@example.org"), &invitation));
	act_as(ctx, sue.tokens.user_id);
	OK_ERR(admin_accept(ctx, invitation.token));
	ctx->actor.is_admin = true;
	FAILS_WITH(admin_user_act(ctx, sue.tokens.user_id, ADMIN_REMOVES_MFA, support),
		ERR_CONFLICT);
	FAILS_WITH(admin_user_act(ctx, boss.user_id, ADMIN_REMOVES_MFA, support),
		ERR_DENIED);
	/* Even with the permission that acts on administrators. */
	FAILS_WITH(
		admin_user_act(ctx, boss.user_id, ADMIN_REMOVES_MFA, all), ERR_CONFLICT);
	OK_ERR(admin_user_act(ctx, ann.tokens.user_id, ADMIN_REMOVES_MFA, support));
	ctx->actor = (struct actor){ .user_id = ann.tokens.user_id, .is_admin = true };
	FAILS_WITH(admin_user_act(ctx, sue.tokens.user_id, ADMIN_REMOVES_MFA, all),
		ERR_DENIED);
	ctx->actor.user_id = boss.user_id;
	OK_ERR(admin_user_act(ctx, sue.tokens.user_id, ADMIN_REMOVES_MFA, all));
	/* Who has no factor has none to lose. */
	act_as_nobody(ctx);
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &sue.tokens));
	ctx->actor = (struct actor){ .user_id = boss.user_id, .is_admin = true };
	FAILS_WITH(admin_user_act(ctx, sue.tokens.user_id, ADMIN_REMOVES_MFA, all),
		ERR_CONFLICT);
}
