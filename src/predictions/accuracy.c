#include "predictions/accuracy.h"

#include "base/map.h"
#include "base/vec.h"
#include "predictions/elo_chance.h"
#include "predictions/schedule.h"
#include "predictions/tally.h"

struct metrics {
	VEC_OF(struct accuracy_metric)
};

/* Making the metrics: rows come in order,
 * so one week and one season are open at a time. */
struct making {
	struct tx *tx;
	struct elo_chances elo;
	struct accuracy_metric group; /* model, type, season and week being tallied */
	bool is_open;
	struct tally week;
	struct tally season;
	struct metrics made;
	struct map made_keys; /* of made, so that what is stored beyond them is found */
};

/* "model type season week", week 0 for the season. */
static struct str
key_of(struct arena *arena, const struct accuracy_metric *metric)
{
	return str_fmt(arena, STR_FMT " " STR_FMT " %d %d", STR_ARG(metric->model),
		STR_ARG(metric->prediction_type), metric->season,
		metric->week.is_set ? metric->week.value : 0);
}

static struct err *
close_group(struct making *making, const struct tally *tally, struct opt_i32 week)
{
	struct arena *arena = making->tx->ctx->arena;
	struct accuracy_metric metric = making->group;
	struct str key;

	metric.week = week;
	TRY(tally_metric(arena, tally, !week.is_set, &metric));
	key = key_of(arena, &metric);
	if (!VEC_PUSH(arena, &making->made, metric) || !key.len ||
		!map_put(&making->made_keys, key, making))
		return err_no_memory();
	return NULL;
}

static struct err *
close_week(struct making *making)
{
	TRY(close_group(making, &making->week, making->group.week));
	making->week = (struct tally){ .total = 0 };
	return NULL;
}

static struct err *
close_season(struct making *making)
{
	if (!making->is_open)
		return NULL;
	TRY(close_week(making));
	TRY(close_group(making, &making->season, (struct opt_i32){ .is_set = false }));
	making->season = (struct tally){ .total = 0 };
	return NULL;
}

static struct err *
open_season(struct making *making, const struct prediction_graded *row)
{
	struct arena *arena = making->tx->ctx->arena;

	making->group = (struct accuracy_metric){
		.model = str_dup(arena, row->model),
		.prediction_type = str_dup(arena, row->prediction_type),
		.season = row->season,
		.week = OPT(row->week),
	};
	making->is_open = true;
	return str_is_none(making->group.model) ||
			str_is_none(making->group.prediction_type)
		? err_no_memory()
		: NULL;
}

static struct err *
take_row(void *arg, const struct prediction_graded *row)
{
	struct making *making = arg;
	const struct accuracy_metric *group = &making->group;
	struct opt_f64 elo;

	if (!making->is_open || group->season != row->season ||
		!str_eq(group->model, row->model) ||
		!str_eq(group->prediction_type, row->prediction_type)) {
		TRY(close_season(making));
		TRY(open_season(making, row));
	} else if (group->week.value != row->week) {
		TRY(close_week(making));
		making->group.week = (struct opt_i32)OPT(row->week);
	}
	elo = elo_chance_of(&making->elo, row->game_id);
	tally_add(&making->week, row, elo);
	tally_add(&making->season, row, elo);
	return NULL;
}

/* --- What is stored */

struct reading {
	struct arena *arena;
	struct metrics metrics;
};

static struct err *
keep_metric(void *arg, const struct accuracy_metric *row)
{
	struct reading *reading = arg;
	struct accuracy_metric metric = *row;

	metric.model = str_dup(reading->arena, row->model);
	metric.prediction_type = str_dup(reading->arena, row->prediction_type);
	metric.details = str_dup(reading->arena, row->details);
	if (str_is_none(metric.model) || str_is_none(metric.prediction_type) ||
		str_is_none(metric.details) ||
		!VEC_PUSH(reading->arena, &reading->metrics, metric))
		return err_no_memory();
	return NULL;
}

struct err *
accuracy_list_read(struct tx *tx, struct accuracy_list *ret)
{
	struct reading reading = { .arena = tx->ctx->arena };

	TRY(q_accuracy_metrics_stored(tx, keep_metric, &reading));
	*ret = (struct accuracy_list){
		.items = reading.metrics.items,
		.count = reading.metrics.count,
	};
	return NULL;
}

static bool
metric_eq(const struct accuracy_metric *a, const struct accuracy_metric *b)
{
	return a->total_predictions == b->total_predictions &&
		a->correct_predictions == b->correct_predictions &&
		a->push_count == b->push_count &&
		OPT_EQ(a->accuracy_percentage, b->accuracy_percentage) &&
		OPT_EQ(a->confidence_weighted_accuracy,
			b->confidence_weighted_accuracy) &&
		OPT_EQ(a->brier, b->brier) && OPT_EQ(a->log_loss, b->log_loss) &&
		OPT_EQ(a->units, b->units) && OPT_EQ(a->roi, b->roi) &&
		str_eq(a->details, b->details);
}

/* --- Bringing the one to the other */

struct changes {
	struct {
		VEC_OF(struct accuracy_metric_put)
	} puts;
	struct {
		VEC_OF(struct accuracy_metric_delete)
	} deletes;
};

static struct accuracy_metric_put
put_of(const struct accuracy_metric *metric, int64_t now)
{
	return (struct accuracy_metric_put){
		.model = metric->model,
		.prediction_type = metric->prediction_type,
		.season = metric->season,
		.week = metric->week,
		.total_predictions = metric->total_predictions,
		.correct_predictions = metric->correct_predictions,
		.push_count = metric->push_count,
		.accuracy_percentage = metric->accuracy_percentage,
		.confidence_weighted_accuracy = metric->confidence_weighted_accuracy,
		.brier = metric->brier,
		.log_loss = metric->log_loss,
		.units = metric->units,
		.roi = metric->roi,
		.details = metric->details,
		.now = now,
	};
}

static struct err *
compare(const struct making *making, const struct accuracy_list *stored,
	struct changes *changes)
{
	struct ctx *ctx = making->tx->ctx;
	struct map stored_by_key;

	map_init(&stored_by_key, ctx->arena);
	for (size_t i = 0; i < stored->count; i++) {
		struct accuracy_metric *metric = &stored->items[i];
		struct str key = key_of(ctx->arena, metric);

		if (!key.len || !map_put(&stored_by_key, key, metric))
			return err_no_memory();
		if (!map_find(&making->made_keys, key) &&
			!VEC_PUSH(ctx->arena, &changes->deletes,
				(struct accuracy_metric_delete){
					.model = metric->model,
					.prediction_type = metric->prediction_type,
					.season = metric->season,
					.week = metric->week.is_set ? metric->week.value
								    : 0,
				}))
			return err_no_memory();
	}
	for (size_t i = 0; i < making->made.count; i++) {
		const struct accuracy_metric *metric = &making->made.items[i];
		const struct accuracy_metric *before = map_find(
			&stored_by_key, key_of(ctx->arena, metric));

		if (before && metric_eq(before, metric))
			continue;
		if (!VEC_PUSH(ctx->arena, &changes->puts, put_of(metric, ctx->now)))
			return err_no_memory();
	}
	return NULL;
}

static struct err *
making_new(struct tx *tx, struct making **ret)
{
	struct making *making;

	TRY_NEW(tx->ctx->arena, making, 1);
	making->tx = tx;
	map_init(&making->made_keys, tx->ctx->arena);
	*ret = making;
	return NULL;
}

struct err *
accuracy_of_season(
	struct ctx *ctx, int32_t season, int64_t known_by, struct accuracy_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct making *making;

	TRY(making_new(&tx, &making));
	TRY(elo_chances_find(ctx, &making->elo));
	TRY(q_predictions_graded_by(&tx,
		(struct predictions_graded_by){ .season = season,
			.known_by = known_by,
			.known_day = schedule_day_after(ctx->arena, known_by) },
		take_row, making));
	TRY(close_season(making));
	*ret = (struct accuracy_list){ .items = making->made.items,
		.count = making->made.count };
	return NULL;
}

struct err *
accuracy_store(struct tx *tx, int64_t *ret_stored)
{
	struct making *making;
	struct changes changes = { .puts = { 0 } };
	struct accuracy_list stored = { .count = 0 };
	int64_t put_count = 0, deleted = 0;

	TRY(making_new(tx, &making));
	TRY(elo_chances_read(tx, &making->elo));
	TRY(q_predictions_graded(tx, take_row, making));
	TRY(close_season(making));
	TRY(accuracy_list_read(tx, &stored));
	TRY(compare(making, &stored, &changes));
	TRY(q_accuracy_metric_put(
		tx, changes.puts.items, changes.puts.count, &put_count));
	TRY(q_accuracy_metric_delete(
		tx, changes.deletes.items, changes.deletes.count, &deleted));
	*ret_stored = put_count + deleted;
	return NULL;
}
