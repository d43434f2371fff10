#include "mail/deliver.h"

#include <stdatomic.h>

#include "base/log.h"
#include "codec/url.h"
#include "codec/uuid.h"
#include "db/db.h"
#include "mail/address.h"
#include "mail/destination.h"
#include "mail/letter.h"
#include "mail/mail_q.h"
#include "mail/payload.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/file.h"
#include "sys/random.h"
#include "sys/trouble.h"
#include "sys/wait.h"

enum {
	IDLE_MS = 1000,
	/* After the database failed. */
	FAILED_MS = 5000,
	/* Of a lease beyond the time that sending takes: for waiting and for the
	 * database. */
	LEASE_MARGIN_MS = 10000,
	BACKOFF_FIRST_MS = 30000,
	BACKOFF_MAX_MS = 3600000,
	/* Of mail that this program cannot write out: so that another finds it due. */
	LEFT_MIN_MS = 60000,
	LEFT_AGE_PART = 4,
	/* Of mail to a destination that hangs or has much mail, while other lanes are at
	 * one. */
	CROWDED_MS = 15000,
	CROWDED_PAUSE_MS = 100,
	/* After so long, or this part of the time that it may take, a destination is
	 * slow. */
	SLOW_MAX_MS = 2000,
	SLOW_PART = 4,
	ARENA_BYTES_MAX = 4 << 20,
	ERROR_BYTES_MAX = 500,
};

/* What each lane of a mailer takes, so that mail servers that hang, or many mails at
 * once, do not hold up all: one lane sends nothing that just anybody can ask for, two no
 * bulk. */
static const enum mail_urgency lane_limits[] = { MAIL_AWAITED, MAIL_ASKED, MAIL_BULK,
	MAIL_BULK };
enum { LANES = sizeof(lane_limits) / sizeof(lane_limits[0]) };
_Static_assert((int)LANES == (int)DESTINATION_LANES, "each lane has a destination");

static struct {
	_Atomic int64_t sent;
	_Atomic int64_t deferred;
	_Atomic int64_t dead;
} totals;

struct mail_counts
mail_counters(void)
{
	return (struct mail_counts){
		.sent = totals.sent,
		.deferred = totals.deferred,
		.dead = totals.dead,
	};
}

struct err *
mail_options_check(struct ctx *ctx, const struct mail_options *options)
{
	struct str name, address;
	struct url url;

	if (!str_is_none(options->smtp.url))
		TRY(smtp_options_check(ctx, &options->smtp));
	if (!address_split(options->from, &name, &address))
		return err_new(ctx, ERR_INVALID,
			"mail.from is '" STR_FMT
			"', but must be an address, such as Gridiron <mail@example.org>",
			STR_ARG(options->from));
	if (!url_split(options->public_url, &url) ||
		str_ends_with(options->public_url, STR("/")))
		return err_new(ctx, ERR_INVALID,
			"public_url is '" STR_FMT
			"', but must be a URL without / at its end, such as "
			"https://forecasts.example.org",
			STR_ARG(options->public_url));
	return NULL;
}

/* A file to be written, for the thread that does it. */
struct filing {
	struct ctx *ctx;
	const char *folder;
	const char *path;
	struct str text;
	struct err *err;
};

static void
filing_run(void *arg)
{
	struct filing *filing = arg;
	struct arena *arena = filing->ctx->arena;

	filing->err = file_make_directory(arena, filing->folder, 0700);
	if (!filing->err)
		filing->err = file_write(arena, filing->path, filing->text, 0600);
}

/* Named by the mail, so that a second attempt replaces the first. */
static struct err *
file_put(struct ctx *ctx, struct str folder, const struct letter *letter)
{
	struct str path = str_fmt(ctx->arena, STR_FMT "/" STR_FMT ".eml", STR_ARG(folder),
		STR_ARG(letter->name));
	struct filing filing = {
		.ctx = ctx,
		.folder = str_cstr(ctx->arena, folder),
		.path = str_cstr(ctx->arena, path),
		.text = letter->smtp.text,
	};

	if (!filing.folder || !filing.path)
		return err_no_memory();
	TRY(fiber_offload(ctx, filing_run, &filing));
	return filing.err;
}

/* One mail on its way. */
struct attempt {
	const struct mail_leased *row;
	enum mail_urgency urgency;
	struct letter letter;
	struct str kept; /* of its payload, once it is sent */
};

static struct err *
write_out(struct ctx *ctx, const struct mail_options *options, struct attempt *attempt)
{
	const struct mail_leased *row = attempt->row;
	struct mail mail;

	TRY(payload_parse(ctx, row->id, row->payload, &mail));
	mail.recipient = row->recipient;
	attempt->urgency = mail_kind_urgency(mail.kind);
	attempt->kept = payload_sent(ctx->arena, mail.kind);
	return letter_make(ctx, options, &mail,
		(struct letter_head){ .id = row->id, .created_at = row->created_at },
		&attempt->letter);
}

static struct err *
hand_over(struct ctx *ctx, const struct mail_options *options, struct smtp *smtp,
	const struct letter *letter)
{
	if (str_is_none(options->smtp.url))
		return file_put(ctx, options->folder, letter);
	return smtp_send(ctx, smtp, &letter->smtp);
}

/* A quarter more or less than MS, in microseconds. */
static int64_t
varied_us(int64_t ms)
{
	return ms * 750 + (int64_t)(random_u64() % (uint64_t)(ms * 500));
}

/* When to try again after ATTEMPTS, in microseconds from now: twice the time before. */
static int64_t
backoff_us(int32_t attempts)
{
	int64_t ms = BACKOFF_FIRST_MS;

	for (int32_t i = 1; i < attempts && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	return varied_us(ms);
}

/* Why, as the outbox keeps it: a server may say anything, in any letters. */
static struct str
plain_reason(struct arena *arena, const struct err *why)
{
	struct buf out;

	buf_init(&out, arena, ERROR_BYTES_MAX);
	for (size_t i = 0; i < why->message.len && out.len < ERROR_BYTES_MAX; i++) {
		char c = why->message.ptr[i];

		buf_put_char(&out, c >= ' ' && c <= '~' ? c : '?');
	}
	return buf_str(&out);
}

/* What the server said may name the recipient, so that goes into the outbox and not into
 * the log. */
static void
failure_log(struct ctx *ctx, const struct mail_leased *row, const struct err *why,
	const char *event)
{
	log_warning(ctx, event, LOG_STR("mail", uuid_text(ctx->arena, row->id.uuid)),
		LOG_I64("attempts", row->attempts),
		LOG_TEXT("code", err_code_name(why->code)));
}

/* Put the mail off, or give it up where it IS_HOPELESS. */
static struct err *
tell_failure(struct ctx *ctx, const struct mail_leased *row, const struct err *why,
	bool is_hopeless, struct mail_counts *counts)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	bool is_dead = is_hopeless || row->attempts >= MAIL_ATTEMPTS_MAX;
	struct str reason = plain_reason(ctx->arena, why);

	counts->dead += is_dead;
	counts->deferred += !is_dead;
	totals.dead += is_dead;
	totals.deferred += !is_dead;
	failure_log(ctx, row, why, is_dead ? "mail is dead" : "mail deferred");
	return q_mail_failed(&tx,
		(struct mail_failed){
			.id = row->id,
			.attempts = row->attempts,
			.status = is_dead ? STR("dead") : STR("pending"),
			.last_error = reason,
			.next_attempt_at = ctx->now + backoff_us(row->attempts),
		});
}

/* How long a mail waits that is not tried: the longer, the older it is. */
static int64_t
wait_by_age(const struct ctx *ctx, const struct mail_leased *row, int64_t least_ms)
{
	int64_t age_ms = (ctx->now - row->created_at) / MICROSECONDS_PER_MS;
	int64_t wait_ms = age_ms / LEFT_AGE_PART;

	if (wait_ms < least_ms)
		wait_ms = least_ms;
	return wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS;
}

/* A mail that this program cannot write out may be another's: of a newer program, while
 * servers are upgraded one by one, or under a key that we have not read yet. It waits for
 * that one, ever longer, and is given up a day after it was promised. */
static struct err *
leave_to_others(struct ctx *ctx, const struct mail_leased *row, const struct err *why,
	struct mail_counts *counts)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t age_ms = (ctx->now - row->created_at) / MICROSECONDS_PER_MS;

	if (age_ms >= (int64_t)MAIL_LEFT_HOURS * 3600 * 1000)
		return tell_failure(ctx, row, why, true, counts);
	counts->deferred++;
	totals.deferred++;
	failure_log(ctx, row, why, "mail left to another program");
	return q_mail_hand_back(&tx,
		(struct mail_hand_back){
			.id = row->id,
			.attempts = row->attempts,
			.last_error = plain_reason(ctx->arena, why),
			.next_attempt_at = ctx->now +
				varied_us(wait_by_age(ctx, row, LEFT_MIN_MS)),
		});
}

/* One that sends mail after mail over a connection of its own, none less urgent than
 * LIMIT. */
struct lane {
	const struct mail_options *options;
	enum mail_urgency limit;
	struct smtp smtp;
	size_t number;
	struct destinations *destinations; /* NULL: there is no other lane */
};

static struct err *
put_off_crowded(
	struct ctx *ctx, const struct mail_leased *row, struct mail_counts *counts)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	counts->deferred++;
	return q_mail_hand_back(&tx,
		(struct mail_hand_back){
			.id = row->id,
			.attempts = row->attempts,
			.last_error = STR(
				"other mail to a server that is slow goes first"),
			.next_attempt_at = ctx->now +
				varied_us(wait_by_age(ctx, row, CROWDED_MS)),
		});
}

/* ret_is_crowded: not now, for the sake of other destinations. What is awaited has a lane
 * that nobody else can fill. */
static struct err *
hand_over_in_turn(struct ctx *ctx, struct lane *lane, const struct attempt *attempt,
	bool *ret_is_crowded)
{
	struct str recipient = attempt->row->recipient;
	struct err *err;

	*ret_is_crowded = false;
	if (!lane->destinations || attempt->urgency == MAIL_AWAITED)
		return hand_over(ctx, lane->options, &lane->smtp, &attempt->letter);
	*ret_is_crowded = !destination_enter(lane->destinations, lane->number, recipient);
	if (*ret_is_crowded)
		return NULL;
	err = hand_over(ctx, lane->options, &lane->smtp, &attempt->letter);
	destination_leave(lane->destinations, lane->number, !err);
	return err;
}

/* Lease and send one mail. ret_found: false where none is due. */
static struct err *
deliver_one(
	struct ctx *ctx, struct lane *lane, struct mail_counts *counts, bool *ret_found)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t lease_ms = lane->options->smtp.timeout_ms + LEASE_MARGIN_MS;
	struct mail_leased_list list;
	struct attempt attempt = { .row = NULL };
	bool is_crowded = false;
	struct err *err;

	TRY(q_mail_lease(&tx,
		(struct mail_lease){ .now = ctx->now,
			.lease_until = ctx->now + lease_ms * 1000,
			.urgency = (int32_t)lane->limit,
			.row_count = 1 },
		&list));
	*ret_found = list.count > 0;
	if (list.count == 0)
		return NULL;
	attempt.row = &list.items[0];
	err = write_out(ctx, lane->options, &attempt);
	if (err && err->code == ERR_INTERNAL)
		return leave_to_others(ctx, attempt.row, err, counts);
	if (!err)
		err = hand_over_in_turn(ctx, lane, &attempt, &is_crowded);
	if (is_crowded) {
		TRY(put_off_crowded(ctx, attempt.row, counts));
		/* Much may wait for that one place, and be put off one by one. */
		(void)fiber_sleep_until(clock_deadline_ms(CROWDED_PAUSE_MS));
		return NULL;
	}
	/* Sending may have taken all the time there was. */
	ctx->now = clock_now_us();
	ctx->deadline = clock_deadline_ms(LEASE_MARGIN_MS);
	/* What can never be sent, the server says of it. */
	if (err)
		return tell_failure(
			ctx, attempt.row, err, err->code == ERR_DENIED, counts);
	counts->sent++;
	totals.sent++;
	return q_mail_sent(&tx,
		(struct mail_sent){ .id = attempt.row->id,
			.attempts = attempt.row->attempts,
			.payload = attempt.kept,
			.now = ctx->now });
}

/* One after another, each in memory of its own, until none is due or IS_STOPPING says
 * so. */
static struct err *
deliver_all(struct ctx *outer, struct lane *lane, const bool *is_stopping,
	struct mail_counts *counts)
{
	struct arena arena;
	struct ctx ctx = *outer;
	struct err *err = NULL;
	bool found = true;

	arena_init(&arena, ARENA_BYTES_MAX);
	ctx.arena = &arena;
	smtp_init(&lane->smtp, &lane->options->smtp);
	while (!err && found && !*is_stopping) {
		arena_reset(&arena);
		ctx.now = clock_now_us();
		ctx.deadline = clock_deadline_ms(LEASE_MARGIN_MS);
		err = deliver_one(&ctx, lane, counts, &found);
	}
	smtp_release(&ctx, &lane->smtp);
	if (err)
		err = err_new(outer, err->code, STR_FMT, STR_ARG(err->message));
	arena_release(&arena);
	return err;
}

struct err *
mail_deliver(struct ctx *ctx, const struct mail_options *options, struct mail_counts *ret)
{
	static const bool never = false;
	struct lane lane = { .options = options, .limit = MAIL_BULK };

	return deliver_all(ctx, &lane, &never, ret);
}

/* A lane of a mailer, a fiber of its own. */
struct courier {
	struct mailer *mailer;
	struct lane lane;
	struct ctx ctx;
	struct arena arena;
	struct fiber *fiber;
	bool is_sleeping;
	struct fiber_event ended;
};

struct mailer {
	struct mail_options options;
	struct courier couriers[LANES];
	struct destinations destinations;
	bool is_stopping;
};

static void
courier_run(void *arg)
{
	struct courier *courier = arg;
	const bool *is_stopping = &courier->mailer->is_stopping;
	struct trouble trouble = { 0 };

	while (!*is_stopping) {
		struct mail_counts counts = { 0 };
		struct err *err;

		arena_reset(&courier->arena);
		err = deliver_all(&courier->ctx, &courier->lane, is_stopping, &counts);
		if (err)
			trouble_note(&trouble, &courier->ctx, "the outbox cannot be read",
				err);
		else
			trouble_over(&trouble, &courier->ctx, "the outbox is read again");
		if (*is_stopping)
			break;
		courier->is_sleeping = true;
		fiber_sleep_until(clock_deadline_ms(err ? FAILED_MS : IDLE_MS));
		courier->is_sleeping = false;
	}
	fiber_event_set(&courier->ended);
}

static struct err *
courier_start(struct ctx *ctx, struct mailer *mailer, enum mail_urgency limit,
	struct courier *ret)
{
	ret->mailer = mailer;
	ret->lane = (struct lane){ .options = &mailer->options,
		.limit = limit,
		.number = (size_t)(ret - mailer->couriers),
		.destinations = &mailer->destinations };
	arena_init(&ret->arena, ARENA_BYTES_MAX);
	ret->ctx = *ctx;
	ret->ctx.arena = &ret->arena;
	ret->ctx.route = "mailer";
	ret->ctx.actor = (struct actor){ .is_system = true };
	fiber_event_init(&ret->ended);
	ret->fiber = fiber_spawn("mailer", courier_run, ret);
	if (ret->fiber)
		return NULL;
	arena_release(&ret->arena);
	return err_new(ctx, ERR_BUSY, "too many fibers to start the mailer");
}

struct err *
mailer_open(struct ctx *ctx, const struct mail_options *options, struct mailer **ret)
{
	struct mailer *mailer;

	TRY(mail_options_check(ctx, options));
	TRY_NEW(ctx->arena, mailer, 1);
	mailer->options = *options;
	mailer->destinations.slow_ms = options->smtp.timeout_ms / SLOW_PART < SLOW_MAX_MS
		? options->smtp.timeout_ms / SLOW_PART
		: SLOW_MAX_MS;
	for (size_t i = 0; i < LANES; i++) {
		struct err *err = courier_start(
			ctx, mailer, lane_limits[i], &mailer->couriers[i]);

		if (err) {
			mailer_close(mailer);
			return err;
		}
	}
	*ret = mailer;
	return NULL;
}

void
mailer_close(struct mailer *mailer)
{
	mailer->is_stopping = true;
	for (size_t i = 0; i < LANES; i++)
		if (mailer->couriers[i].fiber && mailer->couriers[i].is_sleeping)
			fiber_cancel(mailer->couriers[i].fiber);
	for (size_t i = 0; i < LANES; i++) {
		if (!mailer->couriers[i].fiber)
			continue;
		fiber_event_join(&mailer->couriers[i].ended);
		arena_release(&mailer->couriers[i].arena);
	}
}
