#include "predictions/believed.h"

#include <pthread.h>
#include <stdatomic.h>

#include "codec/uuid.h"
#include "predictions/publication.h"
#include "sys/wait.h"

enum {
	KEPT_MOST = 16, /* some 300 KB each */
	KEPT_BYTES_MAX = 4 << 20,
	THREADS_MOST = 3, /* of the four that the pool has */
	WAIT_S = 2,
};

/* --- How many at once */

static _Atomic int threads_busy;

struct err *
supposing_begin(struct ctx *ctx, int threads)
{
	int busy = atomic_load(&threads_busy);
	struct err *err;

	/* Who finds no room takes none meanwhile from who would find it. */
	while (busy + threads <= THREADS_MOST)
		if (atomic_compare_exchange_weak(&threads_busy, &busy, busy + threads))
			return NULL;
	err = err_new(
		ctx, ERR_BUSY, "too many ask what would be if; try again in a moment");
	err->retry_after_s = WAIT_S;
	return err;
}

void
supposing_end(int threads)
{
	atomic_fetch_sub(&threads_busy, threads);
}

/* --- Kept */

static struct {
	_Atomic uint64_t kept;
	_Atomic uint64_t walked;
} counted;

struct believed_counters
believed_counters(void)
{
	return (struct believed_counters){
		.kept = atomic_load_explicit(&counted.kept, memory_order_relaxed),
		.walked = atomic_load_explicit(&counted.walked, memory_order_relaxed),
	};
}

struct kept {
	struct arena arena; /* in which it lies itself */
	struct uuid token;
	uint64_t used_at; /* by the count of uses */
	struct believed believed;
};

static struct {
	pthread_mutex_t lock;
	struct kept *items[KEPT_MOST];
	uint64_t uses;
} store = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct err *
copy_state(struct arena *arena, const struct state *from, struct state **ret)
{
	struct quarterback *quarterbacks;
	struct state *state;

	TRY_NEW(arena, state, 1);
	TRY_NEW(arena, quarterbacks, (size_t)from->quarterback_count + 1);
	*state = *from;
	memcpy(quarterbacks, from->quarterbacks,
		(size_t)from->quarterback_count * sizeof(*quarterbacks));
	state->quarterbacks = quarterbacks;
	*ret = state;
	return NULL;
}

static struct err *
copy_weights(struct arena *arena, const struct key_weights **weights)
{
	struct key_weights *copy;

	if (!*weights)
		return NULL;
	TRY_NEW(arena, copy, 1);
	*copy = **weights;
	*weights = copy;
	return NULL;
}

/* What walk_forecast needs, without what was gathered on the way. */
static struct err *
copy_walk(struct arena *arena, const struct walk *from, struct walk *ret)
{
	struct walk walk = { .options = from->options, .calibration = from->calibration };

	walk.options.is_cancelled = NULL;
	memset(&walk.calibration.chances, 0, sizeof(walk.calibration.chances));
	memset(&walk.calibration.blends, 0, sizeof(walk.calibration.blends));
	TRY(copy_weights(arena, &walk.calibration.keys));
	TRY(copy_weights(arena, &walk.calibration.total_keys));
	TRY(copy_state(arena, from->state, &walk.state));
	*ret = walk;
	return NULL;
}

static struct err *
own_text(struct arena *arena, struct str *text)
{
	struct str copy = str_dup(arena, *text);

	/* Absent it may have been: but none becomes so for want of memory. */
	if (str_is_none(copy) && !str_is_none(*text))
		return err_no_memory();
	*text = copy;
	return NULL;
}

static struct err *
believed_copy(struct arena *arena, const struct believed *from, struct believed *ret)
{
	struct believed copy = *from;

	TRY(copy_walk(arena, &from->walk, &copy.walk));
	TRY_NEW(arena, copy.passers, from->passer_count + 1);
	for (size_t i = 0; i < from->passer_count; i++) {
		copy.passers[i] = from->passers[i];
		TRY(own_text(arena, &copy.passers[i].id));
		TRY(own_text(arena, &copy.passers[i].name));
	}
	TRY_NEW(arena, copy.games, from->game_count + 1);
	for (size_t i = 0; i < from->game_count; i++) {
		copy.games[i] = from->games[i];
		TRY(own_text(arena, &copy.games[i].id));
		TRY(own_text(arena, &copy.games[i].home_team));
		TRY(own_text(arena, &copy.games[i].away_team));
	}
	*ret = copy;
	return NULL;
}

static bool
is_of(const struct kept *kept, struct uuid token, struct season_time when)
{
	return kept && uuid_eq(kept->token, token) &&
		kept->believed.when.season == when.season &&
		kept->believed.when.week == when.week;
}

/* A copy of what is kept; *ret_found says whether it is. */
static struct err *
kept_find(struct ctx *ctx, struct uuid token, struct season_time when,
	struct believed *ret, bool *ret_found)
{
	struct err *err = NULL;

	*ret_found = false;
	pthread_mutex_lock(&store.lock);
	for (int i = 0; i < KEPT_MOST && !*ret_found; i++) {
		if (!is_of(store.items[i], token, when))
			continue;
		*ret_found = true;
		store.items[i]->used_at = ++store.uses;
		err = believed_copy(ctx->arena, &store.items[i]->believed, ret);
	}
	pthread_mutex_unlock(&store.lock);
	return err;
}

static void
kept_release(struct kept *kept)
{
	struct arena arena;

	if (!kept)
		return;
	arena = kept->arena; /* it lies in it */
	arena_release(&arena);
}

void
believed_forget(void)
{
	pthread_mutex_lock(&store.lock);
	for (int i = 0; i < KEPT_MOST; i++) {
		kept_release(store.items[i]);
		store.items[i] = NULL;
	}
	pthread_mutex_unlock(&store.lock);
}

/* In the place of what was not asked for longest. Without memory it is not kept. */
static void
keep(struct uuid token, const struct believed *believed)
{
	struct arena arena;
	struct kept *kept, *old;
	int place = 0;

	arena_init(&arena, KEPT_BYTES_MAX);
	kept = arena_alloc(&arena, sizeof(*kept));
	if (!kept || believed_copy(&arena, believed, &kept->believed)) {
		arena_release(&arena);
		return;
	}
	kept->token = token;
	kept->arena = arena;
	pthread_mutex_lock(&store.lock);
	for (int i = 0; i < KEPT_MOST; i++) {
		if (!store.items[i] || is_of(store.items[i], token, believed->when)) {
			place = i;
			break;
		}
		if (store.items[i]->used_at < store.items[place]->used_at)
			place = i;
	}
	kept->used_at = ++store.uses;
	old = store.items[place];
	store.items[place] = kept;
	pthread_mutex_unlock(&store.lock);
	kept_release(old);
}

/* --- Made */

struct walking {
	struct ctx *ctx;
	struct game_set games;
	struct uuid token; /* of what the games are part of */
	struct season_time when;
	struct walk walk;
	struct err *err;
};

/* As it was, or will be, before the week: what is known later is cut away. */
static struct err *
walk_to(struct walking *walking)
{
	struct arena *arena = walking->ctx->arena;
	struct walk_options options = season_walk(TIER_L, walking->when);
	struct season_view view;

	options.is_cancelled = fiber_is_cancelled;
	TRY(season_cut(arena, walking->games.numbers, walking->games.count, walking->when,
		&view));
	return walk_games(arena, options, view.games, view.count, &walking->walk);
}

static void
walk_elsewhere(void *arg)
{
	struct walking *walking = arg;

	walking->err = walk_to(walking);
}

static bool
is_before(const struct model_game *game, struct season_time when)
{
	return game->season < when.season ||
		(game->season == when.season && game->week < when.week);
}

/* Everybody who has thrown, and for whom he last started before the week. Games come in
 * their order. */
static struct err *
note_passers(const struct walking *walking, struct believed *believed)
{
	const struct game_set *games = &walking->games;

	believed->passer_count = games->passer_count;
	TRY_NEW(walking->ctx->arena, believed->passers, games->passer_count + 1);
	for (size_t i = 0; i < games->passer_count; i++) {
		believed->passers[i].id = games->passers[i].id;
		believed->passers[i].name = games->passers[i].name;
	}
	for (size_t i = 0; i < games->count; i++) {
		const struct model_game *game = &games->numbers[i];
		const int passers[] = { game->home_quarterback, game->away_quarterback };
		const int teams[] = { game->home, game->away };

		if (!game->is_played || !is_before(game, walking->when))
			continue;
		for (int side = 0; side < 2; side++) {
			if (passers[side] == QUARTERBACK_UNKNOWN)
				continue;
			believed->passers[passers[side]].last_season = game->season;
			believed->passers[passers[side]].last_team = teams[side];
		}
	}
	return NULL;
}

static struct err *
note_games(const struct walking *walking, struct believed *believed)
{
	const struct game_set *games = &walking->games;

	TRY_NEW(walking->ctx->arena, believed->games, games->count + 1);
	for (size_t i = 0; i < games->count; i++) {
		const struct game *game = &games->games[i];

		if (games->numbers[i].season != walking->when.season ||
			games->numbers[i].week != walking->when.week)
			continue;
		believed->games[believed->game_count++] = (struct believed_game){
			.id = game->nflverse_id,
			.home_team = game->home_team,
			.away_team = game->away_team,
			.numbers = games->numbers[i]
		};
	}
	return NULL;
}

/* In one state of the database: two reads may be of two replicas, and what the one that
 * lags says would be kept as what the other has published. */
static struct err *
read_in_tx(struct tx *tx, void *arg)
{
	struct walking *walking = arg;

	TRY(publication_token_in(tx, &walking->token));
	return game_set_read_in(tx, &walking->games);
}

static struct err *
make(struct ctx *ctx, struct season_time when, struct believed *ret,
	struct uuid *ret_token)
{
	struct walking walking = { .ctx = ctx, .when = when };
	struct believed believed = { .when = when };
	struct err *err;

	TRY(db_transact(ctx, TX_READ, SHARD_GLOBAL, read_in_tx, &walking));
	if (season_next_week(walking.games.numbers, walking.games.count, when.season) ==
		0)
		return err_new(ctx, ERR_NOT_FOUND, "there are no games of season %d",
			when.season);
	err = fiber_offload(ctx, walk_elsewhere, &walking);
	TRY(err);
	TRY(walking.err);
	believed.walk = walking.walk;
	TRY(note_passers(&walking, &believed));
	TRY(note_games(&walking, &believed));
	*ret = believed;
	*ret_token = walking.token;
	return NULL;
}

struct err *
believed_before(struct ctx *ctx, struct season_time when, struct believed *ret)
{
	struct uuid token;
	struct err *err;
	bool is_kept;

	TRY(publication_token(ctx, &token));
	TRY(kept_find(ctx, token, when, ret, &is_kept));
	if (is_kept) {
		atomic_fetch_add_explicit(&counted.kept, 1, memory_order_relaxed);
		return NULL;
	}
	TRY(supposing_begin(ctx, 1));
	atomic_fetch_add_explicit(&counted.walked, 1, memory_order_relaxed);
	err = make(ctx, when, ret, &token);
	supposing_end(1);
	TRY(err);
	if (!uuid_is_nil(token))
		keep(token, ret);
	return NULL;
}
