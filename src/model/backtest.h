/*
 * The backtest table: every forecast of the walk graded, by period and by season, beside
 * what it must be measured against.
 *
 *     struct backtest table;
 *     TRY(backtest_run(arena, (struct backtest_options){ .tier = TIER_L }, games, count,
 * &table)); for (size_t i = 0; i < table.row_count; i++) … table.rows[i] …
 *
 * Periods come first (the whole, then the parts of docs/forecast.md that lie within),
 * then seasons. The fields below are all that a printer, a JSON or a CSV writer needs.
 */
#ifndef MODEL_BACKTEST_H
#define MODEL_BACKTEST_H

#include "model/score.h"
#include "model/walk.h"

enum forecaster {
	FORECASTER_MODEL,
	FORECASTER_FIFTY,     /* ½ for every game */
	FORECASTER_HOME_RATE, /* how often home teams won in the seasons before */
	FORECASTER_ELO,
	FORECASTER_LINE, /* the closing moneyline without the bookmaker's share, or the
			    spread */
	FORECASTERS,
};

struct backtest_options {
	enum tier tier;
	int from_season,
		through_season; /* 0: no bound. Earlier seasons are walked all the same */
	int replicates;         /* of the bootstrap; 0 means 2,000 */
	enum weather weather;   /* see struct walk_options */
	bool use_last_starters;
	const struct parameters *parameters;
	bool (*is_cancelled)(void); /* see struct walk_options */
};

struct backtest_row {
	int from_season, through_season;
	bool is_season;
	size_t games; /* played and forecast */
	size_t games_with_line;
	/* Those with a closing line; for the others all games. */
	struct score scores[FORECASTERS];
	/* The model's Brier score less theirs, its log loss, the points it is off, and
	 * its surprise less the plain normal's, game by game: below 0 the model is
	 * better. Replicates draw games within their season. */
	struct interval less_elo, less_line;
	struct interval loss_less_elo, loss_less_line;
	struct interval margin_less_line, total_less_line;
	struct interval surprise_less_plain, total_surprise_less_plain;
	double margin_error,
		line_margin_error; /* mean absolute, points; games with lines */
	double total_error, line_total_error;
	struct calibration_curve curve;
	double calibration_error;
	struct calibration_line calibration;
	double margin_surprise; /* mean negative log likelihood, key numbers and tilt */
	double plain_margin_surprise;                /* of the plain normal */
	double total_surprise, plain_total_surprise; /* the same of totals */
	double push_rate, expected_push_rate;        /* at the closing spreads */
	struct record straight; /* at the closing moneyline, where there is one */
	struct record spread;   /* against the closing spread, at its odds, else -110 */
	struct record total;    /* over or under the closing total, likewise */
};

struct backtest {
	struct backtest_options options;
	struct walk walk;
	double *elo; /* the home team's chance, one a game */
	struct backtest_row *rows;
	size_t row_count;
	double break_even; /* the hit rate at which -110 neither wins nor loses: .524 */
};

/* INVALID where no game of the seasons asked for has been played. */
MUST_USE struct err *backtest_run(struct arena *arena, struct backtest_options options,
	const struct model_game *games, size_t count, struct backtest *ret);

#endif
