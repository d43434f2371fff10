#include "predictions/elo_chance.h"

#include "base/vec.h"
#include "model/elo.h"
#include "predictions/game.h"

struct gathering {
	struct arena *arena;
	struct {
		VEC_OF(struct model_game)
	} games;
	struct {
		VEC_OF(struct game_id)
	} ids;
};

static struct str
key_of(const struct game_id *id)
{
	return (struct str){ (const char *)id->uuid.bytes, sizeof(id->uuid.bytes) };
}

static struct err *
gather(void *arg, const struct game *row)
{
	struct gathering *gathering = arg;

	if (row->is_cancelled)
		return NULL;
	return VEC_PUSH(gathering->arena, &gathering->games, game_numbers(row)) &&
			VEC_PUSH(gathering->arena, &gathering->ids, row->id)
		? NULL
		: err_no_memory();
}

struct err *
elo_chances_read(struct tx *tx, struct elo_chances *ret)
{
	struct arena *arena = tx->ctx->arena;
	struct gathering gathering = { .arena = arena };
	struct elo_chances chances;
	double *numbers;

	TRY(q_games_walked(tx, gather, &gathering));
	TRY(elo_walk(arena, gathering.games.items, gathering.games.count, &numbers));
	map_init(&chances.by_game, arena);
	for (size_t i = 0; i < gathering.ids.count; i++)
		if (!map_put(&chances.by_game, key_of(&gathering.ids.items[i]),
			    &numbers[i]))
			return err_no_memory();
	*ret = chances;
	return NULL;
}

struct opt_f64
elo_chance_of(const struct elo_chances *chances, struct game_id id)
{
	const double *chance = map_find(&chances->by_game, key_of(&id));

	return (struct opt_f64){ .is_set = chance != NULL,
		.value = chance ? *chance : 0 };
}
