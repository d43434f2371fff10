/* Batches of forecasts by other models: all or nothing, every bad row named, graded like
 * the house's own. */
#include "tests/predictions/season.h"
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/iso_time.h"
#include "predictions/accuracy.h"
#include "predictions/grade.h"
#include "predictions/import.h"
#include "predictions/lines.h"
#include "predictions/prop.h"
#include "predictions/publication.h"
#include "predictions/reads_q.h"
#include "predictions/simulated.h"
#include "predictions/upload.h"

enum {
	SEED = 5,
	MANY = 3000,
	TEXT_BYTES_MAX = 4 << 20,
};

static struct err *
league_at(struct ctx *ctx, const char *now)
{
	struct simulated_options league = {
		.seed = SEED, .first_season = SEASON, .last_season = SEASON
	};
	struct import_options import = { .source = STR("league"), .is_simulated = true };
	struct import_counts counts;
	struct feed feed;
	struct str csv;

	if (!iso_time_parse(str_from(now), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	league.now = ctx->now;
	TRY(simulated_league(ctx->arena, &league, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	return import_store(ctx, &feed, &import, &counts);
}

/* The id of the league's NUMBERth game of WEEK. */
static struct str
game_of(struct ctx *ctx, int week, int number)
{
	struct game_set games;

	if (game_set_read(ctx, &games))
		return STR_NONE;
	for (size_t i = 0; i < games.count; i++)
		if (games.games[i].week == week && number-- == 0)
			return games.games[i].nflverse_id;
	return STR_NONE;
}

static const char *const all_forecasts =
	"SELECT count(*) FROM predictions WHERE superseded_at IS NULL";

static struct err *
prop_tell(struct ctx *ctx, struct str csv, struct prop_counts *ret,
	struct upload_faults *ret_faults)
{
	return prop_results_run(ctx, csv, false, ret, ret_faults);
}

/* It was 200 after all: the grades of both forecasts are given again. Nonsense changes
 * nothing. */
static void
correct_prop(struct ctx *ctx, struct str game)
{
	struct prop_counts told;
	struct grade_counts grades;
	struct upload_faults faults;

	OK_ERR(prop_tell(ctx, prop_row(ctx, game, "passing yards,200"), &told, &faults));
	EQ_I64(told.stored, 1);
	EQ_I64(told.regraded, 2);
	EQ_I64(told.news.new_subjects, 0);
	OK(database_number(ctx,
		   "SELECT count(*) FROM audit_pending WHERE action = "
		   "'admin.tell_prop_results' AND CAST(details AS text) LIKE "
		   "'%\"regraded\": 2%'") == 1);
	OK_ERR(grade_all(ctx, &grades));
	EQ_I64(grades.graded, 2);
	OK_ERR(prop_results_run(
		ctx, prop_row(ctx, game, "pasing yards,200"), true, &told, &faults));
	EQ_I64(told.news.new_subjects, 1);
	EQ_STR(told.news.warnings.items[0],
		str_fmt(ctx->arena,
			"line 2: no forecast of " STR_FMT
			" counts 'pasing yards'; is it 'passing yards'?",
			STR_ARG(game)));
	OK_ERR(prop_tell(ctx, STR("game_id,subject,value\nx,y,1\n2022_99_A_B,,z\n"),
		&told, &faults));
	EQ_I64(faults.count, 2);
	EQ_I64(told.stored, 0);
	OK_ERR(prop_tell(ctx,
		str_fmt(ctx->arena,
			"game_id,subject,value\n" STR_FMT ",rushing yards,1\n" STR_FMT
			",rushing yards,2\n",
			STR_ARG(game), STR_ARG(game)),
		&told, &faults));
	EQ_I64(faults.count, 1);
	EQ_I64(faults.items[0].line, 3);
	EQ_I64(told.stored, 0);
}

/* A row of each type, shown with CONFIDENCE. */
static struct str
four_rows(struct ctx *ctx, struct str game, double confidence)
{
	static const char *const rows[] = {
		"\"type\": \"game\", \"pick\": \"home\", \"probability\": 0.75, "
		"\"data\": "
		"{\"b\": [1.50, 2e1], \"a\": 1}",
		"\"type\": \"ats\", \"pick\": \"away\", \"probability\": 0.5, \"line\": "
		"-3.5, \"odds\": -110",
		"\"type\": \"total\", \"pick\": \"over\", \"probability\": 0.55, "
		"\"line\": "
		"44",
		"\"type\": \"prop\", \"subject\": \"passing yards\", \"pick\": "
		"\"under\", "
		"\"probability\": 0.6, \"line\": 250.5",
	};
	struct buf text;

	buf_init(&text, ctx->arena, TEXT_BYTES_MAX);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		buf_fmt(&text,
			"{\"game_id\": \"" STR_FMT "\", %s, \"confidence\": %g}\n\n",
			STR_ARG(game), rows[i], confidence);
	return buf_str(&text);
}

BOTH_ENGINES(a_batch_is_stored_graded_and_counted_like_any_forecast)
{
	struct upload_options options = { .model = STR("other") };
	struct upload_counts counts;
	struct upload_faults faults;
	struct grade_counts grades;
	struct accuracy_list metrics;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct str game;
	struct prop_counts told;
	int of_other = 0;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	game = game_of(ctx, 9, 0);
	OK_ERR(upload_run(ctx, &options, four_rows(ctx, game, 0.5), &counts, &faults));
	EQ_I64(faults.count, 0);
	EQ_I64(counts.stored, 4);
	EQ_I64(counts.superseded, 0);
	EQ_I64(database_number(ctx, "SELECT count(*) FROM prediction_uploads"), 0);

	ctx->now += 1000;
	OK_ERR(upload_run(ctx, &options, four_rows(ctx, game, 0.6), &counts, &faults));
	EQ_I64(counts.superseded, 4);
	EQ_I64(database_number(ctx, all_forecasts), 4);

	/* Nobody knows yet: a row of another game, or of another week, most likely. */
	OK_ERR(prop_tell(ctx, prop_row(ctx, game, "passing yards,300"), &told, &faults));
	EQ_I64(faults.count, 1);
	EQ_STR(faults.items[0].field, STR("game_id"));
	EQ_I64(database_number(ctx, "SELECT count(*) FROM prop_results"), 0);

	OK_ERR(league_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(prop_results_run(ctx,
		str_fmt(ctx->arena,
			"subject,game_id,value\npassing yards," STR_FMT ",300\n",
			STR_ARG(game)),
		false, &told, &faults));
	EQ_I64(told.stored, 1);
	EQ_I64(told.regraded, 0);
	OK_ERR(grade_all(ctx, &grades));
	EQ_I64(grades.graded, 8);
	correct_prop(ctx, game);
	EQ_I64(database_number(ctx,
		       "SELECT count(*) FROM predictions WHERE prediction_type = 'prop' "
		       "AND is_correct AND superseded_at IS NULL"),
		1);
	OK_ERR(accuracy_list_read(&tx, &metrics));
	for (size_t i = 0; i < metrics.count; i++)
		of_other += str_eq(metrics.items[i].model, STR("other")) &&
			!metrics.items[i].week.is_set;
	EQ_I64(of_other, 4);
}

/* A pipeline that runs every hour sends what it sent before. */
BOTH_ENGINES(a_batch_sent_again_stores_what_differs_from_what_stands)
{
	struct upload_options options = { .model = STR("other") };
	struct upload_counts counts;
	struct upload_faults faults;
	struct str game, text;
	struct uuid token, again;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	game = game_of(ctx, 9, 0);
	text = four_rows(ctx, game, 0.5);
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(counts.stored, 4);
	EQ_I64(counts.unchanged, 0);
	OK_ERR(publication_token(ctx, &token));
	ctx->now += 1000;
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(counts.rows, 4);
	EQ_I64(counts.stored, 0);
	EQ_I64(counts.unchanged, 4);
	EQ_I64(counts.superseded, 0);
	EQ_I64(database_number(ctx, "SELECT count(*) FROM predictions"), 4);
	EQ_I64(database_number(ctx, "SELECT count(*) FROM prediction_uploads"), 0);
	/* Nothing new was published: ready answers stay. */
	OK_ERR(publication_token(ctx, &again));
	OK(uuid_eq(token, again));
	/* The numbers of data are equal however they are written, and in any order; one
	 * that differs is a new forecast. */
	text = str_fmt(ctx->arena,
		"{\"game_id\": \"" STR_FMT "\", \"type\": \"game\", \"pick\": \"home\", "
		"\"probability\": 7.5e-1, \"confidence\": 0.5, \"data\": {\"a\": 1.0, "
		"\"b\": [1.5, 20]}}\n"
		"{\"game_id\": \"" STR_FMT "\", \"type\": \"ats\", \"pick\": \"away\", "
		"\"probability\": 0.5, \"confidence\": 0.5, \"line\": -3.5}\n"
		"{\"game_id\": \"" STR_FMT "\", \"type\": \"total\", \"pick\": \"over\", "
		"\"probability\": 0.55, \"confidence\": 0.5, \"line\": 44, \"data\": "
		"{\"a\": 0}}\n",
		STR_ARG(game), STR_ARG(game), STR_ARG(game));
	ctx->now += 1000;
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(counts.unchanged, 1);
	EQ_I64(counts.stored, 2);
	EQ_I64(counts.superseded, 2);
	EQ_I64(database_number(ctx, all_forecasts), 4);
	/* Of another model it is another forecast. */
	options.model = STR("another");
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(counts.unchanged, 0);
	EQ_I64(counts.stored, 3);
}

/* The first is good; of each other, what is named as wrong. */
static const struct {
	const char *row, *field;
} bad_rows[] = {
	{ "\xef\xbb\xbf{\"game_id\": \"%.*s\", \"type\": \"game\", \"pick\": \"home\", "
	  "\"probability\": 0.6}",
		NULL },
	{ "{\"game_id\": \"%.*s\", \"type\": \"game\", \"pick\": \"home\", "
	  "\"probability\": 0.7}",
		"game_id" },
	{ "{\"game_id\": \"2022_99_NO_BODY\", \"type\": \"game\"}", "game_id" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"hunch\"}", "type" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"ats\", \"pick\": \"over\"}", "pick" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"ats\", \"pick\": \"home\", "
	  "\"probability\": 0.6}",
		"line" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"ats\", \"pick\": \"home\", "
	  "\"probability\": 0.6, \"confidence\": 1.2, \"line\": 3}",
		"confidence" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"total\", \"pick\": \"over\", "
	  "\"probability\": 0.6, \"line\": -40}",
		"line" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"ats\", \"pick\": \"home\", "
	  "\"probability\": 0.6, \"line\": 3.25}",
		"line" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"total\", \"pick\": \"over\", "
	  "\"probability\": 0.6, \"line\": 40, \"odds\": 50}",
		"odds" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"prop\", \"pick\": \"over\", "
	  "\"probability\": 0.6, \"line\": 40}",
		"subject" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"game\", \"model\": \"gridiron\"}",
		"model" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"game\", \"model\": \"A B\"}", "model" },
	{ "{\"game_id\": \"%.*s\", \"typ\": \"game\"}", "typ" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"total\", \"pick\": \"over\", "
	  "\"probability\": 0.6, \"line\": 40, \"data\": [1]}",
		"data" },
	{ "{\"game_id\": \"%.*s\", \"type\": \"game\", \"pick\": \"away\", "
	  "\"probability\": 0.6, \"data\": {\"margins\": {\"location\": 1, \"sd\": "
	  "9}}}",
		"probability" },
	{ "{\"game_id\": \"%.*s\", ", "row" },
	{ "[]", "row" },
};

BOTH_ENGINES(one_bad_row_and_nothing_is_stored_and_every_bad_row_is_named)
{
	struct upload_options options = { .model = STR("other") };
	struct upload_counts counts;
	struct upload_faults faults;
	struct buf text;
	struct str game;
	size_t fault = 0;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	game = game_of(ctx, 9, 0);
	buf_init(&text, ctx->arena, TEXT_BYTES_MAX);
	for (size_t i = 0; i < COUNT_OF(bad_rows); i++) {
		struct str row = str_from(bad_rows[i].row);
		ptrdiff_t at = str_find(row, STR("%.*s"));

		buf_put(&text, str_slice(row, 0, at < 0 ? row.len : (size_t)at));
		if (at >= 0) {
			buf_put(&text, game);
			buf_put(&text, str_slice(row, (size_t)at + 4, row.len));
		}
		buf_put_char(&text, '\n');
	}
	OK_ERR(upload_run(ctx, &options, buf_str(&text), &counts, &faults));
	EQ_I64(counts.rows, COUNT_OF(bad_rows));
	EQ_I64(counts.stored, 0);
	EQ_I64(database_number(ctx, all_forecasts), 0);
	for (size_t i = 0; i < COUNT_OF(bad_rows); i++) {
		if (!bad_rows[i].field)
			continue;
		OK(fault < faults.count);
		EQ_I64(faults.items[fault].line, (int64_t)i + 1);
		OK_OR(str_eq(faults.items[fault].field, str_from(bad_rows[i].field)),
			"line %zu: " STR_FMT, i + 1, STR_ARG(faults.items[fault].field));
		fault++;
	}
	EQ_I64(faults.count, fault);
}

BOTH_ENGINES(a_forecast_after_kick_off_is_refused)
{
	struct upload_options options = { .model = STR("late") };
	struct upload_counts counts;
	struct upload_faults faults;
	struct str game, text;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	game = game_of(ctx, 3, 0);
	text = str_fmt(ctx->arena,
		"game_id,type,pick,probability\n" STR_FMT ",game,home,0.6\n",
		STR_ARG(game));
	options.is_csv = true;
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(faults.count, 1);
	EQ_I64(faults.items[0].line, 2);
	EQ_STR(faults.items[0].field, STR("game_id"));
	/* To come, but its kick-off is long past by the clock of the work. */
	game = game_of(ctx, 9, 0);
	text = str_fmt(ctx->arena,
		"game_id,type,pick,probability\n" STR_FMT ",game,home,0.6\n",
		STR_ARG(game));
	ctx->now += INT64_C(90) * 86400 * 1000000;
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(faults.count, 1);
	OK_ERR(db_run_text(&tx, STR("SELECT 1")));
	EQ_I64(database_number(ctx, all_forecasts), 0);
}

/* So many that PostgreSQL gets them by COPY, with texts that try its format. */
static struct str
many_props(struct ctx *ctx, struct str game, int count)
{
	struct buf text;

	buf_init(&text, ctx->arena, TEXT_BYTES_MAX);
	buf_put(&text, STR("game_id,type,subject,pick,probability,line,odds,data\r\n"));
	for (int i = 0; i < count; i++)
		buf_fmt(&text,
			STR_FMT
			",prop,\"yards, \"\"%d\"\" \\N \\. \t é\",over,0.%d,%d.5,%s,"
			"\"{\"\"n\"\": %d}\"\n",
			STR_ARG(game), i, 1 + i % 9, i, i % 2 ? "-110" : "", i);
	return buf_str(&text);
}

/* PostgreSQL is asked, from inside, by which command so many rows come. */
static const char *const copy_witness =
	"CREATE TABLE told AS SELECT '' AS command, 0 AS rows; CREATE FUNCTION tell() "
	"RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO told SELECT "
	"current_query(), count(*) FROM put; RETURN NULL; END'; CREATE TRIGGER told "
	"AFTER INSERT ON prediction_uploads REFERENCING NEW TABLE AS put EXECUTE "
	"FUNCTION tell()";
static const char *const by_copy = "SELECT rows FROM told WHERE command LIKE 'COPY %'";

BOTH_ENGINES(a_large_batch_of_csv_is_stored_whole_by_copy_where_there_is_one)
{
	static const enum db_type columns[] = { DB_TEXT, DB_F64, DB_F64, DB_I32, DB_JSON,
		DB_TEXT };
	struct upload_options options = { .model = STR("bulk"), .is_csv = true };
	struct upload_counts counts;
	struct upload_faults faults;
	struct str text, dump;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	text = many_props(ctx, game_of(ctx, 9, 1), MANY);
	options.is_dry_run = true;
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(counts.rows, MANY);
	EQ_I64(counts.stored, 0);
	EQ_I64(database_number(ctx, all_forecasts), 0);
	options.is_dry_run = false;
	if (db_dialect(ctx->db) == DIALECT_POSTGRES)
		OK_ERR(database_sql(ctx, str_from(copy_witness)));
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(faults.count, 0);
	EQ_I64(counts.stored, MANY);
	/* All but the first, which begins the transaction. */
	if (db_dialect(ctx->db) == DIALECT_POSTGRES)
		EQ_I64(database_number(ctx, by_copy), MANY - 1);
	EQ_I64(database_number(ctx, all_forecasts), MANY);
	EQ_I64(database_number(ctx, "SELECT count(*) FROM prediction_uploads"), 0);
	OK_ERR(database_dump(ctx,
		"SELECT subject, probability, line, odds, prediction_data, matchup FROM "
		"predictions WHERE line IN (1.5, 2998.5) ORDER BY line",
		columns, COUNT_OF(columns), &dump));
	OK_OR(str_find(dump, STR("yards, \"1\" \\N \\. \t é|0.2|1.5|-110|{\"n\": 1}|")) ==
				0 &&
			str_find(dump, STR("yards, \"2998\"")) > 0,
		"" STR_FMT, STR_ARG(dump));
}

BOTH_ENGINES(what_a_model_sees_is_not_changed_later)
{
	struct upload_options options = { .model = STR("seer"), .is_csv = true };
	struct upload_counts counts;
	struct upload_faults faults;
	struct str text;
	struct err *err;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	text = many_props(ctx, game_of(ctx, 9, 1), 2);
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	options.sees_line = true;
	ctx->now += 1000;
	err = upload_run(ctx, &options, text, &counts, &faults);
	OK(err && err->code == ERR_CONFLICT);
	EQ_I64(database_number(ctx, all_forecasts), 2);
	/* A batch of several is on record by all their names. */
	text = str_fmt(ctx->arena,
		"game_id,type,pick,probability,model\n%1$s,game,home,.5,b\n"
		"%1$s,game,home,.5,a\n",
		str_cstr(ctx->arena, game_of(ctx, 9, 1)));
	OK_ERR(upload_run(ctx, &options, text, &counts, &faults));
	EQ_I64(database_number(ctx,
		       "SELECT count(*) FROM audit_pending WHERE CAST(details AS text) "
		       "LIKE '%\"models\": [\"b\", \"a\"]%'"),
		1);
}

BOTH_ENGINES(a_published_model_may_be_asked_at_any_line)
{
	struct upload_options options = { .model = STR("shapely") };
	struct upload_counts counts;
	struct upload_faults faults;
	struct lines_terms terms = { .spread = OPT(0.5), .kelly_share = 1 };
	struct line_list list;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct prediction_row_list stored;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(upload_run(ctx, &options,
		str_fmt(ctx->arena,
			"{\"game_id\": \"%s\", \"type\": \"game\", \"pick\": \"home\", "
			"\"probability\": 0.5, \"data\": {\"margins\": {\"location\": 0, "
			"\"sd\": 13}}}",
			str_cstr(ctx->arena, game_of(ctx, 9, 2))),
		&counts, &faults));
	EQ_I64(counts.stored, 1);
	OK_ERR(q_prediction_page(&tx,
		(struct prediction_page){ .season = SEASON,
			.first_week = 9,
			.last_week = 9,
			.open_through = 9,
			.model = STR("shapely"),
			.row_count = 10 },
		&stored));
	EQ_I64(stored.count, 1);
	OK_ERR(lines_list(&tx, stored.items[0].id, &terms, &list));
	EQ_I64(list.count, 4);
	NEAR(list.rows[BET_HOME_SPREAD].win + list.rows[BET_HOME_SPREAD].loss, 1, 1e-9);
	NEAR(list.rows[BET_HOME].win, list.rows[BET_AWAY].win, 1e-9);
}

BOTH_ENGINES(a_fault_says_no_other_line_than_its_own_and_how_a_model_is_named)
{
	struct upload_options options = { .model = STR_NONE };
	struct upload_counts counts;
	struct upload_faults faults;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(upload_run(ctx, &options,
		str_fmt(ctx->arena,
			"\n{\"game_id\": 1,}\n{\"game_id\": \"" STR_FMT
			"\", \"type\": \"game\"}\n",
			STR_ARG(game_of(ctx, 9, 0))),
		&counts, &faults));
	EQ_I64(faults.count, 2);
	EQ_I64(faults.items[0].line, 2);
	EQ_STR(faults.items[0].reason,
		STR("not valid JSON at column 15: a name in double quotes is missing, or "
		    "}"));
	EQ_STR(faults.items[1].field, STR("model"));
	EQ_STR(faults.items[1].reason,
		STR("is missing: name it in the row, or for all rows by '?model=' "
		    "('--model' of publish)"));
}

BOTH_ENGINES(an_empty_batch_and_a_head_of_nonsense_are_told)
{
	struct upload_options options = { .model = STR("m") };
	struct upload_counts counts;
	struct upload_faults faults;
	struct err *err;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	err = upload_run(ctx, &options, STR("\n \n"), &counts, &faults);
	OK(err && err->code == ERR_INVALID);
	options.is_csv = true;
	OK_ERR(upload_run(
		ctx, &options, STR("game_id,probabilty\nx,1\n"), &counts, &faults));
	EQ_I64(faults.count, 1);
	EQ_STR(faults.items[0].reason, STR("is unknown; did you mean 'probability'?"));
}

/* What a forecast can be asked at any line by must be what that can be made of. */
BOTH_ENGINES(a_distribution_that_is_none_is_refused)
{
	static const char *const bad[][2] = {
		{ "{\"margins\": {\"location\": 0, \"sd\": 0}}",
			"margins: sd must be a number from 0.5 to 60" },
		{ "{\"margins\": {\"location\": 90, \"sd\": 13}}",
			"margins: location must be a number from -80 to 80" },
		{ "{\"totals\": {\"location\": -1, \"sd\": 13}}",
			"totals: location must be a number from 0 to 140" },
		{ "{\"totals\": {\"location\": 44, \"sd\": 13, \"weights\": [1, 2]}}",
			"totals: weights are of the house's own models; leave them out" },
		{ "{\"margins\": [0, 13]}",
			"margins: must be an object with location and sd, both" },
		{ "{\"margins\": {\"location\": 0, \"sd\": 9, \"can_tie\": 1}}",
			"margins: can_tie must be true or false" },
	};
	struct upload_options options = { .model = STR("shapely"), .is_dry_run = true };
	struct upload_counts counts;
	struct upload_faults faults;
	struct str game;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	game = game_of(ctx, 9, 2);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		OK_ERR(upload_run(ctx, &options,
			str_fmt(ctx->arena,
				"{\"game_id\": \"" STR_FMT
				"\", \"type\": \"game\", \"pick\": \"home\", "
				"\"probability\": 0.5, \"data\": %s}",
				STR_ARG(game), bad[i][0]),
			&counts, &faults));
		EQ_I64(faults.count, 1);
		EQ_STR(faults.items[0].reason, str_from(bad[i][1]));
	}
}

/* Nobody knows all that a prop may count, so a new name is told and not refused. */
BOTH_ENGINES(a_subject_that_is_new_to_its_model_is_told)
{
	static const char rows[] =
		"{\"game_id\": \"" STR_FMT "\", \"type\": \"prop\", \"pick\": \"over\", "
		"\"probability\": 0.5, \"line\": 1, \"subject\": \"%s\"}\n";
	struct upload_options options = { .model = STR("props"), .is_dry_run = true };
	struct upload_counts counts;
	struct upload_faults faults;
	struct str first, next, good, typo;

	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	first = game_of(ctx, 9, 1);
	next = game_of(ctx, 9, 2);
	good = str_fmt(ctx->arena, rows, STR_ARG(first), "P.Mahomes passing yards");
	OK_ERR(upload_run(ctx, &options, good, &counts, &faults));
	EQ_I64(counts.news.new_subjects, 1);
	EQ_I64(counts.news.warnings.count, 0);
	options.is_dry_run = false;
	OK_ERR(upload_run(ctx, &options, good, &counts, &faults));
	EQ_I64(counts.stored, 1);
	/* The dry run before did nothing that would have to be on record. */
	EQ_I64(database_number(ctx,
		       "SELECT count(*) FROM audit_pending WHERE action = "
		       "'admin.publish_forecasts' AND resource_id = 'props'"),
		1);
	typo = str_fmt(ctx->arena, STR_FMT STR_FMT STR_FMT,
		STR_ARG(str_fmt(
			ctx->arena, rows, STR_ARG(next), " P.Mahomes passing yards ")),
		STR_ARG(str_fmt(
			ctx->arena, rows, STR_ARG(next), "P.Mahoms passing yards")),
		STR_ARG(str_fmt(ctx->arena, rows, STR_ARG(next), "field goals")));
	options.is_dry_run = true;
	OK_ERR(upload_run(ctx, &options, typo, &counts, &faults));
	EQ_I64(counts.news.new_subjects, 2);
	EQ_I64(counts.news.warnings.count, 2);
	EQ_STR(counts.news.warnings.items[0],
		STR("line 2: 'P.Mahoms passing yards' is new to model 'props'; is it "
		    "'P.Mahomes passing yards'?"));
	EQ_STR(counts.news.warnings.items[1],
		STR("line 3: 'field goals' is new to model 'props'"));
}
