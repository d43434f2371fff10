#include "tests/support/feed_text.h"

#include "base/num.h"

const char feed_header[] =
	"game_id,season,game_type,week,gameday,weekday,gametime,away_team,away_score,"
	"home_team,home_score,location,result,total,overtime,old_game_id,gsis,"
	"nfl_detail_id,pfr,pff,espn,ftn,away_rest,home_rest,away_moneyline,"
	"home_moneyline,spread_line,away_spread_odds,home_spread_odds,total_line,"
	"under_odds,over_odds,div_game,roof,surface,temp,wind,away_qb_id,home_qb_id,"
	"away_qb_name,home_qb_name,away_coach,home_coach,referee,stadium_id,stadium\n";

void
feed_put_row(struct buf *out, const struct feed_row *row)
{
	struct str rest = str_from(row->scores), away = STR(""), home = STR("");
	const char *lines = row->lines ? row->lines : "120,-140,3,-110,-110,44,-110,-110";

	if (str_next(&rest, '-', &away))
		home = rest;
	buf_fmt(out, "%d_%02d_%s_%s,%d,%s,%d,%s,Sunday,%s,", row->season, row->week,
		row->away, row->home, row->season, row->type ? row->type : "REG",
		row->week, row->day, row->clock ? row->clock : "13:00");
	buf_fmt(out, "%s," STR_FMT ",%s," STR_FMT ",Home,,,,,,,,,,,7,7,%s,0,", row->away,
		STR_ARG(away), row->home, STR_ARG(home), lines);
	buf_fmt(out, "outdoors,grass,60,5,qb-%s,qb-%s,Passer %s,Passer %s,", row->away,
		row->home, row->away, row->home);
	buf_fmt(out, "Coach %s,Coach %s,Referee,XXX00,Stadium\n", row->away, row->home);
}

struct err *
feed_of_text(struct arena *arena, struct str text, struct feed *ret)
{
	struct csv_memory memory = { .rest = text };

	return feed_read(arena, csv_from_memory(&memory), 0, ret);
}

struct err *
feed_of(struct arena *arena, const struct feed_row *rows, size_t count, struct feed *ret)
{
	struct buf text;

	buf_init(&text, arena, 64 << 20);
	buf_put(&text, str_from(feed_header));
	for (size_t i = 0; i < count; i++)
		feed_put_row(&text, &rows[i]);
	TRY(feed_of_text(arena, buf_str(&text), ret));
	if (ret->fault_count)
		return err_in(arena, ERR_INVALID, "line %lld, " STR_FMT ": " STR_FMT,
			(long long)ret->faults.items[0].line,
			STR_ARG(ret->faults.items[0].column),
			STR_ARG(ret->faults.items[0].reason));
	return NULL;
}
