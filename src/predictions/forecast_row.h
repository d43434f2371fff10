/* What is said of one game, as rows of the table predictions. */
#ifndef PREDICTIONS_FORECAST_ROW_H
#define PREDICTIONS_FORECAST_ROW_H

#include "model/forecast.h"
#include "predictions/game.h"
#include "predictions/predictions_q.h"

enum prediction_type { PREDICTION_GAME, PREDICTION_ATS, PREDICTION_TOTAL };
enum { PREDICTION_TYPES = 3 };
extern const char *const prediction_type_names[PREDICTION_TYPES];

/* The row of TYPE for GAME, but for model and times; prediction_data is canonical
 * (codec/json_canonical.h), so it can be compared with what is stored. */
struct err *forecast_row(struct arena *arena, enum prediction_type type,
	const struct game *game, const struct forecast *forecast, bool is_backfilled,
	struct prediction_insert *ret) MUST_USE;

#endif
