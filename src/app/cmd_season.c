#include "app/command.h"
#include "predictions/outlook_store.h"
#include "predictions/schedule.h"

static const struct flag flags[] = {
	{ "season", "YEAR", "this season, 2002 or later; without it the last" },
	{ "week", "NUMBER",
		"as known before this week; without it from all games that are over" },
	{ "runs", "NUMBER", "how often the season is played, 100000 without it" },
	{ "tier", "S|L",
		"what the model may see: results; earlier lines as well (the default)" },
	{ "dry-run", NULL, "show it, store nothing" },
	{ 0 },
};

static const struct table_column columns[] = {
	{ "team", "TEAM" },
	{ "wins_mean", "WINS" },
	{ "wins_sd", "±" },
	{ "p_division", "DIVISION" },
	{ "p_top_seed", "FIRST SEED" },
	{ "p_playoffs", "PLAYOFFS" },
	{ "p_divisional", "LAST 8" },
	{ "p_championship", "LAST 4" },
	{ "p_final", "FINAL" },
	{ "p_title", "TITLE" },
	{ "p_title_se", "±" },
};

static struct err *
options_read(struct invocation *run, struct outlook_options *ret)
{
	struct opt_i32 season = { .is_set = false }, week = { .is_set = false },
		       runs = { .is_set = false };
	struct str tier = flag_text(run, "tier");

	TRY(flag_i32(run, "season", STANDINGS_FIRST_SEASON, SEASON_MOST, &season));
	TRY(flag_i32(run, "week", 1, WEEK_MOST, &week));
	TRY(flag_i32(run, "runs", 1, SEASON_RUNS_MOST, &runs));
	if (week.is_set && !season.is_set)
		return usage_err(run, "--week needs --season");
	ret->tier = TIER_L;
	if (str_eq_nocase(tier, STR("S")))
		ret->tier = TIER_S;
	else if (!str_is_none(tier) && !str_eq_nocase(tier, STR("L")))
		return usage_err(run, "--tier is '" STR_FMT "', but must be S or L",
			STR_ARG(tier));
	ret->season = season.value;
	ret->week = week.value;
	ret->runs = runs.value;
	return NULL;
}

static struct err *
check_season(struct invocation *run)
{
	struct outlook_options options;

	return options_read(run, &options);
}

/* The likeliest champions first, then the likeliest in the playoffs. */
static bool
stands_before(const struct season_outlook *a, const struct season_outlook *b)
{
	if (a->title != b->title)
		return a->title > b->title;
	if (a->playoffs != b->playoffs)
		return a->playoffs > b->playoffs;
	return a->wins_mean > b->wins_mean;
}

static int
order_teams(const struct outlook *outlook, struct season_outlook all[FRANCHISES],
	int order[FRANCHISES])
{
	int count = 0;

	for (int team = 0; team < FRANCHISES; team++) {
		int place = count;

		all[team] = season_outlook(&outlook->counts, team);
		if (!outlook->plays[team])
			continue;
		for (; place > 0 && stands_before(&all[team], &all[order[place - 1]]);
			place--)
			order[place] = order[place - 1];
		order[place] = team;
		count++;
	}
	return count;
}

static void
print_outlook(struct invocation *run, const struct outlook *outlook)
{
	struct season_outlook all[FRANCHISES];
	int order[FRANCHISES] = { 0 };
	int count = order_teams(outlook, all, order);
	void (*put_chance)(struct table * table, double chance) = table_put_share;
	struct table table;

	/* However often it is played: settled it is only when no game is left that
	 * counts. */
	for (int i = 0; i < count; i++)
		if (all[order[i]].wins_sd > 0)
			put_chance = table_put_chance;
	TABLE_INIT(&table, run->arena, columns);
	for (int i = 0; i < count; i++) {
		const struct season_outlook *team = &all[order[i]];

		table_put_text(&table, team_code_in(order[i], outlook->when.season));
		table_put_fixed(&table, team->wins_mean, 2);
		table_put_fixed(&table, team->wins_sd, 2);
		put_chance(&table, team->division);
		put_chance(&table, team->seed[0]);
		put_chance(&table, team->playoffs);
		put_chance(&table, team->divisional);
		put_chance(&table, team->championship);
		put_chance(&table, team->final);
		put_chance(&table, team->title);
		table_put_share(&table, season_chance_se(team->title, team->runs));
	}
	print_table(run, &table);
}

static struct err *
run_season(struct invocation *run)
{
	struct outlook_options options = { .tier = TIER_L };
	struct outlook *outlook;

	TRY(options_read(run, &options));
	TRY_NEW(run->arena, outlook, 1);
	TRY(outlook_simulate(&run->ctx, &options, outlook));
	if (!flag_is_set(run, "dry-run"))
		TRY(outlook_store(&run->ctx, options.tier, outlook));
	print_outlook(run, outlook);
	if (!run->is_json && outlook->is_over)
		fprintf(run->console.out, "\nSeason %d as it ended.\n",
			outlook->when.season);
	else if (!run->is_json)
		fprintf(run->console.out,
			"\nSeason %d as known %s week %d, %d of its games counted, "
			"played %u times; the last column is the sampling error of the "
			"one before.\n",
			outlook->when.season, outlook->games_played ? "in" : "before",
			outlook->when.week, outlook->games_played, outlook->counts.runs);
	return NULL;
}

const struct command cmd_season = {
	.name = "season",
	.args = "",
	.summary = "play the rest of a season many times: wins, playoffs, title",
	.detail =
		"Strengths are drawn from what the model believes before the week, "
		"margins from its distributions;\nties are broken, clubs seeded and the "
		"playoffs played by the league's rules. The result replaces\nwhat was "
		"stored for that week.",
	.examples = "season\n"
		    "season --season 2023 --week 10\n"
		    "season --season 2023 --week 1 --runs 1000000 --json",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.check = check_season,
	.run = run_season,
};
