#include "predictions/schedule.h"

#include "codec/iso_time.h"
#include "predictions/reads_q.h"

enum {
	DAYS_STILL_CURRENT = 3,
	DATE_BYTES_MAX = 16,
	EASTERN_HOURS_BEHIND = 5, /* in summer 4 */
	SEASON_FIRST = 0,
	SEASON_LAST = 9999,
};

static struct err *
current_week(struct tx *tx, struct week_row *ret)
{
	char storage[16];
	struct buf since;
	bool found;

	buf_init_fixed(&since, storage, sizeof(storage));
	date_format(&since,
		date_from_days(tx->ctx->now / MICROSECONDS_PER_DAY - DAYS_STILL_CURRENT));
	TRY(q_week_upcoming(tx, buf_str(&since), ret, &found));
	if (found)
		return NULL;
	TRY(q_week_latest(tx, ret, &found));
	if (!found)
		*ret = (struct week_row){ .season = SEASON_FIRST, .week = 1 };
	return NULL;
}

struct err *
schedule_range(
	struct tx *tx, struct opt_i32 season, struct opt_i32 week, struct week_range *ret)
{
	bool is_current_season = !season.is_set || season.value == WEEK_CURRENT;
	bool is_current_week = week.is_set && week.value == WEEK_CURRENT;
	struct week_range range = {
		.season = season.value, .first_week = 1, .last_week = WEEK_MOST
	};
	struct week_row current = { 0 };

	if (is_current_season || is_current_week)
		TRY(current_week(tx, &current));
	if (is_current_season)
		range.season = current.season;
	if (is_current_week && range.season != current.season)
		return err_field(tx->ctx, "week",
			"season %d has no current week; give its number", range.season);
	if (week.is_set)
		range.first_week = range.last_week = is_current_week ? current.week
								     : week.value;
	*ret = range;
	return NULL;
}

struct err *
schedule_explain(struct tx *tx, struct opt_i32 season, struct opt_i32 week)
{
	const struct season_row *found = NULL;
	struct season_row_list seasons;
	struct err *err = NULL;

	if (!season.is_set || season.value == WEEK_CURRENT)
		return NULL;
	TRY(q_season_list(tx, &seasons));
	if (seasons.count == 0)
		return NULL;
	for (size_t i = 0; i < seasons.count; i++)
		if (seasons.items[i].season == season.value)
			found = &seasons.items[i];
	if (!found)
		err = err_field(tx->ctx, "season",
			"there are no games of season %d; there are those of %d to %d",
			season.value, seasons.items[0].season,
			seasons.items[seasons.count - 1].season);
	else if (week.is_set && week.value > found->last_week)
		err = err_field(tx->ctx, "week", "season %d has %d weeks", season.value,
			found->last_week);
	if (err)
		err->code = ERR_NOT_FOUND;
	return err;
}

/* One end of a span: NUMBER where it is not given. */
static struct err *
season_of(struct tx *tx, struct opt_i32 season, int32_t number, int32_t *ret)
{
	struct week_row current;

	*ret = season.is_set ? season.value : number;
	if (*ret != WEEK_CURRENT)
		return NULL;
	TRY(current_week(tx, &current));
	*ret = current.season;
	return NULL;
}

struct err *
schedule_span(struct tx *tx, struct opt_i32 from, struct opt_i32 through,
	struct season_span *ret)
{
	struct season_span span;

	TRY(season_of(tx, from, SEASON_FIRST, &span.first));
	TRY(season_of(tx, through, SEASON_LAST, &span.last));
	if (span.first > span.last)
		return err_field(tx->ctx, "through", "through must not be before from");
	*ret = span;
	return NULL;
}

struct str
schedule_day_after(struct arena *arena, int64_t at)
{
	struct buf day;

	if (at == INT64_MAX)
		return STR("9999-12-31");
	buf_init(&day, arena, DATE_BYTES_MAX);
	date_format(&day,
		date_from_days((at - EASTERN_HOURS_BEHIND * MICROSECONDS_PER_HOUR) /
			MICROSECONDS_PER_DAY));
	return buf_str(&day);
}

struct err *
game_get(struct tx *tx, struct str nflverse_id, struct game_row *ret)
{
	bool found;

	TRY(q_game_by_nflverse_id(tx, nflverse_id, ret, &found));
	if (!found)
		TRY(q_game_by_former_id(tx, nflverse_id, ret, &found));
	return found ? NULL : err_new(tx->ctx, ERR_NOT_FOUND, "no such game");
}
