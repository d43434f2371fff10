#include "predictions/game_change.h"

#include "predictions/game.h"
#include "predictions/on_record.h"

enum {
	/* A feed that lacks more games of a season than these, or all, lacks them by
	 * mistake. */
	MISSING_MOST = 2,
	/* Nor is a week of the league ever corrected as a whole. */
	RESULTS_MOST = 16,
};

/* What there is to do where a game has other teams than it had. */
#define CALLED_OFF " (gridiron import --called-off, if that is so, calls the old one off)"
#define IS_OVER    " in a game that is over, which no flag takes: the feed is to be mended"

/* Add to a list of CHANGES; the error of no memory where it found no room. */
#define KEEP(changes, list, ...)                                          \
	(VEC_PUSH((changes)->ctx->arena, &(changes)->list, (__VA_ARGS__)) \
			? NULL                                            \
			: err_no_memory())

/* Which game it is whatever its name, of a struct feed_game or game_stamp. */
#define PAIRING_OF(arena, game, away, home)                                     \
	str_fmt((arena), "%d " STR_FMT " " STR_FMT " " STR_FMT, (game)->season, \
		STR_ARG((game)->game_type), STR_ARG((game)->away),              \
		STR_ARG((game)->home))
#define PAIRING(arena, game) PAIRING_OF((arena), (game), away_team, home_team)

struct err *
game_changes_begin(struct game_changes *changes, struct ctx *ctx,
	const struct game_stamps_kept *stamps, const struct feed *feed)
{
	*changes = (struct game_changes){
		.ctx = ctx, .stamps = stamps, .is_faulty = feed->fault_count > 0
	};
	map_init(&changes->absent, ctx->arena);
	map_init(&changes->fed, ctx->arena);
	for (size_t i = 0; i < feed->games.count; i++) {
		struct feed_game *game = &feed->games.items[i];

		changes->has_season[game->season - SEASON_LEAST] = true;
		if (!map_put(&changes->fed, game->nflverse_id, game))
			return err_no_memory();
	}
	for (size_t i = 0; i < stamps->count; i++) {
		struct game_stamp *stamp = stamps->items[i];
		struct str pairing;

		if (map_find(&changes->fed, stamp->nflverse_id))
			continue;
		pairing = PAIRING(ctx->arena, stamp);
		if (str_is_none(pairing) || !map_put(&changes->absent, pairing, stamp))
			return err_no_memory();
	}
	return NULL;
}

/* What was said of one side of STAMP would be said of the other, or of other teams. */
static struct err *
other_teams(const struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp *stamp, const char *what)
{
	return err_new(changes->ctx, ERR_CONFLICT,
		"line %lld: " STR_FMT " is " STR_FMT " at " STR_FMT " in %d, and " STR_FMT
		" was " STR_FMT " at " STR_FMT " in %d; %s, and nothing was stored",
		(long long)game->line, STR_ARG(game->nflverse_id),
		STR_ARG(game->away_team), STR_ARG(game->home_team), game->season,
		STR_ARG(stamp->nflverse_id), STR_ARG(stamp->away_team),
		STR_ARG(stamp->home_team), stamp->season, what);
}

static struct err *
keep(struct game_changes *changes, const struct game_stamp *stamp, struct str kind)
{
	return KEEP(changes, kept,
		(struct game_change_insert){
			.id = stamp->id, .kind = kind, .now = changes->ctx->now });
}

/* The name of what was called off, where another game has it now. */
static struct err *
name_off(const struct game_changes *changes, struct str was, struct str *ret)
{
	struct str name = str_fmt(changes->ctx->arena, STR_FMT "_off", STR_ARG(was));

	for (int i = 2; !str_is_none(name); i++) {
		bool is_taken = map_find(&changes->fed, name);

		for (size_t j = 0; j < changes->stamps->count && !is_taken; j++)
			is_taken = str_eq(changes->stamps->items[j]->nflverse_id, name);
		if (!is_taken) {
			*ret = name;
			return NULL;
		}
		name = str_fmt(changes->ctx->arena, STR_FMT "_off%d", STR_ARG(was), i);
	}
	return err_no_memory();
}

/* Plan for the name of STAMP being another game's: it is called off under one of its own,
 * with all that was said of it. */
static struct err *
replace(struct game_changes *changes, const struct game_stamp *stamp)
{
	struct str name = STR_NONE;

	TRY(name_off(changes, stamp->nflverse_id, &name));
	TRY(KEEP(changes, renames,
		(struct game_rename){ .id = stamp->id, .nflverse_id = name }));
	TRY(KEEP(changes, moves,
		(struct prediction_move){ .game_id = stamp->id,
			.nflverse_id = name,
			.season = stamp->season,
			.week = stamp->week }));
	if (stamp->cancelled_at.is_set)
		return keep(changes, stamp, STR("moved"));
	changes->lacking++;
	TRY(KEEP(changes, called_off,
		(struct missing_game){ .id = stamp->id, .nflverse_id = name }));
	return KEEP(changes, missing,
		(struct game_missing_set){ .id = stamp->id, .now = changes->ctx->now });
}

struct err *
game_changes_check(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp **stamp)
{
	const struct game_stamp *was = *stamp;
	bool is_exchanged = str_eq(game->away_team, was->home_team) &&
		str_eq(game->home_team, was->away_team);

	if (game->season == was->season && str_eq(game->away_team, was->away_team) &&
		str_eq(game->home_team, was->home_team))
		return NULL;
	if (was->home_score.is_set)
		return other_teams(changes, game, was,
			is_exchanged ? "home and away are exchanged" IS_OVER
				     : "another game has another name" IS_OVER);
	if (!was->cancelled_at.is_set && !changes->calls_off)
		return other_teams(changes, game, was,
			is_exchanged ? "home and away are exchanged" CALLED_OFF
				     : "another game has another name" CALLED_OFF);
	*stamp = NULL;
	return replace(changes, was);
}

/* Where GAME is new, and what it is with its sides exchanged has gone: not the other game
 * of two that a division's teams play, which may be in another file. */
static struct err *
exchange_check(const struct game_changes *changes, const struct feed_game *game)
{
	struct str pairing = PAIRING_OF(changes->ctx->arena, game, home_team, away_team);
	const struct game_stamp *stamp;

	if (str_is_none(pairing))
		return err_no_memory();
	stamp = map_find(&changes->absent, pairing);
	if (!stamp || stamp->cancelled_at.is_set ||
		(stamp->week != game->week && !str_eq(stamp->gameday, game->gameday)))
		return NULL;
	if (stamp->home_score.is_set)
		return other_teams(
			changes, game, stamp, "home and away are exchanged" IS_OVER);
	return changes->calls_off ? NULL
				  : other_teams(changes, game, stamp,
					    "home and away are exchanged" CALLED_OFF);
}

struct err *
game_changes_former(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp **ret)
{
	struct str pairing;

	*ret = NULL;
	if (changes->absent.count == 0)
		return NULL;
	pairing = PAIRING(changes->ctx->arena, game);
	if (str_is_none(pairing))
		return err_no_memory();
	*ret = map_find(&changes->absent, pairing);
	if (!*ret)
		return exchange_check(changes, game);
	/* Taken: it is absent no longer. */
	return map_put(&changes->absent, pairing, NULL) ? NULL : err_no_memory();
}

static struct err *
tell(struct game_changes *changes, struct str line)
{
	return str_is_none(line) ? err_no_memory() : KEEP(changes, told, line);
}

static struct err *
ungrade(struct game_changes *changes, const struct feed_game *game)
{
	TRY(KEEP(changes, pick_ungrades,
		(struct pick_ungrade){ .nflverse_id = game->nflverse_id }));
	return KEEP(changes, ungrades,
		(struct prediction_ungrade){ .nflverse_id = game->nflverse_id });
}

static struct err *
move(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp *stamp)
{
	bool is_renamed = !str_eq(game->nflverse_id, stamp->nflverse_id);
	int64_t begins_at = game_begins_at(&(struct game){
		.gameday = game->gameday, .kickoff_at = game->kickoff_at });
	int64_t begun_at = game_begins_at(&(struct game){
		.gameday = stamp->gameday, .kickoff_at = stamp->kickoff_at });

	if (!is_renamed && game->season == stamp->season && game->week == stamp->week &&
		str_eq(game->gameday, stamp->gameday) &&
		OPT_EQ(game->kickoff_at, stamp->kickoff_at))
		return NULL;
	TRY(keep(changes, stamp, STR("moved")));
	if (is_renamed)
		TRY(KEEP(changes, renames,
			(struct game_rename){
				.id = stamp->id, .nflverse_id = game->nflverse_id }));
	/* What was said between two kick-offs was said before one and after the other. */
	if (begins_at != begun_at)
		TRY(KEEP(changes, recounts,
			(struct prediction_recount){
				.game_id = stamp->id, .begins_at = begins_at }));
	if (stamp->home_score.is_set)
		TRY(KEEP(changes, pick_ungrades,
			(struct pick_ungrade){ .nflverse_id = game->nflverse_id }));
	return KEEP(changes, moves,
		(struct prediction_move){ .game_id = stamp->id,
			.nflverse_id = game->nflverse_id,
			.season = game->season,
			.week = game->week });
}

struct err *
game_changes_add(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp *stamp)
{
	TRY(move(changes, game, stamp));
	if (!stamp->home_score.is_set ||
		(OPT_EQ(game->home_score, stamp->home_score) &&
			OPT_EQ(game->away_score, stamp->away_score)))
		return NULL;
	changes->results++;
	TRY(keep(changes, stamp, STR("result")));
	TRY(tell(changes,
		game->home_score.is_set
			? str_fmt(changes->ctx->arena, STR_FMT ": %d-%d, not %d-%d",
				  STR_ARG(game->nflverse_id), game->away_score.value,
				  game->home_score.value, stamp->away_score.value,
				  stamp->home_score.value)
			: str_fmt(changes->ctx->arena, STR_FMT ": no result, not %d-%d",
				  STR_ARG(game->nflverse_id), stamp->away_score.value,
				  stamp->home_score.value)));
	return ungrade(changes, game);
}

struct err *
game_changes_seen(struct game_changes *changes, const struct feed_game *game,
	const struct game_stamp *stamp)
{
	if (!stamp->missing_since.is_set)
		return NULL;
	TRY(KEEP(changes, back, (struct game_back){ .id = stamp->id }));
	if (!stamp->cancelled_at.is_set)
		return NULL;
	changes->on_again++;
	TRY(keep(changes, stamp, STR("back")));
	TRY(tell(changes,
		str_fmt(changes->ctx->arena, STR_FMT ": on again",
			STR_ARG(game->nflverse_id))));
	return ungrade(changes, game);
}

/* Whether STAMP is missing in the feed, where it should be. */
static struct err *
is_missing(const struct game_changes *changes, const struct game_stamp *stamp, bool *ret)
{
	struct str pairing;

	*ret = false;
	if (stamp->cancelled_at.is_set || map_find(&changes->fed, stamp->nflverse_id))
		return NULL;
	pairing = PAIRING(changes->ctx->arena, stamp);
	if (str_is_none(pairing))
		return err_no_memory();
	*ret = map_find(&changes->absent, pairing) == stamp;
	return NULL;
}

/* Plan for STAMP not being in a feed that has all else, or that lacks many. */
static struct err *
note_missing(struct game_changes *changes, const struct game_stamp *stamp, bool are_many)
{
	changes->waiting += !are_many && !changes->calls_off;
	if (changes->calls_off) {
		changes->is_season_off |=
			!changes->has_season[stamp->season - SEASON_LEAST];
		TRY(KEEP(changes, called_off,
			(struct missing_game){
				.id = stamp->id, .nflverse_id = stamp->nflverse_id }));
		are_many = false;
	}
	/* The day that it has to be away begins anew with the next whole feed. */
	if (are_many)
		return stamp->missing_since.is_set
			? KEEP(changes, back, (struct game_back){ .id = stamp->id })
			: NULL;
	return stamp->missing_since.is_set
		? NULL
		: KEEP(changes, missing,
			  (struct game_missing_set){
				  .id = stamp->id, .now = changes->ctx->now });
}

struct err *
games_call_off(struct tx *tx, const struct missing_game *games, size_t count)
{
	struct ctx *ctx = tx->ctx;
	struct game_change_insert *kept;
	struct game_cancel *cancels;
	struct str *names;
	int64_t affected;

	if (count == 0)
		return NULL;
	TRY_NEW(ctx->arena, kept, count);
	TRY_NEW(ctx->arena, cancels, count);
	TRY_NEW(ctx->arena, names, count);
	for (size_t i = 0; i < count; i++) {
		names[i] = games[i].nflverse_id;
		kept[i] = (struct game_change_insert){
			.id = games[i].id, .kind = STR("called off"), .now = ctx->now
		};
		cancels[i] = (struct game_cancel){ .id = games[i].id, .now = ctx->now };
	}
	TRY(on_record_games(tx, AUDIT_GAMES_CALL_OFF, names, count));
	TRY(q_game_change_insert(tx, kept, count, &affected));
	return q_game_cancel(tx, cancels, count, &affected);
}

/* What would be published as corrected or called off wrongly cannot be unsaid. */
static struct err *
likely_check(struct game_changes *changes)
{
	bool is_other = changes->results > RESULTS_MOST;
	bool is_off = changes->called_off.count > MISSING_MOST || changes->is_season_off;

	if (changes->is_sure || !(is_other || is_off))
		return NULL;
	changes->is_doubted = true;
	if (changes->is_dry_run)
		return NULL;
	if (is_other)
		return err_new(changes->ctx, ERR_CONFLICT,
			"the results of %lld games that are over would be others or "
			"none: nothing was stored; if that is right, gridiron import "
			"--yes does it, and --dry-run shows it first",
			(long long)changes->results);
	return err_new(changes->ctx, ERR_CONFLICT,
		"%zu games would be called off: nothing was stored; if that is right, "
		"gridiron import --called-off --yes does it, and --dry-run shows it "
		"first",
		changes->called_off.count);
}

struct err *
game_changes_end(struct game_changes *changes)
{
	int missing[SEASON_MOST - SEASON_LEAST + 1] = { 0 };
	bool is;

	/* A row that could not be read may be that of any game. */
	if (changes->is_faulty)
		return likely_check(changes);
	for (size_t i = 0; i < changes->stamps->count; i++) {
		TRY(is_missing(changes, changes->stamps->items[i], &is));
		missing[changes->stamps->items[i]->season - SEASON_LEAST] += is;
		changes->lacking += is;
	}
	for (size_t i = 0; i < changes->stamps->count; i++) {
		const struct game_stamp *stamp = changes->stamps->items[i];
		int season = stamp->season - SEASON_LEAST;
		bool are_many = missing[season] > MISSING_MOST ||
			(missing[season] && !changes->has_season[season]);

		changes->is_partial = changes->is_partial || are_many;
		TRY(is_missing(changes, stamp, &is));
		if (is && !stamp->home_score.is_set)
			TRY(note_missing(changes, stamp, are_many));
	}
	return likely_check(changes);
}

struct err *
game_changes_keep(struct tx *tx, const struct game_changes *changes)
{
	int64_t affected;

	TRY(q_game_change_insert(
		tx, changes->kept.items, changes->kept.count, &affected));
	TRY(q_game_back(tx, changes->back.items, changes->back.count, &affected));
	TRY(q_game_missing_set(
		tx, changes->missing.items, changes->missing.count, &affected));
	return games_call_off(tx, changes->called_off.items, changes->called_off.count);
}

struct err *
game_changes_rename(struct tx *tx, const struct game_changes *changes)
{
	int64_t affected;

	return q_game_rename(
		tx, changes->renames.items, changes->renames.count, &affected);
}

struct err *
game_changes_follow(
	struct tx *tx, const struct game_changes *changes, int64_t *ret_regraded)
{
	int64_t affected;

	TRY(on_record_games(
		tx, AUDIT_GAMES_CORRECT, changes->told.items, changes->told.count));
	TRY(q_prediction_recount(
		tx, changes->recounts.items, changes->recounts.count, &affected));
	TRY(q_prediction_move(tx, changes->moves.items, changes->moves.count, &affected));
	TRY(q_pick_ungrade(tx, changes->pick_ungrades.items, changes->pick_ungrades.count,
		&affected));
	return q_prediction_ungrade(
		tx, changes->ungrades.items, changes->ungrades.count, ret_regraded);
}
