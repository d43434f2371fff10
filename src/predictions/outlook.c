#include "predictions/outlook.h"

#include <assert.h>
#include <stdatomic.h>

#include "codec/json_write.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	NAMES_BYTES_MAX = 64 << 10, /* of what a request's head can hold */
	RUNS_BETWEEN_LOOKS = 500,   /* some tens of milliseconds */
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

/* The results that are supposed, by the names that their games have now. */
struct supposing {
	struct simulating *simulating;
	const struct outlook_result *results;
	struct str names[OUTLOOK_RESULTS_MOST];
	const struct game *games[OUTLOOK_RESULTS_MOST]; /* NULL: no such game is played */
	size_t count;
};

static const struct game *
game_named(const struct game_set *games, struct str name)
{
	for (size_t i = 0; i < games->count; i++)
		if (str_eq(games->games[i].nflverse_id, name))
			return &games->games[i];
	return NULL;
}

static bool
is_called_off(const struct game_set *games, struct str name)
{
	for (size_t i = 0; i < games->cancelled_count; i++)
		if (str_eq(games->cancelled[i], name))
			return true;
	return false;
}

/* What nobody is called may have been called so before it moved. */
static struct err *
names_follow(struct supposing *supposing)
{
	const struct game_set *games = &supposing->simulating->games;
	struct ctx *ctx = supposing->simulating->ctx;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct former_game_list formerly = { .count = 0 };
	struct buf text;
	struct json ids = json_begin(&text);
	bool is_any = false;

	buf_init(&text, ctx->arena, NAMES_BYTES_MAX);
	json_put_array(&ids);
	for (size_t i = 0; i < supposing->count; i++) {
		if (supposing->games[i] || is_called_off(games, supposing->names[i]))
			continue;
		json_put_text(&ids, supposing->names[i]);
		is_any = true;
	}
	json_put_array_end(&ids);
	if (!is_any)
		return NULL;
	if (buf_is_cut(&text))
		return err_no_memory();
	TRY(q_games_formerly(&tx, buf_str(&text), &formerly));
	for (size_t i = 0; i < supposing->count; i++)
		for (size_t j = 0; j < formerly.count && !supposing->games[i]; j++)
			if (!str_is_none(formerly.items[j].nflverse_id) &&
				str_eq(supposing->names[i],
					formerly.items[j].former_id)) {
				supposing->names[i] = formerly.items[j].nflverse_id;
				supposing->games[i] = game_named(
					games, supposing->names[i]);
			}
	return NULL;
}

/* Whether a result can be supposed of GAME, asked for as ID and called NAME now. */
static struct err *
game_check(const struct simulating *simulating, struct str id, struct str name,
	const struct game *game)
{
	const struct game_set *games = &simulating->games;
	struct ctx *ctx = simulating->ctx;

	if (!game && is_called_off(games, name))
		return err_field(
			ctx, "result", "'" STR_FMT "' was called off", STR_ARG(id));
	if (!game || game->season != simulating->when.season)
		return err_field(ctx, "result",
			"there is no game '" STR_FMT "' in season %d", STR_ARG(id),
			simulating->when.season);
	if (games->numbers[game - games->games].type != GAME_REGULAR)
		return err_field(ctx, "result",
			"'" STR_FMT
			"' is a playoff game; only results of the regular season "
			"can be supposed",
			STR_ARG(id));
	return NULL;
}

static struct err *
suppose_one(struct supposing *supposing, size_t at)
{
	struct simulating *simulating = supposing->simulating;
	const struct outlook_result *result = &supposing->results[at];
	const struct game *game = supposing->games[at];
	struct season_time when = simulating->when;
	const struct model_game *numbers;

	TRY(game_check(simulating, result->game_id, supposing->names[at], game));
	assert(game);
	numbers = &simulating->games.numbers[game - simulating->games.games];
	if (season_plan_suppose(
		    simulating->plan, numbers->home, numbers->away, result->result))
		return NULL;
	if (!when.is_live || !game->home_score.is_set || !game->away_score.is_set)
		return err_field(simulating->ctx, "result",
			"'" STR_FMT "' was over before week %d", STR_ARG(result->game_id),
			when.week);
	return err_field(simulating->ctx, "result",
		"'" STR_FMT "' is over: " STR_FMT " %d, " STR_FMT
		" %d; with week=%d its result can be supposed as before it",
		STR_ARG(result->game_id), STR_ARG(game->home_team),
		game->home_score.value, STR_ARG(game->away_team), game->away_score.value,
		game->week);
}

/* Let the results come out that are supposed. */
static struct err *
suppose(struct simulating *simulating)
{
	struct supposing supposing = { .simulating = simulating,
		.results = simulating->options->results,
		.count = simulating->options->result_count };

	for (size_t i = 0; i < supposing.count; i++) {
		supposing.names[i] = supposing.results[i].game_id;
		supposing.games[i] = game_named(&simulating->games, supposing.names[i]);
	}
	TRY(names_follow(&supposing));
	for (size_t i = 0; i < supposing.count; i++) {
		TRY(suppose_one(&supposing, i));
		for (size_t j = 0; j < i; j++)
			if (supposing.games[j] == supposing.games[i])
				return err_field(simulating->ctx, "result",
					"'" STR_FMT "' and '" STR_FMT
					"' are the same game",
					STR_ARG(supposing.results[j].game_id),
					STR_ARG(supposing.results[i].game_id));
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

/* Share the runs out among threads; run n is the same whichever plays it. */
static struct err *
play_shared(struct ctx *ctx, const struct season_plan *plan,
	const struct outlook_options *options, struct season_counts *ret)
{
	uint32_t runs = (uint32_t)(options->runs ? options->runs : SEASON_RUNS_USUAL);
	uint32_t threads = options->threads ? options->threads : OUTLOOK_THREADS;
	struct worker *workers;
	struct err *err = NULL;

	TRY_NEW(ctx->arena, workers, threads);
	for (uint32_t i = 0; i < threads; i++) {
		struct worker *worker = &workers[i];

		worker->ctx = *ctx;
		worker->plan = plan;
		worker->stop = options->stop;
		worker->first = (uint32_t)((uint64_t)runs * i / threads);
		worker->runs = (uint32_t)((uint64_t)runs * (i + 1) / threads) -
			worker->first;
		if (i + 1 < threads && fiber_current()) {
			fiber_event_init(&worker->done);
			worker->fiber = fiber_spawn("outlook", work, worker);
			if (worker->fiber)
				continue;
		}
		work(worker);
	}
	for (uint32_t i = 0; i < threads; i++) {
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
		if (game->type == GAME_SUPER_BOWL && game->is_played &&
			game->week < simulating.when.week)
			ret->is_over = true;
		ret->plays[game->home] = true;
		ret->plays[game->away] = true;
	}
	return play_shared(ctx, simulating.plan, options, &ret->counts);
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
