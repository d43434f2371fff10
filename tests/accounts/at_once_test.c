/* Of many who use one thing at the same moment one gets it, and the others are told why. */
#include "accounts/account_change.h"
#include "accounts/admin.h"
#include "accounts/email_change.h"
#include "accounts/mfa_removal.h"
#include "accounts/password_reset.h"
#include "accounts/profile.h"
#include "accounts/user.h"
#include "codec/iso_time.h"
#include "crypto/password.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/accounts/accounts.h"
#include "tests/accounts/people.h"
#include "tests/support/database.h"

#define ALICE STR("alice@example.org")
#define NEW   STR("alice@new.example")

#define ON_RECORD(action)                                                          \
	"SELECT CAST(count(*) AS text) FROM audit_pending WHERE action = '" action \
	"' AND outcome = 'success'"

enum { CROWD = 30 };

/* One of many, each from an address of his own, so that none waits for the others' tries. */
struct one {
	struct ctx ctx;
	struct arena arena;
	int number;
	struct str token;
	struct err *(*run)(struct one *one);
	struct err *err;
	struct fiber_event ended;
};

struct crowd {
	int done;
	int refused; /* with the code that is expected */
	int other;
	struct str field; /* of one that was refused */
	struct str message;
};

static void
one_run(void *arg)
{
	struct one *one = arg;

	one->err = one->run(one);
	fiber_event_set(&one->ended);
}

static void
count(struct crowd *crowd, const struct err *err, enum err_code expected)
{
	if (!err) {
		crowd->done++;
	} else if (err->code == expected) {
		crowd->refused++;
		crowd->field = err->field;
		crowd->message = err->message;
	} else {
		crowd->other++;
	}
}

static struct err *
all_at_once(struct ctx *ctx, struct err *(*run)(struct one *one), struct str token,
	enum err_code expected, struct crowd *ret)
{
	struct one *all;

	*ret = (struct crowd){ .done = 0 };
	TRY_NEW(ctx->arena, all, CROWD);
	for (int i = 0; i < CROWD; i++) {
		arena_init(&all[i].arena, 1 << 22);
		all[i].ctx = *ctx;
		all[i].ctx.arena = &all[i].arena;
		all[i].ctx.remote_address = str_fmt(ctx->arena, "192.0.2.%d", i + 1);
		all[i].number = i;
		all[i].token = token;
		all[i].run = run;
		fiber_event_init(&all[i].ended);
		if (!fiber_spawn("one", one_run, &all[i]))
			return err_no_memory();
	}
	for (int i = 0; i < CROWD; i++) {
		fiber_event_join(&all[i].ended);
		count(ret, all[i].err, expected);
	}
	ret->field = str_dup(ctx->arena, ret->field);
	ret->message = str_dup(ctx->arena, ret->message);
	for (int i = 0; i < CROWD; i++)
		arena_release(&all[i].arena);
	return NULL;
}

static struct err *
reset(struct one *one)
{
	return password_reset(&one->ctx, one->token,
		str_fmt(one->ctx.arena, "the words of number %d", one->number));
}

BOTH_ENGINES(of_thirty_resets_by_one_link_one_sets_its_password)
{
	struct crowd crowd;
	struct mail mail;
	struct str value;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &mail));
	OK_ERR(all_at_once(ctx, reset, mail.token, ERR_GONE, &crowd));
	EQ_I64(crowd.done, 1);
	EQ_I64(crowd.refused, CROWD - 1);
	OK_ERR(value_of(ctx, ON_RECORD("account.reset_password"), &value));
	EQ_STR(value, STR("1"));
	/* Whoever clicks twice is told that it is done. */
	OK(str_find(crowd.message, STR("has set a password already")) >= 0);
}

static struct err *
accept(struct one *one)
{
	return admin_accept_new(&one->ctx,
		&(struct admin_registration){
			.token = one->token,
			.email = str_fmt(
				one->ctx.arena, "boss%d@example.org", one->number),
			.password = STR(GOOD_PASSWORD),
		});
}

BOTH_ENGINES(of_thirty_by_one_invitation_one_becomes_an_administrator)
{
	struct crowd crowd;
	struct str token, value;
	int64_t expires_at;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(admin_invite_first(ctx, &token, &expires_at));
	OK_ERR(all_at_once(ctx, accept, token, ERR_GONE, &crowd));
	EQ_I64(crowd.done, 1);
	EQ_I64(crowd.refused, CROWD - 1);
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM admin_users", &value));
	EQ_STR(value, STR("1"));
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM users", &value));
	EQ_STR(value, STR("1"));
	OK(str_find(crowd.message, STR("accepted already")) >= 0);
}

static struct err *
confirm(struct one *one)
{
	return email_change_confirm(&one->ctx, one->token, STR(GOOD_PASSWORD));
}

/* Whoever clicks twice is told no other thing than that it is done. */
BOTH_ENGINES(thirty_confirmations_of_one_address_are_one_change)
{
	struct session_tokens here;
	struct crowd crowd;
	struct mail mail;
	struct str value;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &here));
	ctx->actor = (struct actor){ .user_id = here.user_id };
	OK_ERR(email_change_ask(ctx,
		&(struct email_change){ .email = NEW,
			.proof = { .password = STR(GOOD_PASSWORD) },
			.family = here.family_id }));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, NEW, &mail));
	ctx->actor = (struct actor){ .is_system = false };
	OK_ERR(all_at_once(ctx, confirm, mail.token, ERR_GONE, &crowd));
	EQ_I64(crowd.done, CROWD);
	OK_ERR(value_of(ctx, ON_RECORD("account.change_email"), &value));
	EQ_STR(value, STR("1"));
	OK_ERR(value_of(ctx,
		"SELECT CAST(session_epoch AS text) FROM users WHERE email = "
		"'alice@new.example'",
		&value));
	EQ_STR(value, STR("1"));
}

static struct err *
start_removal(struct tx *tx, void *arg)
{
	const struct user_id *user = arg;

	return mfa_removal_start(tx, *user, ALICE);
}

static struct err *
remove_factor(struct one *one)
{
	return mfa_removal_confirm(&one->ctx, one->token, STR(GOOD_PASSWORD));
}

BOTH_ENGINES(thirty_who_follow_one_link_turn_codes_off_once)
{
	struct person alice;
	struct crowd crowd;
	struct mail mail;
	struct str value;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(db_transact(
		ctx, TX_WRITE, SHARD_GLOBAL, start_removal, &alice.tokens.user_id));
	OK_ERR(mail_take(ctx, MAIL_REMOVE_MFA, ALICE, &mail));
	ctx->actor = (struct actor){ .is_system = false };
	ctx->now += REMOVAL_WAIT_HOURS * MICROSECONDS_PER_HOUR;
	OK_ERR(all_at_once(ctx, remove_factor, mail.token, ERR_GONE, &crowd));
	EQ_I64(crowd.done, CROWD);
	OK_ERR(value_of(ctx, ON_RECORD("account.remove_lost_mfa"), &value));
	EQ_STR(value, STR("1"));
	OK_ERR(mail_take(ctx, MAIL_MFA_REMOVED, ALICE, &mail));
	FAILS_WITH(mail_take(ctx, MAIL_MFA_REMOVED, ALICE, &mail), ERR_NOT_FOUND);
}

static struct err *
verify(struct one *one)
{
	return user_verify(&one->ctx, one->token, STR(GOOD_PASSWORD));
}

BOTH_ENGINES(thirty_who_follow_one_link_prove_one_address)
{
	struct crowd crowd;
	struct mail mail;
	struct str value;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(user_register(ctx,
		&(struct registration){
			.email = ALICE, .password = STR(GOOD_PASSWORD) }));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, ALICE, &mail));
	OK_ERR(all_at_once(ctx, verify, mail.token, ERR_GONE, &crowd));
	EQ_I64(crowd.done, CROWD);
	OK_ERR(value_of(ctx, ON_RECORD("account.verify_email"), &value));
	EQ_STR(value, STR("1"));
}

static struct err *
register_spelling(struct one *one)
{
	return user_register(&one->ctx,
		&(struct registration){
			.email = str_fmt(
				one->ctx.arena, "janedoe+%d@gmail.com", one->number),
			.password = STR(GOOD_PASSWORD),
		});
}

BOTH_ENGINES(thirty_who_register_one_mailbox_have_it_sent_three_links)
{
	struct crowd crowd;
	size_t count;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(all_at_once(ctx, register_spelling, STR(""), ERR_GONE, &crowd));
	EQ_I64(crowd.done, CROWD);
	OK_ERR(mail_count(ctx, &count));
	EQ_I64((int64_t)count, LINKS_AN_HOUR_MAX);
}

static struct err *
take_name(struct one *one)
{
	struct profile_change change = {
		.members = PROFILE_LEADERBOARD_NAME | PROFILE_IS_ON_LEADERBOARD,
		.to = { .leaderboard_name = STR("Ace"), .is_on_leaderboard = true },
	};
	struct profile profile;

	one->ctx.actor = (struct actor){ .user_id = person(one->number + 1) };
	return profile_change(&one->ctx, &change, &profile);
}

BOTH_ENGINES(of_thirty_who_take_one_name_one_has_it_and_the_others_are_told_which_field)
{
	struct crowd crowd;

	OK_ERR(accounts_begin(ctx));
	for (int i = 0; i < CROWD; i++)
		OK_ERR(person_put(ctx, i + 1));
	OK_ERR(all_at_once(ctx, take_name, STR_NONE, ERR_INVALID, &crowd));
	EQ_I64(crowd.done, 1);
	EQ_I64(crowd.refused, CROWD - 1);
	EQ_STR(crowd.field, STR("leaderboard_name"));
}

static struct err *
sign_in_right(struct one *one)
{
	struct session_tokens tokens;

	return account_sign_in(&one->ctx, ALICE, STR(GOOD_PASSWORD), &tokens);
}

/* The first hashes the password anew, by dearer parameters. */
BOTH_ENGINES(thirty_who_sign_in_with_a_hash_of_before_all_get_in)
{
	static const struct password_params dearer = { .scheme = PASSWORD_ARGON2ID,
		.memory_kib = 9216,
		.passes = 1,
		.bcrypt_cost = 10 };
	struct crowd crowd;
	struct str value;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(password_configure(ctx->arena, &dearer));
	OK_ERR(all_at_once(ctx, sign_in_right, STR_NONE, ERR_UNAUTHENTICATED, &crowd));
	EQ_I64(crowd.done, CROWD);
	OK_ERR(value_of(ctx, "SELECT password_hash FROM users", &value));
	OK_OR(str_find(value, STR("m=9216,")) > 0, STR_FMT, STR_ARG(value));
	OK_ERR(value_of(ctx, ON_RECORD("account.sign_in"), &value));
	EQ_STR(value, str_fmt(ctx->arena, "%d", CROWD));
}
