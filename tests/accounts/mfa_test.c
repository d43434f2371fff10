/* The second factor and API keys, on both engines. */
#include "accounts/api_key.h"
#include "accounts/api_keys_q.h"
#include "accounts/caller.h"
#include "accounts/erase.h"
#include "accounts/mfa.h"
#include "accounts/password_reset.h"
#include "accounts/user.h"
#include "base/buf.h"
#include "codec/hex.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "crypto/keyring.h"
#include "crypto/totp.h"
#include "ops/reseal.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/accounts/accounts.h"
#include "tests/support/database.h"

#define ALICE STR("alice@example.org")
#define BOB   STR("bob@example.org")

enum {
	AT_ONCE = 50,
};

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

static struct err *
sign_in_with(struct ctx *ctx, struct str email, struct str code)
{
	struct sign_in in = {
		.email = email, .password = STR(GOOD_PASSWORD), .code = code
	};
	struct session_tokens tokens;

	return sign_in(ctx, &in, &tokens);
}

BOTH_ENGINES(a_code_signs_in_once_and_only_in_its_time)
{
	struct person alice;
	struct str old;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	FAILS_WITH(sign_in_with(ctx, ALICE, STR_NONE), ERR_UNAUTHENTICATED);
	/* The one that put it in force is spent. */
	FAILS_WITH(sign_in_with(ctx, ALICE, authenticator_code(ctx, alice.secret, 0)),
		ERR_UNAUTHENTICATED);
	later(ctx, 300);
	old = authenticator_code(ctx, alice.secret, -2);
	FAILS_WITH(sign_in_with(ctx, ALICE, old), ERR_UNAUTHENTICATED);
	OK_ERR(sign_in_with(ctx, ALICE, authenticator_code(ctx, alice.secret, 0)));
	FAILS_WITH(sign_in_with(ctx, ALICE, authenticator_code(ctx, alice.secret, 0)),
		ERR_UNAUTHENTICATED);
	/* Nor one that was due before it. */
	FAILS_WITH(sign_in_with(ctx, ALICE, authenticator_code(ctx, alice.secret, -1)),
		ERR_UNAUTHENTICATED);
	later(ctx, 300);
	OK_ERR(sign_in_with(ctx, ALICE, authenticator_code(ctx, alice.secret, 1)));
	/* With a blank in the middle, as apps show it. */
	later(ctx, 300);
	old = authenticator_code(ctx, alice.secret, 0);
	OK_ERR(sign_in_with(
		ctx, ALICE, str_fmt(ctx->arena, "%.3s %.3s", old.ptr, old.ptr + 3)));
}

BOTH_ENGINES(recovery_codes_are_good_once_and_for_their_user_alone)
{
	struct person alice, bob;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(account_enrol(ctx, BOB, &bob));
	FAILS_WITH(sign_in_with(ctx, ALICE, bob.codes.codes[0]), ERR_UNAUTHENTICATED);
	for (size_t i = 0; i < MFA_RECOVERY_CODES; i++) {
		OK_ERR(sign_in_with(ctx, ALICE, alice.codes.codes[i]));
		FAILS_WITH(sign_in_with(ctx, ALICE, alice.codes.codes[i]),
			ERR_UNAUTHENTICATED);
		later(ctx, 3600);
	}
	OK_ERR(sign_in_with(ctx, BOB, bob.codes.codes[0]));
}

static struct str
hex_of(struct ctx *ctx, struct str bytes)
{
	struct buf hex;

	buf_init(&hex, ctx->arena, 2 * bytes.len);
	hex_encode(&hex, bytes);
	return buf_str(&hex);
}

/* In the groups in which it is read from paper. */
static bool
is_recovery_code(struct str code)
{
	enum { DIGITS = 26, GROUP = 4 };
	size_t digits = 0;

	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (i % (GROUP + 1) == GROUP) {
			if (c != '-')
				return false;
			continue;
		}
		if (!(c >= 'a' && c <= 'z') && !(c >= '2' && c <= '7'))
			return false;
		digits++;
	}
	return digits == DIGITS;
}

BOTH_ENGINES(recovery_codes_have_128_bits_and_are_ten_different_ones)
{
	struct person alice;
	struct buf upper;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	for (size_t i = 0; i < MFA_RECOVERY_CODES; i++) {
		OK_OR(is_recovery_code(alice.codes.codes[i]), STR_FMT,
			STR_ARG(alice.codes.codes[i]));
		for (size_t j = 0; j < i; j++)
			OK(!str_eq(alice.codes.codes[i], alice.codes.codes[j]));
	}
	/* Typed in capitals, with blanks for the dashes, it is the same. */
	buf_init(&upper, ctx->arena, 64);
	for (size_t i = 0; i < alice.codes.codes[0].len; i++) {
		char c = alice.codes.codes[0].ptr[i];

		buf_put_char(&upper,
			c == '-'                       ? ' '
				: c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A')
						       : c);
	}
	OK_ERR(sign_in_with(ctx, ALICE, buf_str(&upper)));
}

/* As accounts have them that wrote theirs down before codes got longer. */
BOTH_ENGINES(a_recovery_code_of_sixteen_digits_goes_on_working)
{
	uint8_t hash[SHA256_BYTES];
	struct person alice;
	struct buf bound;
	struct str hex;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	buf_init(&bound, ctx->arena, 64);
	buf_put(&bound,
		(struct str){ (const char *)alice.tokens.user_id.uuid.bytes,
			sizeof(alice.tokens.user_id.uuid.bytes) });
	buf_put(&bound, STR("ABCDEFGHIJKLMN23"));
	digest_sha256(buf_str(&bound), hash);
	hex = hex_of(ctx, str_from_bytes(hash, sizeof(hash)));
	OK_ERR(database_sql(ctx,
		str_fmt(ctx->arena,
			"UPDATE mfa_recovery_codes SET code_hash = %s" STR_FMT
			"' WHERE id = (SELECT id FROM mfa_recovery_codes LIMIT 1)",
			db_dialect(ctx->db) == DIALECT_SQLITE ? "x'" : "'\\x",
			STR_ARG(hex))));
	FAILS_WITH(sign_in_with(ctx, ALICE, STR("abcd-efgh-ijkl-mn24")),
		ERR_UNAUTHENTICATED);
	OK_ERR(sign_in_with(ctx, ALICE, STR("abcd-efgh-ijkl-mn23")));
	FAILS_WITH(sign_in_with(ctx, ALICE, STR("abcd-efgh-ijkl-mn23")),
		ERR_UNAUTHENTICATED);
}

/* WHAT is what Alice was last told. */
static void
expect_told(struct ctx *ctx, struct str what)
{
	struct mail told = { .happened_at = 0 };

	OK_ERR(mail_take(ctx, MAIL_MFA_CHANGED, ALICE, &told));
	EQ_STR(told.change, what);
	EQ_I64(told.happened_at, ctx->now);
}

BOTH_ENGINES(its_owner_is_told_of_every_change)
{
	struct recovery_codes codes;
	struct proof proof = { .password = STR(GOOD_PASSWORD) };
	struct person alice;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	act_as(ctx, alice.tokens.user_id);
	expect_told(ctx, STR("Codes at sign-in were turned on"));
	later(ctx, 300);
	OK_ERR(sign_in_with(ctx, ALICE, alice.codes.codes[0]));
	expect_told(ctx, STR("A recovery code was used"));
	later(ctx, 300);
	proof.code = authenticator_code(ctx, alice.secret, 0);
	OK_ERR(mfa_renew_codes(ctx, &proof, &codes));
	expect_told(ctx, STR("New recovery codes were made"));
	later(ctx, 300);
	proof.code = authenticator_code(ctx, alice.secret, 0);
	OK_ERR(mfa_disable(ctx, &proof));
	expect_told(ctx, STR("Codes at sign-in were turned off"));
}

BOTH_ENGINES(nothing_of_it_lies_in_the_database_as_it_is)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct person alice;
	struct str dump;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(database_dump(ctx,
		db_dialect(ctx->db) == DIALECT_SQLITE
			? "SELECT lower(hex(totp_secret)) FROM users UNION ALL "
			  "SELECT lower(hex(code_hash)) FROM mfa_recovery_codes"
			: "SELECT encode(totp_secret, 'hex') FROM users UNION ALL "
			  "SELECT encode(code_hash, 'hex') FROM mfa_recovery_codes",
		columns, 1, &dump));
	/* A sealed secret, and ten hashes. */
	OK(dump.len > (size_t)2 * (TOTP_SECRET_BYTES + MFA_RECOVERY_CODES * 32));
	OK(str_find(dump, hex_of(ctx, alice.secret)) < 0);
	for (size_t i = 0; i < MFA_RECOVERY_CODES; i++)
		OK(str_find(dump, hex_of(ctx, alice.codes.codes[i])) < 0);
}

/* --- Many at once */

struct race {
	struct user_id user;
	struct str code;
	int64_t passed;
	int64_t refused;
	int64_t failed;
	int running;
};

/* One try, by itself: a sign-in without the brake on guessing. */
struct racer {
	struct ctx ctx;
	struct arena arena;
	struct race *race;
	enum mfa_result result;
};

static struct err *
check_in_tx(struct tx *tx, void *arg)
{
	struct racer *racer = arg;

	return mfa_check(tx, racer->race->user, racer->race->code, &racer->result);
}

static void
race_once(void *arg)
{
	struct racer *racer = arg;
	struct err *err = db_transact(&racer->ctx, TX_WRITE,
		db_shard_of(racer->race->user), check_in_tx, racer);

	if (err)
		racer->race->failed++;
	else if (racer->result == MFA_PASSED)
		racer->race->passed++;
	else if (racer->result == MFA_CODE_WRONG)
		racer->race->refused++;
	racer->race->running--;
}

static void
run_race(struct ctx *ctx, struct race *race)
{
	struct racer *racers = arena_alloc_array(ctx->arena, AT_ONCE, sizeof(*racers));

	if (!racers)
		return;
	for (int i = 0; i < AT_ONCE; i++) {
		racers[i].race = race;
		racers[i].ctx = *ctx;
		arena_init(&racers[i].arena, 1 << 22);
		racers[i].ctx.arena = &racers[i].arena;
		/* Each from elsewhere, so that none waits for the others' tries. */
		racers[i].ctx.remote_address = str_fmt(ctx->arena, "192.0.2.%d", i + 1);
		if (fiber_spawn("race", race_once, &racers[i]))
			race->running++;
	}
	while (race->running > 0)
		fiber_sleep_until(clock_deadline_ms(10));
	for (int i = 0; i < AT_ONCE; i++)
		arena_release(&racers[i].arena);
}

BOTH_ENGINES(of_fifty_tries_at_once_with_one_code_one_passes)
{
	struct race race = { .passed = 0 };
	struct person alice;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	later(ctx, 300);
	race.user = alice.tokens.user_id;
	race.code = authenticator_code(ctx, alice.secret, 0);
	run_race(ctx, &race);
	EQ_I64(race.failed, 0);
	EQ_I64(race.passed, 1);
	EQ_I64(race.refused, AT_ONCE - 1);
	race = (struct race){ .user = race.user, .code = alice.codes.codes[3] };
	run_race(ctx, &race);
	EQ_I64(race.failed, 0);
	EQ_I64(race.passed, 1);
	EQ_I64(race.refused, AT_ONCE - 1);
}

BOTH_ENGINES(an_account_with_a_second_factor_is_erased_by_a_code_of_it)
{
	struct proof proof = { .password = STR(GOOD_PASSWORD) };
	struct person alice;
	struct str left;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	act_as(ctx, alice.tokens.user_id);
	FAILS_WITH(erase_account(ctx, &proof), ERR_INVALID);
	proof.code = STR("abcd-abcd-abcd-abcd");
	FAILS_WITH(erase_account(ctx, &proof), ERR_INVALID);
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM users WHERE erased_at IS NULL",
		&left));
	EQ_STR(left, STR("1"));
	proof.code = alice.codes.codes[0];
	OK_ERR(erase_account(ctx, &proof));
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM users WHERE erased_at IS NULL",
		&left));
	EQ_STR(left, STR("0"));
	/* Nor does the mail that tells of the code lie there for it. */
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM outbox", &left));
	EQ_STR(left, STR("0"));
}

/* --- API keys */

static struct err *
key_new(struct ctx *ctx, int32_t days, struct api_key *ret, struct str *ret_text)
{
	struct api_key_new key = { .name = STR("of a test"),
		.scopes = 1u << SCOPE_FORECASTS | 1u << SCOPE_PICKS,
		.days = days,
		.proof = { .password = STR(GOOD_PASSWORD) } };

	return api_key_create(ctx, &key, ret, ret_text);
}

BOTH_ENGINES(a_key_is_its_users_until_its_day)
{
	struct session_tokens tokens;
	struct caller caller;
	struct api_key key;
	struct str text;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	act_as(ctx, tokens.user_id);
	OK_ERR(key_new(ctx, 2, &key, &text));
	ctx->actor = (struct actor){ 0 };
	OK_ERR(caller_by_key(ctx, text, &caller));
	EQ_I64(caller.kind, CALLER_API_KEY);
	OK(user_id_eq(caller.user_id, tokens.user_id));
	OK(api_key_id_eq(caller.key_id, key.id));
	EQ_I64(caller.scopes, 1u << SCOPE_FORECASTS | 1u << SCOPE_PICKS);
	later(ctx, 2 * 86400 - 1);
	OK_ERR(caller_by_key(ctx, text, &caller));
	later(ctx, 1);
	FAILS_WITH(caller_by_key(ctx, text, &caller), ERR_UNAUTHENTICATED);
}

BOTH_ENGINES(there_is_an_end_to_keys_and_one_that_ran_out_makes_room)
{
	struct session_tokens tokens;
	struct api_key key, first;
	struct str text;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	act_as(ctx, tokens.user_id);
	OK_ERR(key_new(ctx, 1, &first, &text));
	for (int i = 1; i < API_KEYS_MAX; i++)
		OK_ERR(key_new(ctx, 30, &key, &text));
	FAILS_WITH(key_new(ctx, 30, &key, &text), ERR_CONFLICT);
	later(ctx, 86400);
	OK_ERR(key_new(ctx, 30, &key, &text));
	FAILS_WITH(key_new(ctx, 30, &key, &text), ERR_CONFLICT);
	OK_ERR(api_key_revoke(ctx, key.id));
	OK_ERR(key_new(ctx, 30, &key, &text));
}

/* --- Sealed again under a new key */

static void
no_progress(void *arg, int64_t done)
{
	*(int64_t *)arg = done;
}

BOTH_ENGINES(what_is_sealed_goes_over_to_a_new_key)
{
	struct reseal_uses uses;
	struct person alice, bob;
	const struct keyring *old_keys;
	struct keyring *both;
	struct resealed resealed;
	int64_t done = 0;
	struct reseal_options options = { .progress = no_progress,
		.progress_arg = &done };
	struct str old_id, new_id;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(account_enrol(ctx, BOB, &bob));
	old_keys = ctx->keys;
	old_id = key_id(keyring_current(old_keys, KEY_SEAL, ctx->now));
	OK_ERR(reseal_uses(ctx, old_id, &uses));
	EQ_I64(uses.users, 2);
	OK_ERR(keyring_new_beside(ctx, old_keys, &both));
	ctx->keys = both;
	new_id = key_id(keyring_current(both, KEY_SEAL, ctx->now));
	OK(!str_eq(old_id, new_id));
	/* Each has a secret, and a key of the audit log. */
	OK_ERR(reseal_all(ctx, &options, &resealed));
	EQ_I64(resealed.fields, 4);
	EQ_I64(done, 2);
	OK_ERR(reseal_uses(ctx, old_id, &uses));
	EQ_I64(uses.users, 0);
	OK_ERR(reseal_uses(ctx, new_id, &uses));
	EQ_I64(uses.users, 2);
	/* Once more: nothing is left to do. */
	OK_ERR(reseal_all(ctx, &options, &resealed));
	EQ_I64(resealed.fields, 0);
	later(ctx, 300);
	OK_ERR(sign_in_with(ctx, ALICE, authenticator_code(ctx, alice.secret, 0)));
	keyring_close(both);
}

BOTH_ENGINES(it_is_told_what_still_needs_an_older_key)
{
	struct reseal_uses uses;
	struct session_tokens tokens;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	/* Nobody of that address: what the log holds of the caller is sealed by the
	 * keyring itself. A refresh leaves a successor. */
	FAILS_WITH(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &tokens),
		ERR_UNAUTHENTICATED);
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(session_refresh(ctx, tokens.refresh, &tokens));
	OK_ERR(reseal_uses(
		ctx, key_id(keyring_current(ctx->keys, KEY_SEAL, ctx->now)), &uses));
	EQ_I64(uses.users, 1);
	EQ_I64(uses.sessions, 1);
	OK(uses.mails >= 1);
	OK(uses.audit_entries >= 1);
	OK_ERR(reseal_uses(ctx, STR("0123456789abcdef"), &uses));
	EQ_I64(reseal_uses_total(&uses), 0);
	FAILS_WITH(reseal_uses(ctx, STR("../x"), &uses), ERR_INVALID);
}

/* --- What cannot be opened any more */

/* The keyring is another: what was sealed before stays closed. */
static void
lose_keys(struct ctx *ctx)
{
	struct keyring *other = NULL;

	OK_ERR(keyring_new(ctx, &other));
	ctx->keys = other;
}

BOTH_ENGINES(a_lost_seal_key_tells_known_addresses_from_unknown_ones_by_nothing)
{
	struct session_tokens tokens;
	struct person alice;
	struct err *known, *unknown;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	lose_keys(ctx);
	known = account_sign_in(ctx, BOB, STR("a wrong password"), &tokens);
	unknown = account_sign_in(
		ctx, STR("nobody@example.org"), STR("a wrong password"), &tokens);
	OK(known && unknown && known->code == ERR_UNAUTHENTICATED);
	EQ_STR(known->message, unknown->message);
	OK_ERR(password_forgotten(ctx, BOB));
	OK_ERR(password_forgotten(ctx, STR("nobody@example.org")));
	OK_ERR(user_register(ctx,
		&(struct registration){ .email = BOB, .password = STR(GOOD_PASSWORD) }));
	OK_ERR(user_register(ctx,
		&(struct registration){ .email = STR("nobody@example.org"),
			.password = STR(GOOD_PASSWORD) }));
	/* Whoever has no second factor signs in as ever. */
	OK_ERR(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &tokens));
	/* Whose has one that nobody can read any more has his recovery codes. */
	later(ctx, 300);
	FAILS_WITH(sign_in_with(ctx, ALICE, authenticator_code(ctx, alice.secret, 0)),
		ERR_UNAUTHENTICATED);
	OK_ERR(sign_in_with(ctx, ALICE, alice.codes.codes[0]));
}

BOTH_ENGINES(a_second_factor_that_cannot_be_read_is_replaced_by_a_recovery_code)
{
	struct proof proof = { .password = STR(GOOD_PASSWORD) };
	struct mfa_enrolment enrolment;
	struct recovery_codes codes;
	struct session_tokens tokens;
	struct person alice;

	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &tokens));
	act_as(ctx, tokens.user_id);
	OK_ERR(mfa_begin(ctx, STR(GOOD_PASSWORD), &enrolment));
	lose_keys(ctx);
	/* One that was begun waits no more, and is begun again. */
	FAILS_WITH(
		mfa_confirm(ctx, tokens.family_id, STR("123456"), &codes), ERR_CONFLICT);
	OK_ERR(mfa_begin(ctx, STR(GOOD_PASSWORD), &enrolment));
	act_as(ctx, alice.tokens.user_id);
	proof.code = alice.codes.codes[0];
	OK_ERR(mfa_disable(ctx, &proof));
	OK_ERR(mfa_begin(ctx, STR(GOOD_PASSWORD), &enrolment));
	OK_ERR(mfa_confirm(ctx, alice.tokens.family_id,
		authenticator_code(
			ctx, authenticator_secret(ctx->arena, enrolment.secret), 0),
		&codes));
}

BOTH_ENGINES(what_cannot_be_opened_is_counted_and_given_up_where_that_is_asked)
{
	struct reseal_options options = { .progress = no_progress };
	struct session_tokens tokens;
	struct resealed resealed;
	struct person alice;
	int64_t done = 0;

	options.progress_arg = &done;
	OK_ERR(accounts_begin(ctx));
	OK_ERR(account_enrol(ctx, ALICE, &alice));
	OK_ERR(account_make(ctx, BOB, STR(GOOD_PASSWORD)));
	lose_keys(ctx);
	/* What can be is sealed again beside it. */
	OK_ERR(account_make(ctx, STR("carol@example.org"), STR(GOOD_PASSWORD)));
	{
		struct keyring *both;

		OK_ERR(keyring_new_beside(ctx, ctx->keys, &both));
		ctx->keys = both;
	}
	OK_ERR(reseal_all(ctx, &options, &resealed));
	EQ_I64(resealed.fields, 1);
	EQ_I64(resealed.lost_factors, 1);
	EQ_I64(resealed.lost_keys, 2);
	EQ_I64(resealed.given_up, 0);
	options.gives_up = true;
	OK_ERR(reseal_all(ctx, &options, &resealed));
	EQ_I64(resealed.given_up, 2);
	/* The next entry makes a new key. */
	OK_ERR(account_sign_in(ctx, BOB, STR(GOOD_PASSWORD), &tokens));
	OK_ERR(reseal_all(ctx, &options, &resealed));
	EQ_I64(resealed.fields, 0);
	EQ_I64(resealed.lost_keys, 0);
	EQ_I64(resealed.given_up, 0);
	/* A second factor is never taken away so: its owner does that. */
	EQ_I64(resealed.lost_factors, 1);
	OK_ERR(sign_in_with(ctx, ALICE, alice.codes.codes[0]));
}
