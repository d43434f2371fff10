/* gridiron fit: the parameters found again, beside those in code. */
#include "app/command.h"
#include "predictions/fitting.h"
#include "predictions/schedule.h"

enum {
	FIRST_SEASON = 2002, /* the seasons before only warm the model up */
	LAST_SEASON = 2015,  /* later ones are for testing */
	PASSES = 20,
	PASSES_MOST = 200,
};

static const struct flag flags[] = {
	{ "tier", "S|L",
		"what the model may see: results; earlier lines as well (the default)" },
	{ "from", "YEAR", "first season to judge by, 2002 without it" },
	{ "through", "YEAR",
		"last season to look at, 2015 without it: later ones are for testing" },
	{ "every-other", NULL,
		"judge by every other season only, for checking on the rest" },
	{ "start", "published|code",
		"begin with what was published for the plain model (the default), or "
		"with "
		"what is in code" },
	{ "passes", "NUMBER", "how often each parameter is moved, 20 without it" },
	{ "threads", "1|2", "what is found is the same; 2 without it" },
	{ 0 },
};

static const struct table_column columns[] = {
	{ "parameter", "PARAMETER" },
	{ "start", "START" },
	{ "found", "FOUND" },
	{ "in_code", "IN CODE" },
	{ "origin", "ORIGIN" },
};

static const struct table_column measure_columns[] = {
	{ "what", "" },
	{ "sum", "MEASURE" },
	{ "margin_line", "SPREAD²" },
	{ "margin_result", "MARGIN²" },
	{ "total_line", "TOTAL LINE²" },
	{ "total_result", "TOTAL²" },
	{ "brier", "BRIER" },
};

struct asked {
	struct fit_options options;
	struct parameters start;
	int threads;
};

static struct err *
word_read(struct invocation *run, const char *name, const char *first, const char *second,
	bool *ret_is_second)
{
	struct str word = flag_text(run, name);

	*ret_is_second = str_eq_nocase(word, str_from(second));
	if (!str_is_none(word) && !*ret_is_second &&
		!str_eq_nocase(word, str_from(first)))
		return usage_err(run, "--%s is '" STR_FMT "', but must be %s or %s", name,
			STR_ARG(word), first, second);
	return NULL;
}

static int32_t
value_or(struct opt_i32 value, int32_t usual)
{
	return value.is_set ? value.value : usual;
}

static struct err *
asked_read(struct invocation *run, struct asked *ret)
{
	struct opt_i32 from = { .is_set = false }, through = { .is_set = false },
		       passes = { .is_set = false }, threads = { .is_set = false };
	bool is_results_only, is_from_code;

	TRY(word_read(run, "tier", "L", "S", &is_results_only));
	TRY(word_read(run, "start", "published", "code", &is_from_code));
	TRY(flag_i32(run, "from", SEASON_LEAST, SEASON_MOST, &from));
	TRY(flag_i32(run, "through", SEASON_LEAST, SEASON_MOST, &through));
	TRY(flag_i32(run, "passes", 1, PASSES_MOST, &passes));
	TRY(flag_i32(run, "threads", 1, FITTING_THREADS_MOST, &threads));
	ret->options = (struct fit_options){
		.tier = is_results_only ? TIER_S : TIER_L,
		.from_season = value_or(from, FIRST_SEASON),
		.through_season = value_or(through, LAST_SEASON),
		.season_step = flag_is_set(run, "every-other") ? 2 : 1,
		.passes = value_or(passes, PASSES),
	};
	if (ret->options.from_season > ret->options.through_season)
		return usage_err(run, "--from (%d%s) is after --through (%d%s)",
			ret->options.from_season,
			from.is_set ? "" : ", as none was given",
			ret->options.through_season,
			through.is_set ? "" : ", as none was given");
	ret->start = is_from_code ? *parameters_of(ret->options.tier)
				  : parameters_published(ret->options.tier);
	ret->threads = value_or(threads, FITTING_THREADS_MOST);
	return NULL;
}

static struct err *
check_fit(struct invocation *run)
{
	struct asked asked;

	return asked_read(run, &asked);
}

/* Each pass takes seconds, and there are some: said on standard error, where it is in
 * nobody's way. */
static void
tell_pass(void *arg, const struct fit_progress *progress)
{
	fprintf(arg, "pass %d of %d: measure %.5f, Brier score %.5f\n", progress->pass,
		progress->passes, progress->measure.sum, progress->measure.brier);
}

static void
print_parameters(struct invocation *run, enum tier tier, const struct fitting *fitting)
{
	const struct parameter_row *rows = parameter_rows();
	const double *start = (const double *)&fitting->start;
	const double *found = (const double *)&fitting->found;
	struct table table;

	TABLE_INIT(&table, run->arena, columns);
	for (int i = 0; i < PARAMETER_COUNT; i++) {
		table_put_text(&table, str_from(rows[i].name));
		table_put_fixed(&table, start[i], 5);
		if (rows[i].is_fitted)
			table_put_fixed(&table, found[i], 5);
		else
			table_put_none(&table);
		table_put_fixed(&table, rows[i].value[tier], 5);
		table_put_text(&table, str_from(rows[i].origin));
	}
	print_table(run, &table);
}

static void
put_measure(struct table *table, const char *what, const struct fit_measure *measure)
{
	table_put_text(table, str_from(what));
	table_put_fixed(table, measure->sum, 5);
	table_put_fixed(table, measure->margin_line, 3);
	table_put_fixed(table, measure->margin_result, 2);
	table_put_fixed(table, measure->total_line, 3);
	table_put_fixed(table, measure->total_result, 2);
	table_put_fixed(table, measure->brier, 5);
}

static void
print_measures(
	struct invocation *run, const struct asked *asked, const struct fitting *fitting)
{
	struct table table;

	TABLE_INIT(&table, run->arena, measure_columns);
	put_measure(&table, "start", &fitting->before);
	put_measure(&table, "found", &fitting->after);
	put_measure(&table, "in code", &fitting->in_code);
	fprintf(run->console.out,
		"\nTier %s, seasons %d to %d, %zu games. Squared distances from the "
		"closing "
		"lines and from the results; the measure adds them,\neach by its usual "
		"size, and is made least.\n\n",
		tier_name(asked->options.tier), asked->options.from_season,
		asked->options.through_season, fitting->after.games);
	print_table(run, &table);
}

static struct err *
run_fit(struct invocation *run)
{
	struct game_set games = { .count = 0 };
	struct fitting fitting;
	struct asked asked;

	TRY(asked_read(run, &asked));
	asked.options.start = &asked.start;
	asked.options.on_pass = tell_pass;
	asked.options.on_pass_arg = run->console.err;
	TRY(game_set_read(&run->ctx, &games));
	if (games.count == 0)
		return err_in(run->arena, ERR_NOT_FOUND,
			"there are no games yet: run gridiron import FILE|URL");
	TRY(fitting_run(&run->ctx, &asked.options, asked.threads, &games, &fitting));
	print_parameters(run, asked.options.tier, &fitting);
	if (!run->is_json)
		print_measures(run, &asked, &fitting);
	return NULL;
}

const struct command cmd_fit = {
	.name = "fit",
	.args = "",
	.summary = "find the model's parameters again, beside those in code",
	.detail =
		"One parameter after another is moved, and kept where the forecasts come "
		"nearer to closing lines and results.\nNothing is stored or changed: the "
		"table in code is src/model/parameters.h. Seasons after --through are "
		"not\n"
		"looked at.",
	.examples = "fit --through 2015\n"
		    "fit --tier S --passes 30\n"
		    "fit --start code --every-other --json",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.check = check_fit,
	.run = run_fit,
};
