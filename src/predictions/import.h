/*
 * Storing a feed: all of it in one transaction, so that a failure leaves nothing
 * half-written.
 *
 * A game whose row says what it said before is not touched. Where a score changed, the
 * grades of all forecasts of that game are taken back; the next grading does them again.
 * While a game is still to be played, each change of its lines is kept in game_lines.
 *
 * Teams that the feed names and the database does not have yet are added.
 */
#ifndef PREDICTIONS_IMPORT_H
#define PREDICTIONS_IMPORT_H

#include "base/ctx.h"
#include "predictions/feed.h"
#include "predictions/games_q.h"

struct import_options {
	struct str source; /* file or URL, as may be shown */
	bool is_simulated;
	bool is_feed; /* what is read on schedule: it has all from its first season on */
	/* Games to come that the feed lacks are called off, however many: a week, a
	 * season. */
	bool calls_off;
	/* More than two games called off, or more than sixteen results changed, are
	 * right. */
	bool is_sure;
	bool is_dry_run; /* say what would be stored, and store nothing */
	/* Called now and then while storing; may be NULL. */
	void (*progress)(void *arg, int64_t done);
	void *progress_arg;
};

struct import_counts {
	int64_t created;
	int64_t changed;
	int64_t unchanged;
	int64_t results; /* of games that were over, now others or none */
	int64_t lacking; /* stored games from its first season on that it does not have */
	int64_t missing; /* of them, to come, and not in a feed that is else whole */
	bool is_partial; /* of a season it lacks so many that it is not whole */
	bool is_doubted; /* a dry run of what is refused unless import_options.is_sure */
	int64_t called_off; /* of those that it lacks, now; not among the missing */
	const struct missing_game *off; /* these */
	int64_t on_again;               /* had been called off */
	int64_t regraded;               /* forecasts whose grades were taken back */
};

/* Store FEED's games. CONFLICT where real games would join simulated ones, or the other
 * way round: a model must not learn from both; where a game has other teams than it had,
 * and where more would change than is likely. */
struct err *import_store(struct ctx *ctx, const struct feed *feed,
	const struct import_options *options, struct import_counts *ret) MUST_USE;

#endif
