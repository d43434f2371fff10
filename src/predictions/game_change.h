/*
 * What an import changes of games beyond their rows: a game that is put off or brought
 * forward takes its forecasts along; one that leaves the feed is noted as missing, so
 * that a later grading may call it off (grade.h), and one that comes back is on again.
 * What a game was until then is kept in game_changes.
 *
 * A feed names a game by its week, so one that moves to another week leaves the feed
 * while a new one of the same teams comes. The two are one game: in a season a team is at
 * home to another once before the playoffs, and once in each of their rounds.
 */
#ifndef PREDICTIONS_GAME_CHANGE_H
#define PREDICTIONS_GAME_CHANGE_H

#include "base/map.h"
#include "base/vec.h"
#include "db/db.h"
#include "predictions/feed.h"
#include "predictions/games_q.h"
#include "predictions/picks_q.h"
#include "predictions/predictions_q.h"
#include "predictions/schedule.h"

/* The stored games of the seasons that a feed has, or ought to have. */
struct game_stamps_kept {
	VEC_OF(struct game_stamp *)
};

struct game_changes {
	struct ctx *ctx;
	const struct game_stamps_kept *stamps;
	bool is_faulty; /* the feed has rows that could not be read */
	struct map fed; /* the ids in the feed */
	bool has_season[SEASON_MOST - SEASON_LEAST + 1]; /* the feed, any game */
	/* Season, kind and teams → struct game_stamp, not in the feed. */
	struct map absent;
	struct {
		VEC_OF(struct game_change_insert)
	} kept;
	struct {
		VEC_OF(struct game_rename)
	} renames;
	struct {
		VEC_OF(struct prediction_move)
	} moves;
	struct {
		VEC_OF(struct prediction_recount)
	} recounts;
	struct {
		VEC_OF(struct game_missing_set)
	} missing;
	struct {
		VEC_OF(struct game_back)
	} back;
	/* Whoever imports knows that what the feed lacks is not to be played. */
	bool calls_off;
	bool is_sure; /* and that more is so than is likely */
	bool is_dry_run;
	bool is_season_off; /* a game is called off of a season that the feed has not */
	bool is_doubted;    /* more is so than is likely, and who imports is not sure */
	int64_t results;    /* that are others now, or are none any more */
	struct {
		VEC_OF(struct missing_game)
	} called_off;
	int64_t on_again; /* of them, had been called off */
	int64_t lacking;  /* of the stored games, not in the feed */
	int64_t waiting;  /* of them, to be called off after a day, if no feed has them */
	bool is_partial;  /* it lacks many of a season */
	struct {
		VEC_OF(struct str)
	} told; /* "2020_05_DEN_NE: 18-12, not 12-18", for the record */
	struct {
		VEC_OF(struct prediction_ungrade)
	} ungrades;
	struct {
		VEC_OF(struct pick_ungrade)
	} pick_ungrades;
};

struct err *game_changes_begin(struct game_changes *changes, struct ctx *ctx,
	const struct game_stamps_kept *stamps, const struct feed *feed) MUST_USE;

/* Whether GAME has the teams that STAMP had, which is stored under its name. CONFLICT: it
 * has not, and so is another game, or all that was said of one side would be said of the
 * other. Where that is no harm, as STAMP was called off, or is to be, STAMP gives up its
 * name and becomes NULL: GAME is new. */
struct err *game_changes_check(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp **stamp) MUST_USE;

/* The stored game that GAME, whose name is new, was until now; NULL: none. CONFLICT: it
 * is one of that week or day that the feed no longer has, with its sides exchanged. */
struct err *game_changes_former(struct game_changes *changes,
	const struct feed_game *game, const struct game_stamp **ret) MUST_USE;

/* Plan for GAME being in the feed, whatever is told of it, which is stored as STAMP. */
struct err *game_changes_seen(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp *stamp) MUST_USE;
/* Plan for what is told of GAME being something else than STAMP, which is stored. */
struct err *game_changes_add(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp *stamp) MUST_USE;

/* Call GAMES (COUNT) off, on record. */
struct err *
games_call_off(struct tx *tx, const struct missing_game *games, size_t count) MUST_USE;

/* When all games of the feed have been seen: plan for those that are not in it. CONFLICT:
 * that is more than is likely. */
struct err *game_changes_end(struct game_changes *changes) MUST_USE;

/* Before the games are updated, and after. ret_regraded: forecasts that lost their
 * grades. */
struct err *game_changes_keep(struct tx *tx, const struct game_changes *changes) MUST_USE;
/* Between the two. CONFLICT where a game that is stored has the name. */
struct err *
game_changes_rename(struct tx *tx, const struct game_changes *changes) MUST_USE;
struct err *game_changes_follow(struct tx *tx, const struct game_changes *changes,
	int64_t *ret_regraded) MUST_USE;

#endif
