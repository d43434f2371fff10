#include "predictions/outlook.h"

#include <math.h>
#include <stdatomic.h>

#include "codec/json_canonical.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "predictions/forecast.h"
#include "predictions/outlooks_q.h"
#include "predictions/publication.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	DETAILS_BYTES_MAX = 2048,
	RUNS_BETWEEN_LOOKS = 500, /* some tens of milliseconds */
	DECIMALS = 6,
};

/* --- Simulating */

struct simulating {
	struct ctx *ctx;
	const struct outlook_options *options;
	struct game_set games;
	struct season_time when;
	int games_played;
	struct season_plan *plan;
	struct err *err;
};

/* A share of the runs, on a thread of its own. */
struct worker {
	struct ctx ctx;
	const struct season_plan *plan;
	uint32_t first, runs;
	const _Atomic bool *stop;
	bool is_stopped;
	struct season_counts counts;
	struct err *err;
	struct fiber *fiber; /* that waits for the thread; NULL: the caller's */
	struct fiber_event done;
};

static struct err *
when_find(struct simulating *simulating)
{
	const struct model_game *games = simulating->games.numbers;
	size_t count = simulating->games.count;
	struct season_time *when = &simulating->when;
	int next;

	*when = (struct season_time){ .season = simulating->options->season,
		.week = simulating->options->week };
	if (when->season == 0)
		for (size_t i = 0; i < count; i++)
			if (games[i].season > when->season)
				when->season = games[i].season;
	next = season_next_week(games, count, when->season);
	if (next == 0)
		return err_new(simulating->ctx, ERR_NOT_FOUND,
			"there are no games of season %d", when->season);
	when->is_live = when->week == 0;
	if (when->is_live)
		when->week = next;
	if (when->week > next)
		return err_field(simulating->ctx, "week",
			"week %d of season %d cannot be looked from yet: week %d is not "
			"over",
			when->week, when->season, next);
	return NULL;
}

/* On another thread: walking through all seasons takes a tenth of a second. */
static void
prepare(void *arg)
{
	struct simulating *simulating = arg;
	struct arena *arena = simulating->ctx->arena;
	struct walk_options options = season_walk(
		simulating->options->tier, simulating->when);
	struct season_view view = { .count = 0 };
	struct walk walk = { .week_count = 0 };
	struct err *err = season_cut(arena, simulating->games.numbers,
		simulating->games.count, simulating->when, &view);

	options.only_chances = true;
	options.is_cancelled = fiber_is_cancelled;
	if (!err)
		err = walk_games(arena, options, view.games, view.count, &walk);
	simulating->games_played = season_played_since(view, simulating->when);
	if (!err)
		err = season_plan_new(
			arena, &walk, view, simulating->when, &simulating->plan);
	simulating->err = err;
}

static void
play(void *arg)
{
	struct worker *worker = arg;

	for (uint32_t done = 0, runs; done < worker->runs; done += runs) {
		worker->is_stopped = fiber_is_cancelled() ||
			(worker->stop && atomic_load(worker->stop));
		if (worker->is_stopped)
			return;
		runs = worker->runs - done < RUNS_BETWEEN_LOOKS ? worker->runs - done
								: RUNS_BETWEEN_LOOKS;
		season_simulate(
			worker->plan, worker->first + done, runs, &worker->counts);
	}
}

/* The game called ID, or that was before it moved. */
static struct err *
game_find(const struct simulating *simulating, struct str id, struct game_row *row,
	const struct model_game **ret)
{
	const struct game_set *games = &simulating->games;
	struct ctx *ctx = simulating->ctx;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct err *err = game_get(&tx, id, row);

	if (err && err->code != ERR_NOT_FOUND)
		return err;
	*ret = NULL;
	for (size_t i = 0; !err && i < games->count && !*ret; i++)
		if (str_eq(games->games[i].nflverse_id, row->nflverse_id))
			*ret = &games->numbers[i];
	if (!err && row->cancelled_at.is_set)
		return err_field(
			ctx, "result", "'" STR_FMT "' was called off", STR_ARG(id));
	if (!*ret || (*ret)->season != simulating->when.season)
		return err_field(ctx, "result",
			"there is no game '" STR_FMT "' in season %d", STR_ARG(id),
			simulating->when.season);
	if ((*ret)->type != GAME_REGULAR)
		return err_field(ctx, "result",
			"'" STR_FMT
			"' is a playoff game; only results of the regular season "
			"can be supposed",
			STR_ARG(id));
	return NULL;
}

static struct err *
suppose_one(struct simulating *simulating, const struct outlook_result *result,
	const struct model_game **game)
{
	struct season_time when = simulating->when;
	struct game_row row;

	TRY(game_find(simulating, result->game_id, &row, game));
	if (season_plan_suppose(
		    simulating->plan, (*game)->home, (*game)->away, result->result))
		return NULL;
	if (!when.is_live || !row.home_score.is_set || !row.away_score.is_set)
		return err_field(simulating->ctx, "result",
			"'" STR_FMT "' was over before week %d", STR_ARG(result->game_id),
			when.week);
	return err_field(simulating->ctx, "result",
		"'" STR_FMT "' is over: " STR_FMT " %d, " STR_FMT
		" %d; with week=%d its result can be supposed as before it",
		STR_ARG(result->game_id), STR_ARG(row.home_team), row.home_score.value,
		STR_ARG(row.away_team), row.away_score.value, row.week);
}

/* Let the results come out that are supposed. */
static struct err *
suppose(struct simulating *simulating)
{
	const struct outlook_options *options = simulating->options;
	const struct model_game *games[OUTLOOK_RESULTS_MOST];

	for (size_t i = 0; i < options->result_count; i++) {
		TRY(suppose_one(simulating, &options->results[i], &games[i]));
		for (size_t j = 0; j < i; j++)
			if (games[j] == games[i])
				return err_field(simulating->ctx, "result",
					"'" STR_FMT "' and '" STR_FMT
					"' are the same game",
					STR_ARG(options->results[j].game_id),
					STR_ARG(options->results[i].game_id));
	}
	return NULL;
}

/* A fiber that waits for a thread. */
static void
work(void *arg)
{
	struct worker *worker = arg;

	worker->err = fiber_offload(&worker->ctx, play, worker);
	if (!worker->err && worker->is_stopped)
		worker->err = err_new(&worker->ctx, ERR_TIMEOUT,
			"the simulation was stopped before its end");
	if (worker->fiber)
		fiber_event_set(&worker->done);
}

/* Share the runs out among OUTLOOK_THREADS threads; run n is the same whichever plays it. */
static struct err *
play_shared(struct ctx *ctx, const struct season_plan *plan,
	const struct outlook_options *options, struct season_counts *ret)
{
	uint32_t runs = (uint32_t)(options->runs ? options->runs : SEASON_RUNS_USUAL);
	struct worker *workers;
	struct err *err = NULL;

	TRY_NEW(ctx->arena, workers, OUTLOOK_THREADS);
	for (uint32_t i = 0; i < OUTLOOK_THREADS; i++) {
		struct worker *worker = &workers[i];

		worker->ctx = *ctx;
		worker->plan = plan;
		worker->stop = options->stop;
		worker->first = (uint32_t)((uint64_t)runs * i / OUTLOOK_THREADS);
		worker->runs = (uint32_t)((uint64_t)runs * (i + 1) / OUTLOOK_THREADS) -
			worker->first;
		if (i + 1 < OUTLOOK_THREADS && fiber_current()) {
			fiber_event_init(&worker->done);
			worker->fiber = fiber_spawn("outlook", work, worker);
			if (worker->fiber)
				continue;
		}
		work(worker);
	}
	for (int i = 0; i < OUTLOOK_THREADS; i++) {
		if (workers[i].fiber)
			fiber_join(workers[i].fiber, &workers[i].done, ctx->deadline);
		err = err ? err : workers[i].err;
		season_counts_add(ret, &workers[i].counts);
	}
	return err;
}

struct err *
outlook_simulate(
	struct ctx *ctx, const struct outlook_options *options, struct outlook *ret)
{
	struct simulating simulating = { .ctx = ctx, .options = options };

	TRY(game_set_read(ctx, &simulating.games));
	if (simulating.games.count == 0)
		return err_new(ctx, ERR_NOT_FOUND,
			"there are no games: run gridiron import first");
	TRY(when_find(&simulating));
	TRY(fiber_offload(ctx, prepare, &simulating));
	TRY(simulating.err);
	TRY(suppose(&simulating));
	*ret = (struct outlook){ .when = simulating.when,
		.games_played = simulating.games_played };
	for (size_t i = 0; i < simulating.games.count; i++) {
		const struct model_game *game = &simulating.games.numbers[i];

		if (game->season != simulating.when.season)
			continue;
		ret->plays[game->home] = true;
		ret->plays[game->away] = true;
	}
	return play_shared(ctx, simulating.plan, options, &ret->counts);
}

/* --- Storing */

struct storing {
	const struct outlook *outlook;
	enum tier tier;
	struct outlook_put puts[FRANCHISES];
	size_t count;
	int64_t stored;
};

static double
rounded(double value)
{
	return round(value * 1e6) / 1e6;
}

static void
put_list(struct json *json, struct str key, const double *chances, int count)
{
	json_put_key(json, key);
	json_put_array(json);
	for (int i = 0; i < count; i++)
		json_put_fixed(json, chances[i], DECIMALS);
	json_put_array_end(json);
}

static struct err *
details_of(struct arena *arena, const struct season_outlook *outlook, int season,
	struct str *ret)
{
	struct buf out;
	struct json json = json_begin(&out);
	int wins = MOST_WINS;

	while (wins > 1 && outlook->wins[wins - 1] == 0)
		wins--;
	buf_init(&out, arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	put_list(&json, STR("wins"), outlook->wins, wins);
	put_list(&json, STR("seeds"), outlook->seed, seeds_in(season));
	json_put_object_end(&json);
	return json_canonical(arena, buf_str(&out), DETAILS_BYTES_MAX, ret);
}

struct err *
outlook_details_coarse(struct arena *arena, struct str details, struct str *ret)
{
	struct json_node tree;
	const struct json_node *seeds;
	struct buf out;
	struct json json = json_begin(&out);

	TRY(json_read(arena, details, &tree));
	seeds = json_node_find(&tree, STR("seeds"));
	buf_init(&out, arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("seeds"));
	json_put_array(&json);
	for (size_t i = 0; seeds && i < seeds->count; i++)
		json_put_fixed(&json, seeds->items[i].f64, DECIMALS);
	json_put_array_end(&json);
	json_put_object_end(&json);
	return json_canonical(arena, buf_str(&out), DETAILS_BYTES_MAX, ret);
}

static struct err *
put_of(struct ctx *ctx, const struct storing *storing, int franchise,
	struct outlook_put *ret)
{
	struct season_time when = storing->outlook->when;
	struct season_outlook outlook = season_outlook(
		&storing->outlook->counts, franchise);

	*ret = (struct outlook_put){
		.model = forecast_model_name(storing->tier),
		.season = when.season,
		.week = storing->outlook->games_played ? 0 : when.week,
		.next_week = { .is_set = storing->outlook->games_played > 0,
			.value = when.week },
		.games_played = storing->outlook->games_played,
		.team = team_code_in(franchise, when.season),
		.runs = (int32_t)outlook.runs,
		.wins_mean = rounded(outlook.wins_mean),
		.wins_sd = rounded(outlook.wins_sd),
		.p_division = rounded(outlook.division),
		.p_top_seed = rounded(outlook.seed[0]),
		.p_playoffs = rounded(outlook.playoffs),
		.p_divisional = rounded(outlook.divisional),
		.p_championship = rounded(outlook.championship),
		.p_final = rounded(outlook.final),
		.p_title = rounded(outlook.title),
		.now = ctx->now,
	};
	return details_of(ctx->arena, &outlook, when.season, &ret->details);
}

static struct err *
store_in_tx(struct tx *tx, void *arg)
{
	struct storing *storing = arg;

	if (storing->outlook->when.is_live)
		TRY(q_outlook_live_clear(tx, forecast_model_name(storing->tier),
			storing->outlook->when.season));
	TRY(q_outlook_put(tx, storing->puts, storing->count, &storing->stored));
	return publication_renew(tx);
}

struct err *
outlook_store(struct ctx *ctx, enum tier tier, struct outlook *outlook)
{
	struct storing *storing;

	TRY_NEW(ctx->arena, storing, 1);
	storing->outlook = outlook;
	storing->tier = tier;
	for (int franchise = 0; franchise < FRANCHISES; franchise++)
		if (outlook->plays[franchise])
			TRY(put_of(ctx, storing, franchise,
				&storing->puts[storing->count++]));
	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, store_in_tx, storing));
	outlook->stored = storing->stored;
	return NULL;
}

/* --- What if */

static struct err *
result_parse(struct ctx *ctx, struct str text, struct outlook_result *ret)
{
	static const struct {
		struct str word;
		enum season_result result;
	} words[] = { { STR_INIT("home"), RESULT_HOME },
		{ STR_INIT("away"), RESULT_AWAY }, { STR_INIT("tie"), RESULT_TIE } };
	struct str rest = text, id = STR_NONE;

	if (str_next(&rest, ':', &id) && id.len > 0 && !str_is_none(rest))
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (str_eq(rest, words[i].word)) {
				*ret = (struct outlook_result){ .game_id = id,
					.result = words[i].result };
				return NULL;
			}
	return err_field(ctx, "result",
		"'" STR_FMT
		"' is no result: write a game's id, a colon, and home, away or "
		"tie, as in 2023_18_BUF_MIA:home",
		STR_ARG(text));
}

struct err *
outlook_results_parse(struct ctx *ctx, struct str text, struct outlook_options *options)
{
	struct outlook_result *results;
	size_t count = 0;
	struct str part;

	TRY_NEW(ctx->arena, results, OUTLOOK_RESULTS_MOST);
	while (str_next(&text, ',', &part)) {
		if (count == OUTLOOK_RESULTS_MOST)
			return err_field(ctx, "result",
				"at most %d results can be supposed at a time",
				OUTLOOK_RESULTS_MOST);
		TRY(result_parse(ctx, part, &results[count]));
		for (size_t i = 0; i < count; i++)
			if (str_eq(results[i].game_id, results[count].game_id))
				return err_field(ctx, "result",
					"'" STR_FMT "' is there twice",
					STR_ARG(results[i].game_id));
		count++;
	}
	options->results = results;
	options->result_count = count;
	return NULL;
}

struct err *
outlook_rows(struct ctx *ctx, enum tier tier, const struct outlook *outlook,
	struct outlook_row_list *ret)
{
	struct storing storing = { .outlook = outlook, .tier = tier };
	struct outlook_row_list list = { .count = 0 };

	TRY_NEW(ctx->arena, list.items, FRANCHISES);
	for (int franchise = 0; franchise < FRANCHISES; franchise++) {
		struct outlook_put put;

		if (!outlook->plays[franchise])
			continue;
		TRY(put_of(ctx, &storing, franchise, &put));
		list.items[list.count++] = (struct outlook_row){
			.model = put.model,
			.season = put.season,
			.week = outlook->when.week,
			.team = put.team,
			.runs = put.runs,
			.wins_mean = put.wins_mean,
			.wins_sd = put.wins_sd,
			.p_division = put.p_division,
			.p_top_seed = put.p_top_seed,
			.p_playoffs = put.p_playoffs,
			.p_divisional = put.p_divisional,
			.p_championship = put.p_championship,
			.p_final = put.p_final,
			.p_title = put.p_title,
			.details = put.details,
			.created_at = put.now,
			.games_played = put.games_played,
		};
	}
	*ret = list;
	return NULL;
}
