#include "app/command.h"
#include "predictions/forecast.h"
#include "predictions/schedule.h"

static const struct flag flags[] = {
	{ "season", "YEAR", "games of this season" },
	{ "week", "NUMBER",
		"and of this week; playoffs run on after the regular season" },
	{ "all", NULL, "every game of every season" },
	{ "tier", "S|L|B",
		"what the model may see: results; earlier lines as well (the default); "
		"this game's line as well" },
	{ 0 },
};

static struct err *
tier_read(struct invocation *run, enum tier *ret)
{
	struct str text = flag_text(run, "tier");

	if (str_is_none(text) || str_eq_nocase(text, STR("L")))
		*ret = TIER_L;
	else if (str_eq_nocase(text, STR("S")))
		*ret = TIER_S;
	else if (str_eq_nocase(text, STR("B")))
		*ret = TIER_B;
	else
		return usage_err(run, "--tier is '" STR_FMT "', but must be S, L or B",
			STR_ARG(text));
	return NULL;
}

static struct err *
options_read(struct invocation *run, struct forecast_options *ret)
{
	struct opt_i32 season = { .is_set = false }, week = { .is_set = false };

	TRY(tier_read(run, &ret->tier));
	TRY(flag_i32(run, "season", SEASON_LEAST, SEASON_MOST, &season));
	TRY(flag_i32(run, "week", 1, WEEK_MOST, &week));
	if (week.is_set && !season.is_set)
		return usage_err(run, "--week needs --season");
	if (flag_is_set(run, "all") && season.is_set)
		return usage_err(run, "--all and --season exclude each other");
	ret->season = season.value;
	ret->week = week.value;
	if (flag_is_set(run, "all"))
		ret->scope = FORECAST_ALL;
	else if (week.is_set)
		ret->scope = FORECAST_WEEK;
	else
		ret->scope = season.is_set ? FORECAST_SEASON : FORECAST_TO_COME;
	return NULL;
}

static struct err *
check_forecast(struct invocation *run)
{
	struct forecast_options options;

	return options_read(run, &options);
}

static struct err *
run_forecast(struct invocation *run)
{
	struct forecast_options options = { .scope = FORECAST_TO_COME };
	struct forecast_counts counts = { .games = 0 };

	TRY(options_read(run, &options));
	TRY(forecast_store(&run->ctx, &options, &counts));
	if (run->is_json)
		fprintf(run->console.out,
			"{\"games\": %lld, \"stored\": %lld, \"unchanged\": %lld, "
			"\"ratings\": %lld}\n",
			(long long)counts.games, (long long)counts.stored,
			(long long)counts.unchanged, (long long)counts.ratings);
	else
		fprintf(run->console.out,
			"%lld games: %lld forecasts stored, %lld unchanged; %lld ratings "
			"stored\n",
			(long long)counts.games, (long long)counts.stored,
			(long long)counts.unchanged, (long long)counts.ratings);
	return NULL;
}

const struct command cmd_forecast = {
	.name = "forecast",
	.args = "",
	.summary = "forecast games by the model and store what it says",
	.detail = "Without flags: the games still to come. A forecast is stored before "
		  "kick-off and never altered;\n"
		  "of games that are over, one is made from what was known before their "
		  "week, and marked so.\n"
		  "A run that would say the same again stores nothing.",
	.examples = "forecast\n"
		    "forecast --season 2023 --week 22\n"
		    "forecast --all --tier B",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.check = check_forecast,
	.run = run_forecast,
};
