/* Outlooks that are not there yet, and what those without a plan are told of those that are. */
#include "api/ready.h"
#include "db/dispatch.h"
#include "jobs/schedule.h"
#include "tests/accounts/people.h"
#include "tests/api/members.h"
#include "tests/support/database.h"

static struct asked
ask_outlook(
	struct ctx *ctx, struct api *api, struct str bearer, const char *more, int season)
{
	/* Nothing that was ready before what a test changed. */
	ready_loop_close();
	return ask(ctx, api,
		&(struct asking){ .bearer = bearer,
			.target = str_fmt(ctx->arena,
				"/v1/season/%d/outlook?format=json%s", season, more) });
}

/* --- What is not there yet */

static const struct {
	const char *change; /* of the database before it is asked; NULL: none */
	int season, status;
	const char *says;
} waits[] = {
	/* Nobody ever ran a job. */
	{ NULL, 2020, 404, "gridiron jobs run history makes it" },
	{ "DELETE FROM season_simulations", 2021, 404,
		"gridiron jobs run outlook makes it" },
	/* Somebody does, and history comes a minute after the first start. */
	{ "rows", 2020, 503, "is still being made" },
	{ NULL, 2021, 503, "is still being made" },
	/* Nobody took what was due a day ago. */
	{ "UPDATE jobs SET next_run_at = {ago} WHERE name = 'grade'", 2020, 404,
		"gridiron jobs run history" },
	/* He who would has something else in hand. */
	{ "UPDATE jobs SET locked_until = {day} WHERE name = 'grade'", 2020, 503,
		"is still being made" },
	/* All that was due is done, and history once more tomorrow. */
	{ "UPDATE jobs SET locked_until = NULL, next_run_at = {day}", 2020, 404,
		"gridiron jobs run history" },
	/* A command is at it, whatever the schedule says. */
	{ "UPDATE jobs SET is_enabled = {no}, locked_until = {day} WHERE name = "
	  "'history'",
		2020, 503, "is still being made" },
	/* It is due, and switched off. */
	{ "UPDATE jobs SET next_run_at = {now}, locked_until = NULL WHERE name = "
	  "'history'",
		2020, 404, "gridiron jobs run history" },
	{ "UPDATE jobs SET is_enabled = {yes} WHERE name = 'history'", 2020, 503,
		"is still being made" },
};

BOTH_ENGINES(whether_an_outlook_is_being_made_is_the_databases_to_say)
{
	struct api api;
	struct str bearer;

	OK_ERR(members_api_open(ctx, &api, &bearer));
	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		struct asked asked;

		if (waits[i].change && str_eq(str_from(waits[i].change), STR("rows")))
			OK_ERR(schedule_prepare(ctx, false));
		else if (waits[i].change)
			OK_ERR(people_run(ctx, waits[i].change));
		asked = ask_outlook(ctx, &api, bearer, "", waits[i].season);
		OK_OR(asked.status == waits[i].status &&
				str_find(asked.body, str_from(waits[i].says)) >= 0,
			"%d: %d " STR_FMT, (int)i, asked.status, STR_ARG(asked.body));
		EQ_STR(asked_header(&asked, STR("Retry-After")),
			waits[i].status == 503 ? STR("10") : STR_NONE);
	}
	/* What this server does itself it has not missed. */
	api.runs_jobs = true;
	OK_ERR(people_run(ctx, "UPDATE jobs SET next_run_at = {ago}"));
	EQ_I64(ask_outlook(ctx, &api, bearer, "", 2020).status, 503);
	OK_ERR(people_run(ctx, "DELETE FROM jobs"));
	EQ_I64(ask_outlook(ctx, &api, bearer, "", 2020).status, 503);
	api_close(ctx, &api);
}

/* A driver that lets a job commit between two queries of a request. */
static struct {
	struct driver driver;
	const struct driver *inner;
	int asked; /* for the last week that has an outlook */
	bool is_off;
} between;

static struct err *
between_run(void *state, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected)
{
	struct tx job = db_auto(tx->ctx, SHARD_GLOBAL);

	if (!between.is_off && str_eq(str_from(query->name), STR("outlook_last_week")) &&
		++between.asked == 2)
		TRY(db_run_text(&job,
			STR("UPDATE season_simulations SET season = 2021 WHERE season = "
			    "2002")));
	return between.inner->run(state, tx, query, params, sink, ret_affected);
}

BOTH_ENGINES(what_is_stored_while_somebody_asks_is_not_said_to_need_a_plan)
{
	struct api api;
	struct str bearer;
	struct asked asked;

	OK_ERR(members_api_open(ctx, &api, &bearer));
	OK_ERR(people_run(ctx, "UPDATE season_simulations SET season = 2002"));
	between.inner = ctx->db->driver;
	between.driver = *between.inner;
	between.driver.run = between_run;
	between.asked = 0;
	between.is_off = false;
	ctx->db->driver = &between.driver;
	asked = ask_outlook(ctx, &api, bearer, "", 2021);
	OK(between.asked >= 2);
	between.is_off = true;
	OK_OR(asked.status == 200 && str_find(asked.body, STR("\"BUF\"")) > 0,
		"%d " STR_FMT, asked.status, STR_ARG(asked.body));
	/* Nor is what there is nothing of. */
	OK_ERR(people_run(ctx, "DELETE FROM season_simulations WHERE team = 'BUF'"));
	asked = ask_outlook(ctx, &api, bearer, "&team=BUF", 2021);
	OK_OR(asked.status == 200 && str_find(asked.body, STR("\"data\":[]")) > 0,
		"%d " STR_FMT, asked.status, STR_ARG(asked.body));
	ctx->db->driver = between.inner;
	api_close(ctx, &api);
}

/* --- What those without a plan are told */

/* A hundred runs may well agree on a game that is to be played. */
BOTH_ENGINES(few_runs_that_agree_settle_nothing)
{
	struct api api;
	struct str bearer;
	struct asked asked;

	OK_ERR(members_api_open(ctx, &api, &bearer));
	OK_ERR(people_run(ctx,
		"UPDATE season_simulations SET week = 17, wins_mean = 9, wins_sd = 0, "
		"p_division = 0, p_top_seed = 0, p_playoffs = 0, p_divisional = 0, "
		"p_championship = 0, p_final = 0, p_title = 0"));
	asked = ask_outlook(ctx, &api, STR_NONE, "&week=17", 2021);
	OK_OR(asked.status == 403, "%d " STR_FMT, asked.status, STR_ARG(asked.body));
	asked = ask_outlook(ctx, &api, bearer, "&week=17", 2021);
	OK_OR(asked.status == 200, "%d " STR_FMT, asked.status, STR_ARG(asked.body));
	OK_ERR(people_run(ctx, "UPDATE season_simulations SET runs = 100000"));
	asked = ask_outlook(ctx, &api, STR_NONE, "&week=17", 2021);
	OK_OR(asked.status == 200, "%d " STR_FMT, asked.status, STR_ARG(asked.body));
	api_close(ctx, &api);
}

/* Whether TEAMS stand in BODY, each behind the one before it. */
static bool
are_in_order(struct ctx *ctx, struct str body, const char *const teams[3])
{
	ptrdiff_t at[3];

	for (int i = 0; i < 3; i++)
		at[i] = str_find(body, str_fmt(ctx->arena, "\"team\":\"%s\"", teams[i]));
	return at[0] >= 0 && at[0] < at[1] && at[1] < at[2];
}

BOTH_ENGINES(wins_told_in_halves_are_not_told_by_the_order)
{
	struct api api;
	struct str bearer;
	struct asked asked;

	OK_ERR(members_api_open(ctx, &api, &bearer));
	OK_ERR(people_run(ctx,
		"UPDATE season_simulations SET p_title = 0, p_playoffs = 0, wins_sd = "
		"1, wins_mean = CASE team WHEN 'ARI' THEN 7.9 WHEN 'NE' THEN 8.1 WHEN "
		"'WAS' THEN 9 ELSE 8 END"));
	asked = ask_outlook(ctx, &api, bearer, "&week=5", 2021);
	OK_OR(are_in_order(ctx, asked.body, (const char *[]){ "WAS", "NE", "ARI" }),
		"%d " STR_FMT, asked.status, STR_ARG(asked.body));
	asked = ask_outlook(ctx, &api, STR_NONE, "&week=5", 2021);
	OK_OR(are_in_order(ctx, asked.body, (const char *[]){ "WAS", "ARI", "NE" }),
		"%d " STR_FMT, asked.status, STR_ARG(asked.body));
	api_close(ctx, &api);
}
