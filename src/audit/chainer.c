#include "audit/chainer.h"

#include <stdatomic.h>

#include "audit/anchor.h"
#include "audit/append.h"
#include "audit/audit.h"
#include "audit/check.h"
#include "audit/recall.h"
#include "audit/witness.h"
#include "base/buf.h"
#include "base/log.h"
#include "db/db.h"
#include "sys/clock.h"
#include "sys/random.h"
#include "sys/trouble.h"
#include "sys/wait.h"

enum {
	ROUND_MS = 500,
	ROUND_DEADLINE_MS = 30000,
	PATIENCE_MS = 10000,
	ANCHOR_EVERY_MS = 60000,
	OVERDUE_MAX = 64,
	REPORTED_MAX = 64,
	TRIES_MAX = 8,
	CONFLICT_PAUSE_MS = 50,
	BUSY_LOOK_MS = 10,
	NANOSECONDS_PER_MS = 1000000,
	ROUND_ARENA_BYTES = 64 << 20,
};

struct audit {
	_Atomic bool
		is_busy; /* one fiber at a time, of whichever loop, keeps the chain */
	struct witness *witness;
	struct anchor_options anchor;
	struct audit_round round;
	struct audit_link followed; /* up to here the chain was seen by this process */
	int64_t anchored_seq;
	int64_t anchored_ns;
	int64_t patience_ms;
	/* What waits and is not ours was told once; the newest of it. */
	struct uuid reported[REPORTED_MAX];
	size_t reported_count;
	/* The fiber of audit_start. */
	struct ctx ctx;
	struct arena arena;
	struct fiber *fiber;
	struct trouble trouble; /* in making progress */
	struct fiber_event ended;
};

struct witness *
audit_witness(struct audit *audit)
{
	return audit->witness;
}

void
audit_set_patience(struct audit *audit, int64_t patience_ms)
{
	audit->patience_ms = patience_ms;
}

/* --- What is wrong goes to the operator's log and onto the record */

/* An error: it is not on record. The caller marks what was told behind this, never before,
 * and so comes back to it; the operator hears of it once. */
static struct err *
tell(struct ctx *ctx, const struct audit *audit, int64_t seq, struct str what)
{
	struct audit_entry entry = {
		.action = AUDIT_AUDIT_TAMPERED,
		.outcome = AUDIT_FAILURE,
		.resource_type = STR("audit"),
	};

	if (!atomic_load(&audit->trouble.is_on))
		log_error(ctx, "the audit log was tampered with", LOG_STR("what", what),
			LOG_I64("seq", seq));
	TRY(audit_tampered_details(ctx, seq, what, &entry.details));
	return audit_log_alone(ctx, &entry);
}

static bool
was_reported(const struct audit *audit, struct uuid id)
{
	size_t count = audit->reported_count < REPORTED_MAX ? audit->reported_count
							    : REPORTED_MAX;

	for (size_t i = 0; i < count; i++)
		if (uuid_eq(audit->reported[i], id))
			return true;
	return false;
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
	if (was_reported(audit, row->id.uuid))
		return NULL;
	TRY(tell(ctx, audit, 0, fault.what));
	audit->reported[audit->reported_count++ % REPORTED_MAX] = row->id.uuid;
	witness_forget(audit->witness, row->id.uuid);
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
take_all(struct ctx *ctx, struct audit *audit)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct uuid after = { { 0 } };
	struct audit_cut cut;

	TRY(audit_recall_cut(&tx, &cut));
	for (;;) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct audit_waiting_list page;

		TRY(q_audit_waiting_list(&tx, after, &page));
		if (!page.count)
			return NULL;
		TRY(page_take(ctx, audit, &page, &cut));
		after = page.items[page.count - 1].id.uuid;
		arena_rewind(ctx->arena, mark);
	}
}

static struct err *
take_with_patience(struct ctx *ctx, struct audit *audit)
{
	for (int try = 1;; try++) {
		struct err *err = take_all(ctx, audit);
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
};

static struct err *
follow_row(void *arg, const struct audit_row *row)
{
	struct following *following = arg;
	struct witness *witness = following->audit->witness;
	struct ctx *ctx = following->check.ctx;
	struct audit_fault *fault = &following->fault;

	if (!str_is_none(fault->what))
		return NULL;
	TRY(audit_check_row(&following->check, row, fault));
	if (!str_is_none(fault->what) ||
		witness_seen(witness, row->id.uuid, &following->check.mac))
		return NULL;
	fault->seq = row->seq;
	fault->what = str_fmt(ctx->arena, "says something else than what was written");
	return NULL;
}

static struct err *
follow(struct ctx *ctx, struct audit *audit)
{
	struct following following = { .audit = audit,
		.check = { .ctx = ctx, .link = audit->followed } };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_link end;

	TRY(audit_chain_end(&tx, &end));
	if (end.seq == audit->followed.seq &&
		audit_hash_eq(&end.hash, audit_hash_str(&audit->followed.hash)))
		return NULL;
	if (end.seq <= audit->followed.seq) {
		following.fault.seq = audit->followed.seq;
		following.fault.what = STR("was the end of the chain, which is another "
					   "now: it was cut off or replaced");
	} else {
		TRY(q_audit_from(&tx,
			(struct audit_from){
				.first = audit->followed.seq + 1, .last = end.seq },
			follow_row, &following));
	}
	if (str_is_none(following.fault.what)) {
		audit->followed = following.check.link;
		return NULL;
	}
	TRY(tell(ctx, audit, following.fault.seq, following.fault.what));
	audit->followed = end;
	return NULL;
}

/* --- Watching over what this process wrote */

static struct err *
overdue_find(struct ctx *ctx, struct audit *audit)
{
	int64_t until = clock_monotonic_ns() - audit->patience_ms * NANOSECONDS_PER_MS;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct witness_entry overdue[OVERDUE_MAX];
	size_t count = witness_overdue(audit->witness, until, overdue, OVERDUE_MAX);
	struct audit_cut cut;

	if (!count)
		return NULL;
	TRY(audit_recall_cut(&tx, &cut));
	for (size_t i = 0; i < count; i++) {
		struct witness_line line = { overdue[i].id, overdue[i].mac };
		enum recall_state state;
		struct audit_fault fault;

		TRY(audit_recall_line(&tx, &line, &cut, &fault, &state));
		/* The next rounds will take it. */
		if (state == RECALL_WAITS && str_is_none(fault.what))
			continue;
		if (!str_is_none(fault.what))
			TRY(tell(ctx, audit, fault.seq, fault.what));
		audit->round.lost += !str_is_none(fault.what);
		witness_forget(audit->witness, line.id);
	}
	return NULL;
}

/* What a process that died had committed. */
static struct err *
file_look_up(struct ctx *ctx, struct audit *audit, const struct witness_file *file)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_cut cut;

	TRY(audit_recall_cut(&tx, &cut));
	for (size_t i = 0; i < file->count; i++) {
		enum recall_state state;
		struct audit_fault fault;

		TRY(audit_recall_line(&tx, &file->lines[i], &cut, &fault, &state));
		audit->round.lost += !str_is_none(fault.what);
		if (!str_is_none(fault.what))
			TRY(tell(ctx, audit, fault.seq, fault.what));
		else if (state == RECALL_WAITS)
			witness_adopt(audit->witness, &file->lines[i]);
	}
	/* From now on the anchor vouches for what that process saw in the chain. */
	audit->anchored_seq = 0;
	TRY(audit_anchor(ctx, audit));
	witness_file_remove(file);
	return NULL;
}

static struct err *
dead_look_up(struct ctx *ctx, struct audit *audit)
{
	struct witness_files files;

	if (str_is_none(audit->anchor.folder))
		return NULL;
	TRY(witness_files_read(ctx->arena, audit->anchor.folder, audit->witness, &files));
	for (size_t i = 0; i < files.count; i++)
		if (!files.items[i].is_alive)
			TRY(file_look_up(ctx, audit, &files.items[i]));
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
round_run(struct ctx *ctx, struct audit *audit, struct audit_round *ret)
{
	audit->round = (struct audit_round){ .chained = 0 };
	TRY(follow(ctx, audit));
	TRY(take_with_patience(ctx, audit));
	TRY(follow(ctx, audit));
	TRY(overdue_find(ctx, audit));
	*ret = audit->round;
	return NULL;
}

/* A power cut leaves such a line, and so does somebody who cuts one. */
static struct err *
tell_torn(struct ctx *ctx, struct str torn)
{
	struct audit_entry entry = { .action = AUDIT_AUDIT_ANCHOR_TORN,
		.resource_type = STR("audit") };
	struct buf left;

	buf_init(&left, ctx->arena, torn.len);
	for (size_t i = 0; i < torn.len; i++) {
		char c = torn.ptr[i];

		buf_put_char(&left, c >= ' ' && c <= '~' ? c : '?');
	}
	log_warning(ctx, "the last line of the audit anchor was half written",
		LOG_STR("left", buf_str(&left)));
	TRY(audit_tampered_details(ctx, 0, buf_str(&left), &entry.details));
	return audit_log_alone(ctx, &entry);
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

static struct err *
anchor_end(struct ctx *ctx, struct audit *audit)
{
	struct audit_link end = audit->followed;
	struct str told, torn = STR_NONE;

	audit->anchored_ns = clock_monotonic_ns();
	if (end.seq == audit->anchored_seq || str_is_none(audit->anchor.folder))
		return NULL;
	do {
		if (!str_is_none(torn))
			TRY(tell_torn(ctx, torn));
		told = torn;
		TRY(anchor_put(ctx, &audit->anchor, &end, told, &torn));
	} while (!str_is_none(torn));
	audit->anchored_seq = end.seq;
	witness_anchored(ctx, audit->witness);
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
round_alone(struct audit *audit)
{
	struct ctx *ctx = &audit->ctx;
	struct audit_round round;
	struct err *err;

	arena_reset(&audit->arena);
	ctx->now = clock_now_us();
	ctx->deadline = clock_deadline_ms(ROUND_DEADLINE_MS);
	err = audit_round(ctx, audit, &round);
	if (!err && is_anchor_due(audit))
		err = audit_anchor(ctx, audit);
	if (err && !fiber_is_cancelled())
		trouble_note(
			&audit->trouble, ctx, "the audit chain makes no progress", err);
	if (!err)
		trouble_over(
			&audit->trouble, ctx, "the audit chain makes progress again");
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
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit *audit;
	struct err *err;

	TRY_NEW(ctx->arena, audit, 1);
	audit->patience_ms = PATIENCE_MS;
	audit->anchored_ns = clock_monotonic_ns();
	audit->anchor.is_syslog = options->is_syslog;
	audit->anchor.folder = options->folder;
	TRY(audit_chain_end(&tx, &audit->followed));
	audit->anchored_seq = audit->followed.seq;
	TRY(witness_open(ctx, options->folder, &audit->witness));
	err = dead_look_up(ctx, audit);
	if (err) {
		witness_close(audit->witness);
		return err;
	}
	*ret = audit;
	return NULL;
}

struct err *
audit_start(struct ctx *ctx, struct audit *audit)
{
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
	last.now = clock_now_us();
	last.deadline = clock_deadline_ms(ROUND_DEADLINE_MS);
	err = audit_round(&last, audit, &round);
	if (!err)
		err = audit_anchor(&last, audit);
	if (err)
		log_err(&last, "what waits for the audit chain is left to the next start",
			err);
	witness_close(audit->witness);
}
