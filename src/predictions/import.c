#include "predictions/import.h"

#include "base/map.h"
#include "db/db.h"
#include "model/team.h"
#include "predictions/game_change.h"
#include "predictions/publication.h"
#include "predictions/teams_q.h"

enum {
	FIRST_SEASON = 1999, /* of the feed */
	LAST_SEASON = 2100,
	HOUSTON_FIRST_SEASON = 2002,
	CHUNK = 500, /* games between two signs of progress */
};

struct import {
	struct ctx *ctx;
	const struct feed *feed;
	const struct import_options *options;
	struct import_counts counts;
	struct map stamps; /* nflverse_id → struct game_stamp, of what is stored */
	struct {
		VEC_OF(struct game_insert)
	} inserts;
	struct {
		VEC_OF(struct game_update)
	} updates;
	struct {
		VEC_OF(struct game_line_insert)
	} lines;
	struct game_stamps_kept stamp_list; /* the same, in a row */
	struct game_changes changes;
};

/* --- Teams */

static const char *const conference_names[] = {
	[CONFERENCE_AFC] = "AFC", [CONFERENCE_NFC] = "NFC"
};
static const char *const division_names[] = { [DIVISION_EAST] = "East",
	[DIVISION_NORTH] = "North",
	[DIVISION_SOUTH] = "South",
	[DIVISION_WEST] = "West",
	[DIVISION_CENTRAL] = "Central" };

/* The codes of FRANCHISE, one after another, each with its seasons. */
static size_t
franchise_codes(int franchise, struct team_put *ret)
{
	const struct team *team = team_at(franchise);
	size_t count = 0;

	for (int season = FIRST_SEASON; season <= LAST_SEASON; season++) {
		struct str code = team_code_in(franchise, season);

		if (count && str_eq(ret[count - 1].code, code))
			continue;
		if (count) {
			ret[count - 1].name = team_name_in(franchise, season - 1);
			ret[count - 1].last_season = (struct opt_i32)OPT(season - 1);
		}
		ret[count++] = (struct team_put){
			.code = code,
			.name = team_name_in(franchise, LAST_SEASON),
			.franchise = team->code,
			.nickname = team->nickname,
			.conference = str_from(conference_names[team->conference]),
			.division = str_from(division_names[team->division]),
			.first_season = season,
		};
	}
	if (str_eq(team->code, STR("HOU")))
		ret[0].first_season = HOUSTON_FIRST_SEASON;
	return count;
}

static struct err *
teams_put(struct tx *tx)
{
	struct team_put teams[FRANCHISES * 3];
	size_t count = 0;
	int64_t added;

	for (int franchise = 0; franchise < FRANCHISES; franchise++)
		count += franchise_codes(franchise, teams + count);
	return q_team_put(tx, teams, count, &added);
}

/* --- What is stored already */

/* The texts of a row last only until the next. */
static bool
texts_keep(struct arena *arena, struct game_stamp *stamp)
{
	struct str *const texts[] = { &stamp->nflverse_id, &stamp->source_checksum,
		&stamp->game_type, &stamp->gameday, &stamp->away_team,
		&stamp->home_team };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		*texts[i] = str_dup(arena, *texts[i]);
		if (str_is_none(*texts[i]))
			return false;
	}
	return true;
}

static struct err *
stamp_keep(void *arg, const struct game_stamp *row)
{
	struct import *import = arg;
	struct game_stamp *stamp;

	TRY_NEW(import->ctx->arena, stamp, 1);
	*stamp = *row;
	if (!texts_keep(import->ctx->arena, stamp))
		return err_no_memory();
	return map_put(&import->stamps, stamp->nflverse_id, stamp) &&
			VEC_PUSH(import->ctx->arena, &import->stamp_list, stamp)
		? NULL
		: err_no_memory();
}

static struct err *
stamps_read(struct tx *tx, struct import *import)
{
	struct game_stamps seasons = { .first = INT32_MAX, .last = 0 };

	for (size_t i = 0; i < import->feed->games.count; i++) {
		int32_t season = import->feed->games.items[i].season;

		seasons.first = season < seasons.first ? season : seasons.first;
		seasons.last = season > seasons.last ? season : seasons.last;
	}
	/* A file of one season says nothing of others; any other has all from its first
	 * one on, as the feed has, also where it came cut. */
	if (import->options->is_feed || seasons.first < seasons.last)
		seasons.last = SEASON_MOST;
	return q_game_stamps(tx, seasons, stamp_keep, import);
}

static struct err *
kinds_check(struct tx *tx, const struct import *import)
{
	bool is_simulated = import->options->is_simulated, found;
	struct game_of_kind other;

	TRY(q_game_of_kind(tx, !is_simulated, &other, &found));
	if (!found)
		return NULL;
	return err_new(tx->ctx, ERR_CONFLICT,
		is_simulated ? "this database holds real games; the simulated league "
			       "needs one of its own"
			     : "this database holds the simulated league; real games "
			       "need one of their own (another data folder)");
}

/* --- What to do with each game */

static bool
lines_eq(const struct feed_game *game, const struct game_stamp *stamp)
{
	return OPT_EQ(game->home_moneyline, stamp->home_moneyline) &&
		OPT_EQ(game->away_moneyline, stamp->away_moneyline) &&
		OPT_EQ(game->spread_line, stamp->spread_line) &&
		OPT_EQ(game->home_spread_odds, stamp->home_spread_odds) &&
		OPT_EQ(game->away_spread_odds, stamp->away_spread_odds) &&
		OPT_EQ(game->total_line, stamp->total_line) &&
		OPT_EQ(game->over_odds, stamp->over_odds) &&
		OPT_EQ(game->under_odds, stamp->under_odds);
}

static bool
has_lines(const struct feed_game *game)
{
	return game->home_moneyline.is_set || game->spread_line.is_set ||
		game->total_line.is_set;
}

/* The arguments of game_insert and of game_update, which are the same. */
#define GAME_ARGS(game, import, finished)                                               \
	{                                                                               \
		.nflverse_id = (game)->nflverse_id, .season = (game)->season,           \
		.game_type = (game)->game_type, .week = (game)->week,                   \
		.gameday = (game)->gameday, .gametime = (game)->gametime,               \
		.kickoff_at = (game)->kickoff_at, .home_team = (game)->home_team,       \
		.away_team = (game)->away_team, .is_neutral = (game)->is_neutral,       \
		.div_game = (game)->div_game.value, .home_score = (game)->home_score,   \
		.away_score = (game)->away_score, .result = (game)->result,             \
		.total = (game)->total, .overtime = (game)->overtime,                   \
		.home_rest = (game)->home_rest, .away_rest = (game)->away_rest,         \
		.home_moneyline = (game)->home_moneyline,                               \
		.away_moneyline = (game)->away_moneyline,                               \
		.spread_line = (game)->spread_line,                                     \
		.home_spread_odds = (game)->home_spread_odds,                           \
		.away_spread_odds = (game)->away_spread_odds,                           \
		.total_line = (game)->total_line, .over_odds = (game)->over_odds,       \
		.home_moneyline_open = (game)->home_moneyline_open,                     \
		.away_moneyline_open = (game)->away_moneyline_open,                     \
		.spread_line_open = (game)->spread_line_open,                           \
		.total_line_open = (game)->total_line_open,                             \
		.under_odds = (game)->under_odds, .roof = (game)->roof,                 \
		.surface = (game)->surface, .temp = (game)->temp, .wind = (game)->wind, \
		.home_qb_id = (game)->home_qb_id, .away_qb_id = (game)->away_qb_id,     \
		.home_qb_name = (game)->home_qb_name,                                   \
		.away_qb_name = (game)->away_qb_name, .home_coach = (game)->home_coach, \
		.away_coach = (game)->away_coach, .referee = (game)->referee,           \
		.stadium_id = (game)->stadium_id, .stadium = (game)->stadium,           \
		.is_simulated = (import)->options->is_simulated,                        \
		.source = (import)->options->source,                                    \
		.source_checksum = { (const char *)(game)->checksum, SHA256_BYTES },    \
		.finished_at = (finished), .now = (import)->ctx->now,                   \
	}

static struct err *
line_keep(struct import *import, const struct feed_game *game)
{
	if (!VEC_PUSH(import->ctx->arena, &import->lines,
		    (struct game_line_insert){
			    .nflverse_id = game->nflverse_id,
			    .source = import->options->source,
			    .now = import->ctx->now,
		    }))
		return err_no_memory();
	return NULL;
}

static struct err *
plan_insert(struct import *import, const struct feed_game *game)
{
	struct opt_i64 finished_at = { .is_set = game->home_score.is_set,
		.value = import->ctx->now };

	if (!VEC_PUSH(import->ctx->arena, &import->inserts,
		    (struct game_insert)GAME_ARGS(game, import, finished_at)))
		return err_no_memory();
	return !game->home_score.is_set && has_lines(game) ? line_keep(import, game)
							   : NULL;
}

static struct err *
plan_update(struct import *import, const struct feed_game *game,
	const struct game_stamp *stamp)
{
	struct opt_i64 finished_at = stamp->finished_at;

	if (!game->home_score.is_set)
		finished_at = (struct opt_i64){ .is_set = false };
	else if (!finished_at.is_set)
		finished_at = (struct opt_i64)OPT(import->ctx->now);
	if (!VEC_PUSH(import->ctx->arena, &import->updates,
		    (struct game_update)GAME_ARGS(game, import, finished_at)))
		return err_no_memory();
	TRY(game_changes_add(&import->changes, game, stamp));
	if (!stamp->home_score.is_set && has_lines(game) && !lines_eq(game, stamp))
		TRY(line_keep(import, game));
	return NULL;
}

/* GAME, that is stored as STAMP: a feed that no longer tells the hour has not put it off,
 * so it begins when it was to. */
static struct err *
hour_kept(struct import *import, const struct game_stamp *stamp,
	const struct feed_game **game)
{
	struct feed_game *copy;

	if ((*game)->kickoff_at.is_set || !stamp->kickoff_at.is_set ||
		!str_eq((*game)->gameday, stamp->gameday))
		return NULL;
	TRY_NEW(import->ctx->arena, copy, 1);
	*copy = **game;
	copy->kickoff_at = stamp->kickoff_at;
	*game = copy;
	return NULL;
}

static struct err *
plan(struct import *import)
{
	for (size_t i = 0; i < import->feed->games.count; i++) {
		const struct feed_game *game = &import->feed->games.items[i];
		const struct game_stamp *stamp = map_find(
			&import->stamps, game->nflverse_id);
		struct str checksum = { (const char *)game->checksum, SHA256_BYTES };

		if (stamp)
			TRY(game_changes_check(&import->changes, game, &stamp));
		if (!stamp)
			TRY(game_changes_former(&import->changes, game, &stamp));
		if (stamp) {
			TRY(hour_kept(import, stamp, &game));
			TRY(game_changes_seen(&import->changes, game, stamp));
		}
		if (!stamp)
			TRY(plan_insert(import, game));
		else if (str_eq(checksum, stamp->source_checksum) &&
			str_eq(game->nflverse_id, stamp->nflverse_id))
			import->counts.unchanged++;
		else
			TRY(plan_update(import, game, stamp));
	}
	TRY(game_changes_end(&import->changes));
	import->counts.results = import->changes.results;
	import->counts.lacking = import->changes.lacking;
	import->counts.called_off = (int64_t)import->changes.called_off.count;
	import->counts.off = import->changes.called_off.items;
	import->counts.on_again = import->changes.on_again;
	import->counts.missing = import->changes.waiting;
	import->counts.is_partial = import->changes.is_partial;
	import->counts.is_doubted = import->changes.is_doubted;
	import->counts.created = (int64_t)import->inserts.count;
	import->counts.changed = (int64_t)import->updates.count;
	return NULL;
}

/* --- Doing it */

static void
tell_progress(const struct import *import, size_t stored)
{
	if (import->options->progress)
		import->options->progress(import->options->progress_arg,
			import->counts.unchanged + (int64_t)stored);
}

static size_t
chunk_of(size_t count, size_t begin)
{
	return count - begin < CHUNK ? count - begin : CHUNK;
}

/* What ERR of a statement that gives games their names says. Stamps are of the feed's
 * seasons, and a game has one name in all of them. */
static struct err *
name_explain(struct ctx *ctx, struct err *err)
{
	if (!err || err->code != ERR_CONFLICT)
		return err;
	return err_note(err_new(ctx, ERR_CONFLICT,
				"a game has the game_id of a stored game of another "
				"season, or another import stored it just now; nothing "
				"was stored"),
		STR_FMT, STR_ARG(err->message));
}

static struct err *
carry_out(struct tx *tx, struct import *import)
{
	int64_t affected;

	TRY(game_changes_keep(tx, &import->changes));
	TRY(name_explain(tx->ctx, game_changes_rename(tx, &import->changes)));
	for (size_t i = 0; i < import->inserts.count; i += CHUNK) {
		TRY(name_explain(tx->ctx,
			q_game_insert(tx, import->inserts.items + i,
				chunk_of(import->inserts.count, i), &affected)));
		tell_progress(import, i);
	}
	for (size_t i = 0; i < import->updates.count; i += CHUNK) {
		TRY(q_game_update(tx, import->updates.items + i,
			chunk_of(import->updates.count, i), &affected));
		tell_progress(import, import->inserts.count + i);
	}
	TRY(q_game_line_insert(tx, import->lines.items, import->lines.count, &affected));
	return game_changes_follow(tx, &import->changes, &import->counts.regraded);
}

static struct err *
store_in_tx(struct tx *tx, void *arg)
{
	struct import *import = arg;

	/* This may be a second try: begin from what was given. */
	*import = (struct import){
		.ctx = tx->ctx, .feed = import->feed, .options = import->options
	};
	map_init(&import->stamps, tx->ctx->arena);
	TRY(kinds_check(tx, import));
	TRY(stamps_read(tx, import));
	TRY(game_changes_begin(
		&import->changes, tx->ctx, &import->stamp_list, import->feed));
	import->changes.calls_off = import->options->calls_off;
	import->changes.is_sure = import->options->is_sure;
	import->changes.is_dry_run = import->options->is_dry_run;
	TRY(plan(import));
	if (!import->inserts.count && !import->updates.count &&
		!import->changes.back.count && !import->changes.missing.count &&
		!import->counts.called_off)
		return NULL;
	if (import->options->is_dry_run)
		return NULL;
	TRY(teams_put(tx));
	TRY(carry_out(tx, import));
	/* What is stored by hand may be what the feed lacks, or other than it says; where
	 * the job stores the feed it writes down which edition behind this. */
	TRY(q_fetch_forget(tx));
	return import->inserts.count || import->updates.count ||
			import->counts.on_again || import->counts.called_off
		? publication_renew(tx)
		: NULL;
}

struct err *
import_store(struct ctx *ctx, const struct feed *feed,
	const struct import_options *options, struct import_counts *ret)
{
	struct import import = { .ctx = ctx, .feed = feed, .options = options };

	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, store_in_tx, &import));
	*ret = import.counts;
	return NULL;
}
