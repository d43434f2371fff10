/*
 * Forecasts: the model walks through all games, and what it says of those asked for is
 * stored as predictions of the types game, ats and total.
 *
 * A forecast is stored before kick-off and never altered: where the model now says
 * something else of a game still to come, that is a new row, and the last one before
 * kick-off counts. Of a game that has begun only the first is ever stored, made from what
 * was known before its week, dated to the first minute of that week's first day and
 * marked "backfilled". Where a run says what is stored already, nothing is written.
 *
 * The columns pick, probability, line and odds say what will be graded; the model's
 * numbers are in prediction_data (docs/forecast.md).
 */
#ifndef PREDICTIONS_FORECAST_H
#define PREDICTIONS_FORECAST_H

#include "base/ctx.h"
#include "model/parameters.h"
#include "predictions/game.h"

/* What changes when the same games would be forecast otherwise. */
#define MODEL_VERSION "2"

enum forecast_scope {
	FORECAST_TO_COME, /* games that have not begun */
	FORECAST_WEEK,    /* season and week */
	FORECAST_SEASON,
	FORECAST_ALL
};

struct forecast_options {
	enum tier tier;
	enum forecast_scope scope;
	int32_t season;
	int32_t week;
};

struct forecast_counts {
	int64_t games;     /* asked for */
	int64_t stored;    /* predictions */
	int64_t unchanged; /* said already, or too late to say otherwise */
	int64_t ratings;   /* stored or replaced */
};

/* The name under which TIER's forecasts are published. */
struct str forecast_model_name(enum tier tier);

/* Forecast and store, all of it in one transaction, of the games as that transaction sees
 * them. NOT_FOUND where there are no games to forecast. */
struct err *forecast_store(struct ctx *ctx, const struct forecast_options *options,
	struct forecast_counts *ret) MUST_USE;

#endif
