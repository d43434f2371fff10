#include "predictions/elo_chance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/vec.h"
#include "codec/uuid.h"
#include "model/elo.h"
#include "predictions/game.h"
#include "predictions/publication.h"

enum {
	KEPT_BYTES_MAX = 8 << 20, /* 24 bytes a game; a feed has a hundred thousand */
};

struct elo_chance {
	struct game_id id;
	double home;
};

/* --- Made */

struct gathering {
	struct arena *arena;
	struct {
		VEC_OF(struct model_game)
	} games;
	struct {
		VEC_OF(struct elo_chance)
	} chances;
};

static struct err *
gather(void *arg, const struct game *row)
{
	struct gathering *gathering = arg;

	if (row->is_cancelled)
		return NULL;
	return VEC_PUSH(gathering->arena, &gathering->games, game_numbers(row)) &&
			VEC_PUSH(gathering->arena, &gathering->chances,
				(struct elo_chance){ .id = row->id })
		? NULL
		: err_no_memory();
}

static int
compare(const void *a, const void *b)
{
	const struct elo_chance *one = a, *other = b;

	return memcmp(
		one->id.uuid.bytes, other->id.uuid.bytes, sizeof(one->id.uuid.bytes));
}

struct err *
elo_chances_read(struct tx *tx, struct elo_chances *ret)
{
	struct arena *arena = tx->ctx->arena;
	struct gathering gathering = { .arena = arena };
	double *numbers;

	TRY(q_games_walked(tx, gather, &gathering));
	TRY(elo_walk(arena, gathering.games.items, gathering.games.count, &numbers));
	for (size_t i = 0; i < gathering.chances.count; i++)
		gathering.chances.items[i].home = numbers[i];
	if (gathering.chances.count > 0)
		qsort(gathering.chances.items, gathering.chances.count,
			sizeof(*gathering.chances.items), compare);
	*ret = (struct elo_chances){ .items = gathering.chances.items,
		.count = gathering.chances.count };
	return NULL;
}

struct opt_f64
elo_chance_of(const struct elo_chances *chances, struct game_id id)
{
	struct elo_chance key = { .id = id };
	const struct elo_chance *found = chances->count > 0
		? bsearch(&key, chances->items, chances->count, sizeof(key), compare)
		: NULL;

	return (struct opt_f64){ .is_set = found != NULL,
		.value = found ? found->home : 0 };
}

/* --- Kept */

static struct {
	pthread_mutex_t lock;
	bool is_kept;
	struct arena arena;
	struct uuid token;
	struct elo_chances chances;
} store = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Atomic uint64_t walked;

uint64_t
elo_chances_walked(void)
{
	return atomic_load_explicit(&walked, memory_order_relaxed);
}

static struct err *
copy(struct arena *arena, const struct elo_chances *from, struct elo_chances *ret)
{
	struct elo_chance *items;

	TRY_NEW(arena, items, from->count + 1);
	if (from->count > 0)
		memcpy(items, from->items, from->count * sizeof(*items));
	*ret = (struct elo_chances){ .items = items, .count = from->count };
	return NULL;
}

static struct err *
kept_find(struct ctx *ctx, struct uuid token, struct elo_chances *ret, bool *ret_found)
{
	struct err *err = NULL;

	pthread_mutex_lock(&store.lock);
	*ret_found = store.is_kept && uuid_eq(store.token, token);
	if (*ret_found)
		err = copy(ctx->arena, &store.chances, ret);
	pthread_mutex_unlock(&store.lock);
	return err;
}

void
elo_chances_forget(void)
{
	pthread_mutex_lock(&store.lock);
	if (store.is_kept)
		arena_release(&store.arena);
	store.is_kept = false;
	pthread_mutex_unlock(&store.lock);
}

/* Without memory they are not kept. */
static void
keep(struct uuid token, const struct elo_chances *chances)
{
	struct elo_chances kept;
	struct arena arena;

	arena_init(&arena, KEPT_BYTES_MAX);
	if (copy(&arena, chances, &kept)) {
		arena_release(&arena);
		return;
	}
	pthread_mutex_lock(&store.lock);
	if (store.is_kept)
		arena_release(&store.arena);
	store.is_kept = true;
	store.arena = arena;
	store.token = token;
	store.chances = kept;
	pthread_mutex_unlock(&store.lock);
}

struct reading {
	struct uuid token; /* of what the games are part of */
	struct elo_chances chances;
};

/* In one state of the database, since two reads may be of two replicas. */
static struct err *
read_in_tx(struct tx *tx, void *arg)
{
	struct reading *reading = arg;

	TRY(publication_token_in(tx, &reading->token));
	return elo_chances_read(tx, &reading->chances);
}

struct err *
elo_chances_find(struct ctx *ctx, struct elo_chances *ret)
{
	struct reading reading;
	struct uuid token;
	bool is_kept;

	TRY(publication_token(ctx, &token));
	TRY(kept_find(ctx, token, ret, &is_kept));
	if (is_kept)
		return NULL;
	atomic_fetch_add_explicit(&walked, 1, memory_order_relaxed);
	TRY(db_transact(ctx, TX_READ, SHARD_GLOBAL, read_in_tx, &reading));
	if (!uuid_is_nil(reading.token))
		keep(reading.token, &reading.chances);
	*ret = reading.chances;
	return NULL;
}
