/* Games, teams, seasons and ratings. */
#include "api/cursor.h"
#include "api/route.h"
#include "api/schemas.h"
#include "predictions/games_q.h"
#include "predictions/publication.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"
#include "predictions/team_code.h"

static const struct field season_fields[] = {
	FIELD(struct season_row, season, I32, "the year the season starts in"),
	FIELD(struct season_row, last_week, I32, "its last week, playoffs counted on"),
	FIELD(struct season_row, game_count, I64,
		"games known, but for those that were called off"),
	FIELD(struct season_row, finished_count, I64, "games played"),
};
const struct row_schema season_schema = ROW_SCHEMA(
	"season", struct season_row, season_fields, "A season that has games");

static const struct field game_fields[] = {
	FIELD_AS("id", struct game_row, nflverse_id, TEXT,
		"season, week, away and home: 2023_01_DET_KC"),
	FIELD(struct game_row, season, I32, "the year the season starts in"),
	FIELD(struct game_row, game_type, TEXT,
		"REG, or the playoff round: WC, DIV, CON, SB"),
	FIELD(struct game_row, week, I32, "week of the season, playoffs counted on"),
	FIELD(struct game_row, gameday, TEXT, "day, US Eastern"),
	FIELD(struct game_row, kickoff_at, OPT_TIME, "kick-off, where the time is known"),
	FIELD(struct game_row, home_team, TEXT, "code of the time"),
	FIELD(struct game_row, away_team, TEXT, "code of the time"),
	FIELD(struct game_row, is_neutral, BOOL, "at neither team's home"),
	FIELD(struct game_row, div_game, BOOL, "between teams of one division"),
	FIELD(struct game_row, home_score, OPT_I32, "final score"),
	FIELD(struct game_row, away_score, OPT_I32, "final score"),
	FIELD(struct game_row, spread_line, OPT_FIXED,
		"points by which the market favours the home team"),
	FIELD(struct game_row, total_line, OPT_FIXED,
		"points the market expects of both"),
	FIELD(struct game_row, home_moneyline, OPT_I32, "American odds"),
	FIELD(struct game_row, away_moneyline, OPT_I32, "American odds"),
	FIELD(struct game_row, home_qb_name, OPT_TEXT, "home quarterback"),
	FIELD(struct game_row, away_qb_name, OPT_TEXT, "away quarterback"),
	FIELD(struct game_row, roof, OPT_TEXT, "outdoors, dome, open or closed"),
	FIELD(struct game_row, stadium, OPT_TEXT, "where"),
	FIELD(struct game_row, is_simulated, BOOL, "of the simulated league: made up"),
	FIELD(struct game_row, cancelled_at, OPT_TIME,
		"when it counted as called off, as it had left the feed for a day: its "
		"forecasts and picks are void"),
};
const struct row_schema game_schema = ROW_SCHEMA("game", struct game_row, game_fields,
	"A game, with closing lines once it is over");

static const struct field team_fields[] = {
	FIELD(struct team_row, code, TEXT, "the code in games of its time"),
	FIELD(struct team_row, franchise, TEXT, "the franchise's code of today"),
	FIELD(struct team_row, name, TEXT, "city and nickname"),
	FIELD(struct team_row, nickname, TEXT, "nickname"),
	FIELD(struct team_row, conference, TEXT, "AFC or NFC"),
	FIELD(struct team_row, division, TEXT, "East, North, South or West"),
	FIELD(struct team_row, first_season, I32, "first season under this code"),
	FIELD(struct team_row, last_season, OPT_I32,
		"last season under it; null: plays on"),
};
const struct row_schema team_schema = ROW_SCHEMA(
	"team", struct team_row, team_fields, "A team under one of its codes");

static const struct field rating_fields[] = {
	FIELD(struct rating_row, model, TEXT, "the model whose ratings these are"),
	FIELD(struct rating_row, season, I32, "the year the season starts in"),
	FIELD(struct rating_row, week, I32, "as known before the games of this week"),
	FIELD(struct rating_row, team, TEXT, "code of the time"),
	FIELD(struct rating_row, rank, I32, "1 is the strongest"),
	FIELD(struct rating_row, total, FIXED,
		"points better than an average team on neutral ground"),
	FIELD(struct rating_row, total_se, FIXED, "its standard error"),
	FIELD(struct rating_row, offence, FIXED, "points scored above the average"),
	FIELD(struct rating_row, offence_se, FIXED, "its standard error"),
	FIELD(struct rating_row, defence, FIXED, "points prevented above the average"),
	FIELD(struct rating_row, defence_se, FIXED, "its standard error"),
	FIELD(struct rating_row, quarterback, FIXED,
		"points that its quarterback is worth"),
	FIELD(struct rating_row, quarterback_se, FIXED, "its standard error"),
	FIELD(struct rating_row, quarterback_name, OPT_TEXT,
		"the quarterback expected to play"),
};
const struct row_schema rating_schema = ROW_SCHEMA(
	"rating", struct rating_row, rating_fields, "A team's power rating as of a week");

struct answer
api_season_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct season_row_list list;

	ANSWER_ERR(q_season_list(&tx, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &season_schema,
			.rows = list.items,
			.count = list.count });
}

/* Games are paged by week and id, which follows the order of the schedule. */
struct answer
api_game_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct week_range range;
	struct page_key after;
	struct game_row_list list;
	struct page rows = { .schema = &game_schema };

	ANSWER_ERR(schedule_range(&tx, rq->params.season, rq->params.week, &range));
	ANSWER_ERR(cursor_parse(rq, &after));
	ANSWER_ERR(q_game_page(&tx,
		(struct game_page){
			.season = range.season,
			.first_week = page_first_week(range.first_week, after),
			.last_week = range.last_week,
			.team = team_code_of_season(rq->params.team, range.season),
			.after_week = after.week,
			.after_id = after.id,
			.row_count = page_limit(&rq->params) + 1,
		},
		&list));
	if (list.count == 0)
		ANSWER_ERR(schedule_explain(&tx, rq->params.season, rq->params.week));
	rows.rows = list.items;
	rows.count = list.count;
	if (page_is_full(&rq->params, &rows.count)) {
		const struct game_row *last = &list.items[rows.count - 1];

		ANSWER_ERR(cursor_format(rq,
			(struct page_key){ .week = last->week, .id = last->id },
			&rows.next));
	}
	return answer_rows(rq, &rows);
}

struct answer
api_game_get(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct game_row game;

	ANSWER_ERR(game_get(&tx, rq->path_params[0], &game));
	return answer_row(rq, &game_schema, &game);
}

static const struct field seen_line_fields[] = {
	FIELD(struct seen_line, seen_at, OPT_TIME,
		"when a feed was read that had it; null: the feed itself calls it the "
		"opening line"),
	FIELD(struct seen_line, spread_line, OPT_FIXED,
		"points by which the home team was favoured"),
	FIELD(struct seen_line, total_line, OPT_FIXED, "points of both teams"),
	FIELD(struct seen_line, home_moneyline, OPT_I32, "American odds"),
	FIELD(struct seen_line, away_moneyline, OPT_I32, ""),
	FIELD(struct seen_line, home_spread_odds, OPT_I32, ""),
	FIELD(struct seen_line, away_spread_odds, OPT_I32, ""),
	FIELD(struct seen_line, over_odds, OPT_I32, ""),
	FIELD(struct seen_line, under_odds, OPT_I32, ""),
	FIELD(struct seen_line, is_opening, BOOL,
		"whether the record counts it as the opening line: the one that the feed "
		"calls so, else the first seen before kick-off"),
};
const struct row_schema seen_line_schema = ROW_SCHEMA(
	"seen_line", struct seen_line, seen_line_fields, "Lines of a game at one time");

struct answer
api_seen_line_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct game_row game;
	struct seen_line_list list;

	ANSWER_ERR(game_get(&tx, rq->path_params[0], &game));
	ANSWER_ERR(q_game_lines_seen(&tx, game.id, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &seen_line_schema,
			.rows = list.items,
			.count = list.count });
}

static const struct field game_change_fields[] = {
	FIELD(struct game_change_row, kind, TEXT,
		"moved: elsewhere in the schedule; result: a final score that was "
		"corrected; called off; back: called off, and then on again"),
	FIELD_AS("until", struct game_change_row, created_at, TIME,
		"when a feed was read that said so; the rest is what the game was until "
		"then"),
	FIELD_AS("id", struct game_change_row, nflverse_id, TEXT, "its id"),
	FIELD(struct game_change_row, season, I32, "its season"),
	FIELD(struct game_change_row, week, I32, "its week"),
	FIELD(struct game_change_row, gameday, TEXT, "its day, US Eastern"),
	FIELD(struct game_change_row, kickoff_at, OPT_TIME, "its kick-off"),
	FIELD(struct game_change_row, home_score, OPT_I32, "its final score"),
	FIELD(struct game_change_row, away_score, OPT_I32, ""),
};
const struct row_schema game_change_schema = ROW_SCHEMA("game_change",
	struct game_change_row, game_change_fields, "What a game was before it changed");

struct answer
api_game_change_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct game_row game;
	struct game_change_row_list list;

	ANSWER_ERR(game_get(&tx, rq->path_params[0], &game));
	ANSWER_ERR(q_game_changes_of(&tx, game.id, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &game_change_schema,
			.rows = list.items,
			.count = list.count });
}

struct answer
api_team_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct team_row_list list;

	ANSWER_ERR(q_team_list(&tx, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &team_schema,
			.rows = list.items,
			.count = list.count });
}

/* The ratings as of the last week, up to the one asked for, that has any; where none is
 * asked for, the current ones. */
struct answer
api_rating_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct rating_row_list list = { 0 };
	struct opt_i32 asked = rq->params.week, whole = { .is_set = false };
	struct week_range range;
	struct week_row week;
	bool found;

	if (!rq->params.season.is_set && !asked.is_set)
		asked = (struct opt_i32)OPT(WEEK_CURRENT);
	ANSWER_ERR(schedule_range(&tx, rq->params.season, asked, &range));
	ANSWER_ERR(q_rating_week(&tx,
		(struct rating_week){ .model = STR(HOUSE_MODEL),
			.season = range.season,
			.week = range.last_week },
		&week, &found));
	if (found)
		ANSWER_ERR(q_rating_list(&tx,
			(struct rating_list){ .model = STR(HOUSE_MODEL),
				.season = week.season,
				.week = week.week },
			&list));
	/* Those of a season before are not what was asked for, if there is none such. */
	if (list.count == 0 || week.season != range.season)
		ANSWER_ERR(schedule_explain(&tx, rq->params.season, whole));
	return answer_rows(rq,
		&(struct page){ .schema = &rating_schema,
			.rows = list.items,
			.count = list.count });
}

struct answer
api_rating_history(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct season_span span;
	struct rating_row_list list;
	struct str team = STR_NONE;
	struct err *err = team_code_parse(rq->ctx, "team", rq->path_params[0], &team);

	if (err) {
		err->code = ERR_NOT_FOUND;
		return answer_problem(err);
	}
	ANSWER_ERR(schedule_span(&tx, rq->params.from, rq->params.through, &span));
	ANSWER_ERR(q_rating_history(&tx,
		(struct rating_history){
			.model = STR(HOUSE_MODEL),
			.team = team,
			.first_season = span.first,
			.last_season = span.last,
		},
		&list));
	if (list.count == 0)
		return answer_problem(err_new(rq->ctx, ERR_NOT_FOUND,
			"there are no ratings of this team in these seasons"));
	return answer_rows(rq,
		&(struct page){ .schema = &rating_schema,
			.rows = list.items,
			.count = list.count });
}
