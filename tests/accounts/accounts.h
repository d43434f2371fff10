/* Accounts for tests: people who have registered, and the mail that they were sent. */
#ifndef TESTS_ACCOUNTS_ACCOUNTS_H
#define TESTS_ACCOUNTS_ACCOUNTS_H

#include "accounts/mfa.h"
#include "accounts/session.h"
#include "accounts/sign_in.h"
#include "mail/mail.h"

#define GOOD_PASSWORD "a horse and a staple"

/* Give CTX keys and a client, and make passwords cheap. */
struct err *accounts_begin(struct ctx *ctx) MUST_USE;

/* The newest mail of KIND to EMAIL that was not taken before; NOT_FOUND else. */
struct err *mail_take(struct ctx *ctx, enum mail_kind kind, struct str email,
	struct mail *ret) MUST_USE;
/* How many mails wait, of any kind; they are taken. */
struct err *mail_count(struct ctx *ctx, size_t *ret) MUST_USE;

/* Register EMAIL with PASSWORD, follow the link. */
struct err *account_make(struct ctx *ctx, struct str email, struct str password) MUST_USE;
struct err *account_sign_in(struct ctx *ctx, struct str email, struct str password,
	struct session_tokens *ret) MUST_USE;
/* An authenticator: what it makes of the secret that it was given, and its code of the time
 * that lies STEPS before or behind now. */
struct str authenticator_secret(struct arena *arena, struct str base32);
struct str authenticator_code(struct ctx *ctx, struct str secret, int64_t steps);
/* EMAIL, who signed in and put a second factor in force. */
struct person {
	struct session_tokens tokens;
	struct str secret;
	struct recovery_codes codes;
};
struct err *account_enrol(struct ctx *ctx, struct str email, struct person *ret) MUST_USE;

/* A value of the only row of SQL, as text; numbers and truth too. */
struct err *value_of(struct ctx *ctx, const char *sql, struct str *ret) MUST_USE;

#endif
