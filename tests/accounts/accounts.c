#include "tests/accounts/accounts.h"

#include "accounts/guess.h"
#include "accounts/user.h"
#include "base/buf.h"
#include "crypto/keyring.h"
#include "crypto/password.h"
#include "crypto/totp.h"
#include "mail/mail_q.h"
#include "mail/payload.h"
#include "tests/support/database.h"

enum {
	MAILS_MAX = 200,
};

struct err *
accounts_begin(struct ctx *ctx)
{
	static const struct password_params cheap = { .scheme = PASSWORD_ARGON2ID,
		.memory_kib = 8192,
		.passes = 1,
		.bcrypt_cost = 10 };
	struct keyring *keys;

	TRY(keyring_new(ctx, &keys));
	ctx->keys = keys;
	ctx->remote_address = STR("192.0.2.7");
	ctx->user_agent = STR("Firefox/115.0 (X11; Linux)");
	ctx->actor = (struct actor){ 0 };
	guess_forget_all();
	return password_configure(ctx->arena, &cheap);
}

static struct err *
lease(struct ctx *ctx, struct mail_leased_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return q_mail_lease(&tx,
		(struct mail_lease){
			.now = ctx->now,
			.lease_until = ctx->now +
				(int64_t)1000000 * MICROSECONDS_PER_SECOND,
			.urgency = 2,
			.row_count = MAILS_MAX,
		},
		ret);
}

struct err *
mail_take(struct ctx *ctx, enum mail_kind kind, struct str email, struct mail *ret)
{
	struct mail_leased_list list;
	bool found = false;

	TRY(lease(ctx, &list));
	for (size_t i = 0; i < list.count; i++) {
		struct mail mail;

		TRY(payload_parse(ctx, list.items[i].id, list.items[i].payload, &mail));
		if (mail.kind != kind || !str_eq(list.items[i].recipient, email))
			continue;
		*ret = mail;
		found = true;
	}
	return found ? NULL : err_new(ctx, ERR_NOT_FOUND, "no such mail");
}

struct err *
mail_count(struct ctx *ctx, size_t *ret)
{
	struct mail_leased_list list;

	TRY(lease(ctx, &list));
	*ret = list.count;
	return NULL;
}

struct err *
account_make(struct ctx *ctx, struct str email, struct str password)
{
	struct mail mail;

	TRY(user_register(
		ctx, &(struct registration){ .email = email, .password = password }));
	TRY(mail_take(ctx, MAIL_VERIFY_EMAIL, email, &mail));
	return user_verify(ctx, mail.token, password);
}

struct err *
account_sign_in(struct ctx *ctx, struct str email, struct str password,
	struct session_tokens *ret)
{
	return sign_in(
		ctx, &(struct sign_in){ .email = email, .password = password }, ret);
}

struct err *
value_of(struct ctx *ctx, const char *sql, struct str *ret)
{
	static const enum db_type text[] = { DB_TEXT };
	struct str rows;

	TRY(database_dump(ctx, sql, text, 1, &rows));
	*ret = str_trim(rows);
	return NULL;
}

struct str
authenticator_secret(struct arena *arena, struct str base32)
{
	struct buf out;
	uint32_t bits = 0;
	int count = 0;

	buf_init(&out, arena, TOTP_SECRET_BYTES);
	for (size_t i = 0; i < base32.len; i++) {
		char c = base32.ptr[i];

		bits = bits << 5 | (uint32_t)(c >= 'A' ? c - 'A' : c - '2' + 26);
		count += 5;
		if (count >= 8) {
			count -= 8;
			buf_put_char(&out, (char)(bits >> count));
		}
	}
	return buf_str(&out);
}

struct str
authenticator_code(struct ctx *ctx, struct str secret, int64_t steps)
{
	char *code = arena_alloc_text(ctx->arena, TOTP_DIGITS);

	totp_code(secret, ctx->now / MICROSECONDS_PER_SECOND / TOTP_STEP_SECONDS + steps,
		code);
	return (struct str){ .ptr = code, .len = TOTP_DIGITS };
}

struct err *
account_enrol(struct ctx *ctx, struct str email, struct person *ret)
{
	struct mfa_enrolment enrolment;

	TRY(account_make(ctx, email, STR(GOOD_PASSWORD)));
	TRY(account_sign_in(ctx, email, STR(GOOD_PASSWORD), &ret->tokens));
	ctx->actor = (struct actor){ .user_id = ret->tokens.user_id };
	TRY(mfa_begin(ctx, STR(GOOD_PASSWORD), &enrolment));
	ret->secret = authenticator_secret(ctx->arena, enrolment.secret);
	TRY(mfa_confirm(ctx, ret->tokens.family_id,
		authenticator_code(ctx, ret->secret, 0), &ret->codes));
	ctx->actor = (struct actor){ 0 };
	return NULL;
}
