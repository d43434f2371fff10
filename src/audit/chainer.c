#include "audit/chainer.h"

#include <stdatomic.h>

#include "audit/alarm.h"
#include "audit/anchoring.h"
#include "audit/append.h"
#include "audit/recall.h"
#include "audit/tally.h"
#include "audit/watch.h"
#include "base/log.h"
#include "db/db.h"
#include "sys/clock.h"
#include "sys/random.h"
#include "sys/trouble.h"
#include "sys/wait.h"

enum {
	ROUND_MS = 500,
	ROUND_DEADLINE_MS = 30000,
	ANCHOR_EVERY_MS = 60000,
	TRIES_MAX = 8,
	CONFLICT_PAUSE_MS = 50,
	BUSY_LOOK_MS = 10,
	ROUND_ARENA_BYTES = 64 << 20,
	SETTLE_MS = 5000,
	SETTLE_LOOK_MS = 50,
};

struct audit {
	_Atomic bool
		is_busy; /* one fiber at a time, of whichever loop, keeps the chain */
	struct watch watch;
	bool is_closing;
	struct alarm alarm;
	struct anchoring anchoring;
	struct audit_round round;
	struct audit_link followed; /* up to here the chain was seen by this process */
	int64_t anchored_ns;
	_Atomic int64_t earliest; /* audit_earliest */
	bool is_clock_told;
	bool is_frozen; /* audit_freeze_if_cut */
	/* The fiber of audit_start. */
	struct ctx ctx;
	struct arena arena;
	struct fiber *fiber;
	struct trouble trouble;        /* in making progress */
	struct trouble anchor_trouble; /* in anchoring it */
	struct trouble tally_trouble;  /* in telling what was counted */
	struct fiber_event ended;
};

struct witness *
audit_witness(struct audit *audit)
{
	return audit->watch.witness;
}

void
audit_set_patience(struct audit *audit, int64_t patience_ms)
{
	audit->watch.patience_ms = patience_ms;
}

bool
audit_is_anchored(const struct audit *audit)
{
	return !atomic_load(&audit->anchor_trouble.is_on);
}

int64_t
audit_earliest(struct audit *audit)
{
	return atomic_load(&audit->earliest);
}

/* The newest cut that is ours. */
static struct err *
cut_get(struct ctx *ctx, struct audit *audit, struct audit_cut *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	const struct uuid forged = { { 0 } };
	struct audit_fault fault;
	bool is_behind;

	TRY(audit_recall_cut(&tx, ret, &fault));
	if (!str_is_none(fault.what))
		TRY(alarm_tell_once(ctx, &audit->alarm, forged, &fault));
	if (!ret->seq)
		return NULL;
	/* Times of ids are of milliseconds. */
	atomic_store(&audit->earliest, ret->entries_until + MICROSECONDS_PER_MS);
	is_behind = ctx->now < audit_earliest(audit);
	if (is_behind && !audit->is_clock_told)
		log_warning(ctx,
			"the clock is behind the last cut of the audit log: entries say "
			"that they are of the moment after it");
	audit->is_clock_told = is_behind;
	return NULL;
}

/* --- Taking in what waits */

/* Whether ROW may go into the chain; else it is told, once, and stays where it is. */
static struct err *
row_judge(struct ctx *ctx, struct audit *audit, const struct audit_waiting *row,
	const struct audit_cut *cut, bool *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_fault fault;
	bool is_gone;

	TRY(audit_recall_waiting(&tx, row, cut, &fault, &is_gone));
	*ret = str_is_none(fault.what) && !is_gone;
	if (str_is_none(fault.what))
		return NULL;
	audit->round.refused++;
	TRY(alarm_tell_once(ctx, &audit->alarm, row->id.uuid, &fault));
	witness_forget(audit->watch.witness, row->id.uuid);
	return NULL;
}

static struct err *
page_take(struct ctx *ctx, struct audit *audit, const struct audit_waiting_list *page,
	const struct audit_cut *cut)
{
	const struct audit_waiting **good;
	size_t count = 0;

	TRY_NEW(ctx->arena, good, page->count);
	for (size_t i = 0; i < page->count; i++) {
		bool is_good;

		TRY(row_judge(ctx, audit, &page->items[i], cut, &is_good));
		if (is_good)
			good[count++] = &page->items[i];
	}
	if (!count)
		return NULL;
	TRY(audit_chain_put(ctx, good, count));
	audit->round.chained += (int64_t)count;
	return NULL;
}

/* All pages of what waits. CONFLICT: another instance was faster with some of it. */
static struct err *
take_all(struct ctx *ctx, struct audit *audit, const struct audit_cut *cut)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct uuid after = { { 0 } };

	audit->round.refused = 0;
	while (!audit->is_frozen) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct audit_waiting_list page;

		TRY(q_audit_waiting_list(&tx, after, &page));
		if (!page.count)
			return NULL;
		TRY(page_take(ctx, audit, &page, cut));
		after = page.items[page.count - 1].id.uuid;
		arena_rewind(ctx->arena, mark);
	}
	return NULL;
}

static struct err *
take_with_patience(struct ctx *ctx, struct audit *audit, const struct audit_cut *cut)
{
	for (int try = 1;; try++) {
		struct err *err = take_all(ctx, audit, cut);
		int64_t pause_ms = (int64_t)(random_u64() % CONFLICT_PAUSE_MS);

		if (!err || err->code != ERR_CONFLICT || try == TRIES_MAX)
			return err;
		fiber_sleep_until(clock_deadline_ms(pause_ms));
	}
}

/* --- Following what came in */

struct following {
	struct audit *audit;
	struct audit_check check;
	struct audit_fault fault;
	/* Rows whose keys are missing, one of each key. */
	struct audit_fault missing[ALARM_MISSING_MAX];
	size_t missing_count;
};

/* The next row may be one that can be verified. */
static void
missing_note(struct following *following, struct audit_fault *fault)
{
	bool is_known = following->missing_count == COUNT_OF(following->missing);

	for (size_t i = 0; i < following->missing_count && !is_known; i++)
		is_known = str_eq(following->missing[i].missing_key, fault->missing_key);
	if (!is_known)
		following->missing[following->missing_count++] = *fault;
	*fault = (struct audit_fault){ .seq = 0 };
}

static struct err *
follow_row(void *arg, const struct audit_row *row)
{
	struct following *following = arg;
	struct witness *witness = following->audit->watch.witness;
	struct ctx *ctx = following->check.ctx;
	struct audit_fault *fault = &following->fault;

	if (!str_is_none(fault->what))
		return NULL;
	TRY(audit_check_row(&following->check, row, fault));
	if (!str_is_none(fault->missing_key)) {
		missing_note(following, fault);
		return NULL;
	}
	if (!str_is_none(fault->what) ||
		witness_seen(witness, row->id.uuid, &following->check.mac))
		return NULL;
	fault->seq = row->seq;
	fault->what = str_fmt(ctx->arena, "says something else than what was written");
	return NULL;
}

/* What this process has not seen and is gone behind a cut is not missing: it slept, and
 * others went on. */
static struct err *
follow_begin(struct ctx *ctx, const struct audit *audit, const struct audit_cut *cut,
	struct audit_link *ret)
{
	struct audit_link link = { .seq = cut->seq };

	*ret = audit->followed;
	if (cut->seq <= audit->followed.seq)
		return NULL;
	if (!audit_hash_from(cut->hash, &link.hash))
		return err_new(ctx, ERR_INTERNAL, "a cut has no hash");
	*ret = link;
	return NULL;
}

static struct err *
follow(struct ctx *ctx, struct audit *audit, const struct audit_cut *cut)
{
	struct following following = { .audit = audit, .check = { .ctx = ctx } };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_link end;
	struct err *err = NULL;

	TRY(audit_chain_end(&tx, &end));
	if (end.seq == audit->followed.seq &&
		audit_hash_eq(&end.hash, audit_hash_str(&audit->followed.hash)))
		return NULL;
	TRY(follow_begin(ctx, audit, cut, &following.check.link));
	if (end.seq <= audit->followed.seq) {
		following.fault.seq = audit->followed.seq;
		following.fault.what = STR("was the end of the chain, which is another "
					   "now: it was cut off or replaced");
	} else {
		err = q_audit_from(&tx,
			(struct audit_from){
				.first = following.check.link.seq + 1, .last = end.seq },
			follow_row, &following);
	}
	for (size_t i = 0; i < following.missing_count; i++)
		TRY(alarm_tell(ctx, &audit->alarm, &following.missing[i]));
	if (str_is_none(following.fault.what)) {
		/* As far as there was time. */
		audit->followed = following.check.link;
		return err;
	}
	TRY(alarm_tell(ctx, &audit->alarm, &following.fault));
	audit->followed = end;
	return NULL;
}

/* --- Rounds */

/* The chain's keeper and a command that the server carries out may come at once, each on
 * a loop of its own. */
static struct err *
busy_begin(struct ctx *ctx, struct audit *audit)
{
	while (atomic_exchange(&audit->is_busy, true)) {
		if (clock_monotonic_ns() > ctx->deadline)
			return wait_end_err(ctx, WAIT_TIMED_OUT, "the audit chain");
		if (fiber_sleep_until(clock_deadline_ms(BUSY_LOOK_MS)) == WAIT_CANCELLED)
			return wait_end_err(ctx, WAIT_CANCELLED, "the audit chain");
	}
	return NULL;
}

static void
busy_end(struct audit *audit)
{
	atomic_store(&audit->is_busy, false);
}

static struct err *
anchor_end(struct ctx *ctx, struct audit *audit)
{
	struct anchoring *anchoring = &audit->anchoring;
	struct audit_link end = audit->followed;
	/* From now on the anchor vouches for what the dead saw in the chain. */
	bool is_of_dead = watch_dead_done(&audit->watch), is_added;

	audit->anchored_ns = clock_monotonic_ns();
	if (str_is_none(anchoring->options.folder) || audit->is_frozen)
		return NULL;
	TRY(anchoring_add(ctx, anchoring, &end, is_of_dead, &is_added));
	if (is_added)
		witness_anchored(ctx, audit->watch.witness);
	if (is_added && is_of_dead)
		watch_dead_remove(&audit->watch);
	return anchoring_remember(ctx, anchoring, &end);
}

/* An anchor that has gone is begun anew at once: whoever verifies misses it. Not before
 * it is known whether the chain is frozen, so by whoever keeps it. */
static void
anchor_begin(const struct ctx *ctx, struct audit *audit)
{
	struct ctx own = *ctx;
	bool is_gone = false;
	struct err *err;

	if (audit->is_frozen)
		return;
	own.audit = audit;
	err = anchoring_is_gone(&own, &audit->anchoring, &is_gone);
	if (is_gone)
		err = anchor_end(&own, audit);
	if (err)
		log_err(&own, "the audit anchor cannot be begun yet", err);
}

/* What was counted stays so where it cannot be told; the chain is kept all the same. */
static void
tally_tell(struct ctx *ctx, struct audit *audit)
{
	struct err *err = audit_tally_write(ctx, audit->is_closing);

	if (!err)
		trouble_over(&audit->tally_trouble, ctx,
			"what was counted for the audit log can be told again");
	else if (audit->is_closing)
		log_err(ctx, "what was counted for the audit log is lost", err);
	else if (!fiber_is_cancelled())
		trouble_note(&audit->tally_trouble, ctx,
			"what was counted for the audit log cannot be told yet", err);
}

static struct err *
round_run(struct ctx *ctx, struct audit *audit, struct audit_round *ret)
{
	int64_t lost = audit->watch.lost;
	struct audit_cut cut;
	struct err *err;

	audit->round = (struct audit_round){ .chained = 0 };
	anchor_begin(ctx, audit);
	tally_tell(ctx, audit);
	alarm_begin(&audit->alarm);
	TRY(cut_get(ctx, audit, &cut));
	TRY(follow(ctx, audit, &cut));
	err = watch_look(ctx, &audit->watch, &cut);
	TRY(take_with_patience(ctx, audit, &cut));
	TRY(follow(ctx, audit, &cut));
	TRY(err);
	alarm_end(&audit->alarm);
	audit->round.lost = audit->watch.lost - lost;
	*ret = audit->round;
	return NULL;
}

struct err *
audit_round(struct ctx *ctx, struct audit *audit, struct audit_round *ret)
{
	struct err *err;

	TRY(busy_begin(ctx, audit));
	err = round_run(ctx, audit, ret);
	busy_end(audit);
	return err;
}

struct err *
audit_settle(struct ctx *ctx, const struct audit *audit, struct user_id user)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t until = clock_deadline_ms(SETTLE_MS);
	struct audit_waits waits;

	while (audit->fiber) {
		enum wait_end end;

		TRY(q_audit_waits_of(&tx, user, ctx->now, &waits));
		if (!waits.is_waiting || clock_monotonic_ns() > until)
			return NULL;
		end = fiber_sleep_until(clock_deadline_ms(SETTLE_LOOK_MS));
		if (end == WAIT_CANCELLED)
			return wait_end_err(ctx, end, "the audit chain");
	}
	return NULL;
}

struct err *
audit_anchor(struct ctx *ctx, struct audit *audit)
{
	struct err *err;

	TRY(busy_begin(ctx, audit));
	err = anchor_end(ctx, audit);
	busy_end(audit);
	return err;
}

static bool
is_anchor_due(const struct audit *audit)
{
	return clock_monotonic_ns() - audit->anchored_ns >=
		(int64_t)ANCHOR_EVERY_MS * NANOSECONDS_PER_MS;
}

static void
anchor_alone(struct audit *audit)
{
	struct ctx *ctx = &audit->ctx;
	struct err *err = audit_anchor(ctx, audit);

	if (err && !fiber_is_cancelled())
		trouble_note(&audit->anchor_trouble, ctx,
			"the audit chain cannot be anchored", err);
	if (!err)
		trouble_over(
			&audit->anchor_trouble, ctx, "the audit chain is anchored again");
}

static void
round_alone(struct audit *audit)
{
	struct ctx *ctx = &audit->ctx;
	struct audit_round round;
	struct err *err;

	arena_reset(&audit->arena);
	ctx->now = clock_now_us();
	ctx->deadline = clock_deadline_ms(ROUND_DEADLINE_MS);
	err = audit_round(ctx, audit, &round);
	if (err && !fiber_is_cancelled())
		trouble_note(
			&audit->trouble, ctx, "the audit chain makes no progress", err);
	if (err)
		return;
	trouble_over(&audit->trouble, ctx, "the audit chain makes progress again");
	if (is_anchor_due(audit))
		anchor_alone(audit);
}

static void
run_rounds(void *arg)
{
	struct audit *audit = arg;

	while (fiber_sleep_until(clock_deadline_ms(ROUND_MS)) == WAIT_TIMED_OUT)
		round_alone(audit);
	fiber_event_set(&audit->ended);
}

/* --- Opening and closing */

struct err *
audit_open(struct ctx *ctx, const struct audit_options *options, struct audit **ret)
{
	const struct anchor_options anchor = { .folder = options->folder,
		.is_syslog = options->is_syslog };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit *audit;
	struct audit_cut cut;

	TRY_NEW(ctx->arena, audit, 1);
	audit->anchored_ns = clock_monotonic_ns();
	audit->alarm.trouble = &audit->trouble;
	atomic_store(&audit->earliest, INT64_MIN);
	TRY(cut_get(ctx, audit, &cut));
	TRY(audit_chain_end(&tx, &audit->followed));
	TRY(anchoring_open(ctx, &anchor, &audit->followed, &audit->anchoring));
	TRY(watch_open(ctx, options->folder, &audit->alarm, &audit->watch));
	*ret = audit;
	return NULL;
}

struct err *
audit_freeze_if_cut(struct ctx *ctx, struct audit *audit, bool *ret)
{
	*ret = false;
	if (audit->fiber)
		return NULL;
	/* Also where it cannot be told. */
	audit->is_frozen = true;
	TRY(anchoring_is_lacking(ctx, &audit->anchoring, &audit->is_frozen));
	*ret = audit->is_frozen;
	return NULL;
}

struct err *
audit_start(struct ctx *ctx, struct audit *audit)
{
	anchor_begin(ctx, audit);
	arena_init(&audit->arena, ROUND_ARENA_BYTES);
	audit->ctx = *ctx;
	audit->ctx.arena = &audit->arena;
	audit->ctx.audit = audit;
	audit->ctx.actor = (struct actor){ .is_system = true };
	audit->ctx.route = "audit chain";
	fiber_event_init(&audit->ended);
	audit->fiber = fiber_spawn("audit chain", run_rounds, audit);
	return audit->fiber
		? NULL
		: err_new(ctx, ERR_BUSY, "too many fibers for the audit chain");
}

void
audit_close(struct ctx *ctx, struct audit *audit)
{
	struct ctx last = *ctx;
	struct audit_round round;
	struct err *err;

	if (audit->fiber) {
		fiber_cancel(audit->fiber);
		fiber_event_join(&audit->ended);
		arena_release(&audit->arena);
	}
	audit->is_closing = true;
	last.now = clock_now_us();
	last.deadline = clock_deadline_ms(ROUND_DEADLINE_MS);
	err = audit_round(&last, audit, &round);
	if (!err)
		err = audit_anchor(&last, audit);
	if (err)
		log_err(&last, "what waits for the audit chain is left to the next start",
			err);
	watch_close(&audit->watch, !err && !audit->is_frozen);
}
