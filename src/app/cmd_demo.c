#include "accounts/admin.h"
#include "app/games_import.h"
#include "app/mailing.h"
#include "app/serve.h"
#include "app/serve_settings.h"
#include "base/log.h"
#include "billing/tier.h"
#include "codec/url.h"
#include "http/server.h"
#include "predictions/forecast.h"
#include "predictions/grade.h"
#include "predictions/reads_q.h"

/* One step done, for whoever watches the start. */
static void
say(struct invocation *run, const char *what, struct str detail)
{
	fprintf(run->console.out, "  %-10s " STR_FMT "\n", what, STR_ARG(detail));
	fflush(run->console.out);
}

static struct err *
store_games(struct invocation *run, struct games_source *source, bool is_simulated)
{
	struct feed feed = { .fault_count = 0 };
	struct import_counts counts = { .created = 0 };
	struct err *err = feed_read(run->arena, source->csv, run->ctx.now, &feed);

	if (err)
		return games_source_err(source, err);
	if (feed.fault_count)
		return err_in(run->arena, ERR_INVALID,
			STR_FMT ": %zu rows are faulty; gridiron import " STR_FMT
				" says which",
			STR_ARG(source->name), feed.fault_count, STR_ARG(source->name));
	TRY(games_store(run, source, &feed,
		(struct import_options){ .is_simulated = is_simulated }, &counts));
	say(run, "games",
		str_fmt(run->arena,
			"%lld new, %lld changed, %lld unchanged, from " STR_FMT,
			(long long)counts.created, (long long)counts.changed,
			(long long)counts.unchanged, STR_ARG(source->name)));
	return NULL;
}

static struct err *
simulate_games(struct invocation *run)
{
	struct games_source source;

	TRY(games_source_simulate(&run->ctx, &source));
	say(run, "games", STR("a simulated league, marked so on every page"));
	return store_games(run, &source, true);
}

/* The public games could not be had: what is on file goes on, and where there is nothing,
 * a league is made up. */
static struct err *
go_on_without(struct invocation *run, const struct err *why)
{
	struct tx tx = db_auto(&run->ctx, SHARD_GLOBAL);
	struct week_row latest;
	bool found;

	TRY(q_week_latest(&tx, &latest, &found));
	say(run, "games",
		str_fmt(run->arena, "not fetched: " STR_FMT, STR_ARG(why->message)));
	if (found)
		return NULL;
	say(run, "games", STR("no real ones at hand"));
	return simulate_games(run);
}

static struct err *
get_games(struct invocation *run)
{
	bool is_chosen = run->config.games.len > 0;
	struct games_source source;
	struct err *err;

	if (str_eq(run->config.games, STR(GAMES_SIMULATED)))
		return simulate_games(run);
	err = games_open(
		run, is_chosen ? run->config.games : STR(GAMES_PUBLIC_URL), &source);
	if (err && !is_chosen)
		return go_on_without(run, err);
	TRY(err);
	err = store_games(run, &source, false);
	games_source_close(&source);
	return err;
}

static struct err *
make_forecasts(struct invocation *run)
{
	struct forecast_options options = { .tier = TIER_L, .scope = FORECAST_ALL };
	struct forecast_counts forecasts = { .games = 0 };
	struct grade_counts grades = { .graded = 0 };

	TRY(forecast_store(&run->ctx, &options, &forecasts));
	say(run, "forecasts",
		str_fmt(run->arena, "%lld stored, %lld as before",
			(long long)forecasts.stored, (long long)forecasts.unchanged));
	TRY(grade_all(&run->ctx, &grades));
	say(run, "grades",
		str_fmt(run->arena, "%lld graded: %lld right, %lld wrong, %lld pushed",
			(long long)grades.graded, (long long)grades.right,
			(long long)grades.wrong, (long long)grades.pushed));
	return NULL;
}

/* While nobody administers it, each start prints a new link, and those before end. */
static struct err *
say_first_link(struct invocation *run, struct str address)
{
	struct str token;
	int64_t expires_at;
	bool has_first;

	TRY(admin_has_first(&run->ctx, &has_first));
	if (has_first)
		return NULL;
	TRY(admin_invite_first(&run->ctx, &token, &expires_at));
	fprintf(run->console.out,
		"Its first administrator is whoever opens, within a day, " STR_FMT
		"/accept-invitation#" STR_FMT "\n",
		STR_ARG(public_url_of(run, address)), STR_ARG(token));
	return NULL;
}

static void
say_where(struct invocation *run, struct str address)
{
	struct err *err;

	fprintf(run->console.out,
		"\nGridiron is at http://" STR_FMT "/ (end it with Ctrl-C)\n",
		STR_ARG(address));
	err = say_first_link(run, address);
	if (err)
		log_err(&run->ctx, "no link for the first administrator", err);
	fflush(run->console.out);
}

static struct err *
run_demo(struct invocation *run)
{
	int64_t tiers;

	/* Before the long work, whose result could not be shown. */
	TRY(http_server_try(run->arena, run->settings->host, run->settings->port));
	fprintf(run->console.out, "Gridiron %s\n", GRIDIRON_VERSION);
	say(run, "database", url_masked(run->arena, run->config.database_url));
	TRY(tier_seed(&run->ctx, &tiers));
	TRY(get_games(run));
	TRY(make_forecasts(run));
	return serve(run,
		&(struct serve_options){
			.is_quiet = !flag_is_set(run, "log-requests"),
			.ready = say_where,
		});
}

static const struct flag flags[] = {
	{ "log-requests", NULL, "a log line for each request" },
	{ 0 },
};

const struct command cmd_demo = {
	.name = "demo",
	.args = "",
	.summary = "everything at once: schema, tiers, games, forecasts, grades, server",
	.detail = "Safe to repeat: what is done stays done. Games come from "
		  "GRIDIRON_GAMES (a path, a URL, or the word\n"
		  "simulated), else from what nflverse publishes; without a network a "
		  "league is made up and marked so.",
	.examples = "demo\n"
		    "demo --games games.csv.gz --data ./gridiron-data\n"
		    "demo --games simulated --listen 127.0.0.1:9000",
	.flags = flags,
	.needs = NEEDS_SERVED_DATABASE,
	.migrates = true,
	.run = run_demo,
};
