/*
 * Every query of the program, prepared and explained on the real schema: the engine takes
 * it, arguments and columns have the types that the query declares, and none reads the
 * whole of a table that grows.
 */
#include <stdarg.h>

#include "db/db.h"
#include "sys/fiber.h"
#include "tests/db/plan.h"
#include "tests/db/scratch.h"

static const char *const type_names[] = { "bool", "i32", "i64", "f64", "text", "bytes",
	"json", "time", "rate", "uuid" };

/* One look at all queries: what was asked, and what is wrong. */
struct survey {
	struct scratch *scratch;
	void (*judge)(struct survey *survey, const struct query *query,
		const struct query_description *description);
	size_t faults;
	struct err *err;
};

static void fault(struct survey *survey, const struct query *query, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void
fault(struct survey *survey, const struct query *query, const char *fmt, ...)
{
	va_list args;

	survey->faults++;
	printf("# %s %s: ", query->file, query->name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

static void
look_at_all(struct survey *survey, struct ctx *ctx)
{
	for (size_t i = 0; i < query_registry_count; i++) {
		const struct query *query = query_registry[i];
		struct query_description description;
		struct err *err = db_describe(ctx, query, &description);

		if (err)
			fault(survey, query, STR_FMT,
				STR_ARG(err_describe(ctx->arena, err)));
		else
			survey->judge(survey, query, &description);
	}
}

static void
survey_in_fiber(void *arg)
{
	struct survey *survey = arg;
	struct ctx ctx = survey->scratch->ctx;
	struct db_options options = { .url = survey->scratch->options.url };

	/* As the program signs in; with sequential scans as the very last resort, as the
	 * tables are empty and any would do. */
	if (scratch_is_postgres())
		options.url = str_fmt(ctx.arena,
			STR_FMT "&options=-c%%20enable_seqscan%%3Doff",
			STR_ARG(scratch_url_as(survey->scratch, "gridiron_app")));
	survey->err = db_open(&ctx, &options, &ctx.db);
	if (survey->err)
		return;
	look_at_all(survey, &ctx);
	db_loop_close(ctx.db);
	db_close(ctx.db);
}

/* Describe every query on a database with all migrations, and have each judged. */
static struct err *
survey_run(struct survey *survey)
{
	struct scratch *s = survey->scratch;

	TRY(migrate_up(&s->ctx, &s->options, 0, NULL));
	TRY(loop_run_once(
		&s->arena, (struct loop_options){ 0 }, survey_in_fiber, survey));
	return survey->err;
}

/* --- Types -------------------------------------------------------------------------- */

/* An argument may be narrower than what the server has in mind: LIMIT takes a bigint. */
static bool
argument_fits(enum db_type declared, enum db_type server)
{
	return declared == server || (declared == DB_I32 && server == DB_I64);
}

static void
judge_types(struct survey *survey, const struct query *query,
	const struct query_description *description)
{
	if (description->param_count != query->param_count)
		fault(survey, query, "it has %zu arguments, the engine sees %zu",
			(size_t)query->param_count, description->param_count);
	if (description->column_count != query->column_count)
		fault(survey, query, "it has %zu columns, the engine sees %zu",
			(size_t)query->column_count, description->column_count);
	for (size_t i = 0; i < query->param_count && i < description->param_count; i++)
		if (!argument_fits(query->param_types[i], description->param_types[i]))
			fault(survey, query,
				"argument %s is declared %s, but the engine has %s",
				query->param_names[i], type_names[query->param_types[i]],
				type_names[description->param_types[i]]);
	for (size_t i = 0; i < query->column_count && i < description->column_count; i++)
		if (query->column_types[i] != description->column_types[i])
			fault(survey, query,
				"column %s is declared %s, but the engine has %s",
				query->column_names[i],
				type_names[query->column_types[i]],
				type_names[description->column_types[i]]);
}

SCRATCH_TEST(every_query_has_the_types_it_declares)
{
	struct survey survey = { .scratch = s, .judge = judge_types };

	OK_ERR(survey_run(&survey));
	EQ_I64(survey.faults, 0);
}

/* --- Plans -------------------------------------------------------------------------- */

static void
judge_plan(struct survey *survey, const struct query *query,
	const struct query_description *description)
{
	struct str plan = description->plan;
	struct str table, line;

	if (query->allows_scan ||
		!plan_finds_scan(&survey->scratch->arena, scratch_dialect(),
			str_from(query->sql[scratch_dialect()]), description->plan,
			&table))
		return;
	fault(survey, query,
		"reads all of " STR_FMT
		", which grows: give it an index, or say '-- scan: ok, "
		"why'. The plan:",
		STR_ARG(table));
	while (str_next(&plan, '\n', &line))
		printf("#     " STR_FMT "\n", STR_ARG(line));
}

SCRATCH_TEST(no_query_reads_the_whole_of_a_table_that_grows)
{
	struct survey survey = { .scratch = s, .judge = judge_plan };

	OK_ERR(survey_run(&survey));
	EQ_I64(survey.faults, 0);
}

/* --- The judge ---------------------------------------------------------------------- */

static bool
scans(enum dialect dialect, const char *sql, const char *plan)
{
	struct arena arena;
	struct str table;
	bool found;

	arena_init(&arena, 1 << 20);
	found = plan_finds_scan(&arena, dialect, str_from(sql), str_from(plan), &table);
	arena_release(&arena);
	return found;
}

TEST(the_judge_knows_a_scan_of_postgresql)
{
	const enum dialect pg = DIALECT_POSTGRES;

	OK(scans(pg, "", "Seq Scan on games  (cost=0.00..1.00 rows=1 width=4)"));
	OK(scans(pg, "", "Limit\n  ->  Sort\n        ->  Seq Scan on games g\n"));
	OK(!scans(pg, "", "Seq Scan on teams"));
	OK(!scans(
		pg, "", "Index Scan using games_pk on games\n  Index Cond: (id = $1)\n"));
	OK(scans(pg, "", "Index Scan using games_pk on games\n  Filter: (week = 1)\n"));
	OK(!scans(
		pg, "", "Limit\n  ->  Index Only Scan Backward using games_pk on games"));
	OK(scans(pg, "",
		"Limit\n  ->  Index Scan using games_pk on games\n        Filter: x"));
	OK(scans(pg, "",
		"Limit\n  ->  Sort\n        ->  Index Scan using games_pk on games"));
	OK(scans(pg, "",
		"Nested Loop\n  ->  Index Scan using teams_pk on teams\n  ->  Index Scan "
		"using "
		"games_pk on games g\n"));
}

TEST(the_judge_knows_a_scan_of_sqlite)
{
	const enum dialect lite = DIALECT_SQLITE;

	OK(scans(lite, "SELECT id FROM games WHERE x = 1", "SCAN games\n"));
	OK(scans(lite, "SELECT id FROM games AS g JOIN teams t", "SCAN t\nSCAN g\n"));
	OK(!scans(lite, "SELECT id FROM teams AS t", "SCAN t\n"));
	OK(!scans(lite, "SELECT id FROM games", "SEARCH games USING INDEX i (id=?)\n"));
	OK(!scans(lite, "SELECT id FROM games ORDER BY id LIMIT 5",
		"SCAN games USING COVERING INDEX games_pk\n"));
	OK(scans(lite, "SELECT id FROM games WHERE x = 1 ORDER BY id LIMIT 5",
		"SCAN games USING COVERING INDEX games_pk\n"));
	OK(scans(lite, "SELECT max(x) AS x FROM games GROUP BY week LIMIT 5",
		"SCAN games USING INDEX games_week\n"));
	OK(scans(lite, "SELECT id FROM games ORDER BY x LIMIT 5",
		"SCAN games\nUSE TEMP B-TREE FOR ORDER BY\n"));
	OK(scans(lite, "SELECT 1 FROM games g",
		"SEARCH g USING AUTOMATIC COVERING INDEX (week=?)\n"));
	OK(!scans(lite, "SELECT id FROM predictions WHERE actual_result IS NULL",
		"SCAN predictions USING INDEX idx_predictions_ungraded\n"));
	OK(!scans(lite, "WITH mine AS (SELECT 1) SELECT 1 FROM mine", "SCAN mine\n"));
}
