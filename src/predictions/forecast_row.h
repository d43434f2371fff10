/* What is said of one game, as rows of the table predictions. */
#ifndef PREDICTIONS_FORECAST_ROW_H
#define PREDICTIONS_FORECAST_ROW_H

#include "model/forecast.h"
#include "predictions/game.h"
#include "predictions/predictions_q.h"

enum prediction_type { PREDICTION_GAME, PREDICTION_ATS, PREDICTION_TOTAL };
enum { PREDICTION_TYPES = 3 };
extern const char *const prediction_type_names[PREDICTION_TYPES];

struct forecast_row_options {
	enum prediction_type type;
	bool is_backfilled;
	/* Under which names the key numbers of margins and totals are kept. */
	struct str weights, total_weights;
};

/* The row for GAME, but for model and times; prediction_data is canonical
 * (codec/json_canonical.h), so it can be compared with what is stored. */
struct err *forecast_row(struct arena *arena, const struct forecast_row_options *options,
	const struct game *game, const struct forecast *forecast,
	struct prediction_insert *ret) MUST_USE;

#endif
