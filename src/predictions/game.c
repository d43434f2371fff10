#include "predictions/game.h"

#include "base/map.h"
#include "codec/iso_time.h"
#include "model/team.h"
#include "model/venue.h"

enum {
	REST_DAYS_USUAL = 7,
};

struct gathering {
	struct arena *arena;
	struct {
		VEC_OF(struct game)
	} games;
	struct {
		VEC_OF(struct model_game)
	} numbers;
	struct {
		VEC_OF(struct passer)
	} passers;
	struct {
		VEC_OF(struct str)
	} cancelled;
	struct map passer_numbers; /* id → int */
	bool is_simulated;
};

static int64_t
day_of(const struct game *game)
{
	struct date date;

	/* The import lets nothing else in; 0 is a day that no game has. */
	return date_parse(game->gameday, &date) ? date_to_days(date) : 0;
}

int64_t
game_day_begins_at(const struct game *game)
{
	return eastern_to_utc(day_of(game), 0);
}

int64_t
game_begins_at(const struct game *game)
{
	return game->kickoff_at.is_set ? game->kickoff_at.value
				       : game_day_begins_at(game);
}

static struct err *
passer_number(struct gathering *gathering, struct str id, struct str name, int *ret)
{
	int *number;

	*ret = QUARTERBACK_UNKNOWN;
	if (str_is_none(id))
		return NULL;
	number = map_find(&gathering->passer_numbers, id);
	if (!number) {
		TRY_NEW(gathering->arena, number, 1);
		*number = (int)gathering->passers.count;
		if (!map_put(&gathering->passer_numbers, id, number) ||
			!VEC_PUSH(gathering->arena, &gathering->passers,
				(struct passer){ .id = id }))
			return err_no_memory();
	}
	if (!str_is_none(name))
		gathering->passers.items[*number].name = name;
	*ret = *number;
	return NULL;
}

static enum game_type
type_of(struct str text)
{
	static const char *const names[] = { [GAME_REGULAR] = "REG",
		[GAME_WILD_CARD] = "WC",
		[GAME_DIVISIONAL] = "DIV",
		[GAME_CONFERENCE] = "CON",
		[GAME_SUPER_BOWL] = "SB" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_eq(text, str_from(names[i])))
			return (enum game_type)i;
	return GAME_REGULAR;
}

static enum game_roof
roof_of(struct str text)
{
	static const char *const names[] = { [ROOF_UNKNOWN] = "",
		[ROOF_OUTDOORS] = "outdoors",
		[ROOF_OPEN] = "open",
		[ROOF_CLOSED] = "closed",
		[ROOF_DOME] = "dome" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_eq(text, str_from(names[i])))
			return (enum game_roof)i;
	return ROOF_UNKNOWN;
}

static struct opt_f64
decimal(struct opt_i32 number)
{
	return (struct opt_f64){ .is_set = number.is_set, .value = number.value };
}

static int
or_usual(struct opt_i32 rest_days)
{
	return rest_days.is_set ? rest_days.value : REST_DAYS_USUAL;
}

struct model_game
game_numbers(const struct game *game)
{
	struct model_game numbers = MODEL_GAME_INIT;
	int minutes;

	numbers.season = game->season;
	numbers.week = game->week;
	numbers.type = type_of(game->game_type);
	numbers.day = (int)day_of(game);
	if (clock_minutes_parse(game->gametime, &minutes))
		numbers.kickoff_minute = minutes;
	numbers.home = team_find(game->home_team);
	numbers.away = team_find(game->away_team);
	numbers.venue = venue_find(game->stadium_id);
	numbers.is_neutral = game->is_neutral;
	numbers.is_division = game->div_game;
	numbers.home_rest_days = or_usual(game->home_rest);
	numbers.away_rest_days = or_usual(game->away_rest);
	numbers.roof = roof_of(game->roof);
	numbers.temperature_f = decimal(game->temp);
	numbers.wind_mph = decimal(game->wind);
	numbers.is_played = game->home_score.is_set;
	numbers.home_score = game->home_score.value;
	numbers.away_score = game->away_score.value;
	numbers.spread_line = game->spread_line;
	numbers.total_line = game->total_line;
	numbers.home_moneyline = decimal(game->home_moneyline);
	numbers.away_moneyline = decimal(game->away_moneyline);
	numbers.home_spread_odds = decimal(game->home_spread_odds);
	numbers.away_spread_odds = decimal(game->away_spread_odds);
	numbers.over_odds = decimal(game->over_odds);
	numbers.under_odds = decimal(game->under_odds);
	return numbers;
}

/* The texts of a row last only until the next. */
static bool
texts_keep(struct arena *arena, struct game *game)
{
	struct str *const texts[] = { &game->nflverse_id, &game->game_type,
		&game->gameday, &game->gametime, &game->home_team, &game->away_team,
		&game->roof, &game->home_qb_id, &game->away_qb_id, &game->home_qb_name,
		&game->away_qb_name, &game->stadium_id };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (str_is_none(*texts[i]))
			continue;
		*texts[i] = str_dup(arena, *texts[i]);
		if (str_is_none(*texts[i]))
			return false;
	}
	return true;
}

static struct err *
gather(void *arg, const struct game *row)
{
	struct gathering *gathering = arg;
	struct game game = *row;
	struct model_game numbers;

	if (!texts_keep(gathering->arena, &game))
		return err_no_memory();
	if (game.is_cancelled)
		return VEC_PUSH(gathering->arena, &gathering->cancelled, game.nflverse_id)
			? NULL
			: err_no_memory();
	numbers = game_numbers(&game);
	TRY(passer_number(gathering, game.home_qb_id, game.home_qb_name,
		&numbers.home_quarterback));
	TRY(passer_number(gathering, game.away_qb_id, game.away_qb_name,
		&numbers.away_quarterback));
	gathering->is_simulated = gathering->is_simulated || game.is_simulated;
	if (!VEC_PUSH(gathering->arena, &gathering->games, game) ||
		!VEC_PUSH(gathering->arena, &gathering->numbers, numbers))
		return err_no_memory();
	return NULL;
}

struct err *
game_set_read(struct ctx *ctx, struct game_set *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return game_set_read_in(&tx, ret);
}

struct err *
game_set_read_in(struct tx *tx, struct game_set *ret)
{
	struct gathering gathering = { .arena = tx->ctx->arena };

	map_init(&gathering.passer_numbers, tx->ctx->arena);
	TRY(q_games_walked(tx, gather, &gathering));
	*ret = (struct game_set){
		.games = gathering.games.items,
		.numbers = gathering.numbers.items,
		.count = gathering.games.count,
		.passers = gathering.passers.items,
		.passer_count = gathering.passers.count,
		.cancelled = gathering.cancelled.items,
		.cancelled_count = gathering.cancelled.count,
		.is_simulated = gathering.is_simulated,
	};
	return NULL;
}
