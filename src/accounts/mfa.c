#include "accounts/mfa.h"

#include "accounts/account_change.h"
#include "accounts/guess.h"
#include "accounts/mfa_q.h"
#include "accounts/sessions_q.h"
#include "accounts/standing.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "base/buf.h"
#include "codec/base32.h"
#include "codec/url.h"
#include "codec/uuid.h"
#include "crypto/digest.h"
#include "crypto/seal.h"
#include "crypto/totp.h"
#include "mail/mail.h"
#include "sys/random.h"

enum {
	RECOVERY_BYTES = 16, /* 128 bits: nobody finds one from its hash */
	RECOVERY_DIGITS = 26,
	RECOVERY_DIGITS_FORMER = 16, /* of codes that were made with 80 bits */
	RECOVERY_GROUP = 4,
	URI_BYTES_MAX = 2048,
};

static struct seal_place
secret_place(struct user_id user)
{
	return (struct seal_place){
		.table = "users", .column = "totp_secret", .row = user.uuid
	};
}

struct err *
mfa_code_err(struct ctx *ctx, enum mfa_result result)
{
	if (result == MFA_CODE_MISSING)
		return err_field(ctx, "code",
			"a code of the authenticator is needed, or a recovery code");
	return err_field(ctx, "code",
		"the code is wrong or was used before; each is good once, for half a "
		"minute");
}

/* Word to the owner of what became of it: it may have been somebody else. */
static struct err *
tell(struct tx *tx, struct user_id user, struct str email, const char *change)
{
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_MFA_CHANGED,
			.recipient = email,
			.user_id = user,
			.change = str_from(change),
			.happened_at = tx->ctx->now,
			.ip_address = tx->ctx->remote_address,
		});
}

/* --- Enrolment */

/* otpauth://totp/Gridiron:alice%40example.org?secret=…&issuer=Gridiron: the form of the
 * key URIs that authenticators read. */
static struct err *
uri_new(struct ctx *ctx, struct str email, struct str secret, struct str *ret)
{
	struct buf uri;

	buf_init(&uri, ctx->arena, URI_BYTES_MAX);
	buf_put(&uri, STR("otpauth://totp/Gridiron:"));
	url_encode(&uri, email);
	buf_put(&uri, STR("?secret="));
	buf_put(&uri, secret);
	buf_put(&uri, STR("&issuer=Gridiron"));
	if (buf_is_cut(&uri))
		return err_no_memory();
	*ret = buf_str(&uri);
	return NULL;
}

struct beginning {
	struct str sealed;
	struct user_password known;
};

static struct err *
begin_in_tx(struct tx *tx, void *arg)
{
	const struct beginning *beginning = arg;
	int64_t begun;

	TRY(user_still_confirmed(tx, &beginning->known));
	TRY(q_mfa_begin(tx,
		(struct mfa_begin){ .actor = tx->ctx->actor.user_id,
			.totp_secret = beginning->sealed,
			.now = tx->ctx->now },
		&begun));
	if (begun != 1)
		return err_new(tx->ctx, ERR_CONFLICT,
			"a second factor is in force already; with the password and a "
			"code take it away first (DELETE /v1/me/mfa)");
	return audit_log(tx, &(struct audit_entry){ .action = AUDIT_MFA_BEGIN });
}

struct err *
mfa_begin(struct ctx *ctx, struct str password, struct mfa_enrolment *ret)
{
	struct user_id user = ctx->actor.user_id;
	const struct seal_place place = secret_place(user);
	struct mfa_enrolment enrolment;
	char secret[TOTP_SECRET_BYTES];
	struct beginning beginning;
	struct buf text;

	TRY(user_confirm(ctx, password, "password", &beginning.known));
	random_bytes(secret, sizeof(secret));
	TRY(seal(ctx, &place, (struct str){ secret, sizeof(secret) }, &beginning.sealed));
	buf_init(&text, ctx->arena, 2 * TOTP_SECRET_BYTES);
	base32_encode(&text, (struct str){ secret, sizeof(secret) });
	explicit_bzero(secret, sizeof(secret));
	if (buf_is_cut(&text))
		return err_no_memory();
	enrolment.secret = buf_str(&text);
	TRY(uri_new(ctx, beginning.known.email, enrolment.secret, &enrolment.uri));
	TRY(db_transact(ctx, TX_WRITE, db_shard_of(user), begin_in_tx, &beginning));
	*ret = enrolment;
	return NULL;
}

/* --- Recovery codes */

/* Bound to the user, so that equal codes of two users have different hashes. */
static void
recovery_hash(struct user_id user, struct str code, uint8_t ret[static SHA256_BYTES])
{
	char storage[sizeof(user.uuid.bytes) + RECOVERY_DIGITS];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	buf_put(&text,
		(struct str){ (const char *)user.uuid.bytes, sizeof(user.uuid.bytes) });
	buf_put(&text, code);
	digest_sha256(buf_str(&text), ret);
}

/* "ABCDEFGHIJKLMNOPQRSTUVWXYZ" as "abcd-efgh-ijkl-mnop-qrst-uvwx-yz". */
static struct err *
recovery_shown(struct ctx *ctx, struct str code, struct str *ret)
{
	struct buf shown;

	buf_init(&shown, ctx->arena, RECOVERY_DIGITS + RECOVERY_DIGITS / RECOVERY_GROUP);
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (i > 0 && i % RECOVERY_GROUP == 0)
			buf_put_char(&shown, '-');
		buf_put_char(&shown, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
	}
	if (buf_is_cut(&shown))
		return err_no_memory();
	*ret = buf_str(&shown);
	return NULL;
}

/* New codes, and their hashes to be kept. */
struct new_codes {
	struct recovery_codes shown;
	uint8_t hashes[MFA_RECOVERY_CODES][SHA256_BYTES];
};

static struct err *
codes_new(struct ctx *ctx, struct new_codes *ret)
{
	for (size_t i = 0; i < MFA_RECOVERY_CODES; i++) {
		char random[RECOVERY_BYTES], digits[RECOVERY_DIGITS];
		struct buf code;

		random_bytes(random, sizeof(random));
		buf_init_fixed(&code, digits, sizeof(digits));
		base32_encode(&code, (struct str){ random, sizeof(random) });
		recovery_hash(ctx->actor.user_id, buf_str(&code), ret->hashes[i]);
		TRY(recovery_shown(ctx, buf_str(&code), &ret->shown.codes[i]));
	}
	return NULL;
}

static struct err *
codes_put(struct tx *tx, const struct new_codes *codes)
{
	struct recovery_insert sets[MFA_RECOVERY_CODES];
	int64_t inserted;

	TRY(q_recovery_drop(tx, tx->ctx->actor.user_id));
	for (size_t i = 0; i < MFA_RECOVERY_CODES; i++)
		sets[i] = (struct recovery_insert){ .actor = tx->ctx->actor.user_id,
			.code_hash = { (const char *)codes->hashes[i], SHA256_BYTES },
			.now = tx->ctx->now };
	return q_recovery_insert(tx, sets, MFA_RECOVERY_CODES, &inserted);
}

/* --- Codes */

/* A code as it is compared: without blanks and dashes, in upper case. */
static struct str
code_plain(struct str code, char storage[static RECOVERY_DIGITS])
{
	struct buf plain;

	buf_init_fixed(&plain, storage, RECOVERY_DIGITS);
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (c == ' ' || c == '-')
			continue;
		buf_put_char(&plain, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
	}
	return buf_is_cut(&plain) ? STR("") : buf_str(&plain);
}

struct err *
mfa_gate(struct ctx *ctx, struct user_id user, struct guess *ret)
{
	struct guess guess = { .kind = GUESS_CODE, .address = ctx->remote_address };
	struct buf account;

	buf_init(&account, ctx->arena, UUID_TEXT_LEN);
	uuid_format(&account, user.uuid);
	if (buf_is_cut(&account))
		return err_no_memory();
	guess.account = buf_str(&account);
	TRY(guess_gate(ctx, &guess));
	*ret = guess;
	return NULL;
}

/* The secret in STATE; absent where it cannot be opened, which no code is right for
 * then. */
static struct err *
secret_open(struct ctx *ctx, struct user_id user, const struct mfa_state *state,
	struct str *ret)
{
	const struct seal_place place = secret_place(user);

	*ret = STR_NONE;
	return seal_go_without(ctx, unseal(ctx, &place, state->totp_secret, ret));
}

/* The step whose code of SECRET, which STATE has, CODE is. */
static struct opt_i64
code_step(const struct ctx *ctx, struct str secret, const struct mfa_state *state,
	struct str code)
{
	struct opt_i64 step = { .is_set = false };

	step.is_set = totp_verify(secret, code, ctx->now / MICROSECONDS_PER_SECOND,
		state->totp_last_step.is_set ? state->totp_last_step.value : INT64_MIN,
		&step.value);
	return step;
}

static struct err *
use_code(struct tx *tx, struct user_id user, const struct mfa_state *state,
	struct str code, bool *ret)
{
	struct opt_i64 step = { .is_set = false };
	struct str secret;
	int64_t used = 0;

	TRY(secret_open(tx->ctx, user, state, &secret));
	if (!str_is_none(secret))
		step = code_step(tx->ctx, secret, state, code);
	if (step.is_set)
		TRY(q_mfa_use_step(tx, user, step.value, &used));
	*ret = used == 1;
	return NULL;
}

static struct err *
use_recovery_code(struct tx *tx, struct user_id user, const struct mfa_state *state,
	struct str code, bool *ret)
{
	uint8_t hash[SHA256_BYTES];
	int64_t used;

	recovery_hash(user, code, hash);
	TRY(q_recovery_use(tx,
		(struct recovery_use){ .user_id = user,
			.code_hash = { (const char *)hash, sizeof(hash) },
			.now = tx->ctx->now },
		&used));
	*ret = used == 1;
	if (!*ret)
		return NULL;
	TRY(tell(tx, user, state->email, "A recovery code was used"));
	return audit_log(
		tx, &(struct audit_entry){ .action = AUDIT_MFA_RECOVERY, .user = user });
}

/* Whoever has a code has not lost them all. */
static struct err *
stop_removal(struct tx *tx, struct user_id user)
{
	bool was_waiting;

	TRY(account_change_end(tx, user, CHANGE_MFA_REMOVAL, &was_waiting));
	if (!was_waiting)
		return NULL;
	return audit_log(tx,
		&(struct audit_entry){ .action = AUDIT_MFA_REMOVAL_STOP, .user = user });
}

struct err *
mfa_check(struct tx *tx, struct user_id user, struct str code, enum mfa_result *ret)
{
	char storage[RECOVERY_DIGITS];
	struct mfa_state state;
	bool found, is_right = false;
	struct str plain;

	TRY(q_mfa_for_sign_in(tx, user, &state, &found));
	if (!found || !state.mfa_enabled_at.is_set) {
		*ret = MFA_NOT_ASKED;
		return NULL;
	}
	if (code.len == 0) {
		*ret = MFA_CODE_MISSING;
		return NULL;
	}
	plain = code_plain(code, storage);
	if (plain.len == TOTP_DIGITS)
		TRY(use_code(tx, user, &state, plain, &is_right));
	else if (plain.len == RECOVERY_DIGITS || plain.len == RECOVERY_DIGITS_FORMER)
		TRY(use_recovery_code(tx, user, &state, plain, &is_right));
	*ret = is_right ? MFA_PASSED : MFA_CODE_WRONG;
	if (is_right)
		return stop_removal(tx, user);
	return audit_log(tx,
		&(struct audit_entry){ .action = AUDIT_MFA_CHECK,
			.outcome = AUDIT_REFUSED,
			.subject = user });
}

/* --- In force, and no longer */

struct confirming {
	struct uuid family;
	struct str code;
	struct new_codes codes;
	bool is_wrong;
};

static struct err *
confirm_in_tx(struct tx *tx, void *arg)
{
	struct confirming *confirming = arg;
	struct user_id user = tx->ctx->actor.user_id;
	char storage[RECOVERY_DIGITS];
	int64_t enabled, ended;
	struct str secret = STR_NONE;
	struct mfa_state state;
	struct opt_i64 step;

	TRY(q_mfa_get(tx, user, &state));
	if (!state.mfa_enabled_at.is_set && !str_is_none(state.totp_secret))
		TRY(secret_open(tx->ctx, user, &state, &secret));
	if (str_is_none(secret))
		return err_new(
			tx->ctx, ERR_CONFLICT, "no second factor waits to be confirmed");
	step = code_step(tx->ctx, secret, &state, code_plain(confirming->code, storage));
	confirming->is_wrong = !step.is_set;
	if (confirming->is_wrong)
		return audit_log(tx,
			&(struct audit_entry){
				.action = AUDIT_MFA_ENABLE, .outcome = AUDIT_REFUSED });
	TRY(q_mfa_enable(tx,
		(struct mfa_enable){ .actor = user,
			.totp_secret = state.totp_secret,
			.step = step.value,
			.now = tx->ctx->now },
		&enabled));
	if (enabled != 1)
		return err_new(tx->ctx, ERR_CONFLICT,
			"the second factor was changed by another request meanwhile");
	TRY(codes_put(tx, &confirming->codes));
	TRY(q_mfa_pass_session(tx,
		(struct mfa_pass_session){ .actor = user,
			.family_id = confirming->family,
			.now = tx->ctx->now }));
	TRY(q_session_end_all(tx,
		(struct session_end_all){ .user_id = user,
			.except_family_id = confirming->family,
			.reason = STR("signed_out_elsewhere"),
			.now = tx->ctx->now },
		&ended));
	TRY(standing_changed(tx, user));
	TRY(tell(tx, user, state.email, "Codes at sign-in were turned on"));
	return audit_log(tx, &(struct audit_entry){ .action = AUDIT_MFA_ENABLE });
}

struct err *
mfa_confirm(
	struct ctx *ctx, struct uuid family, struct str code, struct recovery_codes *ret)
{
	struct confirming confirming = { .family = family, .code = code };
	struct guess guess;

	TRY(mfa_gate(ctx, ctx->actor.user_id, &guess));
	TRY(codes_new(ctx, &confirming.codes));
	TRY(db_transact(ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), confirm_in_tx,
		&confirming));
	if (confirming.is_wrong)
		return mfa_code_err(ctx, MFA_CODE_WRONG);
	guess_right(ctx, &guess);
	*ret = confirming.codes.shown;
	return NULL;
}

static struct err *
not_in_force(struct ctx *ctx)
{
	return err_new(ctx, ERR_CONFLICT, "no second factor is in force");
}

static struct err *
renew(struct tx *tx, const struct user_password *known, void *arg)
{
	if (!known->mfa_enabled_at.is_set)
		return not_in_force(tx->ctx);
	TRY(codes_put(tx, arg));
	TRY(tell(tx, tx->ctx->actor.user_id, known->email,
		"New recovery codes were made"));
	return audit_log(tx, &(struct audit_entry){ .action = AUDIT_MFA_RENEW });
}

struct err *
mfa_renew_codes(struct ctx *ctx, const struct proof *proof, struct recovery_codes *ret)
{
	struct new_codes codes;

	TRY(codes_new(ctx, &codes));
	TRY(proof_transact(ctx, proof, renew, &codes));
	*ret = codes.shown;
	return NULL;
}

static struct err *
disable(struct tx *tx, const struct user_password *known, void *arg)
{
	struct user_id user = tx->ctx->actor.user_id;
	int64_t disabled;

	(void)arg;
	if (!known->mfa_enabled_at.is_set)
		return not_in_force(tx->ctx);
	/* An administrator too, who gets a new telephone: until he has set up the next
	 * one he may do nothing as such. */
	TRY(q_mfa_disable(tx, user, tx->ctx->now, &disabled));
	TRY(q_recovery_drop(tx, user));
	TRY(standing_changed(tx, user));
	TRY(tell(tx, user, known->email, "Codes at sign-in were turned off"));
	return audit_log(tx, &(struct audit_entry){ .action = AUDIT_MFA_DISABLE });
}

struct err *
mfa_disable(struct ctx *ctx, const struct proof *proof)
{
	return proof_transact(ctx, proof, disable, NULL);
}

struct err *
mfa_status(struct ctx *ctx, struct mfa_status *ret)
{
	struct user_id user = ctx->actor.user_id;
	struct tx tx = db_auto(ctx, db_shard_of(user));
	struct waiting_change removal = { .opens_at = 0 };
	struct recovery_count count;
	struct mfa_state state;
	bool is_waiting;

	TRY(q_mfa_get(&tx, user, &state));
	TRY(q_recovery_count(&tx, user, &count));
	TRY(account_change_look(ctx, CHANGE_MFA_REMOVAL, &removal, &is_waiting));
	*ret = (struct mfa_status){
		.enabled_at = state.mfa_enabled_at,
		.is_begun = !state.mfa_enabled_at.is_set &&
			!str_is_none(state.totp_secret),
		.recovery_codes_left = count.unused,
		.removal_opens_at = { .is_set = is_waiting, .value = removal.opens_at },
	};
	return NULL;
}
