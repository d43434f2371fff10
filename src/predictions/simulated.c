#include "predictions/simulated.h"

#include <math.h>

#include "base/buf.h"
#include "codec/iso_time.h"
#include "codec/json_write.h"
#include "model/bracket.h"
#include "model/venue.h"

enum {
	REGULAR_WEEKS = 17,
	GAMES_A_WEEK = FRANCHISES / 2,
	CSV_BYTES_MAX = 64 << 20,
	GAME_MINUTES = 210,
	USUAL_REST_DAYS = 7,
	DEMO_SEASONS = 8,
	LINE_DAYS = 7, /* lines are out so long before kick-off */
};

/* Points: how far teams are apart and drift, and what chance adds to a game. */
#define STRENGTH_SD     3.0
#define STRENGTH_KEPT   0.6
#define WEEKLY_SD       0.5
#define QUARTERBACK_SD  2.0
#define HOME_ADVANTAGE  2.0
#define MARGIN_SD       12.5
#define TOTAL_MEAN      44.5
#define TOTAL_SD        12.0
#define LINE_SD         1.2
#define BOOKMAKER_SHARE 1.045

struct side {
	double strength;
	double quarterback;
	int passer;       /* counts up as they change */
	int64_t last_day; /* of its last game; 0: none this season */
};

/* When a game is played: days after its week's Sunday, and Eastern time. */
struct slot {
	int day;
	int minutes;
};

struct match {
	const char *type;
	int week;
	int home, away;
	struct slot slot;
	bool is_neutral;
	int64_t day;
	int home_score, away_score;
};

struct league {
	struct arena *arena;
	const struct simulated_options *options;
	uint64_t random;
	struct buf out;
	int season;
	int64_t first_sunday;
	struct side sides[FRANCHISES];
	struct standings standings;
	int order[FRANCHISES]; /* for the pairings of this season */
};

/* --- Chance: splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014), and Box and Muller's normal numbers */

static uint64_t
chance(struct league *league)
{
	uint64_t z = league->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Above 0, up to 1. */
static double
chance_share(struct league *league)
{
	return ((double)(chance(league) >> 11) + 1) / 9007199254740992.0;
}

static double
chance_normal(struct league *league, double sd)
{
	double radius = sqrt(-2 * log(chance_share(league)));

	return sd * radius * cos(2 * 3.14159265358979323846 * chance_share(league));
}

/* --- Seasons */

/* The first Sunday of a season: the one from 7 to 13 September. */
static int64_t
first_sunday_of(int season)
{
	int64_t day = date_to_days((struct date){ season, 9, 7 });

	return day + (7 - date_weekday(day)) % 7;
}

static void
season_begin(struct league *league, int season)
{
	league->season = season;
	league->first_sunday = first_sunday_of(season);
	standings_init(&league->standings, season);
	for (int i = 0; i < FRANCHISES; i++) {
		struct side *side = &league->sides[i];

		side->strength = STRENGTH_KEPT * side->strength +
			chance_normal(league, STRENGTH_SD);
		if (chance_share(league) < 0.2) {
			side->passer++;
			side->quarterback = chance_normal(league, QUARTERBACK_SD);
		}
		side->last_day = 0;
		league->order[i] = i;
	}
	for (int i = FRANCHISES - 1; i > 0; i--) {
		int other = (int)(chance(league) % (uint64_t)(i + 1));
		int kept = league->order[i];

		league->order[i] = league->order[other];
		league->order[other] = kept;
	}
}

/* --- One game */

static double
strength_of(const struct side *side)
{
	return side->strength + side->quarterback;
}

static int
not_negative(double points)
{
	return points < 0 ? 0 : (int)lround(points);
}

/* Who wins is settled now, whether it has happened yet or not. */
static void
match_play(struct league *league, struct match *match, double margin_mean)
{
	double margin = margin_mean + chance_normal(league, MARGIN_SD);
	double total = TOTAL_MEAN + chance_normal(league, TOTAL_SD);
	bool is_home = chance_share(league) < 0.5, is_tie = chance_share(league) < 0.1;

	match->home_score = not_negative((total + margin) / 2);
	match->away_score = not_negative((total - margin) / 2);
	if (match->home_score == match->away_score &&
		(!is_tie || strcmp(match->type, "REG") != 0))
		*(is_home ? &match->home_score : &match->away_score) += 3;
}

static void
match_count(struct league *league, const struct match *match)
{
	struct side *home = &league->sides[match->home];
	struct side *away = &league->sides[match->away];

	if (strcmp(match->type, "REG") == 0)
		standings_add(&league->standings,
			&(struct model_game){ .home = match->home,
				.away = match->away,
				.home_score = match->home_score,
				.away_score = match->away_score });
	home->strength += chance_normal(league, WEEKLY_SD);
	away->strength += chance_normal(league, WEEKLY_SD);
}

static double
half_points(double line)
{
	return round(line * 2) / 2;
}

/* American odds of a chance, the bookmaker's share taken, in steps of five. */
static int
moneyline(double share)
{
	double taken = fmin(share * BOOKMAKER_SHARE, 0.97);
	double odds = taken >= 0.5 ? -100 * taken / (1 - taken)
				   : 100 * (1 - taken) / taken;

	return (int)(round(odds / 5) * 5);
}

static void
put_lines(struct buf *out, double spread, double total)
{
	double home = 0.5 * erfc(-spread / (MARGIN_SD * sqrt(2)));

	buf_fmt(out, "%d,%d,", moneyline(1 - home), moneyline(home));
	f64_format(out, spread);
	buf_put(out, STR(",-110,-110,"));
	f64_format(out, total);
	buf_put(out, STR(",-110,-110,"));
}

static int
rest_of(const struct side *side, int64_t day)
{
	return side->last_day ? (int)(day - side->last_day) : USUAL_REST_DAYS;
}

static const char *
roof_of(const struct venue *venue)
{
	switch (venue->roof) {
	case VENUE_OUTDOORS:
		return "outdoors";
	case VENUE_RETRACTABLE:
		return "closed";
	case VENUE_DOME:
		return "dome";
	}
	return "";
}

/* The columns before the lines. */
static void
put_result(struct league *league, const struct match *match, bool is_over)
{
	static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday",
		"Wednesday", "Thursday", "Friday", "Saturday" };
	struct str home = team_code_in(match->home, league->season);
	struct str away = team_code_in(match->away, league->season);
	struct buf *out = &league->out;
	int margin = match->home_score - match->away_score;

	buf_fmt(out, "%d_%02d_" STR_FMT "_" STR_FMT ",%d,%s,%d,", league->season,
		match->week, STR_ARG(away), STR_ARG(home), league->season, match->type,
		match->week);
	date_format(out, date_from_days(match->day));
	buf_fmt(out, ",%s,%02d:%02d," STR_FMT ",", weekdays[date_weekday(match->day)],
		match->slot.minutes / 60, match->slot.minutes % 60, STR_ARG(away));
	if (is_over)
		buf_put_i64(out, match->away_score);
	buf_fmt(out, "," STR_FMT ",", STR_ARG(home));
	if (is_over)
		buf_put_i64(out, match->home_score);
	buf_fmt(out, ",%s,", match->is_neutral ? "Neutral" : "Home");
	if (is_over)
		buf_fmt(out, "%d,%d,0,", margin, match->home_score + match->away_score);
	else
		buf_put(out, STR(",,,"));
	buf_fmt(out, ",,,,,,,%d,%d,", rest_of(&league->sides[match->away], match->day),
		rest_of(&league->sides[match->home], match->day));
}

static void
put_place(struct league *league, const struct match *match)
{
	const struct venue *venue = venue_at(team_ground(match->home, league->season));
	struct str city = venue_city(team_ground(match->home, league->season));
	const struct side *home = &league->sides[match->home];
	const struct side *away = &league->sides[match->away];

	buf_fmt(&league->out,
		"%d,%s,grass,,,S-%02d-%03d,S-%02d-%03d,Passer %d-%d,Passer "
		"%d-%d,,,," STR_FMT "," STR_FMT "\n",
		team_is_division_game(match->home, match->away, league->season),
		roof_of(venue), match->away, away->passer, match->home, home->passer,
		match->away, away->passer, match->home, home->passer,
		STR_ARG(venue->code), STR_ARG(city));
}

/* Play MATCH and write its row. Returns whether it is over by now. */
static bool
match_take(struct league *league, struct match *match)
{
	struct side *home = &league->sides[match->home];
	struct side *away = &league->sides[match->away];
	double mean = strength_of(home) - strength_of(away) +
		(match->is_neutral ? 0 : HOME_ADVANTAGE);
	double spread = half_points(mean + chance_normal(league, LINE_SD));
	double total = half_points(TOTAL_MEAN + chance_normal(league, LINE_SD));
	int64_t kickoff, over;

	match->day = league->first_sunday + (match->week - 1) * 7 + match->slot.day;
	kickoff = eastern_to_utc(match->day, match->slot.minutes);
	over = eastern_to_utc(match->day, match->slot.minutes + GAME_MINUTES);
	match_play(league, match, mean);
	put_result(league, match, over <= league->options->now);
	if (kickoff - LINE_DAYS * MICROSECONDS_PER_DAY <= league->options->now)
		put_lines(&league->out, spread, total);
	else
		buf_put(&league->out, STR(",,,,,,,,"));
	put_place(league, match);
	home->last_day = away->last_day = match->day;
	match_count(league, match);
	return over <= league->options->now;
}

/* --- Weeks */

static struct slot
slot_of(int game)
{
	if (game == 0)
		return (struct slot){ -3, 20 * 60 + 20 };
	if (game == GAMES_A_WEEK - 1)
		return (struct slot){ 1, 20 * 60 + 15 };
	if (game == GAMES_A_WEEK - 2)
		return (struct slot){ 0, 20 * 60 + 20 };
	return (struct slot){ 0, game > 10 ? 16 * 60 + 25 : 13 * 60 };
}

/* Everybody plays everybody else in turn: one stays, the others go round. */
static bool
regular_week(struct league *league, int week)
{
	const int ring = FRANCHISES - 1;
	bool is_over = true;

	for (int game = 0; game < GAMES_A_WEEK; game++) {
		int a = league->order[game == 0 ? ring : (week + game) % ring];
		int b = league->order[(week + ring - game) % ring];
		bool is_turned = (week + game) % 2 == 0;
		struct match match = {
			.type = "REG",
			.week = week,
			.home = is_turned ? b : a,
			.away = is_turned ? a : b,
			.slot = slot_of(game),
		};

		is_over = match_take(league, &match) && is_over;
	}
	return is_over;
}

/* --- Playoffs, by the league's rules: they are played to their end, as chance goes on
 * from one game to the next, and told as far as their teams are known. */

struct playoffs {
	struct league *league;
	int games[GAME_SUPER_BOWL + 1]; /* of each round */
	bool is_known;                  /* who plays this round */
	enum game_type round;
	bool is_over; /* so far as it was played */
};

static bool
playoff_play(void *arg, const struct bracket_game *game)
{
	static const char *const types[] = { [GAME_WILD_CARD] = "WC",
		[GAME_DIVISIONAL] = "DIV",
		[GAME_CONFERENCE] = "CON",
		[GAME_SUPER_BOWL] = "SB" };
	struct playoffs *playoffs = arg;
	struct buf *out = &playoffs->league->out;
	size_t told = out->len;
	struct match match = { .type = types[game->round],
		.week = REGULAR_WEEKS + game->round,
		.home = game->home,
		.away = game->away,
		.slot = { playoffs->games[game->round]++ % 2 ? 0 : -1, 16 * 60 + 30 } };

	/* One conference is played behind the other, whose rounds are over by then if
	 * its own are: its last games are never earlier. */
	if (game->round != playoffs->round) {
		playoffs->is_known = game->round == GAME_WILD_CARD ||
			(playoffs->is_known && playoffs->is_over);
		playoffs->is_over = true;
		playoffs->round = game->round;
	}
	if (game->round == GAME_SUPER_BOWL) {
		match.is_neutral = true;
		match.slot = (struct slot){ 7, 18 * 60 + 30 };
	}
	playoffs->is_over = match_take(playoffs->league, &match) && playoffs->is_over;
	if (!playoffs->is_known)
		out->len = told;
	return match.home_score > match.away_score;
}

static void
playoffs_play(struct league *league)
{
	struct playoffs playoffs = { .league = league };
	struct seeding seeding;
	struct bracket bracket;

	standings_seed(&league->standings, &seeding);
	bracket_play(&seeding, playoff_play, &playoffs, &bracket);
}

static void
season_play(struct league *league, int season)
{
	bool is_over = true;

	season_begin(league, season);
	for (int week = 1; week <= REGULAR_WEEKS; week++)
		is_over = regular_week(league, week) && is_over;
	if (is_over)
		playoffs_play(league);
}

struct err *
simulated_league(
	struct arena *arena, const struct simulated_options *options, struct str *ret)
{
	struct league *league;

	TRY_NEW(arena, league, 1);
	league->arena = arena;
	league->options = options;
	buf_init(&league->out, arena, CSV_BYTES_MAX);
	buf_put(&league->out,
		STR("game_id,season,game_type,week,gameday,weekday,gametime,away_team,"
		    "away_score,home_team,home_score,location,result,total,overtime,"
		    "old_game_id,gsis,nfl_detail_id,pfr,pff,espn,ftn,away_rest,home_rest,"
		    "away_moneyline,home_moneyline,spread_line,away_spread_odds,"
		    "home_spread_odds,total_line,under_odds,over_odds,div_game,roof,"
		    "surface,"
		    "temp,wind,away_qb_id,home_qb_id,away_qb_name,home_qb_name,away_"
		    "coach,"
		    "home_coach,referee,stadium_id,stadium\n"));
	for (int season = options->first_season; season <= options->last_season;
		season++) {
		/* Each season begins its own row of chances, so that how far the one
		 * before has come does not change it. */
		league->random = options->seed ^ (uint64_t)season * 0x2545f4914f6cdd1du;
		season_play(league, season);
	}
	if (buf_is_cut(&league->out))
		return err_no_memory();
	*ret = buf_str(&league->out);
	return NULL;
}

struct simulated_options
simulated_demo(int64_t now)
{
	struct date today = date_from_days(now / MICROSECONDS_PER_DAY);
	/* From March on the next season is the one people ask about. */
	int32_t running = today.month >= 3 ? today.year : today.year - 1;

	return (struct simulated_options){
		.seed = 1920,
		.first_season = running - DEMO_SEASONS + 1,
		.last_season = running,
		.now = now,
	};
}
