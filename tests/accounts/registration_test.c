/* Registering and proving an address, on both engines. */
#include "accounts/email_change.h"
#include "accounts/guess.h"
#include "accounts/password_reset.h"
#include "accounts/sweep.h"
#include "accounts/user.h"
#include "audit/chainer.h"
#include "audit/verify.h"
#include "codec/iso_time.h"
#include "tests/accounts/accounts.h"
#include "tests/support/database.h"

#define ALICE STR("alice@example.org")
#define MAILS_TO(pattern) \
	"SELECT CAST(count(*) AS text) FROM outbox WHERE recipient LIKE '" pattern "'"

static struct err *
register_as(struct ctx *ctx, const char *password, const char *first_name)
{
	return user_register(ctx,
		&(struct registration){ .email = ALICE,
			.password = str_from(password),
			.first_name = first_name ? str_from(first_name) : STR_NONE });
}

static struct err *
register_alice(struct ctx *ctx, const char *password)
{
	return register_as(ctx, password, NULL);
}

BOTH_ENGINES(an_account_has_no_password_until_its_address_is_proved)
{
	struct session_tokens tokens;
	struct str hash;
	struct mail mail;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(register_alice(ctx, GOOD_PASSWORD));
	OK_ERR(value_of(ctx, "SELECT password_hash FROM users", &hash));
	EQ_STR(hash, STR("!"));
	FAILS_WITH(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens),
		ERR_UNAUTHENTICATED);
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, ALICE, &mail));
	OK_ERR(user_verify(ctx, mail.token, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM email_verifications "
		"WHERE used_at IS NOT NULL AND password_hash IS NULL",
		&hash));
	EQ_STR(hash, STR("1"));
}

BOTH_ENGINES(a_taken_address_answers_alike_and_its_owner_is_told)
{
	struct mail mail;
	struct str users;
	size_t count;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(register_alice(ctx, "quite another password"));
	OK_ERR(mail_take(ctx, MAIL_ALREADY_REGISTERED, ALICE, &mail));
	/* Once an hour, or whoever registers others could flood their mailboxes. */
	OK_ERR(register_alice(ctx, "quite another password"));
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, 0);
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM users", &users));
	EQ_STR(users, STR("1"));
}

BOTH_ENGINES(the_link_that_is_followed_brings_its_own_password_and_name)
{
	struct mail mallorys, alices;
	struct session_tokens tokens;
	struct str name;

	OK_ERR(accounts_begin(ctx));
	/* Somebody registers her address, and waits for her to follow a link. */
	OK_ERR(register_as(ctx, "password of mallory", "Mallory"));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, ALICE, &mallorys));
	OK_ERR(register_as(ctx, GOOD_PASSWORD, "Alice"));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, ALICE, &alices));
	/* And once more behind her. */
	OK_ERR(register_as(ctx, "password of mallory", "Mallory"));
	OK_ERR(user_verify(ctx, alices.token, STR(GOOD_PASSWORD)));
	OK_ERR(value_of(ctx,
		"SELECT u.first_name || coalesce(v.first_name, ' alone') FROM users u "
		"JOIN email_verifications v ON v.user_id = u.id",
		&name));
	EQ_STR(name, STR("Alice alone"));
	FAILS_WITH(account_sign_in(ctx, ALICE, STR("password of mallory"), &tokens),
		ERR_UNAUTHENTICATED);
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	FAILS_WITH(
		user_verify(ctx, mallorys.token, STR("password of mallory")), ERR_GONE);
}

/* Somebody registers her address, more often than links are sent, so that all of hers are
 * his. */
BOTH_ENGINES(a_link_works_for_whoever_registered_only)
{
	struct mail mallorys, reset;
	struct session_tokens tokens;
	struct err *err;

	OK_ERR(accounts_begin(ctx));
	for (int i = 0; i < LINKS_AN_HOUR_MAX; i++)
		OK_ERR(register_as(ctx, "password of mallory", "Mallory"));
	OK_ERR(register_as(ctx, GOOD_PASSWORD, "Alice"));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, ALICE, &mallorys));
	err = user_verify(ctx, mallorys.token, STR(GOOD_PASSWORD));
	OK(err && err->code == ERR_INVALID);
	FAILS_WITH(account_sign_in(ctx, ALICE, STR("password of mallory"), &tokens),
		ERR_UNAUTHENTICATED);
	/* Her mailbox is hers: a reset brings her own password, and ends his links. */
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &reset));
	OK_ERR(password_reset(ctx, reset.token, STR(GOOD_PASSWORD)));
	FAILS_WITH(
		user_verify(ctx, mallorys.token, STR("password of mallory")), ERR_GONE);
	guess_forget_all();
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
}

/* NUMBER asks for another spelling of one mailbox. */
static struct err *
ask_for_spelling(struct ctx *ctx, int number)
{
	struct str own = str_fmt(ctx->arena, "own%d@example.org", number);
	struct session_tokens here;
	struct err *err;

	TRY(account_make(ctx, own, STR(GOOD_PASSWORD)));
	TRY(account_sign_in(ctx, own, STR(GOOD_PASSWORD), &here));
	ctx->actor = (struct actor){ .user_id = here.user_id };
	err = email_change_ask(ctx,
		&(struct email_change){
			.email = str_fmt(ctx->arena, "jane.doe+%d@gmail.com", number),
			.proof = { .password = STR(GOOD_PASSWORD) },
			.family = here.family_id });
	ctx->actor = (struct actor){ .is_system = false };
	return err;
}

BOTH_ENGINES(a_mailbox_is_sent_three_links_an_hour_by_those_who_would_change_to_it)
{
	struct str links;

	OK_ERR(accounts_begin(ctx));
	for (int i = 0; i < LINKS_AN_HOUR_MAX + 2; i++)
		OK_ERR(ask_for_spelling(ctx, i));
	OK_ERR(value_of(ctx, MAILS_TO("jane.doe+%@gmail.com"), &links));
	EQ_STR(links, STR("3"));
	ctx->now += (int64_t)7200 * MICROSECONDS_PER_SECOND;
	OK_ERR(ask_for_spelling(ctx, LINKS_AN_HOUR_MAX + 2));
	OK_ERR(value_of(ctx, MAILS_TO("jane.doe+%@gmail.com"), &links));
	EQ_STR(links, STR("4"));
}

BOTH_ENGINES(a_wrong_password_at_the_link_of_a_change_is_on_record)
{
	struct mail link;
	struct str of;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(ask_for_spelling(ctx, 1));
	OK_ERR(mail_take(ctx, MAIL_CHANGE_EMAIL, STR("jane.doe+1@gmail.com"), &link));
	FAILS_WITH(email_change_confirm(ctx, link.token, STR("a guess")), ERR_INVALID);
	OK_ERR(value_of(ctx,
		"SELECT u.email || ' ' || p.outcome FROM audit_pending p JOIN users u ON "
		"u.id = p.subject_id WHERE p.action = 'account.check_password'",
		&of));
	EQ_STR(of, STR("own1@example.org refused"));
}

BOTH_ENGINES(an_account_that_came_without_its_mailbox_is_sent_three_links_too)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	size_t count;

	OK_ERR(accounts_begin(ctx));
	for (int i = 0; i < 5; i++) {
		OK_ERR(register_alice(ctx, GOOD_PASSWORD));
		OK_ERR(db_run_text(&tx, STR("UPDATE users SET email_identity = NULL")));
	}
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, LINKS_AN_HOUR_MAX);
	for (int i = 0; i < 5; i++)
		OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, LINKS_AN_HOUR_MAX); /* of the second kind */
}

BOTH_ENGINES(links_end_after_a_day_and_three_an_hour_are_sent)
{
	struct mail mail;
	size_t count;

	OK_ERR(accounts_begin(ctx));
	for (int i = 0; i < 5; i++)
		OK_ERR(register_alice(ctx, GOOD_PASSWORD));
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, LINKS_AN_HOUR_MAX);
	ctx->now += (int64_t)7200 * MICROSECONDS_PER_SECOND;
	OK_ERR(register_alice(ctx, GOOD_PASSWORD));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, ALICE, &mail));
	ctx->now += (int64_t)VERIFY_LINK_HOURS * 3600 * MICROSECONDS_PER_SECOND;
	FAILS_WITH(user_verify(ctx, mail.token, STR(GOOD_PASSWORD)), ERR_GONE);
}

/* Somebody registers EMAIL, and has forgotten its password. */
static struct err *
bother(struct ctx *ctx, struct str email)
{
	static int from;

	ctx->remote_address = str_fmt(ctx->arena, "198.51.100.%d", from++ % 250);
	TRY(user_register(ctx,
		&(struct registration){
			.email = email, .password = STR("password of mallory") }));
	return password_forgotten(ctx, email);
}

/* The same of COUNT spellings of one mailbox. */
static struct err *
flood(struct ctx *ctx, const char *name, const char *domain, int count)
{
	for (int i = 0; i < count; i++)
		TRY(bother(ctx, str_fmt(ctx->arena, "%s+%d@%s", name, i, domain)));
	return NULL;
}

BOTH_ENGINES(a_mailbox_is_sent_three_links_an_hour_however_it_is_spelt)
{
	struct mail mail;
	struct str users;
	size_t count;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, STR("jane.doe@gmail.com"), STR(GOOD_PASSWORD)));
	OK_ERR(mail_count(ctx, &count));
	OK_ERR(flood(ctx, "janedoe", "gmail.com", 5));
	OK_ERR(flood(ctx, "j.anedoe", "googlemail.com", 5));
	OK_ERR(mail_count(ctx, &count));
	/* Her own was the first of the hour's three; the two others are two accounts, and
	 * a reset went to each. */
	EQ_I64(count, 4);
	for (int i = 0; i < 2; i++)
		OK_ERR(flood(ctx, "janedoe", "gmail.com", 2));
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, 1);
	/* What is not sent a link is not made either. */
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM users", &users));
	EQ_STR(users, STR("3"));
	/* What she has proved keeps its own links. */
	OK_ERR(password_forgotten(ctx, STR("jane.doe@gmail.com")));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, STR("jane.doe@gmail.com"), &mail));
	ctx->now += (int64_t)3601 * MICROSECONDS_PER_SECOND;
	OK_ERR(flood(ctx, "janedoe", "googlemail.com", 1));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, STR("janedoe+0@googlemail.com"), &mail));
}

BOTH_ENGINES(a_mailbox_is_told_once_an_hour_that_it_has_an_account)
{
	static const char *const emails[] = { "jane.doe@gmail.com", "janedoe@gmail.com" };
	size_t count;

	OK_ERR(accounts_begin(ctx));
	for (size_t i = 0; i < COUNT_OF(emails); i++)
		OK_ERR(account_make(ctx, str_from(emails[i]), STR(GOOD_PASSWORD)));
	OK_ERR(mail_count(ctx, &count));
	OK_ERR(bother(ctx, STR("jane.doe@gmail.com")));
	OK_ERR(bother(ctx, STR("janedoe@gmail.com")));
	OK_ERR(mail_count(ctx, &count));
	/* And a reset to each: they are two accounts, both proved. */
	EQ_I64(count, 3);
}

static struct err *
deactivate_in_tx(struct tx *tx, void *arg)
{
	return user_deactivate(tx, *(struct user_id *)arg);
}

static struct err *
deactivate(struct ctx *ctx, struct user_id user)
{
	return db_transact(ctx, TX_WRITE, db_shard_of(user), deactivate_in_tx, &user);
}

static struct err *
reactivate_in_tx(struct tx *tx, void *arg)
{
	return user_reactivate(tx, *(struct user_id *)arg);
}

static struct err *
reactivate(struct ctx *ctx, struct user_id user)
{
	return db_transact(ctx, TX_WRITE, db_shard_of(user), reactivate_in_tx, &user);
}

BOTH_ENGINES(a_deactivated_account_is_shut_out_and_can_be_let_in_again)
{
	struct session_tokens tokens;
	struct str id;
	struct user_id user;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	user = tokens.user_id;
	OK_ERR(deactivate(ctx, user));
	FAILS_WITH(session_refresh(ctx, tokens.refresh, &tokens), ERR_UNAUTHENTICATED);
	FAILS_WITH(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens),
		ERR_UNAUTHENTICATED);
	FAILS_WITH(deactivate(ctx, user), ERR_NOT_FOUND);
	OK_ERR(value_of(ctx, "SELECT CAST(session_epoch AS text) FROM users", &id));
	EQ_STR(id, STR("1"));
	OK_ERR(reactivate(ctx, user));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
}

BOTH_ENGINES(a_reset_link_from_before_an_account_was_shut_out_is_void)
{
	struct session_tokens tokens;
	struct mail mail;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &mail));
	OK_ERR(deactivate(ctx, tokens.user_id));
	OK_ERR(reactivate(ctx, tokens.user_id));
	FAILS_WITH(
		password_reset(ctx, mail.token, STR("quite another password")), ERR_GONE);
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
}

static struct err *
sweep_on_day(struct ctx *ctx, int64_t begun, int day, struct sweep_counts *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	ctx->now = begun + day * MICROSECONDS_PER_DAY;
	TRY(db_run_text(
		&tx, STR("UPDATE outbox SET status = 'sent', sent_at = created_at")));
	return account_sweep(ctx, ret);
}

#define ON_FILE                                                                       \
	"SELECT CAST((SELECT count(*) FROM users WHERE email = 'alice@example.org') " \
	"+ (SELECT count(*) FROM users WHERE email_identity = 'alice@example.org') "  \
	"+ (SELECT count(*) FROM email_verifications) + (SELECT count(*) FROM "       \
	"outbox) AS text)"

/* What the log says is wrong with itself, once all that waits is in its chain; absent:
 * nothing. */
static struct err *
chain_and_verify(struct ctx *ctx, struct str *ret_fault)
{
	struct audit_verified verified;
	struct audit_round round;
	struct audit *audit;

	TRY(audit_open(ctx, &(struct audit_options){ .is_syslog = false }, &audit));
	TRY(audit_round(ctx, audit, &round));
	TRY(audit_verify(ctx, &(struct audit_verify_options){ 0 }, &verified));
	audit_close(ctx, audit);
	*ret_fault = verified.fault.what;
	return NULL;
}

BOTH_ENGINES(an_address_that_nobody_proved_goes_a_month_after_its_last_link)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct sweep_counts counts;
	struct session_tokens tokens;
	struct mail mail;
	struct str left, fault;
	int64_t begun;

	OK_ERR(accounts_begin(ctx));
	begun = ctx->now;
	OK_ERR(account_make(ctx, STR("bob@example.org"), STR(GOOD_PASSWORD)));
	OK_ERR(user_register(ctx,
		&(struct registration){ .email = STR("shut@example.org"),
			.password = STR(GOOD_PASSWORD) }));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE users SET is_active = FALSE, deactivated_at = created_at "
		    "WHERE email = 'shut@example.org'")));
	OK_ERR(register_alice(ctx, GOOD_PASSWORD));
	ctx->now = begun + 20 * MICROSECONDS_PER_DAY;
	OK_ERR(register_alice(ctx, GOOD_PASSWORD));
	/* Another program may have kept a name of who never proved his address. */
	OK_ERR(db_run_text(&tx,
		STR("UPDATE users SET first_name = 'Al' WHERE email = "
		    "'alice@example.org'")));
	OK_ERR(sweep_on_day(ctx, begun, 50, &counts));
	EQ_I64(counts.accounts, 0);
	OK_ERR(sweep_on_day(ctx, begun, 52, &counts));
	EQ_I64(counts.accounts, 1);
	OK_ERR(value_of(ctx, ON_FILE, &left));
	EQ_STR(left, STR("0"));
	OK_ERR(sweep_on_day(ctx, begun, 400, &counts));
	EQ_I64(counts.accounts, 0);
	/* The log's key of it went along, and that is on record. */
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM audit_pending WHERE action = "
		"'account.lose_unproved_email'",
		&left));
	EQ_STR(left, STR("1"));
	OK_ERR(chain_and_verify(ctx, &fault));
	OK_OR(str_is_none(fault), STR_FMT, STR_ARG(fault));
	/* Whoever it is comes as anybody does. */
	OK_ERR(register_alice(ctx, GOOD_PASSWORD));
	OK_ERR(mail_take(ctx, MAIL_VERIFY_EMAIL, ALICE, &mail));
	OK_ERR(user_verify(ctx, mail.token, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(account_sign_in(ctx, STR("bob@example.org"), STR(GOOD_PASSWORD), &tokens));
}
