#include "predictions/forecast_row.h"

#include <math.h>

#include "codec/json_canonical.h"
#include "codec/json_write.h"
#include "predictions/rounded.h"

enum {
	DATA_BYTES_MAX = 2048,
	CHANCE_DECIMALS = 4,
	POINTS_DECIMALS = 2,
	SHAPE_DECIMALS = 6, /* so that a chance asked for later is that of today */
	ODDS_USUAL = -110,  /* of spreads and totals, where the feed has none */
};

const char *const prediction_type_names[PREDICTION_TYPES] = {
	[PREDICTION_GAME] = "game", [PREDICTION_ATS] = "ats", [PREDICTION_TOTAL] = "total"
};

/* One decision that can be right or wrong, with the terms it is graded at. */
struct choice {
	const char *pick; /* NULL: none, as there is no line to grade it at */
	double probability;
	struct opt_f64 line;
	struct opt_i32 odds;
	struct chances chances; /* of the side picked */
};

static void
put_fixed(struct json *json, struct str key, double value, int decimals)
{
	json_put_key(json, key);
	json_put_fixed(json, value, decimals);
}

static void
put_chance(struct json *json, struct str key, double value)
{
	put_fixed(json, key, value, CHANCE_DECIMALS);
}

static void
put_points(struct json *json, struct str key, double value)
{
	put_fixed(json, key, value, POINTS_DECIMALS);
}

/* American odds that are fair for CHANCES; none where they would be endless. */
static void
put_fair_odds(struct json *json, struct str key, struct chances chances)
{
	double odds = odds_fair(chances);

	if (!isfinite(odds) || fabs(odds) > 1e6)
		return;
	json_put_key(json, key);
	json_put_i64(json, llround(odds));
}

static struct opt_i32
odds_or(struct opt_i32 odds, int32_t usual)
{
	return odds.is_set && odds_are_american(odds.value)
		? odds
		: (struct opt_i32){ .is_set = usual != 0, .value = usual };
}

/* The likelier side of CHANCES, whose sides are called FIRST and SECOND. */
static struct choice
choice_of(struct chances chances, const char *first, const char *second)
{
	bool is_first = chances.win >= chances.loss;
	double decided = chances.win + chances.loss;

	return (struct choice){
		.pick = is_first ? first : second,
		.probability = (is_first ? chances.win : chances.loss) / decided,
		.chances = is_first ? chances : chances_turned(chances),
	};
}

static struct choice
choose_winner(const struct game *game, const struct forecast *forecast)
{
	bool is_home = forecast->home_win >= 0.5;

	return (struct choice){
		.pick = is_home ? "home" : "away",
		.probability = is_home ? forecast->home_win : 1 - forecast->home_win,
		.odds = odds_or(is_home ? game->home_moneyline : game->away_moneyline, 0),
		.chances = is_home ? forecast->result : chances_turned(forecast->result),
	};
}

/* A grade is right, wrong or a push: nothing is half won. */
static bool
can_be_graded(struct opt_f64 line)
{
	return line.is_set && line_is_half_points(line.value);
}

static struct choice
choose_cover(const struct game *game, const struct forecast *forecast)
{
	struct choice choice = { .pick = NULL };

	if (!can_be_graded(game->spread_line))
		return choice;
	choice = choice_of(
		distribution_against(&forecast->margins, game->spread_line.value), "home",
		"away");
	choice.line = game->spread_line;
	choice.odds = odds_or(
		*choice.pick == 'h' ? game->home_spread_odds : game->away_spread_odds,
		ODDS_USUAL);
	return choice;
}

static struct choice
choose_total(const struct game *game, const struct forecast *forecast)
{
	struct choice choice = { .pick = NULL };

	if (!can_be_graded(game->total_line))
		return choice;
	choice = choice_of(
		distribution_against(&forecast->totals, game->total_line.value), "over",
		"under");
	choice.line = game->total_line;
	choice.odds = odds_or(
		*choice.pick == 'o' ? game->over_odds : game->under_odds, ODDS_USUAL);
	return choice;
}

/* The chances at the line, and what a bet on the pick is worth. */
static void
put_choice(struct json *json, const struct choice *choice)
{
	if (choice->line.is_set) {
		json_put_key(json, STR("line"));
		json_put_f64(json, choice->line.value);
	}
	if (!choice->pick)
		return;
	put_fair_odds(json, STR("fair_odds"), choice->chances);
	if (choice->odds.is_set) {
		json_put_key(json, STR("odds"));
		json_put_i64(json, choice->odds.value);
		put_chance(json, STR("expected_value"),
			odds_value(choice->chances, choice->odds.value));
	}
}

static void
put_weights(struct json *json, struct str name)
{
	if (str_is_none(name))
		return;
	json_put_key(json, STR("weights"));
	json_put_text(json, name);
}

/* What any line can be asked of later (predictions/lines.h). */
static void
put_shapes(struct json *json, const struct forecast *forecast,
	const struct forecast_row_options *options)
{
	json_put_key(json, STR("margins"));
	json_put_object(json);
	put_fixed(json, STR("location"), forecast->margins.location, SHAPE_DECIMALS);
	put_fixed(json, STR("sd"), forecast->margins.sd, SHAPE_DECIMALS);
	json_put_key(json, STR("can_tie"));
	json_put_bool(json, forecast->margins.can_tie);
	put_weights(json, options->weights);
	json_put_object_end(json);
	json_put_key(json, STR("totals"));
	json_put_object(json);
	put_fixed(json, STR("location"), forecast->totals.location, SHAPE_DECIMALS);
	put_fixed(json, STR("sd"), forecast->totals.sd, SHAPE_DECIMALS);
	put_weights(json, options->total_weights);
	json_put_object_end(json);
}

static void
put_game(struct json *json, const struct forecast *forecast,
	const struct forecast_row_options *options)
{
	put_chance(json, STR("home_win_probability"), forecast->result.win);
	put_chance(json, STR("tie_probability"), forecast->result.push);
	put_chance(json, STR("away_win_probability"), forecast->result.loss);
	put_points(json, STR("spread"), forecast->margin);
	put_points(json, STR("total"), forecast->total);
	put_points(json, STR("home_points"), forecast->home_points);
	put_points(json, STR("away_points"), forecast->away_points);
	put_shapes(json, forecast, options);
}

/* The three chances at the line, as the first side sees them. */
static void
put_sides(struct json *json, const struct choice *choice, const char *first,
	const char *second)
{
	bool is_first = choice->pick && *choice->pick == *first;
	struct chances chances = is_first ? choice->chances
					  : chances_turned(choice->chances);
	char key[40];

	if (!choice->pick)
		return;
	snprintf(key, sizeof(key), "%s%s_probability", first,
		*first == 'h' ? "_cover" : "");
	put_chance(json, str_from(key), chances.win);
	put_chance(json, STR("push_probability"), chances.push);
	snprintf(key, sizeof(key), "%s%s_probability", second,
		*first == 'h' ? "_cover" : "");
	put_chance(json, str_from(key), chances.loss);
}

static struct str
picked_team(const struct game *game, const struct choice *choice)
{
	if (!choice->pick)
		return STR_NONE;
	if (*choice->pick == 'h')
		return game->home_team;
	return *choice->pick == 'a' ? game->away_team : STR_NONE;
}

static void
put_data(struct json *json, const struct forecast_row_options *options,
	const struct game *game, const struct forecast *forecast,
	const struct choice *choice)
{
	struct str team = picked_team(game, choice);

	if (!str_is_none(team)) {
		json_put_key(json, STR("team"));
		json_put_text(json, team);
	}
	switch (options->type) {
	case PREDICTION_GAME:
		put_game(json, forecast, options);
		break;
	case PREDICTION_ATS:
		put_points(json, STR("spread"), forecast->margin);
		put_points(json, STR("margin_sd"), forecast->margin_sd);
		put_points(json, STR("margin_se"), forecast->margin_se);
		put_sides(json, choice, "home", "away");
		break;
	case PREDICTION_TOTAL:
		put_points(json, STR("total"), forecast->total);
		put_points(json, STR("total_sd"), forecast->total_sd);
		put_points(json, STR("total_se"), forecast->total_se);
		put_sides(json, choice, "over", "under");
		break;
	}
	put_choice(json, choice);
	if (forecast->saw_own_line) {
		json_put_key(json, STR("saw_line"));
		json_put_bool(json, true);
	}
}

static struct choice
choose(enum prediction_type type, const struct game *game,
	const struct forecast *forecast)
{
	switch (type) {
	case PREDICTION_GAME:
		return choose_winner(game, forecast);
	case PREDICTION_ATS:
		return choose_cover(game, forecast);
	case PREDICTION_TOTAL:
		return choose_total(game, forecast);
	}
	return (struct choice){ .pick = NULL };
}

/* What TYPE is about, in points, to two places as in prediction_data. */
static double
expected_points(enum prediction_type type, const struct forecast *forecast)
{
	double points = type == PREDICTION_TOTAL ? forecast->total : forecast->margin;

	return round(points * 100) / 100;
}

struct err *
forecast_row(struct arena *arena, const struct forecast_row_options *options,
	const struct game *game, const struct forecast *forecast,
	struct prediction_insert *ret)
{
	struct choice choice = choose(options->type, game, forecast);
	struct opt_f64 probability = { .is_set = choice.pick != NULL,
		.value = rounded(choice.probability) };
	struct buf data;
	struct json json = json_begin(&data);
	struct str canonical = STR_NONE;

	buf_init(&data, arena, DATA_BYTES_MAX);
	json_put_object(&json);
	put_data(&json, options, game, forecast, &choice);
	if (options->is_backfilled) {
		json_put_key(&json, STR("backfilled"));
		json_put_bool(&json, true);
	}
	json_put_object_end(&json);
	TRY(json_canonical(arena, buf_str(&data), DATA_BYTES_MAX, &canonical));
	*ret = (struct prediction_insert){
		.game_id = game->id,
		.prediction_type = str_from(prediction_type_names[options->type]),
		.season = game->season,
		.week = game->week,
		.home_team = game->home_team,
		.away_team = game->away_team,
		.matchup = str_fmt(arena, STR_FMT " @ " STR_FMT, STR_ARG(game->away_team),
			STR_ARG(game->home_team)),
		.prediction_data = canonical,
		.confidence = probability,
		.pick = str_from(choice.pick),
		.probability = probability,
		.line = choice.line,
		.expected = OPT(expected_points(options->type, forecast)),
		.odds = choice.odds,
		.is_simulated = game->is_simulated,
	};
	return NULL;
}
