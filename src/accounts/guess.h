/*
 * Guessing slowed down: passwords, codes, tokens.
 *
 * Failures are counted by account and address together. After a few free tries each next
 * one must wait, twice as long each time up to a quarter of an hour; that is for this
 * account from this address only, so whoever guesses cannot keep the owner out who is
 * elsewhere. Beside that an address that fails on many accounts is slowed as a whole.
 * While an account is failed on from many places, an address that never got in has fewer
 * free tries, and codes, being short, may be tried from such addresses only every few
 * seconds in all. An address that got in before keeps its own count.
 *
 * Kept in the memory of this process, in bounded tables; gone when it ends.
 */
#ifndef ACCOUNTS_GUESS_H
#define ACCOUNTS_GUESS_H

#include "base/ctx.h"
#include "base/err.h"

enum guess_kind {
	GUESS_PASSWORD,
	GUESS_CODE,  /* six digits, or a recovery code */
	GUESS_RESET, /* asking for a link, or using one */
	GUESS_VERIFY,
	GUESS_LEAGUE, /* the code that lets one into a private league */
};

struct guess {
	enum guess_kind kind;
	/* The address typed, or the user's id; absent for tokens, which name nobody. An
	 * account that does not exist is counted like one that does. */
	struct str account;
	struct str address; /* of the client, as text */
};

/*
 * Take a try, before the work is done that finds out whether it is right. RATE_LIMITED,
 * with the seconds to wait (err->retry_after_s), when it is too early; that try counts
 * for nothing. A try that is taken counts as a failure until guess_right says otherwise,
 * so that a hundred at once are not all free.
 */
struct err *guess_gate(struct ctx *ctx, const struct guess *guess) MUST_USE;

/* It was right: this account from this address begins anew. */
void guess_right(const struct ctx *ctx, const struct guess *guess);

/*
 * The same of a secret that a hundred tries at once do not find, a link's token or the
 * code of a league: only what proved wrong counts, so that many who have it may come
 * together. Wait first; then judge what came of it, which is returned: GONE and NOT_FOUND
 * are wrong, NULL is right, and anything else tells nothing of the secret.
 */
struct err *guess_wait(struct ctx *ctx, const struct guess *guess) MUST_USE;
struct err *guess_judge(
	const struct ctx *ctx, const struct guess *guess, struct err *verdict) MUST_USE;

struct guess_counters {
	uint64_t taken;
	uint64_t refused;
};
struct guess_counters guess_counters(void);

/* For tests: as if nobody had ever guessed. */
void guess_forget_all(void);

#endif
