/* Forecasts: lists, one, and all of them as CSV. */
#include "api/access.h"
#include "api/cursor.h"
#include "api/route.h"
#include "api/schemas.h"
#include "audit/tally.h"
#include "codec/uuid.h"
#include "predictions/forecaster.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"
#include "predictions/team_code.h"

enum {
	ROWS_EXPECTED = 64, /* of a list, which is a week as a rule */
	EXPORT_PAGE_ROWS = 200,
	EXPORT_PAGE_BYTES_MAX = 1 << 20,
};

#define ABOUT_TIER                                                                   \
	"of the house's models: S results only, L earlier lines too, B this game's " \
	"line too"
#define ABOUT_SAW_LINE "whether it knew this game's own line"
#define ABOUT_EXPECTED                                                              \
	"points, as the model expects them: by how many the home team wins (game, " \
	"ats), or both together (total)"

#define ABOUT_SUBJECT                                                                \
	"what a prop counts, as it was published: P.Mahomes passing yards; null of " \
	"others"

static const struct field prediction_fields[] = {
	FIELD_AS("id", struct prediction_row, id.uuid, UUID, "the forecast's own id"),
	FIELD(struct prediction_row, game_id, TEXT, "the game, as in /v1/games"),
	FIELD(struct prediction_row, season, I32, "the year the season starts in"),
	FIELD(struct prediction_row, week, I32, "week of the season"),
	FIELD(struct prediction_row, prediction_type, TEXT, "game, ats, total or prop"),
	FIELD(struct prediction_row, subject, OPT_TEXT, ABOUT_SUBJECT),
	FIELD(struct prediction_row, model, TEXT, "who forecast"),
	FIELD(struct prediction_row, tier, OPT_TEXT, ABOUT_TIER),
	FIELD(struct prediction_row, saw_line, BOOL, ABOUT_SAW_LINE),
	FIELD(struct prediction_row, home_team, TEXT, "code of the time"),
	FIELD(struct prediction_row, away_team, TEXT, "code of the time"),
	FIELD(struct prediction_row, matchup, TEXT, "away @ home"),
	FIELD(struct prediction_row, pick, OPT_TEXT,
		"the side taken: home, away, over, under"),
	FIELD(struct prediction_row, confidence, OPT_FIXED,
		"the chance given to the pick, 0 to 1"),
	FIELD(struct prediction_row, expected, OPT_FIXED, ABOUT_EXPECTED),
	FIELD(struct prediction_row, line, OPT_FIXED, "the line the pick is against"),
	FIELD(struct prediction_row, prediction_data, JSON, "the model's numbers"),
	FIELD(struct prediction_row, predicted_at, TIME, "when it was made"),
	FIELD(struct prediction_row, actual_result, OPT_JSON,
		"what happened: scores and side, or is_cancelled of a game called off"),
	FIELD(struct prediction_row, outcome, OPT_TEXT, "win, loss, push or void"),
	FIELD(struct prediction_row, is_correct, OPT_BOOL, "null: not graded, or a push"),
	FIELD(struct prediction_row, result_updated_at, OPT_TIME, "when it was graded"),
	FIELD(struct prediction_row, is_simulated, BOOL,
		"of the simulated league: made up"),
	FIELD(struct prediction_row, is_sample, BOOL,
		"one of its week's three that everybody is shown"),
};
const struct row_schema prediction_schema = ROW_SCHEMA("prediction",
	struct prediction_row, prediction_fields,
	"A forecast, never altered after its game's kick-off but for its grade");

/* What a list is looked through and drawn with; the rest is a forecast's own. What all of
 * a list have in common is not asked of the database row by row. */
struct prediction_shown {
	struct prediction_brief row;
	int32_t season;
	bool saw_line;
	struct str model;
	struct str tier;
	struct str subject;
};

#define BRIEF(column, kind, about) \
	FIELD_AS(#column, struct prediction_shown, row.column, kind, about)

static const struct field prediction_brief_fields[] = {
	FIELD_AS("id", struct prediction_shown, row.id.uuid, UUID,
		"the forecast's own id: /v1/predictions/{id} has the rest"),
	BRIEF(game_id, TEXT, "the game, as in /v1/games"),
	FIELD(struct prediction_shown, season, I32, "the year the season starts in",
		.is_same = true),
	BRIEF(week, I32, "week of the season"),
	BRIEF(prediction_type, TEXT, "game, ats, total or prop"),
	FIELD(struct prediction_shown, model, TEXT, "who forecast", .is_same = true),
	FIELD(struct prediction_shown, tier, OPT_TEXT, ABOUT_TIER, .is_same = true),
	FIELD(struct prediction_shown, saw_line, BOOL, ABOUT_SAW_LINE, .is_same = true),
	BRIEF(home_team, TEXT, "code of the time"),
	BRIEF(away_team, TEXT, "code of the time"),
	BRIEF(pick, OPT_TEXT, "the side taken: home, away, over, under"),
	BRIEF(confidence, OPT_FIXED, "the chance given to the pick, 0 to 1"),
	BRIEF(expected, OPT_FIXED, ABOUT_EXPECTED),
	BRIEF(line, OPT_FIXED, "the line the pick is against"),
	BRIEF(predicted_at, TIME, "when it was made"),
	BRIEF(outcome, OPT_TEXT, "win, loss, push or void; null: not graded"),
	BRIEF(is_simulated, BOOL, "of the simulated league: made up"),
	BRIEF(is_sample, BOOL, "one of its week's three that everybody is shown"),
	FIELD(struct prediction_shown, subject, OPT_TEXT,
		ABOUT_SUBJECT
		". Not in lists of the house's models, which have no props"),
};

#define BRIEF_SCHEMA(...)                                                               \
	{                                                                               \
		.name = "prediction_brief",                                             \
		.about = "A forecast as lists have it: what was said, and how it went", \
		.fields = prediction_brief_fields,                                      \
		.row_size = sizeof(struct prediction_shown), __VA_ARGS__                \
	}

const struct row_schema prediction_brief_schema =
	BRIEF_SCHEMA(.field_count = COUNT_OF(prediction_brief_fields),
		.optional_count = 1);
/* Of the house's models: all but the subject. */
static const struct row_schema house_brief_schema =
	BRIEF_SCHEMA(.field_count = COUNT_OF(prediction_brief_fields) - 1);

/* What the list's parameters ask for, from AFTER on. */
static struct err *
list_query(struct request *rq, struct tx *tx, struct page_key after,
	struct prediction_list *ret, struct forecaster *ret_forecaster)
{
	const struct params *params = &rq->params;
	struct week_range range;
	int32_t open_through;

	TRY(forecaster_get(tx, "model", params->model, ret_forecaster));
	TRY(schedule_range(tx, params->season, params->week, &range));
	TRY(access_open_through(rq, tx, range.season, &open_through));
	*ret = (struct prediction_list){
		.season = range.season,
		.first_week = page_first_week(range.first_week, after),
		.last_week = range.last_week,
		.type = params->type,
		.team = team_code_of_season(params->team, range.season),
		.model = ret_forecaster->name,
		.min_confidence = params->min_confidence,
		.open_through = open_through,
		.after_week = after.week,
		.after_id = after.id,
		.row_count = page_limit(params) + 1,
	};
	return NULL;
}

/* The same rows with all their columns. */
static struct prediction_page
page_query(const struct prediction_list *list)
{
	return (struct prediction_page){
		.season = list->season,
		.first_week = list->first_week,
		.last_week = list->last_week,
		.type = list->type,
		.team = list->team,
		.model = list->model,
		.min_confidence = list->min_confidence,
		.open_through = list->open_through,
		.after_week = list->after_week,
		.after_id = list->after_id,
		.row_count = list->row_count,
	};
}

/* For those without live accuracy: what happened of late is not said yet. */
static void
hide_late(const struct late_game_list *late, struct prediction_row *row)
{
	if (!access_is_late(late, row->game_id))
		return;
	row->outcome = row->actual_result = STR_NONE;
	row->is_correct.is_set = row->result_updated_at.is_set = false;
}

/* A page that is written while it is read. */
struct brief_page {
	struct row_writer writer;
	struct prediction_shown shown; /* the last, with what all have in common */
	struct late_game_list late;
	struct uuid *ids;
	size_t count;
	size_t limit;
	bool has_more;
};

static struct err *
brief_page_put(void *arg, const struct prediction_brief *row)
{
	struct brief_page *page = arg;

	page->has_more = page->count == page->limit;
	if (page->has_more)
		return NULL;
	page->shown.row = *row;
	/* For those without live accuracy: what happened of late is not said yet. */
	if (access_is_late(&page->late, row->game_id))
		page->shown.row.outcome = STR_NONE;
	answer_rows_put(&page->writer, &page->shown);
	page->ids[page->count++] = row->id.uuid;
	return NULL;
}

/* The forecasts of a model that may have props. */
static struct err *
other_page_read(
	struct tx *tx, const struct prediction_list *query, struct brief_page *page)
{
	struct prediction_row_list list;

	TRY(q_prediction_page(tx, page_query(query), &list));
	for (size_t i = 0; i < list.count; i++) {
		const struct prediction_row *row = &list.items[i];

		page->shown.subject = row->subject;
		TRY(brief_page_put(page,
			&(struct prediction_brief){
				.id = row->id,
				.game_id = row->game_id,
				.week = row->week,
				.prediction_type = row->prediction_type,
				.home_team = row->home_team,
				.away_team = row->away_team,
				.pick = row->pick,
				.confidence = row->confidence,
				.expected = row->expected,
				.line = row->line,
				.predicted_at = row->predicted_at,
				.outcome = row->outcome,
				.is_simulated = row->is_simulated,
				.is_sample = row->is_sample,
			}));
	}
	return NULL;
}

static struct err *
brief_page_read(struct request *rq, struct tx *tx, struct brief_page *page)
{
	struct prediction_list query;
	struct forecaster by;
	struct page_key after;
	bool is_house;

	TRY(cursor_parse(rq, &after));
	TRY(list_query(rq, tx, after, &query, &by));
	TRY(access_late_games(rq, tx, &page->late));
	page->limit = (size_t)page_limit(&rq->params);
	page->shown = (struct prediction_shown){ .season = query.season,
		.saw_line = by.sees_line,
		.model = by.name,
		.tier = by.tier };
	TRY_NEW(rq->ctx->arena, page->ids, page->limit);
	is_house = !str_is_none(by.tier);
	answer_rows_begin(rq, is_house ? &house_brief_schema : &prediction_brief_schema,
		&page->shown, page->limit < ROWS_EXPECTED ? page->limit : ROWS_EXPECTED,
		&page->writer);
	if (is_house)
		TRY(q_prediction_list(tx, query, brief_page_put, page));
	else
		TRY(other_page_read(tx, &query, page));
	return page->count > 0 ? NULL
			       : schedule_explain(tx, rq->params.season, rq->params.week);
}

struct answer
api_prediction_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct brief_page page = { .count = 0 };
	struct str next = STR_NONE;

	ANSWER_ERR(brief_page_read(rq, &tx, &page));
	if (page.has_more)
		ANSWER_ERR(cursor_format(rq,
			(struct page_key){ .week = page.shown.row.week,
				.id = page.shown.row.id.uuid },
			&next));
	rq->delivered = (struct str){ .ptr = (const char *)page.ids,
		.len = page.count * sizeof(*page.ids) };
	return answer_rows_end(rq, &page.writer, next);
}

struct answer
api_prediction_get(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct late_game_list late;
	struct prediction_row prediction;
	struct prediction_id id;
	bool found = false;

	if (uuid_parse(rq->path_params[0], &id.uuid))
		ANSWER_ERR(q_prediction_get(&tx, id, &prediction, &found));
	if (!found)
		return answer_problem(
			err_new(rq->ctx, ERR_NOT_FOUND, "no such forecast"));
	ANSWER_ERR(access_check_forecast(rq, &tx, &prediction));
	ANSWER_ERR(access_late_games(rq, &tx, &late));
	hide_late(&late, &prediction);
	rq->delivered = str_dup(rq->ctx->arena,
		(struct str){ .ptr = (const char *)prediction.id.uuid.bytes,
			.len = sizeof(prediction.id.uuid) });
	return answer_row(rq, &prediction_schema, &prediction);
}

struct answer
api_prediction_past_list(struct request *rq)
{
	const struct params *params = &rq->params;
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct prediction_past_list query = { .type = params->type };
	struct prediction_row_list list;
	struct late_game_list late;
	struct forecaster by;
	struct game_row game;
	struct uuid *ids;

	ANSWER_ERR(game_get(&tx, rq->path_params[0], &game));
	ANSWER_ERR(forecaster_get(&tx, "model", params->model, &by));
	query.game_id = game.id;
	query.model = by.name;
	ANSWER_ERR(access_open_through(rq, &tx, game.season, &query.open_through));
	ANSWER_ERR(q_prediction_past_list(&tx, query, &list));
	ANSWER_ERR(access_late_games(rq, &tx, &late));
	ids = arena_alloc(rq->ctx->arena, (list.count + 1) * sizeof(*ids));
	if (!ids)
		return answer_problem(err_no_memory());
	for (size_t i = 0; i < list.count; i++) {
		hide_late(&late, &list.items[i]);
		ids[i] = list.items[i].id.uuid;
	}
	rq->delivered = (struct str){ .ptr = (const char *)ids,
		.len = list.count * sizeof(*ids) };
	return answer_rows(rq,
		&(struct page){ .schema = &prediction_schema,
			.rows = list.items,
			.count = list.count });
}

struct export
{
	struct ctx *ctx;
	struct delivery to; /* nobody: not noted */
	struct prediction_page query;
	struct prediction_row_list first;
};

/* Page after page, each written before the next is read, so that the whole never stands
 * in memory. */
static struct err *
export_write(struct http_writer *writer, void *arg)
{
	struct export *export = arg;
	struct tx tx = db_auto(export->ctx, SHARD_GLOBAL);
	struct prediction_row_list list = export->first;
	bool is_noted = !uuid_is_nil(export->to.user_id.uuid);
	struct arena_mark mark;
	struct buf out;

	buf_init(&out, export->ctx->arena, EXPORT_PAGE_BYTES_MAX);
	if (!buf_reserve(&out, EXPORT_PAGE_BYTES_MAX))
		return err_no_memory();
	mark = arena_mark(export->ctx->arena);
	rows_write_csv_head(&out, &prediction_schema);
	while (list.count > 0) {
		const struct prediction_row *last = &list.items[list.count - 1];

		export->query.first_week = export->query.after_week = last->week;
		export->query.after_id = last->id.uuid;
		rows_write_csv(&out, &prediction_schema, list.items, list.count);
		for (size_t i = 0; is_noted && i < list.count; i++)
			delivery_note(export->ctx, &export->to,
				(struct str){
					.ptr = (const char *)list.items[i].id.uuid.bytes,
					.len = sizeof(list.items[i].id.uuid) });
		if (buf_is_cut(&out))
			return err_new(export->ctx, ERR_TOO_LARGE,
				"a page of the export is too large");
		TRY(http_write(writer, buf_str(&out)));
		buf_clear(&out);
		if (list.count < EXPORT_PAGE_ROWS)
			break;
		arena_rewind(export->ctx->arena, mark);
		TRY(q_prediction_page(&tx, export->query, &list));
	}
	return http_write(writer, buf_str(&out));
}

struct answer
api_prediction_export(struct request *rq)
{
	static const struct http_header download = {
		.name = STR_INIT("Content-Disposition"),
		.value = STR_INIT("attachment; filename=\"forecasts.csv\""),
	};
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct export *export = arena_alloc(rq->ctx->arena, sizeof(*export));
	struct prediction_list query;
	struct forecaster by;

	if (!export)
		return answer_problem(err_no_memory());
	export->ctx = rq->ctx;
	export->to = access_delivery(rq);
	export->to.via = STR("export");
	ANSWER_ERR(list_query(rq, &tx, (struct page_key){ 0 }, &query, &by));
	export->query = page_query(&query);
	export->query.row_count = EXPORT_PAGE_ROWS;
	/* The first page is read here, so that what is wrong is still answered as a
	 * problem. */
	ANSWER_ERR(q_prediction_page(&tx, export->query, &export->first));
	if (export->first.count == 0)
		ANSWER_ERR(schedule_explain(&tx, rq->params.season, rq->params.week));
	if (rq->http->method != METHOD_HEAD)
		audit_note(rq->ctx,
			&(struct audit_note){ .action = AUDIT_FORECASTS_EXPORT,
				.route = rq->route->label });
	return (struct answer){ .http = {
					.status = 200,
					.content_type = STR("text/csv; charset=utf-8"),
					.headers = &download,
					.header_count = 1,
					.stream = export_write,
					.stream_arg = export,
				} };
}
