/* Signing in, and new passwords, on both engines. */
#include "accounts/sign_in.h"

#include <crypt.h>
#include <dlfcn.h>
#include <stdatomic.h>

#include <sodium.h>

#include "accounts/guess.h"
#include "accounts/password_reset.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "crypto/jwt.h"
#include "crypto/password.h"
#include "db/fault.h"
#include "sys/fiber.h"
#include "tests/accounts/accounts.h"
#include "tests/support/database.h"

#define ALICE STR("alice@example.org")
#define BOB   STR("bob@example.org")

/* Of GOOD_PASSWORD, by libxcrypt at cost 10. */
#define BCRYPT_HASH "$2b$10$JEizDdL3ima3DKKgM9tnJOXAarlZII9VZTJjQIPitGtBXuuU.ySD."

static struct err *
run_sql(struct ctx *ctx, const char *sql)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx, str_from(sql));
}

/* --- What a refusal tells */

/* One refused try: its answer and its work. */
struct refusal {
	struct str answer;
	uint64_t hashes;    /* work handed to other threads */
	uint64_t looks;     /* at the user */
	int bcrypt, argon2; /* comparisons of each scheme */
};

/* The libraries' functions, counted. */
static _Atomic int bcrypt_compared, argon2_compared;

char *
crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	char *(*real)(const char *, const char *, struct crypt_data *);

	*(void **)&real = dlsym(RTLD_NEXT, "crypt_r");
	atomic_fetch_add(&bcrypt_compared, 1);
	return real(phrase, setting, data);
}

int
crypto_pwhash_str_verify(const char hash[crypto_pwhash_STRBYTES], const char *password,
	unsigned long long len)
{
	int (*real)(const char *, const char *, unsigned long long);

	*(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash_str_verify");
	atomic_fetch_add(&argon2_compared, 1);
	return real(hash, password, len);
}

static uint64_t
looks_so_far(void)
{
	return atomic_load(&query_user_for_sign_in.stats->duration.count);
}

static struct err *
refuse(struct ctx *ctx, struct str email, const char *password, struct refusal *ret)
{
	uint64_t hashes = loop_counters(loop_current()).offloads;
	uint64_t looks = looks_so_far();
	int bcrypt = bcrypt_compared, argon2 = argon2_compared;
	struct session_tokens tokens;
	struct err *err = account_sign_in(ctx, email, str_from(password), &tokens);

	if (!err)
		return err_new(ctx, ERR_INTERNAL, "signed in");
	*ret = (struct refusal){
		.answer = str_fmt(ctx->arena, "%s " STR_FMT " " STR_FMT,
			err_code_name(err->code), STR_ARG(err->message),
			STR_ARG(err->field)),
		.hashes = loop_counters(loop_current()).offloads - hashes,
		.looks = looks_so_far() - looks,
		.bcrypt = bcrypt_compared - bcrypt,
		.argon2 = argon2_compared - argon2,
	};
	return NULL;
}

BOTH_ENGINES(refusals_tell_nothing_apart)
{
	struct refusal unknown, others[4];
	struct str refused;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	OK_ERR(run_sql(ctx,
		"UPDATE users SET is_active = FALSE WHERE email = 'bob@example.org'"));
	OK_ERR(run_sql(ctx,
		"UPDATE users SET email_verified = FALSE WHERE email = "
		"'bob@example.org'"));
	OK_ERR(refuse(ctx, STR("nobody@example.org"), GOOD_PASSWORD, &unknown));
	OK_ERR(refuse(ctx, ALICE, "wrong password", &others[0]));
	OK_ERR(refuse(ctx, BOB, GOOD_PASSWORD, &others[1])); /* neither */
	OK_ERR(run_sql(ctx,
		"UPDATE users SET is_active = TRUE WHERE email = 'bob@example.org'"));
	OK_ERR(refuse(ctx, BOB, GOOD_PASSWORD, &others[2])); /* not proved */
	OK_ERR(run_sql(ctx,
		"UPDATE users SET is_active = FALSE, email_verified = TRUE WHERE email = "
		"'bob@example.org'"));
	OK_ERR(refuse(ctx, BOB, GOOD_PASSWORD, &others[3])); /* shut out */
	EQ_I64(unknown.argon2, 1);
	EQ_I64(unknown.looks, 1);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		EQ_STR(others[i].answer, unknown.answer);
		EQ_I64(others[i].hashes, unknown.hashes);
		EQ_I64(others[i].looks, unknown.looks);
	}
	/* The audit log knows. */
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) || ' of ' || CAST(count(subject_id) AS "
		"text) FROM audit_pending WHERE action = 'account.sign_in' AND outcome = "
		"'refused'",
		&refused));
	EQ_STR(refused, STR("5 of 4"));
}

/* An account whose hash was brought along takes as long to refuse as none. */
BOTH_ENGINES(refusals_take_the_work_of_every_kind_of_hash_that_accounts_have)
{
	struct refusal refusals[4];

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	OK_ERR(run_sql(ctx,
		"UPDATE users SET password_hash = '" BCRYPT_HASH
		"' WHERE email = 'bob@example.org'"));
	OK_ERR(user_password_kinds_learn(ctx));
	OK_ERR(refuse(ctx, STR("nobody@example.org"), GOOD_PASSWORD, &refusals[0]));
	OK_ERR(refuse(ctx, ALICE, "wrong password", &refusals[1]));
	OK_ERR(refuse(ctx, BOB, "wrong password", &refusals[2]));
	OK_ERR(run_sql(ctx,
		"UPDATE users SET is_active = FALSE WHERE email = 'bob@example.org'"));
	OK_ERR(refuse(ctx, BOB, GOOD_PASSWORD, &refusals[3]));
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		EQ_I64(refusals[i].bcrypt, 1);
		EQ_I64(refusals[i].argon2, 1);
		EQ_STR(refusals[i].answer, refusals[0].answer);
	}
}

BOTH_ENGINES(whoever_guesses_is_slowed_and_the_owner_elsewhere_gets_in)
{
	struct session_tokens tokens;
	struct err *err = NULL;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	ctx->remote_address = STR("203.0.113.66");
	for (int i = 0; i < 20; i++) {
		err = account_sign_in(ctx, ALICE, STR("password guessed"), &tokens);
		OK(err);
	}
	EQ_I64(err->code, ERR_RATE_LIMITED);
	OK(err->retry_after_s > 0);
	FAILS_WITH(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens),
		ERR_RATE_LIMITED);
	ctx->remote_address = STR("192.0.2.7");
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
}

BOTH_ENGINES(a_sign_in_by_another_program_is_mailed_to_the_owner)
{
	struct session_tokens tokens;
	struct mail mail;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	/* The first of all, and one by the same program again. */
	for (int i = 0; i < 2; i++) {
		OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
		FAILS_WITH(mail_take(ctx, MAIL_NEW_SIGN_IN, ALICE, &mail), ERR_NOT_FOUND);
	}
	ctx->user_agent = STR("curl/7.88.1");
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(mail_take(ctx, MAIL_NEW_SIGN_IN, ALICE, &mail));
	EQ_STR(mail.device, STR("curl"));
	/* One that does not say what it is, the first time. */
	ctx->user_agent = STR_NONE;
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(mail_take(ctx, MAIL_NEW_SIGN_IN, ALICE, &mail));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	FAILS_WITH(mail_take(ctx, MAIL_NEW_SIGN_IN, ALICE, &mail), ERR_NOT_FOUND);
}

/* --- Schemes */

BOTH_ENGINES(a_bcrypt_hash_is_verified_and_hashed_anew)
{
	static const struct password_params dear = { .scheme = PASSWORD_ARGON2ID,
		.memory_kib = 16384,
		.passes = 1,
		.bcrypt_cost = 10 };
	struct session_tokens tokens;
	struct str hash, dearer;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(run_sql(ctx, "UPDATE users SET password_hash = '" BCRYPT_HASH "'"));
	FAILS_WITH(account_sign_in(ctx, ALICE, STR("a horse and a stable"), &tokens),
		ERR_UNAUTHENTICATED);
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(value_of(ctx, "SELECT password_hash FROM users", &hash));
	OK(str_starts_with(hash, STR("$argon2id$")));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(value_of(ctx, "SELECT password_hash FROM users", &dearer));
	EQ_STR(dearer, hash);
	/* So is one that has become too cheap. */
	OK_ERR(password_configure(ctx->arena, &dear));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(value_of(ctx, "SELECT password_hash FROM users", &dearer));
	OK(!str_eq(dearer, hash));
}

/* What a cheaper machine chose before, or a setting that was changed, shuts nobody out. */
BOTH_ENGINES(a_password_that_bcrypt_cannot_read_keeps_the_hash_it_has)
{
	static const struct password_params bcrypt = { .scheme = PASSWORD_BCRYPT,
		.memory_kib = 8192,
		.passes = 1,
		.bcrypt_cost = 10 };
	const char *words = "a walk by the river that goes on and on, past mills and "
			    "meadows, until the sea is there";
	struct session_tokens tokens;
	struct str hash, after;

	OK(strlen(words) > PASSWORD_BCRYPT_BYTES_MAX);
	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, str_from(words)));
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	OK_ERR(password_configure(ctx->arena, &bcrypt));
	OK_ERR(value_of(
		ctx, "SELECT password_hash FROM users ORDER BY email LIMIT 1", &hash));
	OK(str_starts_with(hash, STR("$argon2id$")));
	OK_ERR(account_sign_in(ctx, ALICE, str_from(words), &tokens));
	FAILS_WITH(account_sign_in(ctx, ALICE, STR("a walk by the river"), &tokens),
		ERR_UNAUTHENTICATED);
	OK_ERR(value_of(
		ctx, "SELECT password_hash FROM users ORDER BY email LIMIT 1", &after));
	EQ_STR(after, hash);
	OK_ERR(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(value_of(ctx,
		"SELECT password_hash FROM users ORDER BY email DESC LIMIT 1", &after));
	OK(str_starts_with(after, STR("$2b$10$")));
	OK_ERR(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &tokens));
	/* One that is chosen now is refused where the scheme does not read it. */
	FAILS_WITH(account_make(ctx, STR("carol@example.org"), str_from(words)),
		ERR_INVALID);
}

/* Whatever the database does not do, a right password is not said to be wrong. */
BOTH_ENGINES(a_database_that_fails_refuses_no_password)
{
	struct session_tokens tokens;
	struct fault *fault;
	struct str refused;
	struct err *err;
	uint64_t calls;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(fault_put(ctx, ctx->db, &fault));
	fault_arm(fault, 1000, ERR_INTERNAL);
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	calls = fault_calls(fault);
	OK(calls > 3);
	for (uint64_t nth = 1; nth <= calls; nth++) {
		fault_arm(fault, nth, ERR_INTERNAL);
		err = account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens);
		OK(fault_has_struck(fault));
		OK_OR(err && err->code == ERR_INTERNAL, "call %d", (int)nth);
	}
	fault_arm(fault, 0, ERR_INTERNAL);
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM audit_pending WHERE outcome = "
		"'refused'",
		&refused));
	EQ_STR(refused, STR("0"));
}

/* --- Forgotten */

BOTH_ENGINES(a_reset_link_sets_the_password_once_and_ends_every_session)
{
	struct session_tokens tokens, fresh;
	struct str count;
	struct mail mail;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &mail));
	FAILS_WITH(password_reset(ctx, mail.token, STR("short")), ERR_INVALID);
	OK_ERR(password_reset(ctx, mail.token, STR("a louse and an apple")));
	FAILS_WITH(
		password_reset(ctx, mail.token, STR("a louse and an apple")), ERR_GONE);
	FAILS_WITH(session_refresh(ctx, tokens.refresh, &tokens), ERR_UNAUTHENTICATED);
	FAILS_WITH(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &fresh),
		ERR_UNAUTHENTICATED);
	OK_ERR(account_sign_in(ctx, ALICE, STR("a louse and an apple"), &fresh));
	EQ_I64(fresh.session_epoch, tokens.session_epoch + 1);
	OK_ERR(mail_take(ctx, MAIL_PASSWORD_CHANGED, ALICE, &mail));
	OK_ERR(value_of(
		ctx, "SELECT CAST(count(*) AS text) FROM password_resets", &count));
	EQ_STR(count, STR("1"));
}

static struct err *
sign_in_by(struct ctx *ctx, const char *password, struct str code)
{
	struct sign_in in = {
		.email = ALICE, .password = str_from(password), .code = code
	};
	struct session_tokens tokens;

	return sign_in(ctx, &in, &tokens);
}

/* Whoever reads her mail has one factor, and the link gives him no other. */
BOTH_ENGINES(a_password_that_was_reset_asks_for_the_second_factor_as_before)
{
	static const char *const reset = "a louse and an apple";
	struct person alice;
	struct str enabled;
	struct mail mail;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &mail));
	OK_ERR(password_reset(ctx, mail.token, str_from(reset)));
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(mfa_enabled_at) + count(totp_secret) AS text) FROM "
		"users",
		&enabled));
	EQ_STR(enabled, STR("2"));
	ctx->now += (int64_t)300 * MICROSECONDS_PER_SECOND;
	FAILS_WITH(sign_in_by(ctx, reset, STR_NONE), ERR_UNAUTHENTICATED);
	FAILS_WITH(sign_in_by(ctx, reset, STR("000000")), ERR_UNAUTHENTICATED);
	OK_ERR(sign_in_by(ctx, reset, authenticator_code(ctx, alice.secret, 0)));
	/* Those that she wrote down are hers still. */
	OK_ERR(sign_in_by(ctx, reset, alice.codes.codes[0]));
}

BOTH_ENGINES(a_reset_link_ends_after_an_hour_and_with_the_next_password)
{
	struct mail first, second;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &first));
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &second));
	OK_ERR(password_reset(ctx, second.token, STR("a louse and an apple")));
	FAILS_WITH(
		password_reset(ctx, first.token, STR("a mouse and a maple")), ERR_GONE);
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &first));
	ctx->now += (int64_t)RESET_LINK_MINUTES * 60 * MICROSECONDS_PER_SECOND;
	FAILS_WITH(
		password_reset(ctx, first.token, STR("a mouse and a maple")), ERR_GONE);
}

BOTH_ENGINES(an_address_without_an_account_is_sent_nothing)
{
	size_t count;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(password_forgotten(ctx, STR("nobody@example.org")));
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, 0);
}

BOTH_ENGINES(nobody_is_flooded_with_reset_links)
{
	size_t count;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(mail_count(ctx, &count));
	for (int i = 0; i < 5; i++) {
		ctx->remote_address = str_fmt(ctx->arena, "198.51.100.%d", i);
		OK_ERR(password_forgotten(ctx, ALICE));
	}
	OK_ERR(mail_count(ctx, &count));
	EQ_I64(count, 3);
}

/* --- Changed */

BOTH_ENGINES(a_changed_password_ends_the_other_sessions)
{
	struct session_tokens mine, other, next;
	struct password_change change = {
		.proof.password = STR(GOOD_PASSWORD),
		.password = STR("a louse and an apple"),
	};
	struct jwt_claims claims;
	struct mail mail;
	int64_t keys;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &mine));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &other));
	/* A link that was sent before is void with the password it was to replace. */
	OK_ERR(password_forgotten(ctx, ALICE));
	OK_ERR(mail_take(ctx, MAIL_RESET_PASSWORD, ALICE, &mail));
	ctx->actor.user_id = mine.user_id;
	change.family = mine.family_id;
	OK_ERR(password_change(ctx, &change, &next, &keys));
	OK_ERR(jwt_verify(ctx, next.access, &claims));
	EQ_I64(claims.session_epoch, mine.session_epoch + 1);
	OK(uuid_eq(claims.family_id, mine.family_id));
	OK_ERR(session_refresh(ctx, mine.refresh, &mine));
	FAILS_WITH(session_refresh(ctx, other.refresh, &other), ERR_UNAUTHENTICATED);
	FAILS_WITH(password_reset(ctx, mail.token, STR("a mouse and a maple")), ERR_GONE);
	FAILS_WITH(password_change(ctx, &change, &next, &keys), ERR_INVALID);
	OK_ERR(account_sign_in(ctx, ALICE, STR("a louse and an apple"), &other));
}
