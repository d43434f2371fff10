#include "db/listen.h"

#include "base/buf.h"
#include "db/dispatch.h"
#include "sys/clock.h"

struct err *
db_listen(struct ctx *ctx, const struct db_listener *listener)
{
	struct db *db = ctx->db;
	struct notices *notices = &db->notices;
	size_t count = atomic_load(&notices->count);

	if (count == LISTENERS_MAX)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"no room to listen on %s", listener->channel);
	notices->listeners[count] = *listener;
	/* Whoever sees the count sees the listener. */
	atomic_store_explicit(&notices->count, count + 1, memory_order_release);
	if (count == 0)
		TRY(db->driver->listen(db->state, ctx, notices));
	return NULL;
}

/* Add the notice to those that TX gives when it ends. */
static struct err *
notice_put(struct tx *tx, const char *channel, struct str payload)
{
	struct notice *notice;

	TRY_NEW(tx->ctx->arena, notice, 1);
	notice->channel = channel;
	notice->payload = str_dup(tx->ctx->arena, payload);
	if (str_is_none(notice->payload))
		return err_no_memory();
	notice->next = tx->notices;
	tx->notices = notice;
	return NULL;
}

struct err *
db_notify(struct tx *tx, const char *channel, struct str payload)
{
	const struct query *query = tx->db->driver->notify_query;
	struct str text;

	if (payload.len > NOTICE_BYTES_MAX)
		return err_note(err_new(tx->ctx, ERR_INTERNAL, "internal error"),
			"a notice of %zu bytes on %s", payload.len, channel);
	TRY(notice_put(tx, channel, payload));
	if (query) {
		struct row_sink nowhere = { .row = NULL };
		struct value param;

		text = str_fmt(tx->ctx->arena, "%s:" STR_FMT, channel, STR_ARG(payload));
		if (str_is_none(text))
			return err_no_memory();
		param = (struct value){ .text = text };
		TRY(query_run(tx, query, &param, nowhere, NULL));
	}
	if (tx->is_auto)
		notices_give(tx);
	return NULL;
}

bool
db_hears(const struct db *db)
{
	int64_t until = atomic_load_explicit(
		&db->notices.heard_until, memory_order_acquire);

	return until == INT64_MAX || clock_coarse_ns() < until;
}

struct listen_counters
db_listen_counters(const struct db *db)
{
	return (struct listen_counters){
		.heard = atomic_load(&db->notices.heard),
		.sent = atomic_load(&db->notices.sent),
		.missings = atomic_load(&db->notices.missings),
	};
}

/* --- Inside ------------------------------------------------------------------------- */

static void
hear(struct notices *notices, struct str channel, struct str payload)
{
	size_t count = atomic_load_explicit(&notices->count, memory_order_acquire);

	for (size_t i = 0; i < count; i++) {
		const struct db_listener *listener = &notices->listeners[i];

		if (str_eq(channel, str_from(listener->channel)))
			listener->hear(listener->arg, payload);
	}
	atomic_fetch_add(&notices->heard, 1);
}

void
notices_give(struct tx *tx)
{
	for (const struct notice *notice = tx->notices; notice; notice = notice->next) {
		hear(&tx->db->notices, str_from(notice->channel), notice->payload);
		atomic_fetch_add(&tx->db->notices.sent, 1);
	}
	tx->notices = NULL;
}

void
notices_hear(struct notices *notices, struct str text)
{
	struct str channel, rest = text;

	if (str_next(&rest, ':', &channel) && !str_is_none(rest))
		hear(notices, channel, rest);
}

void
notices_miss(struct notices *notices)
{
	size_t count = atomic_load_explicit(&notices->count, memory_order_acquire);

	atomic_fetch_add(&notices->missings, 1);
	for (size_t i = 0; i < count; i++)
		notices->listeners[i].miss(notices->listeners[i].arg);
}
