/*
 * The forecast engine: what to call from outside.
 *
 *   games        fill in an array of struct model_game (game.h); team_find(),
 * venue_find() give the numbers forecasts    walk_games() forecasts every game of the
 * array, past and to come (walk.h, forecast.h) what if      walk_forecast() with another
 * quarterback, ground or day any line     distribution_against(&forecast.margins, -3.5):
 * cover, push, loss; .totals likewise bets         odds_fair(), odds_value(),
 * odds_kelly() (odds.h) ratings      walk_options.keep_ratings, or state_ratings() in
 * walk_options.on_week (state.h) parameters   parameter_rows() (parameters.h)
 *
 * Pure: no clock, no input or output, no global state; the same numbers in give the same
 * numbers out. docs/forecast.md holds the mathematics and the results.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "model/backtest.h"
#include "model/elo.h"
#include "model/fit.h"
#include "model/forecast.h"
#include "model/game.h"
#include "model/team.h"
#include "model/venue.h"
#include "model/walk.h"

#endif
