#include "model/situation.h"

#include <math.h>

#include "model/venue.h"

enum {
	BYE_REST_DAYS = 10,
	SHORT_REST_DAYS = 5,
	MOST_REST_DIFFERENCE = 4,
	EARLY_KICKOFF = 14 * 60, /* before this, Eastern */
	NIGHT_KICKOFF = 19 * 60, /* from this, Eastern */
	PACIFIC = 3,
	EASTERN = 0,
	EARLY_SEASON_WEEKS = 3,
	LATE_SEASON_WEEK = 15,
};

/* How often a roof that can be opened is closed: about four games in five,
 * 2002 to 2015. */
static const double retractable_closed = 0.8;
/* Day-to-day spread of temperature (°F) and wind (mph) around the month's mean. */
static const double temperature_spread = 10;
static const double wind_spread = 4.5;

void
grounds_init(struct grounds *grounds, int season)
{
	grounds->season = season;
	for (int i = 0; i < FRANCHISES; i++)
		grounds->venue[i] = team_ground(i, season);
}

/* The mean of max(0, x) for a normal x. */
static double
mean_above_zero(double mean, double spread)
{
	double z = mean / spread;

	return mean * 0.5 * erfc(-z * M_SQRT1_2) +
		spread * 0.3989422804014327 * exp(-0.5 * z * z);
}

struct weather_effects {
	double roofed; /* 0 to 1 */
	double wind, cold, hot;
};

static struct weather_effects
weather_expected(int venue, int day)
{
	const struct venue *place = venue_at(venue);
	struct weather_effects ret = { 0 };
	struct climate climate;
	double open;

	ret.roofed = place->roof == VENUE_DOME     ? 1
		: place->roof == VENUE_RETRACTABLE ? retractable_closed
						   : 0;
	/* A roof that can be closed is open in fair weather: only the wind comes in. */
	open = place->roof == VENUE_OUTDOORS ? 1 : 0;
	if (open == 0)
		return ret;
	climate = venue_climate(venue, day);
	ret.wind = mean_above_zero(climate.wind_mph - 8, wind_spread) / 10;
	ret.cold = mean_above_zero(40 - climate.temperature_f, temperature_spread) / 20;
	ret.hot = mean_above_zero(climate.temperature_f - 75, temperature_spread) / 10;
	return ret;
}

static struct weather_effects
weather_recorded(const struct model_game *game, int venue)
{
	struct weather_effects ret = weather_expected(venue, game->day);

	if (game->roof == ROOF_DOME || game->roof == ROOF_CLOSED)
		return (struct weather_effects){ .roofed = 1 };
	if (game->roof == ROOF_OUTDOORS || game->roof == ROOF_OPEN)
		ret.roofed = 0;
	if (game->wind_mph.is_set)
		ret.wind = fmax(0, game->wind_mph.value - 8) / 10;
	if (game->temperature_f.is_set) {
		ret.cold = fmax(0, 40 - game->temperature_f.value) / 20;
		ret.hot = fmax(0, game->temperature_f.value - 75) / 10;
	}
	return ret;
}

static bool
came_off_bye(const struct model_game *game, int rest_days)
{
	return rest_days >= BYE_REST_DAYS && game->week > 1;
}

static bool
is_short_week(const struct model_game *game, int rest_days)
{
	return rest_days <= SHORT_REST_DAYS && game->week > 1;
}

static double
rest_difference(const struct model_game *game)
{
	double days = game->home_rest_days - game->away_rest_days;

	if (game->week == 1)
		return 0;
	return fmin(fmax(days, -MOST_REST_DIFFERENCE), MOST_REST_DIFFERENCE) /
		MOST_REST_DIFFERENCE;
}

struct place {
	int venue;
	int zone, home_zone, away_zone;
	double home_roofed, away_roofed; /* what each side is used to */
};

static struct place
place_of(const struct model_game *game, const struct grounds *grounds)
{
	int home = grounds->venue[game->home], away = grounds->venue[game->away];
	int venue = game->venue == VENUE_UNKNOWN ? home : game->venue;

	return (struct place){
		.venue = venue,
		.zone = venue_at(venue)->zone,
		.home_zone = venue_at(home)->zone,
		.away_zone = venue_at(away)->zone,
		.home_roofed = venue_at(home)->roof != VENUE_OUTDOORS,
		.away_roofed = venue_at(away)->roof != VENUE_OUTDOORS,
	};
}

static void
margin_situation(double f[MARGIN_EFFECTS], const struct model_game *game,
	const struct place *place, const struct weather_effects *weather)
{
	double at_home = game->is_neutral ? 0 : 1;
	bool is_night = game->kickoff_minute >= NIGHT_KICKOFF;
	bool is_early = game->kickoff_minute != KICKOFF_UNKNOWN &&
		game->kickoff_minute < EARLY_KICKOFF;
	double roof_change = (place->away_roofed - place->home_roofed) *
		(1 - weather->roofed);

	f[MARGIN_DIVISION] = at_home * game->is_division;
	f[MARGIN_PLAYOFF] = at_home * game_is_playoff(game);
	f[MARGIN_BYE] = came_off_bye(game, game->home_rest_days) -
		came_off_bye(game, game->away_rest_days);
	f[MARGIN_SHORT_WEEK] = is_short_week(game, game->home_rest_days) -
		is_short_week(game, game->away_rest_days);
	f[MARGIN_REST] = rest_difference(game);
	f[MARGIN_TRAVEL] = (abs(place->zone - place->away_zone) -
				   abs(place->zone - place->home_zone)) /
		3.0;
	f[MARGIN_WEST_EARLY] = is_early && place->zone == EASTERN
		? (place->away_zone == PACIFIC) - (place->home_zone == PACIFIC)
		: 0;
	f[MARGIN_EAST_LATE] = is_night && place->zone == PACIFIC
		? (place->away_zone == EASTERN) - (place->home_zone == EASTERN)
		: 0;
	f[MARGIN_DOME_OUT] = roof_change;
	f[MARGIN_DOME_COLD] = roof_change * weather->cold;
	f[MARGIN_NIGHT] = at_home * is_night;
}

static void
total_situation(double g[TOTAL_EFFECTS], const struct model_game *game,
	const struct weather_effects *weather)
{
	bool is_regular = !game_is_playoff(game);

	g[TOTAL_DOME] = weather->roofed;
	g[TOTAL_WIND] = weather->wind;
	g[TOTAL_COLD] = weather->cold;
	g[TOTAL_DIVISION] = game->is_division;
	g[TOTAL_PLAYOFF] = !is_regular;
	g[TOTAL_NEUTRAL] = game->is_neutral;
	g[TOTAL_NIGHT] = game->kickoff_minute >= NIGHT_KICKOFF;
	g[TOTAL_HOT] = weather->hot;
	g[TOTAL_SHORT_WEEKS] = is_short_week(game, game->home_rest_days) +
		is_short_week(game, game->away_rest_days);
	g[TOTAL_BYES] = came_off_bye(game, game->home_rest_days) +
		came_off_bye(game, game->away_rest_days);
	g[TOTAL_EARLY_SEASON] = is_regular && game->week <= EARLY_SEASON_WEEKS;
	g[TOTAL_LATE_SEASON] = is_regular && game->week >= LATE_SEASON_WEEK;
}

/* Effects of one side, counted for it (sign 1) or against (-1). */
static void
side_situation(struct situation *situation, const struct model_game *game,
	const struct side *side, double sign)
{
	double *f = situation->margin, *g = situation->total;
	bool is_opener = game->week == 1;

	f[MARGIN_CHANGE] += sign * (side->is_change && !is_opener);
	f[MARGIN_NEW_HERE] += sign * (side->is_new_here && !is_opener);
	f[MARGIN_NOVICE] += sign * side->novice;
	f[side->stake.is_last_week ? MARGIN_RESTING : MARGIN_RESTING_EARLY] += sign *
		side->stake.resting;
	f[MARGIN_ELIMINATED] += sign * side->stake.eliminated;
	f[MARGIN_URGENCY] += sign * side->stake.urgency;
	g[TOTAL_CHANGE] += side->is_change && !is_opener;
	g[TOTAL_RESTING] += side->stake.is_last_week * side->stake.resting;
}

struct situation
situation_of(const struct model_game *game, const struct grounds *grounds,
	enum weather weather, const struct side sides[2])
{
	struct place place = place_of(game, grounds);
	struct weather_effects effects = weather == WEATHER_RECORDED
		? weather_recorded(game, place.venue)
		: weather_expected(place.venue, game->day);
	struct situation ret = { .margin = { 0 } };

	margin_situation(ret.margin, game, &place, &effects);
	total_situation(ret.total, game, &effects);
	side_situation(&ret, game, &sides[0], 1);
	side_situation(&ret, game, &sides[1], -1);
	return ret;
}
