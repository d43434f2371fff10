/* gridiron backtest: the table of model/backtest.h, for people in four parts, for
 * programs in one. */
#include "app/backtest_svg.h"
#include "app/command.h"
#include "model/backtest.h"
#include "predictions/game.h"
#include "predictions/schedule.h"
#include "sys/wait.h"

static const struct flag flags[] = {
	{ "tier", "S|L|B",
		"what the model may see: results; earlier lines as well (the default); "
		"this game's line as well" },
	{ "from", "YEAR", "first season to grade; earlier ones are only learned from" },
	{ "through", "YEAR", "last season to grade" },
	{ "periods", NULL, "periods only, not season by season" },
	{ "last-starters", NULL,
		"forecast with the quarterbacks of the week before, not those who "
		"played" },
	{ "csv", NULL, "comma-separated values" },
	{ "svg", "FILE",
		"also draw calibration and the seasons' Brier scores into this file; - "
		"instead draws them to standard output" },
	{ 0 },
};

static const struct table_column who_columns[] = {
	{ "seasons", "SEASONS" },
	{ "games", "GAMES" },
};

static const struct table_column brier_columns[] = {
	{ "brier", "BRIER" },
	{ "brier_fifty", "50 %" },
	{ "brier_home_rate", "HOME RATE" },
	{ "brier_elo", "ELO" },
	{ "brier_line", "LINE" },
	{ "less_line", "LESS LINE" },
	{ "less_line_low", "FROM" },
	{ "less_line_high", "TO" },
	{ "less_elo", "LESS ELO" },
	{ "less_elo_low", "FROM" },
	{ "less_elo_high", "TO" },
	{ "log_loss", "LOG LOSS" },
	{ "log_loss_fifty", "50 %" },
	{ "log_loss_home_rate", "HOME RATE" },
	{ "log_loss_elo", "ELO" },
	{ "log_loss_line", "LINE" },
};

static const struct table_column points_columns[] = {
	{ "calibration_error", "CALIBRATION" },
	{ "calibration_slope", "SLOPE" },
	{ "margin_error", "MARGIN OFF" },
	{ "margin_error_line", "LINE" },
	{ "total_error", "TOTAL OFF" },
	{ "total_error_line", "LINE" },
	{ "margin_surprise", "SURPRISE" },
	{ "margin_surprise_plain", "PLAIN" },
	{ "total_surprise", "OF TOTAL" },
	{ "total_surprise_plain", "PLAIN" },
	{ "push_rate", "PUSHES" },
	{ "push_rate_expected", "EXPECTED" },
};

static const struct table_column luck_columns[] = {
	{ "log_loss_less_line", "LOG LOSS" },
	{ "log_loss_less_line_low", "FROM" },
	{ "log_loss_less_line_high", "TO" },
	{ "log_loss_less_elo", "LESS ELO" },
	{ "log_loss_less_elo_low", "FROM" },
	{ "log_loss_less_elo_high", "TO" },
	{ "calibration_slope_low", "SLOPE FROM" },
	{ "calibration_slope_high", "TO" },
	{ "margin_less_line", "MARGIN OFF" },
	{ "margin_less_line_low", "FROM" },
	{ "margin_less_line_high", "TO" },
	{ "total_less_line", "TOTAL OFF" },
	{ "total_less_line_low", "FROM" },
	{ "total_less_line_high", "TO" },
	{ "surprise_less_plain", "SURPRISE" },
	{ "surprise_less_plain_low", "FROM" },
	{ "surprise_less_plain_high", "TO" },
	{ "total_surprise_less_plain", "OF TOTAL" },
	{ "total_surprise_less_plain_low", "FROM" },
	{ "total_surprise_less_plain_high", "TO" },
};

static const struct table_column record_columns[] = {
	{ "hit_rate", "WINNERS" },
	{ "hit_rate_line", "LINE" },
	{ "moneyline_bets", "MONEYLINE" },
	{ "moneyline_units", "UNITS" },
	{ "spread_bets", "SPREAD" },
	{ "spread_hit_rate", "RIGHT" },
	{ "spread_units", "UNITS" },
	{ "spread_roi", "RETURN" },
	{ "total_bets", "TOTAL" },
	{ "total_hit_rate", "RIGHT" },
	{ "total_units", "UNITS" },
	{ "total_roi", "RETURN" },
};

static void
put_who(struct table *table, const struct backtest_row *row)
{
	if (row->from_season == row->through_season)
		table_put_text(table, str_fmt(table->arena, "%d", row->from_season));
	else
		table_put_text(table,
			str_fmt(table->arena, "%d-%d", row->from_season,
				row->through_season));
	table_put_i64(table, (int64_t)row->games);
}

static void
put_interval(struct table *table, const struct interval *interval, int decimals)
{
	table_put_fixed(table, interval->mean, decimals);
	table_put_fixed(table, interval->low, decimals);
	table_put_fixed(table, interval->high, decimals);
}

static void
put_brier(struct table *table, const struct backtest_row *row)
{
	for (int i = 0; i < FORECASTERS; i++)
		table_put_fixed(table, score_brier(&row->scores[i]), 5);
	put_interval(table, &row->less_line, 5);
	put_interval(table, &row->less_elo, 5);
	for (int i = 0; i < FORECASTERS; i++)
		table_put_fixed(table, score_log_loss(&row->scores[i]), 4);
}

static void
put_luck(struct table *table, const struct backtest_row *row)
{
	put_interval(table, &row->loss_less_line, 4);
	put_interval(table, &row->loss_less_elo, 4);
	table_put_fixed(table, row->calibration.slope_low, 3);
	table_put_fixed(table, row->calibration.slope_high, 3);
	put_interval(table, &row->margin_less_line, 3);
	put_interval(table, &row->total_less_line, 3);
	put_interval(table, &row->surprise_less_plain, 4);
	put_interval(table, &row->total_surprise_less_plain, 4);
}

static void
put_points(struct table *table, const struct backtest_row *row)
{
	table_put_fixed(table, row->calibration_error, 4);
	table_put_fixed(table, row->calibration.slope, 3);
	table_put_fixed(table, row->margin_error, 3);
	table_put_fixed(table, row->line_margin_error, 3);
	table_put_fixed(table, row->total_error, 3);
	table_put_fixed(table, row->line_total_error, 3);
	table_put_fixed(table, row->margin_surprise, 4);
	table_put_fixed(table, row->plain_margin_surprise, 4);
	table_put_fixed(table, row->total_surprise, 4);
	table_put_fixed(table, row->plain_total_surprise, 4);
	table_put_share(table, row->push_rate);
	table_put_share(table, row->expected_push_rate);
}

static void
put_bets(struct table *table, const struct record *record)
{
	table_put_text(table,
		str_fmt(table->arena, "%d-%d-%d", record->wins, record->losses,
			record->pushes));
}

static void
put_records(struct table *table, const struct backtest_row *row)
{
	table_put_share(table, score_hit_rate(&row->scores[FORECASTER_MODEL]));
	table_put_share(table, score_hit_rate(&row->scores[FORECASTER_LINE]));
	put_bets(table, &row->straight);
	table_put_fixed(table, row->straight.units, 1);
	put_bets(table, &row->spread);
	table_put_share(table, record_hit_rate(&row->spread));
	table_put_fixed(table, row->spread.units, 1);
	table_put_share(table, record_roi(&row->spread));
	put_bets(table, &row->total);
	table_put_share(table, record_hit_rate(&row->total));
	table_put_fixed(table, row->total.units, 1);
	table_put_share(table, record_roi(&row->total));
}

static const struct part {
	const char *title;
	const struct table_column *columns;
	size_t column_count;
	void (*put)(struct table *table, const struct backtest_row *row);
} parts[] = {
	{ "Chances: Brier score and log loss, less is better; 95 % intervals",
		brier_columns, COUNT_OF(brier_columns), put_brier },
	{ "Calibration, and points off", points_columns, COUNT_OF(points_columns),
		put_points },
	{ "How much of it is luck: log loss and points off less the closing line's "
	  "(log loss less Elo's), slope, surprise less the plain normal's, with 95 % "
	  "intervals",
		luck_columns, COUNT_OF(luck_columns), put_luck },
	{ "Record at the odds of the time (-110 where none are known)", record_columns,
		COUNT_OF(record_columns), put_records },
};

enum {
	MOST_COLUMNS = COUNT_OF(who_columns) + COUNT_OF(brier_columns) +
		COUNT_OF(points_columns) + COUNT_OF(luck_columns) +
		COUNT_OF(record_columns),
};

static size_t
add_columns(struct table_column *all, size_t count, const struct table_column *columns,
	size_t added)
{
	for (size_t i = 0; i < added; i++)
		all[count++] = columns[i];
	return count;
}

/* The parts FIRST to before LAST as one table, its columns kept in COLUMNS. */
static void
make_table(struct invocation *run, const struct backtest *backtest, size_t first,
	size_t last, struct table_column columns[MOST_COLUMNS], struct table *ret)
{
	size_t count = add_columns(columns, 0, who_columns, COUNT_OF(who_columns));

	for (size_t i = first; i < last; i++)
		count = add_columns(
			columns, count, parts[i].columns, parts[i].column_count);
	table_init(ret, run->arena, columns, count);
	for (size_t r = 0; r < backtest->row_count; r++) {
		const struct backtest_row *row = &backtest->rows[r];

		if (row->is_season && flag_is_set(run, "periods"))
			continue;
		put_who(ret, row);
		for (size_t i = first; i < last; i++)
			parts[i].put(ret, row);
	}
}

/* No cell needs quoting: all are numbers, seasons and records. One that is unknown is
 * empty. */
static void
print_csv(FILE *out, const struct table *table)
{
	size_t column = 0;

	for (size_t i = 0; i < table->column_count; i++)
		fprintf(out, "%s%s", i ? "," : "", table->columns[i].key);
	for (size_t i = 0; i < table->cells.count; i++) {
		const struct table_cell *cell = &table->cells.items[i];
		struct str text = cell->is_number ? cell->json : cell->shown;

		if (str_eq(text, STR("null")))
			text = STR("");
		fprintf(out, "%s" STR_FMT, column ? "," : "\n", STR_ARG(text));
		if (++column == table->column_count)
			column = 0;
	}
	fprintf(out, "\n");
}

static void
print_parts(struct invocation *run, const struct backtest *backtest)
{
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		struct table_column columns[MOST_COLUMNS];
		struct table table;

		make_table(run, backtest, i, i + 1, columns, &table);
		fprintf(run->console.out, "%s%s\n\n", i ? "\n" : "", parts[i].title);
		print_table(run, &table);
	}
	fprintf(run->console.out,
		"\nTier %s, walked forward week by week. LESS LINE: the model's Brier "
		"score less the closing line's\non the same games; an interval around 0 "
		"is luck. SURPRISE: mean negative log likelihood of the margin.\nAt "
		"-110, "
		"bets break even at %.1f %% right. No edge is claimed.\n",
		tier_name(backtest->options.tier), backtest->break_even * 100);
}

/* Whether the picture is all that is asked for. */
static bool
is_svg_alone(struct invocation *run)
{
	return flag_is_set(run, "svg") && str_eq(flag_text(run, "svg"), STR("-"));
}

static struct err *
options_read(struct invocation *run, struct backtest_options *ret)
{
	struct opt_i32 from = { .is_set = false }, through = { .is_set = false };
	struct str tier = flag_text(run, "tier");
	bool is_known = str_is_none(tier);

	ret->tier = TIER_L;
	for (int i = 0; i < TIERS; i++)
		if (str_eq_nocase(tier, str_from(tier_name((enum tier)i)))) {
			ret->tier = (enum tier)i;
			is_known = true;
		}
	if (!is_known)
		return usage_err(run, "--tier is '" STR_FMT "', but must be S, L or B",
			STR_ARG(tier));
	TRY(flag_i32(run, "from", SEASON_LEAST, SEASON_MOST, &from));
	TRY(flag_i32(run, "through", SEASON_LEAST, SEASON_MOST, &through));
	if (flag_is_set(run, "csv") && run->is_json)
		return usage_err(run, "--csv and --json exclude each other");
	if (is_svg_alone(run) && (flag_is_set(run, "csv") || run->is_json))
		return usage_err(run, "--svg - takes standard output, as --%s does",
			run->is_json ? "json" : "csv");
	if (from.is_set && through.is_set && from.value > through.value)
		return usage_err(run, "--from is after --through");
	ret->from_season = from.value;
	ret->through_season = through.value;
	ret->use_last_starters = flag_is_set(run, "last-starters");
	return NULL;
}

static struct err *
check_backtest(struct invocation *run)
{
	struct backtest_options options;

	return options_read(run, &options);
}

static struct err *
draw(struct invocation *run, const struct backtest *backtest)
{
	struct str picture;

	TRY(backtest_svg(run->arena, backtest, &picture));
	if (is_svg_alone(run)) {
		fprintf(run->console.out, STR_FMT, STR_ARG(picture));
		return NULL;
	}
	return console_write_file(
		&run->console, run->arena, flag_text(run, "svg"), picture);
}

struct testing {
	struct arena *arena;
	struct backtest_options options;
	struct game_set games;
	struct backtest backtest;
	struct err *err;
};

/* On a thread of its own, so that a server's loop hears that it is cancelled. */
static void
test(void *arg)
{
	struct testing *testing = arg;

	testing->err = backtest_run(testing->arena, testing->options,
		testing->games.numbers, testing->games.count, &testing->backtest);
}

static struct err *
run_backtest(struct invocation *run)
{
	struct testing testing = { .arena = run->arena, .options = { .tier = TIER_L } };
	const struct backtest *backtest = &testing.backtest;
	struct table_column columns[MOST_COLUMNS];
	struct table table;

	TRY(options_read(run, &testing.options));
	testing.options.is_cancelled = fiber_is_cancelled;
	TRY(game_set_read(&run->ctx, &testing.games));
	if (testing.games.count == 0)
		return err_in(run->arena, ERR_NOT_FOUND,
			"there are no games yet: run gridiron import FILE|URL");
	TRY(fiber_offload(&run->ctx, test, &testing));
	TRY(testing.err);
	if (flag_is_set(run, "svg"))
		TRY(draw(run, backtest));
	if (is_svg_alone(run))
		return NULL;
	make_table(run, backtest, 0, COUNT_OF(parts), columns, &table);
	if (flag_is_set(run, "csv"))
		print_csv(run->console.out, &table);
	else if (run->is_json)
		print_table(run, &table);
	else
		print_parts(run, backtest);
	return NULL;
}

const struct command cmd_backtest = {
	.name = "backtest",
	.args = "",
	.summary = "walk through all games and grade the model beside Elo and the line",
	.detail = "Every game is forecast from what was known before its week. Nothing "
		  "is stored.\nSeasons before --from are walked as well, to learn from.",
	.examples = "backtest --from 2006\n"
		    "backtest --tier B --from 2016 --through 2023 --periods\n"
		    "backtest --from 1999 --json\n"
		    "backtest --from 2006 --through 2015 --svg record.svg",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.check = check_backtest,
	.run = run_backtest,
};
