/* What an operator imports by hand beside the job that fetches the feed. */
#include "jobs/schedule.h"

#include "tests/support/database.h"
#include "tests/support/feed_text.h"
#include "tests/support/http_peer.h"

#include "predictions/import.h"

/* Those to come are more than a feed may lack by mistake. */
static const struct feed_row rows[] = {
	{ 2023, 1, .day = "2023-09-07", .away = "DET", .home = "KC", .scores = "21-20" },
	{ 2023, 2, .day = "2023-09-17", .away = "BUF", .home = "NYJ" },
	{ 2023, 2, .day = "2023-09-17", .away = "CIN", .home = "CLE" },
	{ 2023, 2, .day = "2023-09-17", .away = "LV", .home = "DEN" },
};

static struct {
	_Atomic size_t rows; /* that the feed has, and by which it tells its edition */
	_Atomic int answers; /* but those of a feed that is what it was */
} feed_server;

static struct http_answer
feed_answer(struct http_request *http, void *arg)
{
	size_t count = feed_server.rows;
	struct str etag = str_fmt(http->ctx.arena, "\"%zu rows\"", count);
	struct buf text;

	(void)arg;
	feed_server.answers += !str_eq(
		http_request_header(http, STR("If-None-Match")), etag);
	buf_init(&text, http->ctx.arena, 1 << 20);
	buf_put(&text, str_from(feed_header));
	for (size_t i = 0; i < count; i++)
		feed_put_row(&text, &rows[i]);
	return (struct http_answer){ .status = 200,
		.content_type = STR("text/csv"),
		.etag = etag,
		.body = buf_str(&text) };
}

static struct peer peer;

/* A run of the job, of a feed of the first COUNT rows, which it READS or knows to be what
 * it was. */
static struct err *
fetch(struct ctx *ctx, size_t count, bool reads)
{
	struct job_setup setup = {
		.games = str_fmt(ctx->arena, "http://127.0.0.1:%d/games.csv", peer.port),
		.instance = STR("one"),
	};
	struct job_outcome outcome;
	int answers = feed_server.answers;

	feed_server.rows = count;
	TRY(schedule_run(ctx, &setup, STR("fetch"), &outcome));
	if (outcome.failed)
		return outcome.failed;
	if ((feed_server.answers > answers) != reads)
		return err_new(ctx, ERR_INTERNAL, "the feed was %s",
			reads ? "not read" : "read again");
	return NULL;
}

/* The first COUNT rows by hand. */
static struct err *
import(struct ctx *ctx, size_t count, bool calls_off)
{
	const struct import_options options = {
		.source = STR("games.csv"), .calls_off = calls_off, .is_sure = calls_off
	};
	struct import_counts counts;
	struct feed feed;

	TRY(feed_of(ctx->arena, rows, count, &feed));
	return import_store(ctx, &feed, &options, &counts);
}

static void
feed_start(void)
{
	feed_server.answers = 0;
	peer_start(&peer,
		(struct http_server_options){
			.address = STR("127.0.0.1"), .handler = feed_answer },
		1);
}

BOTH_ENGINES(the_alert_of_games_that_a_feed_lacks_ends_when_they_are_called_off_by_hand)
{
	const char *alerts = "SELECT rule || ' ' || status FROM alerts";

	feed_start();
	OK_ERR(fetch(ctx, COUNT_OF(rows), true));
	EQ_STR(database_text(ctx, alerts), STR(""));
	OK_ERR(fetch(ctx, 1, true));
	EQ_STR(database_text(ctx, alerts), STR("job_warning firing"));
	/* That the feed is what it was is no reason to be quiet. */
	OK_ERR(fetch(ctx, 1, false));
	EQ_STR(database_text(ctx, alerts), STR("job_warning firing"));
	OK_ERR(import(ctx, 1, true));
	OK_ERR(fetch(ctx, 1, true));
	EQ_STR(database_text(ctx, alerts), STR("job_warning resolved"));
	OK_ERR(fetch(ctx, 1, false));
	EQ_STR(database_text(ctx, alerts), STR("job_warning resolved"));
	peer_stop(&peer);
}

BOTH_ENGINES(what_was_called_off_by_hand_is_on_again_where_the_feed_has_it_still)
{
	const char *off =
		"SELECT count(*) || '' FROM games WHERE cancelled_at IS NOT NULL";

	feed_start();
	OK_ERR(fetch(ctx, COUNT_OF(rows), true));
	OK_ERR(import(ctx, 1, true));
	EQ_STR(database_text(ctx, off), STR("3"));
	OK_ERR(fetch(ctx, COUNT_OF(rows), true));
	EQ_STR(database_text(ctx, off), STR("0"));
	/* What changes nothing is no reason to read the feed anew. */
	OK_ERR(import(ctx, COUNT_OF(rows), false));
	OK_ERR(fetch(ctx, COUNT_OF(rows), false));
	peer_stop(&peer);
}
