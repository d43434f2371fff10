#include "predictions/outlook_store.h"

#include <assert.h>

#include "codec/json_canonical.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "predictions/forecast.h"
#include "predictions/publication.h"
#include "predictions/rounded.h"
#include "predictions/schedule.h"
#include "sys/clock.h"

enum {
	DETAILS_BYTES_MAX = 2048,
	DECIMALS = 6,
	WEEKS_AT_ONCE = WEEK_MOST + 2,
	/* On a machine that is slow what was played by then is stored. */
	STORED_AFTER_MS = 200000, /* of the 300 s that a job has */
	KEPT_BYTES_MAX = 16 << 20,
};

/* --- Storing */

/* Outlooks that are stored at once. */
struct storing {
	enum tier tier;
	struct outlook_put puts[WEEKS_AT_ONCE * FRANCHISES];
	size_t count;
	int32_t live_season; /* whose live one is among them; 0: none */
	int64_t stored;
};

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
put_of(struct ctx *ctx, enum tier tier, const struct outlook *of, int franchise,
	struct outlook_put *ret)
{
	struct season_time when = of->when;
	struct season_outlook outlook = season_outlook(&of->counts, franchise);

	*ret = (struct outlook_put){
		.model = forecast_model_name(tier),
		.season = when.season,
		.week = of->games_played ? 0 : when.week,
		.next_week = { .is_set = of->games_played > 0, .value = when.week },
		.games_played = of->games_played,
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
gather(struct ctx *ctx, const struct outlook *outlook, struct storing *storing)
{
	if (outlook->when.is_live)
		storing->live_season = outlook->when.season;
	for (int franchise = 0; franchise < FRANCHISES; franchise++) {
		if (!outlook->plays[franchise])
			continue;
		assert(storing->count < COUNT_OF(storing->puts));
		TRY(put_of(ctx, storing->tier, outlook, franchise,
			&storing->puts[storing->count++]));
	}
	return NULL;
}

static struct err *
store_in_tx(struct tx *tx, void *arg)
{
	struct storing *storing = arg;

	if (storing->live_season)
		TRY(q_outlook_live_clear(
			tx, forecast_model_name(storing->tier), storing->live_season));
	TRY(q_outlook_put(tx, storing->puts, storing->count, &storing->stored));
	return publication_renew(tx);
}

/* Store what was gathered; then nothing is. */
static struct err *
store(struct ctx *ctx, struct storing *storing)
{
	if (storing->count == 0)
		return NULL;
	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, store_in_tx, storing));
	storing->count = 0;
	storing->live_season = 0;
	return NULL;
}

struct err *
outlook_store(struct ctx *ctx, enum tier tier, struct outlook *outlook)
{
	struct storing *storing;

	TRY_NEW(ctx->arena, storing, 1);
	storing->tier = tier;
	TRY(gather(ctx, outlook, storing));
	TRY(store(ctx, storing));
	outlook->stored = storing->stored;
	return NULL;
}

/* --- A whole season */

/* What all weeks of a season are played with. What is gathered lies in KEPT: playing a
 * week takes some ten megabytes of the context's arena, which are given back after
 * each. */
struct completing {
	struct ctx *ctx;
	struct arena kept;
	struct outlook_options options;
	struct outlook *outlook;
	struct storing *storing;
	struct outlook_week_list stored;
	int64_t store_until;
};

static struct err *
play_one(struct completing *completing)
{
	struct arena_mark mark = arena_mark(completing->ctx->arena);
	struct ctx keeping = *completing->ctx;

	keeping.arena = &completing->kept;
	/* created_at is each week's own: the first of a season may be played minutes
	 * before the last. */
	keeping.now = clock_now_us();
	TRY(outlook_simulate(completing->ctx, &completing->options, completing->outlook));
	TRY(gather(&keeping, completing->outlook, completing->storing));
	arena_rewind(completing->ctx->arena, mark);
	if (clock_monotonic_ns() < completing->store_until)
		return NULL;
	completing->store_until = clock_deadline_ms(STORED_AFTER_MS);
	return store(completing->ctx, completing->storing);
}

/* The weeks of SEASON that need not be played again for RUNS, of struct
 * outlook_options. */
static struct err *
weeks_stored(struct ctx *ctx, enum tier tier, int32_t season, int32_t runs,
	struct outlook_week_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return q_outlook_weeks(&tx,
		(struct outlook_weeks){ .model = forecast_model_name(tier),
			.season = season,
			.runs = runs ? runs : SEASON_RUNS_USUAL },
		ret);
}

static bool
is_stored(const struct outlook_week_list *stored, int32_t week)
{
	for (size_t i = 0; i < stored->count; i++)
		if (stored->items[i].week == week)
			return true;
	return false;
}

static struct err *
play_all(struct completing *completing, struct outlook_completed *ret)
{
	struct outlook_options *options = &completing->options;
	struct season_time now;
	int32_t before;

	TRY(play_one(completing));
	now = completing->outlook->when;
	/* Where none of its games is over the live one is that before its week. */
	before = completing->outlook->games_played ? now.week : now.week - 1;
	*ret = (struct outlook_completed){ .season = now.season,
		.week = now.week,
		.runs = completing->outlook->counts.runs };
	TRY(weeks_stored(completing->ctx, options->tier, now.season, options->runs,
		&completing->stored));
	options->season = now.season;
	for (int32_t week = 1; week <= before; week++) {
		if (is_stored(&completing->stored, week))
			continue;
		options->week = week;
		TRY(play_one(completing));
		ret->past_weeks++;
	}
	return store(completing->ctx, completing->storing);
}

struct err *
outlook_complete(struct ctx *ctx, const struct outlook_options *options,
	struct outlook_completed *ret)
{
	struct completing completing = { .ctx = ctx,
		.options = *options,
		.store_until = clock_deadline_ms(STORED_AFTER_MS) };
	struct err *err;

	TRY_NEW(ctx->arena, completing.outlook, 1);
	TRY_NEW(ctx->arena, completing.storing, 1);
	completing.storing->tier = options->tier;
	arena_init(&completing.kept, KEPT_BYTES_MAX);
	err = play_all(&completing, ret);
	arena_release(&completing.kept);
	return err;
}

struct err *
outlook_is_complete(struct ctx *ctx, const struct game_set *games,
	const struct outlook_options *options, bool *ret)
{
	int32_t season = options->season;
	int next = season_next_week(games->numbers, games->count, season);
	struct outlook_week_list stored;
	int32_t have = 0;

	TRY(weeks_stored(ctx, options->tier, season, options->runs, &stored));
	for (size_t i = 0; i < stored.count; i++)
		have += stored.items[i].week <= next;
	*ret = have >= next;
	return NULL;
}

/* --- Reading */

struct err *
outlook_rows(struct ctx *ctx, enum tier tier, const struct outlook *outlook,
	struct outlook_row_list *ret)
{
	struct outlook_row_list list = { .count = 0 };

	TRY_NEW(ctx->arena, list.items, FRANCHISES);
	for (int franchise = 0; franchise < FRANCHISES; franchise++) {
		struct outlook_put put;

		if (!outlook->plays[franchise])
			continue;
		TRY(put_of(ctx, tier, outlook, franchise, &put));
		list.items[list.count++] = (struct outlook_row){
			.model = put.model,
			.season = put.season,
			.week = OPT(outlook->when.week),
			.stands_before = outlook->when.week,
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
			.games_played = OPT(put.games_played),
			.counted = put.games_played,
		};
	}
	*ret = list;
	return NULL;
}
