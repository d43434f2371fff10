/*
 * The rest of a season, played many times from what the model believes before a week.
 *
 *     TRY(season_cut(arena, games, count, when, &seen));         only what was known then
 *     TRY(walk_games(arena, season_walk(TIER_L, when), seen.games, seen.count, &walk));
 *     TRY(season_plan_new(arena, &walk, seen, when, &plan));
 *     season_simulate(plan, 0, 100000, &counts);
 *     outlook = season_outlook(&counts, franchise);
 *
 * Each run draws the true strength of every club once, from the state's covariance, and
 * home advantage with it; lets the strengths wander week by week as the model says they
 * do; draws each margin from the engine's distribution around the strengths as they then
 * are; and breaks ties, seeds and plays the bracket as the league would. Drawing the
 * truth first and the games around it is the same as drawing game after game and learning
 * from each: both are draws from one joint distribution, and this is much the quicker.
 *
 * Run number n is always the same run: runs may be shared out among threads in any way,
 * and the counts are those of one thread.
 */
#ifndef MODEL_SEASON_H
#define MODEL_SEASON_H

#include "model/bracket.h"
#include "model/walk.h"

enum {
	MOST_WINS = 20,
	SEASON_RUNS_LEAST = 100, /* of what is stored for others to read */
	SEASON_RUNS_USUAL = 100000,
	SEASON_RUNS_MOST = 10000000,
};

/* Before the games of WEEK; playoff weeks count on, and one after the last is the end. */
struct season_time {
	int season;
	int week;
	/* As it stands now instead: WEEK is that of the next game to be played, and what
	 * of it, or of later ones, has been played already is known. */
	bool is_live;
};

struct season_view {
	const struct model_game *games;
	size_t count;
};

/* What was known of GAMES (COUNT) before WHEN: nothing of later seasons; results, lines
 * and weather only of what was played before; quarterbacks to the end of that week. Live:
 * all that is known of that season. */
MUST_USE struct err *season_cut(struct arena *arena, const struct model_game *games,
	size_t count, struct season_time when, struct season_view *ret);

/* How to walk for a plan: to WHEN, whichever games of weeks before are still open. */
struct walk_options season_walk(enum tier tier, struct season_time when);

/* How many games of WHEN's season in VIEW have been played of which nothing was known
 * before its week; 0 unless it is live. */
int season_played_since(struct season_view view, struct season_time when);

/* The week of SEASON's next game to be played; one after the last where all are over; 0
 * where GAMES has none of that season. A game that is still not played when one of
 * a later week has been, on a later day, was called off: it counts nowhere (Buffalo at
 * Cincinnati, 2022). */
int season_next_week(const struct model_game *games, size_t count, int season);

struct season_plan;

/* All that the runs share, some 1 MB, in ARENA. WALK must have gone through the games of
 * VIEW as season_walk says, and outlive the plan. NOT_FOUND where VIEW has no games of
 * the season; INVALID before STANDINGS_FIRST_SEASON. */
MUST_USE struct err *season_plan_new(struct arena *arena, const struct walk *walk,
	struct season_view view, struct season_time when, struct season_plan **ret);

/* What is supposed of a game. */
enum season_result { RESULT_OPEN, RESULT_HOME, RESULT_AWAY, RESULT_TIE };

/* Let RESULT come out of the regular season's game of HOME and AWAY, in every run; its
 * margin is drawn from those that fit. Strengths are drawn as if nothing were supposed:
 * what is asked is what a result would do, not what it would tell. False where the plan
 * has no such game to be played. */
bool season_plan_suppose(
	struct season_plan *plan, int home, int away, enum season_result result);

/* How often what came out. */
struct season_counts {
	uint32_t runs;
	uint32_t wins[FRANCHISES][MOST_WINS]; /* games won; a second tie counts one */
	uint64_t halves[FRANCHISES];  /* sum over the runs, of wins twice and ties */
	uint64_t squares[FRANCHISES]; /* and of their squares */
	uint32_t division[FRANCHISES];
	uint32_t seed[FRANCHISES][MOST_SEEDS];
	uint32_t round[FRANCHISES][GAME_SUPER_BOWL + 1]; /* in it: [GAME_WILD_CARD], … */
	uint32_t title[FRANCHISES];
};

/* Play runs FIRST to FIRST + RUNS − 1 and add what came out to COUNTS. */
void season_simulate(const struct season_plan *plan, uint32_t first, uint32_t runs,
	struct season_counts *counts);
void season_counts_add(struct season_counts *counts, const struct season_counts *more);

struct season_outlook {
	uint32_t runs;
	double wins_mean; /* a tie counts half */
	double wins_sd;
	double wins[MOST_WINS]; /* the chance of each number */
	double division;
	double seed[MOST_SEEDS];
	double playoffs;
	double divisional; /* to play in that round */
	double championship;
	double final;
	double title;
};

struct season_outlook season_outlook(const struct season_counts *counts, int franchise);
/* The standard error of CHANCE as found by RUNS runs. */
double season_chance_se(double chance, uint32_t runs);

#endif
