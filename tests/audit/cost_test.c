/* What one entry costs: beside the same transaction without it, in the chain, and to be
 * verified; of a thousand, or of GRIDIRON_ENTRIES. A benchmark: it prints, and claims
 * nothing. */
#include <stdlib.h>

#include "audit/audit_q.h"
#include "base/num.h"
#include "sys/clock.h"
#include "tests/audit/log.h"

enum { TIMES = 50, ENTRIES = 1000 };

#define NEVER_US 1e9

struct work {
	bool is_logged;
	struct user_id user;
};

/* As a sign-in does: something is written of a user. */
static struct err *
work_in_tx(struct tx *tx, void *arg)
{
	const struct work *work = arg;
	struct audit_owner owner;
	bool found;

	TRY(q_audit_owner_find(tx, work->user, &owner, &found));
	TRY(db_run_text(tx,
		STR("UPDATE users SET session_epoch = session_epoch + 1 "
		    "WHERE email = 'user1@example.org'")));
	if (!work->is_logged)
		return NULL;
	return audit_log(
		tx, &(struct audit_entry){ .action = AUDIT_SIGN_IN, .user = work->user });
}

/* The best of the batches counts, as the machine has others to serve too. */
static struct err *
run_times(struct ctx *ctx, bool is_logged, double *ret_us)
{
	struct work work = { .is_logged = is_logged, .user = log_user(1) };
	int64_t begun = clock_monotonic_ns();
	double us;

	for (int i = 0; i < TIMES; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);

		ctx->now++;
		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, work_in_tx, &work));
		arena_rewind(ctx->arena, mark);
	}
	us = (double)(clock_monotonic_ns() - begun) / 1000 / TIMES;
	*ret_us = us < *ret_us ? us : *ret_us;
	return NULL;
}

BOTH_ENGINES(what_an_entry_costs)
{
	struct str folder = folder_make(ctx);
	double without = NEVER_US, with = NEVER_US, chained, verified;
	const char *told = getenv("GRIDIRON_ENTRIES");
	int32_t entries = ENTRIES;
	struct audit_round round;
	int64_t begun;

	ctx->remote_address = STR("192.0.2.77");
	ctx->user_agent = STR("Mozilla/5.0 (X11; Linux x86_64; rv:128.0)");
	OK(!told || num_parse_i32(str_from(told), TIMES, INT32_MAX, &entries));
	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	for (int i = 0; i < entries / TIMES; i++) {
		OK_ERR(run_times(ctx, false, &without));
		OK_ERR(run_times(ctx, true, &with));
	}
	begun = clock_monotonic_ns();
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	chained = (double)(clock_monotonic_ns() - begun) / 1000 / (double)round.chained;
	begun = clock_monotonic_ns();
	OK(str_is_none(log_fault(ctx, STR_NONE)));
	verified = (double)(clock_monotonic_ns() - begun) / 1000 / (double)round.chained;
	printf("# of %lld entries: a transaction %.0f us, with an entry %.0f us; to "
	       "chain one %.0f us, to "
	       "verify one %.1f us\n",
		(long long)round.chained, without, with, chained, verified);
	log_close(ctx);
	folder_remove(folder);
}
