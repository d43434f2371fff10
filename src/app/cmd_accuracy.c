#include "app/command.h"
#include "codec/json_read.h"
#include "predictions/accuracy.h"
#include "predictions/forecaster.h"
#include "predictions/publication.h"
#include "predictions/schedule.h"

static const struct flag flags[] = {
	{ "season", "YEAR", "only this season" },
	{ "weeks", NULL, "week by week instead of whole seasons" },
	{ "type", "game|ats|total|prop", "only this type of forecast" },
	{ "model", "NAME", "this model instead of the house's own; all for every one" },
	{ 0 },
};

static const struct table_column columns[] = {
	{ "model", "MODEL" },
	{ "season", "SEASON" },
	{ "week", "WEEK" },
	{ "prediction_type", "TYPE" },
	{ "total_predictions", "FORECASTS" },
	{ "correct_predictions", "RIGHT" },
	{ "push_count", "PUSHED" },
	{ "accuracy_percentage", "ACCURACY" },
	{ "brier", "BRIER" },
	{ "elo_brier", "ELO'S" },
	{ "line_brier", "LINE'S" },
	{ "log_loss", "LOG LOSS" },
	{ "elo_log_loss", "ELO'S" },
	{ "line_log_loss", "LINE'S" },
	{ "units", "UNITS" },
	{ "roi", "RETURN" },
};

struct filter {
	struct opt_i32 season;
	bool is_weekly;
	struct str type;
	struct str model;
};

static bool
passes(const struct filter *filter, const struct accuracy_metric *metric)
{
	return metric->week.is_set == filter->is_weekly &&
		(!filter->season.is_set || filter->season.value == metric->season) &&
		(str_is_none(filter->type) ||
			str_eq(filter->type, metric->prediction_type)) &&
		(str_eq(filter->model, STR("all")) ||
			str_eq(filter->model, metric->model));
}

/* RIVAL's SCORE on the same games, out of the details. */
static struct opt_f64
score_of(struct arena *arena, const char *rival, const char *score, struct str details)
{
	struct json_node root = { .kind = JSON_IS_NULL };
	struct opt_f64 ret = { .is_set = false };
	const struct json_node *found;

	if (json_read(arena, details, &root))
		return ret;
	found = json_node_find(json_node_find(&root, str_from(rival)), str_from(score));
	if (found)
		ret = (struct opt_f64)OPT(found->f64);
	return ret;
}

static void
put_opt(struct table *table, struct opt_f64 value, int decimals)
{
	if (value.is_set)
		table_put_fixed(table, value.value, decimals);
	else
		table_put_none(table);
}

static void
put_metric(
	struct invocation *run, struct table *table, const struct accuracy_metric *metric)
{
	table_put_text(table, metric->model);
	table_put_i64(table, metric->season);
	if (metric->week.is_set)
		table_put_i64(table, metric->week.value);
	else
		table_put_none(table);
	table_put_text(table, metric->prediction_type);
	table_put_i64(table, metric->total_predictions);
	table_put_i64(table, metric->correct_predictions);
	table_put_i64(table, metric->push_count);
	put_opt(table, metric->accuracy_percentage, 1);
	put_opt(table, metric->brier, 4);
	put_opt(table, score_of(run->arena, "elo", "brier", metric->details), 4);
	put_opt(table, score_of(run->arena, "line", "brier", metric->details), 4);
	put_opt(table, metric->log_loss, 4);
	put_opt(table, score_of(run->arena, "elo", "log_loss", metric->details), 4);
	put_opt(table, score_of(run->arena, "line", "log_loss", metric->details), 4);
	put_opt(table, metric->units, 2);
	put_opt(table, metric->roi, 3);
}

static struct err *
filter_read(struct invocation *run, struct filter *ret)
{
	static const char *const types[] = { "game", "ats", "total", "prop" };
	struct str model = flag_text(run, "model"), type = flag_text(run, "type");
	bool is_known = str_is_none(type);

	for (size_t i = 0; i < COUNT_OF(types); i++)
		is_known = is_known || str_eq(type, str_from(types[i]));
	if (!is_known)
		return usage_err(run,
			"--type is '" STR_FMT "', but must be game, ats, total or prop",
			STR_ARG(type));
	TRY(flag_i32(run, "season", SEASON_LEAST, SEASON_MOST, &ret->season));
	ret->type = type;
	ret->model = str_is_none(model) ? STR(HOUSE_MODEL) : model;
	ret->is_weekly = flag_is_set(run, "weeks");
	return NULL;
}

static struct err *
check_accuracy(struct invocation *run)
{
	struct filter filter = { .is_weekly = false };

	return filter_read(run, &filter);
}

/* Why nothing passes FILTER: what there is instead. */
static struct err *
nothing_err(struct invocation *run, const struct filter *filter,
	const struct accuracy_list *metrics)
{
	int32_t first = INT32_MAX, last = 0;

	for (size_t i = 0; i < metrics->count; i++) {
		const struct accuracy_metric *metric = &metrics->items[i];

		if (!str_eq(filter->model, STR("all")) &&
			!str_eq(filter->model, metric->model))
			continue;
		first = metric->season < first ? metric->season : first;
		last = metric->season > last ? metric->season : last;
	}
	if (last == 0)
		return err_in(run->arena, ERR_NOT_FOUND,
			"nothing graded yet: run gridiron forecast --all and gridiron "
			"grade");
	if (filter->season.is_set &&
		(filter->season.value < first || filter->season.value > last))
		return err_in(run->arena, ERR_NOT_FOUND,
			"nothing of season %d is graded; there are %d to %d",
			filter->season.value, first, last);
	return err_in(run->arena, ERR_NOT_FOUND,
		"no forecasts of this type are graded; there are seasons %d to %d of "
		"other types",
		first, last);
}

static struct err *
run_accuracy(struct invocation *run)
{
	struct tx tx = db_auto(&run->ctx, SHARD_GLOBAL);
	struct accuracy_list metrics = { .count = 0 };
	struct filter filter = { .is_weekly = false };
	struct table table;

	TRY(filter_read(run, &filter));
	if (!str_eq(filter.model, STR("all")))
		TRY(forecaster_check(&tx, "model", filter.model));
	TRY(accuracy_list_read(&tx, &metrics));
	TABLE_INIT(&table, run->arena, columns);
	for (size_t i = 0; i < metrics.count; i++) {
		if (passes(&filter, &metrics.items[i]))
			put_metric(run, &table, &metrics.items[i]);
	}
	if (table_row_count(&table) == 0 && !run->is_json)
		return nothing_err(run, &filter, &metrics);
	print_table(run, &table);
	if (!run->is_json)
		fputs("\nBrier score and log loss: less is better; 0.25 and 0.693 is a "
		      "coin.\nELO'S and LINE'S: Elo and the closing line on the same "
		      "games.\n"
		      "At -110, bets on spreads and totals break even at 52.4 % right.\n",
			run->console.out);
	return NULL;
}

const struct command cmd_accuracy = {
	.name = "accuracy",
	.args = "",
	.summary = "print how right the forecasts were, beside Elo and the closing line",
	.examples = "accuracy\n"
		    "accuracy --season 2023 --weeks --type game\n"
		    "accuracy --model all --json",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.check = check_accuracy,
	.run = run_accuracy,
};
