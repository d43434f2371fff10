#include "predictions/forecast.h"

#include "base/map.h"
#include "model/walk.h"
#include "predictions/forecast_row.h"
#include "predictions/forecaster.h"
#include "predictions/key_weight.h"
#include "predictions/models_q.h"
#include "predictions/publication.h"
#include "predictions/rating.h"
#include "predictions/sample.h"
#include "sys/wait.h"

enum {
	KEY_BYTES = sizeof(struct uuid) + 1, /* game and type */
	MOST_TRIES = 10,                     /* while games keep changing under it */
};

/* Weights of key numbers and the name they are stored under. */
struct named_weights {
	const struct key_weights *keys;
	struct str name;
};

struct forecasting {
	struct ctx *ctx;
	const struct forecast_options *options;
	struct game_set games;
	struct walk walk;
	struct uuid token; /* of what was published when the games were read */
	bool is_stale;     /* something else has been published since */
	struct err *err;   /* of the walk */
	struct forecast_counts counts;
	struct map heads; /* game and type → struct prediction_head, the last stored */
	struct {
		VEC_OF(struct prediction_insert)
	} inserts;
	struct {
		VEC_OF(struct prediction_supersede)
	} superseded; /* what the inserts come after */
	struct {
		VEC_OF(struct prediction_sample_set)
	} samples; /* of winners' forecasts that may stay as they are */
	struct {
		VEC_OF(struct key_weights_put)
	} weights; /* of the walk, two lists a season */
	struct named_weights margin_weights, total_weights; /* of the season under way */
};

struct str
forecast_model_name(enum tier tier)
{
	switch (tier) {
	case TIER_S:
		return STR("gridiron-results");
	case TIER_L:
		return STR(HOUSE_MODEL);
	case TIER_B:
		return STR("gridiron-line");
	}
	return STR_NONE;
}

static bool
is_begun(const struct forecasting *forecasting, const struct game *game)
{
	return game->home_score.is_set || game_begins_at(game) <= forecasting->ctx->now;
}

static bool
is_asked_for(const struct forecasting *forecasting, const struct game *game)
{
	const struct forecast_options *options = forecasting->options;

	switch (options->scope) {
	case FORECAST_TO_COME:
		return !is_begun(forecasting, game);
	case FORECAST_WEEK:
		return game->season == options->season && game->week == options->week;
	case FORECAST_SEASON:
		return game->season == options->season;
	case FORECAST_ALL:
		return true;
	}
	return false;
}

/* --- What is stored already */

static struct str
key_of(char storage[static KEY_BYTES], struct game_id game, struct str type)
{
	memcpy(storage, game.uuid.bytes, sizeof(game.uuid.bytes));
	storage[KEY_BYTES - 1] = type.len ? type.ptr[0] : '\0';
	return (struct str){ .ptr = storage, .len = KEY_BYTES };
}

static struct err *
head_keep(void *arg, const struct prediction_head *row)
{
	struct forecasting *forecasting = arg;
	struct arena *arena = forecasting->ctx->arena;
	char storage[KEY_BYTES];
	struct str key = key_of(storage, row->game_id, row->prediction_type);
	struct prediction_head *head = map_find(&forecasting->heads, key);

	if (!head) {
		TRY_NEW(arena, head, 1);
		key = str_dup(arena, key);
		if (str_is_none(key) || !map_put(&forecasting->heads, key, head))
			return err_no_memory();
	}
	*head = *row;
	head->prediction_data = STR_NONE;
	if (!str_is_none(row->prediction_data)) {
		head->prediction_data = str_dup(arena, row->prediction_data);
		if (str_is_none(head->prediction_data))
			return err_no_memory();
	}
	return NULL;
}

static struct err *
heads_read(struct tx *tx, struct forecasting *forecasting)
{
	struct prediction_heads args = {
		.model = forecast_model_name(forecasting->options->tier),
		.first = INT32_MAX,
	};

	for (size_t i = 0; i < forecasting->games.count; i++) {
		const struct game *game = &forecasting->games.games[i];

		if (!is_asked_for(forecasting, game))
			continue;
		forecasting->counts.games++;
		args.first = game->season < args.first ? game->season : args.first;
		args.last = game->season > args.last ? game->season : args.last;
	}
	map_init(&forecasting->heads, tx->ctx->arena);
	return q_prediction_heads(tx, args, head_keep, forecasting);
}

/* --- What to store */

/* The name of KEYS, which are stored under it. They are the same for a season, and games
 * come by season. */
static struct err *
weights_name(struct forecasting *forecasting, const struct key_weights *keys,
	struct named_weights *last, struct str *ret)
{
	struct ctx *ctx = forecasting->ctx;
	struct key_weights_put put = { .now = ctx->now };

	if (keys && keys != last->keys) {
		TRY(key_weights_format(ctx->arena, keys, &put.weights, &put.digest));
		*last = (struct named_weights){ .keys = keys, .name = put.digest };
		if (!VEC_PUSH(ctx->arena, &forecasting->weights, put))
			return err_no_memory();
	}
	*ret = keys ? last->name : STR_NONE;
	return NULL;
}

static bool
is_sample(const struct forecasting *forecasting, size_t i, enum prediction_type type)
{
	return forecasting->options->tier == TIER_L && type == PREDICTION_GAME &&
		sample_is(&forecasting->games, i);
}

/* Which games of a week are samples may change with those that come. */
static struct err *
plan_sample(struct forecasting *forecasting, size_t i, enum prediction_type type)
{
	if (type != PREDICTION_GAME)
		return NULL;
	return VEC_PUSH(forecasting->ctx->arena, &forecasting->samples,
		       (struct prediction_sample_set){
			       .game_id = forecasting->games.games[i].id,
			       .model = forecast_model_name(forecasting->options->tier),
			       .is_sample = is_sample(forecasting, i, type),
		       })
		? NULL
		: err_no_memory();
}

static struct err *
plan_type(struct forecasting *forecasting, size_t i, enum prediction_type type,
	int64_t week_begins_at)
{
	struct ctx *ctx = forecasting->ctx;
	const struct game *game = &forecasting->games.games[i];
	bool begun = is_begun(forecasting, game);
	char storage[KEY_BYTES];
	struct str key = key_of(storage, game->id, str_from(prediction_type_names[type]));
	const struct prediction_head *head = map_find(&forecasting->heads, key);
	const struct forecast *forecast = &forecasting->walk.forecasts[i];
	struct forecast_row_options options = { .type = type, .is_backfilled = begun };
	struct prediction_insert row = { .week = 0 };

	if (head && begun) {
		forecasting->counts.unchanged++;
		return NULL;
	}
	if (head)
		TRY(plan_sample(forecasting, i, type));
	TRY(weights_name(forecasting, forecast->margins.keys,
		&forecasting->margin_weights, &options.weights));
	TRY(weights_name(forecasting, forecast->totals.keys, &forecasting->total_weights,
		&options.total_weights));
	TRY(forecast_row(ctx->arena, &options, game, forecast, &row));
	if (head && str_eq(head->prediction_data, row.prediction_data)) {
		forecasting->counts.unchanged++;
		return NULL;
	}
	row.model = forecast_model_name(forecasting->options->tier);
	row.model_version = STR(MODEL_VERSION);
	row.predicted_at = begun ? week_begins_at : ctx->now;
	row.now = ctx->now;
	row.is_sample = is_sample(forecasting, i, type);
	if (head &&
		!VEC_PUSH(ctx->arena, &forecasting->superseded,
			(struct prediction_supersede){
				.game_id = game->id,
				.model = row.model,
				.prediction_type = str_from(prediction_type_names[type]),
				.predicted_at = row.predicted_at,
			}))
		return err_no_memory();
	return VEC_PUSH(ctx->arena, &forecasting->inserts, row) ? NULL : err_no_memory();
}

static struct err *
plan(struct forecasting *forecasting)
{
	const struct game_set *games = &forecasting->games;
	int64_t week_begins_at = 0;

	for (size_t i = 0; i < games->count; i++) {
		const struct game *game = &games->games[i];

		/* Games come in order of season, week and day. */
		if (i == 0 || game->season != games->games[i - 1].season ||
			game->week != games->games[i - 1].week)
			week_begins_at = game_day_begins_at(game);
		if (!is_asked_for(forecasting, game) ||
			!forecasting->walk.forecasts[i].is_made)
			continue;
		for (int type = 0; type < PREDICTION_TYPES; type++)
			TRY(plan_type(forecasting, i, (enum prediction_type)type,
				week_begins_at));
	}
	return NULL;
}

/* --- Doing it */

static struct err *
ratings_store(struct tx *tx, struct forecasting *forecasting)
{
	struct rating_scope scope = { .is_all = true };

	if (forecasting->options->scope == FORECAST_WEEK ||
		forecasting->options->scope == FORECAST_SEASON) {
		scope.is_all = false;
		scope.season = forecasting->options->season;
		scope.week = forecasting->options->scope == FORECAST_WEEK
			? forecasting->options->week
			: 0;
	}
	return rating_store(tx, forecast_model_name(forecasting->options->tier),
		&forecasting->games, &forecasting->walk, scope,
		&forecasting->counts.ratings);
}

static struct err *
store_in_tx(struct tx *tx, void *arg)
{
	struct forecasting *forecasting = arg;
	struct uuid token;
	int64_t superseded, kept, moved;

	/* This may be a second try. */
	forecasting->counts = (struct forecast_counts){ .games = 0 };
	forecasting->inserts.count = 0;
	forecasting->superseded.count = 0;
	forecasting->samples.count = 0;
	forecasting->weights.count = 0;
	forecasting->margin_weights = (struct named_weights){ .keys = NULL };
	forecasting->total_weights = (struct named_weights){ .keys = NULL };
	TRY(publication_token_in(tx, &token));
	forecasting->is_stale = !uuid_eq(token, forecasting->token);
	if (forecasting->is_stale)
		return NULL;
	TRY(heads_read(tx, forecasting));
	TRY(plan(forecasting));
	TRY(forecaster_put_house(tx, forecasting->options->tier));
	TRY(q_key_weights_put(
		tx, forecasting->weights.items, forecasting->weights.count, &kept));
	TRY(q_prediction_supersede(tx, forecasting->superseded.items,
		forecasting->superseded.count, &superseded));
	TRY(q_prediction_insert(tx, forecasting->inserts.items,
		forecasting->inserts.count, &forecasting->counts.stored));
	TRY(q_prediction_sample_set(
		tx, forecasting->samples.items, forecasting->samples.count, &moved));
	TRY(ratings_store(tx, forecasting));
	if (forecasting->counts.stored || moved || forecasting->counts.ratings)
		TRY(publication_renew(tx));
	return NULL;
}

/* On another thread: a tenth of a second that would hold the loop. */
static void
walk_through(void *arg)
{
	struct forecasting *forecasting = arg;

	forecasting->err = walk_games(forecasting->ctx->arena,
		(struct walk_options){ .tier = forecasting->options->tier,
			.keep_ratings = true,
			.is_cancelled = fiber_is_cancelled },
		forecasting->games.numbers, forecasting->games.count, &forecasting->walk);
}

/* Read the games, walk, and store unless games were published meanwhile: the walk takes a
 * tenth of a second, for which no transaction should hold what others wait for. */
static struct err *
forecast_try(struct ctx *ctx, struct forecasting *forecasting)
{
	TRY(publication_token(ctx, &forecasting->token));
	TRY(game_set_read(ctx, &forecasting->games));
	if (forecasting->games.count == 0)
		return err_new(ctx, ERR_NOT_FOUND,
			"there are no games: run gridiron import first");
	TRY(fiber_offload(ctx, walk_through, forecasting));
	TRY(forecasting->err);
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, store_in_tx, forecasting);
}

struct err *
forecast_store(struct ctx *ctx, const struct forecast_options *options,
	struct forecast_counts *ret)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	struct forecasting forecasting = { .ctx = ctx, .options = options };

	TRY(forecast_try(ctx, &forecasting));
	for (int tries = 1; forecasting.is_stale; tries++) {
		if (tries == MOST_TRIES)
			return err_new(ctx, ERR_BUSY,
				"games change faster than they can be forecast; try "
				"again");
		arena_rewind(ctx->arena, mark);
		forecasting = (struct forecasting){ .ctx = ctx, .options = options };
		TRY(forecast_try(ctx, &forecasting));
	}
	if (forecasting.counts.games == 0 && options->scope != FORECAST_TO_COME)
		return err_new(
			ctx, ERR_NOT_FOUND, "there are no games of that season and week");
	*ret = forecasting.counts;
	return NULL;
}
