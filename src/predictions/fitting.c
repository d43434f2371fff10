#include "predictions/fitting.h"

#include "sys/wait.h"

enum {
	JUDGE_BYTES_MAX = 512 << 20,
};

/* What judges one trial, on a thread of its own. */
struct judge {
	struct ctx ctx;
	struct arena arena;
	const struct fit_options *options;
	const struct model_game *games;
	size_t count;
	const struct parameters *trial;
	struct fit_measure measure;
	struct err *err;
	struct fiber_event done;
};

struct judges {
	struct judge each[FIT_TRIALS];
};

static void
judge_trial(void *arg)
{
	struct judge *judge = arg;

	judge->err = fit_judge(&judge->arena, judge->options, judge->trial, judge->games,
		judge->count, &judge->measure);
}

static void
judge_elsewhere(struct judge *judge)
{
	struct err *err = fiber_offload(&judge->ctx, judge_trial, judge);

	if (err)
		judge->err = err;
}

static void
judge_in_fiber(void *arg)
{
	struct judge *judge = arg;

	judge_elsewhere(judge);
	fiber_event_set(&judge->done);
}

/* The second on a thread of its own while the first has this fiber's. */
static struct err *
judge_pair(void *arg, const struct parameters trials[FIT_TRIALS],
	struct fit_measure ret[FIT_TRIALS])
{
	struct judges *judges = arg;
	struct judge *second = &judges->each[1];
	struct fiber *fiber;

	for (int i = 0; i < FIT_TRIALS; i++)
		judges->each[i].trial = &trials[i];
	fiber_event_init(&second->done);
	fiber = fiber_spawn("fit", judge_in_fiber, second);
	judge_elsewhere(&judges->each[0]);
	if (fiber)
		fiber_join(fiber, &second->done, second->ctx.deadline);
	else
		judge_elsewhere(second);
	for (int i = 0; i < FIT_TRIALS; i++) {
		TRY(judges->each[i].err);
		ret[i] = judges->each[i].measure;
	}
	return NULL;
}

struct search {
	struct ctx *ctx;
	struct fit_options options;
	struct judges *judges;
	const struct model_game *games; /* that may be looked at */
	size_t count;
	struct fitting *ret;
	struct err *err;
};

static struct err *
search_through(struct search *search)
{
	struct fit_options *options = &search->options;
	struct arena *arena = &search->judges->each[0].arena;
	struct fitting *ret = search->ret;
	const struct model_game *games = search->games;
	size_t count = search->count;

	ret->start = options->start ? *options->start : *parameters_of(options->tier);
	TRY(fit_judge(arena, options, &ret->start, games, count, &ret->before));
	TRY(fit_judge(arena, options, parameters_of(options->tier), games, count,
		&ret->in_code));
	TRY(fit_parameters(arena, options, games, count, &ret->found));
	return fit_judge(arena, options, &ret->found, games, count, &ret->after);
}

static void
search_here(void *arg)
{
	struct search *search = arg;

	search->err = search_through(search);
}

static struct err *
judges_prepare(struct search *search, const struct game_set *games)
{
	struct model_game *past;

	TRY(fit_past(search->ctx->arena, &search->options, games->numbers, games->count,
		&past, &search->count));
	search->games = past;
	for (int i = 0; i < FIT_TRIALS; i++) {
		struct judge *judge = &search->judges->each[i];

		judge->options = &search->options;
		judge->games = past;
		judge->count = search->count;
		judge->ctx = *search->ctx;
	}
	return NULL;
}

/* With one thread all of it goes to that one; with two the search stays here and only
 * waits. */
static struct err *
search_on(struct search *search, int threads)
{
	if (threads == 1) {
		TRY(fiber_offload(search->ctx, search_here, search));
		return search->err;
	}
	search->options.judge_pair = judge_pair;
	search->options.judge_pair_arg = search->judges;
	return search_through(search);
}

struct err *
fitting_run(struct ctx *ctx, const struct fit_options *options, int threads,
	const struct game_set *games, struct fitting *ret)
{
	struct search search = { .ctx = ctx, .options = *options, .ret = ret };
	struct err *err;

	TRY_NEW(ctx->arena, search.judges, 1);
	for (int i = 0; i < FIT_TRIALS; i++)
		arena_init(&search.judges->each[i].arena, JUDGE_BYTES_MAX);
	search.options.is_cancelled = fiber_is_cancelled;
	err = judges_prepare(&search, games);
	if (!err)
		err = search_on(&search, threads);
	/* What the judges say lives in their arenas. */
	if (err)
		err = err_new(ctx, err->code, STR_FMT, STR_ARG(err->message));
	for (int i = 0; i < FIT_TRIALS; i++)
		arena_release(&search.judges->each[i].arena);
	return err;
}
