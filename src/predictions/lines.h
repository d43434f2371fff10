/*
 * A forecast asked again: the chances at any line, fair odds, and what a bet at given
 * odds is worth.
 *
 * The distributions are those that stood behind the forecast when it was made
 * (prediction_data, "margins" and "totals"), so the answer is as old as the forecast. No
 * edge is claimed: the closing line has not been beaten by any model here.
 */
#ifndef PREDICTIONS_LINES_H
#define PREDICTIONS_LINES_H

#include "base/opt.h"
#include "codec/json_read.h"
#include "db/db.h"

/* The six bets of a game. */
enum bet {
	BET_HOME,
	BET_AWAY,
	BET_HOME_SPREAD,
	BET_AWAY_SPREAD,
	BET_OVER,
	BET_UNDER,
	BETS,
};

struct lines_terms {
	/* Points by which the home team is favoured; without them the game's own line,
	 * else the fair one. */
	struct opt_f64 spread;
	struct opt_f64 total;      /* likewise */
	struct opt_f64 odds[BETS]; /* American */
	double kelly_share;        /* of the whole Kelly stake */
};

enum {
	KELLY_CAP_PERCENT = 5, /* of the bankroll: never more on one bet */
};

struct line_row {
	struct prediction_id prediction_id;
	struct str game_id, model, tier;
	bool saw_line;
	struct str market; /* moneyline, spread, total */
	struct str side;   /* home, away, over, under */
	struct str bet;    /* as it is written on a slip: "KC -3.5" */
	struct opt_f64 line;
	double win, push, loss;
	double half_win, half_loss; /* at a quarter line */
	struct opt_i32 fair_odds;   /* American; none where they would be endless */
	struct opt_f64 odds;        /* those given, American */
	/* Only with odds. */
	struct opt_f64 break_even;     /* the chance at which they neither win nor lose */
	struct opt_f64 expected_value; /* won on average for one staked */
	struct opt_f64 stake;          /* share of the bankroll */
};

struct line_list {
	struct line_row rows[BETS];
	size_t count;
};

/* Why the distributions in DATA, a forecast's own numbers, cannot be asked anything;
 * absent: they can, or there are none. */
struct str lines_fault(struct arena *arena, const struct json_node *data);

enum {
	/* What a chance published beside its distribution may be off, as both are
	 * rounded. */
	LINES_CHANCE_OFF_PERCENT = 1,
};

/* Why PROBABILITY, of BET at LINE (0 of a winner), is not what the distributions in DATA
 * give: a tie or push may count nothing, half, or be left out. Absent: it is, or DATA has
 * none of BET's kind. */
struct str lines_disagreement(struct arena *arena, const struct json_node *data,
	enum bet bet, double line, double probability);

/* NOT_FOUND where there is no published forecast ID, or none that says how margins and
 * totals are distributed; then only what it does say is in the list. */
struct err *lines_list(struct tx *tx, struct prediction_id id,
	const struct lines_terms *terms, struct line_list *ret) MUST_USE;

#endif
