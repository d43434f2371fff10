/* The record: by season, by week, and how well chances were calibrated. */
#include <math.h>

#include "api/access.h"
#include "api/cursor.h"
#include "api/route.h"
#include "api/schemas.h"
#include "predictions/accuracy.h"
#include "predictions/forecaster.h"
#include "predictions/publication.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"

static const struct field accuracy_fields[] = {
	FIELD(struct accuracy_row, season, I32, "the year the season starts in"),
	FIELD(struct accuracy_row, week, OPT_I32, "the week; null: the whole season"),
	FIELD(struct accuracy_row, model, TEXT, "who forecast"),
	FIELD(struct accuracy_row, prediction_type, TEXT, "game, ats, total or prop"),
	FIELD(struct accuracy_row, total_predictions, I32,
		"forecasts graded, pushes too"),
	FIELD(struct accuracy_row, correct_predictions, I32, "those that were right"),
	FIELD(struct accuracy_row, push_count, I32, "neither right nor wrong"),
	FIELD(struct accuracy_row, accuracy_percentage, OPT_FINE,
		"right among right and wrong"),
	FIELD(struct accuracy_row, confidence_weighted_accuracy, OPT_FINE,
		"the same, weighted by confidence"),
	FIELD(struct accuracy_row, brier, OPT_FINE,
		"mean squared error of the chances; 0.25 is a coin"),
	FIELD(struct accuracy_row, log_loss, OPT_FINE,
		"mean negative log likelihood; 0.693 is a coin"),
	FIELD(struct accuracy_row, units, OPT_FINE,
		"won or lost by staking one unit a pick at the stated odds"),
	FIELD(struct accuracy_row, roi, OPT_FINE, "units a unit staked"),
	FIELD(struct accuracy_row, details, JSON,
		"the record of a coin on the same games, which against a spread or a "
		"total is what the line itself says; of game forecasts for a season "
		"calibration, and always the records of Elo and of the closing line, "
		"and the gains on them with their intervals; "
		"and that of the first line seen before kick-off, where one was, with "
		"the closing line's Brier score on those games and by how many hours "
		"it was seen before kick-off"),
	FIELD(struct accuracy_row, calculated_at, TIME,
		"when this was summed; without games of late: when the newest of its "
		"grades was given"),
};
const struct row_schema accuracy_schema = ROW_SCHEMA("accuracy", struct accuracy_row,
	accuracy_fields, "How a model did in a season or a week");

struct calibration_row {
	double low;
	double high;
	int64_t forecast_count;
	double mean_probability;
	double observed_share;
	double standard_error;
};

static const struct field calibration_fields[] = {
	FIELD(struct calibration_row, low, FIXED, "the bin begins at this chance"),
	FIELD(struct calibration_row, high, FIXED, "and ends before this one"),
	FIELD(struct calibration_row, forecast_count, I64, "forecasts in it"),
	FIELD(struct calibration_row, mean_probability, FINE,
		"the chance given, on average"),
	FIELD(struct calibration_row, observed_share, FINE, "how often it happened"),
	FIELD(struct calibration_row, standard_error, FINE,
		"by how much luck alone moves that share"),
};
const struct row_schema calibration_schema = ROW_SCHEMA("calibration",
	struct calibration_row, calibration_fields,
	"Chances given to picks against how often they came true, in bins of 5 %");

/* The key by which the list is ordered within a season;
 * see accuracy_page in reads.sql. */
static struct text_key
key_of(struct ctx *ctx, const struct accuracy_row *row)
{
	return (struct text_key){
		.number = row->season,
		.text = str_fmt(ctx->arena, "%02d" STR_FMT STR_FMT,
			row->week.is_set ? row->week.value : 0,
			STR_ARG(row->prediction_type), STR_ARG(row->model)),
	};
}

static void
set_numbers(struct accuracy_row *row, const struct accuracy_metric *metric)
{
	row->total_predictions = metric->total_predictions;
	row->correct_predictions = metric->correct_predictions;
	row->push_count = metric->push_count;
	row->accuracy_percentage = metric->accuracy_percentage;
	row->confidence_weighted_accuracy = metric->confidence_weighted_accuracy;
	row->brier = metric->brier;
	row->log_loss = metric->log_loss;
	row->units = metric->units;
	row->roi = metric->roi;
	row->details = metric->details;
	row->calculated_at = metric->calculated_at;
}

static const struct accuracy_metric *
metric_of(const struct accuracy_list *metrics, const struct accuracy_row *row)
{
	for (size_t i = 0; i < metrics->count; i++) {
		const struct accuracy_metric *metric = &metrics->items[i];

		if (metric->week.is_set == row->week.is_set &&
			metric->week.value == row->week.value &&
			str_eq(metric->model, row->model) &&
			str_eq(metric->prediction_type, row->prediction_type))
			return metric;
	}
	return NULL;
}

/* The rows of a season with games that ended of late, as they were before those; what
 * would have nothing left is taken away. */
static struct err *
leave_out_late(
	struct request *rq, struct tx *tx, struct accuracy_row *rows, size_t *count)
{
	struct accuracy_list metrics = { .count = 0 };
	struct late_game_list late;
	int32_t season;
	size_t kept = 0;

	TRY(access_late_games(rq, tx, &late));
	if (late.count == 0)
		return NULL;
	/* All of one season: it is a matter of a day. */
	season = late.items[0].season;
	TRY(accuracy_of_season(rq->ctx, season, access_known_by(rq), &metrics));
	for (size_t i = 0; i < *count; i++) {
		const struct accuracy_metric *metric = metric_of(&metrics, &rows[i]);

		if (rows[i].season == season) {
			if (!metric)
				continue;
			set_numbers(&rows[i], metric);
		}
		rows[kept++] = rows[i];
	}
	*count = kept;
	return NULL;
}

static struct answer
answer_accuracy(struct request *rq, bool is_weekly)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct opt_i32 season = rq->params.season, whole = { .is_set = false };
	struct season_span span;
	struct text_key after;
	struct accuracy_row_list list;
	struct page rows = { .schema = &accuracy_schema };

	ANSWER_ERR(forecaster_check(&tx, "model", rq->params.model));
	ANSWER_ERR(schedule_span(&tx, season.is_set ? season : rq->params.from,
		season.is_set ? season : rq->params.through, &span));
	ANSWER_ERR(text_cursor_parse(rq, &after));
	ANSWER_ERR(q_accuracy_page(&tx,
		(struct accuracy_page){
			.first_season = span.first,
			.last_season = span.last,
			.type = rq->params.type,
			.model = rq->params.model,
			.is_weekly = is_weekly,
			.after_season = after.number,
			.after_key = after.text,
			.row_count = page_limit(&rq->params) + 1,
		},
		&list));
	if (list.count == 0)
		ANSWER_ERR(schedule_explain(&tx, season, whole));
	rows.rows = list.items;
	rows.count = list.count;
	if (page_is_full(&rq->params, &rows.count))
		ANSWER_ERR(text_cursor_format(
			rq, key_of(rq->ctx, &list.items[rows.count - 1]), &rows.next));
	ANSWER_ERR(leave_out_late(rq, &tx, list.items, &rows.count));
	return answer_rows(rq, &rows);
}

struct answer
api_accuracy_list(struct request *rq)
{
	return answer_accuracy(rq, false);
}

struct answer
api_accuracy_history(struct request *rq)
{
	return answer_accuracy(rq, true);
}

static struct calibration_row
calibration_of(const struct calibration_bin *bin)
{
	double count = (double)bin->forecast_count;
	double share = (double)bin->correct_count / count;

	return (struct calibration_row){
		.low = bin->bin / 20,
		.high = (bin->bin + 1) / 20,
		.forecast_count = bin->forecast_count,
		.mean_probability = bin->mean_probability,
		.observed_share = share,
		.standard_error = sqrt(
			bin->mean_probability * (1 - bin->mean_probability) / count),
	};
}

struct answer
api_accuracy_calibration(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct str model = str_is_none(rq->params.model) ? STR(HOUSE_MODEL)
							 : rq->params.model;
	struct season_span span;
	struct calibration_bin_list list;
	struct calibration_row *rows;

	ANSWER_ERR(forecaster_check(&tx, "model", rq->params.model));
	ANSWER_ERR(schedule_span(&tx, rq->params.from, rq->params.through, &span));
	ANSWER_ERR(q_calibration_bins(&tx,
		(struct calibration_bins){ .model = model,
			.first_season = span.first,
			.last_season = span.last,
			.known_by = access_known_by(rq),
			.known_day = schedule_day_after(
				rq->ctx->arena, access_known_by(rq)) },
		&list));
	rows = arena_alloc_array(rq->ctx->arena, list.count + 1, sizeof(*rows));
	if (!rows)
		return answer_problem(err_no_memory());
	for (size_t i = 0; i < list.count; i++)
		rows[i] = calibration_of(&list.items[i]);
	return answer_rows(rq,
		&(struct page){ .schema = &calibration_schema,
			.rows = rows,
			.count = list.count });
}
