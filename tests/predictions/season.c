#include "tests/predictions/season.h"

#include "codec/iso_time.h"
#include "predictions/game.h"
#include "predictions/import.h"
#include "predictions/pick.h"
#include "predictions/simulated.h"

struct user_id
user(int number)
{
	return (struct user_id){ { { 1, [6] = 0x70, [8] = 0x80,
		[14] = (uint8_t)(number >> 8), [15] = (uint8_t)number } } };
}

void
act_as(struct ctx *ctx, int number)
{
	ctx->actor.user_id = user(number);
}

struct err *
put_users(struct ctx *ctx, int count)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	bool is_postgres = db_dialect(ctx->db) == DIALECT_POSTGRES;

	for (int i = 1; i <= count; i++)
		TRY(db_run_text(&tx,
			str_fmt(ctx->arena,
				"INSERT INTO users (id, email, password_hash, "
				"created_at, updated_at) VALUES "
				"(%s'0100000000007000800000000000%04x', "
				"'u%d@example.org', '!', %s, %s)",
				is_postgres ? "" : "x", (unsigned)i, i,
				is_postgres ? "now()" : "1",
				is_postgres ? "now()" : "1")));
	return NULL;
}

struct err *
season_at(struct ctx *ctx, const char *now)
{
	struct simulated_options season = {
		.seed = 13, .first_season = SEASON, .last_season = SEASON
	};
	struct import_options import = { .source = STR("season"), .is_simulated = true };
	struct import_counts counts;
	struct feed feed;
	struct str csv;

	if (!iso_time_parse(str_from(now), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	season.now = ctx->now;
	TRY(simulated_league(ctx->arena, &season, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	return import_store(ctx, &feed, &import, &counts);
}

struct err *
import_at(struct ctx *ctx, const char *now, const struct feed_row *rows, size_t count)
{
	const struct import_options options = { .source = STR("feed.csv") };
	struct import_counts counts;
	struct feed feed;

	if (!iso_time_parse(str_from(now), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	TRY(feed_of(ctx->arena, rows, count, &feed));
	return import_store(ctx, &feed, &options, &counts);
}

struct err *
pick_week(struct ctx *ctx, int number, double probability, int count)
{
	struct game_set games;
	int picked = 0;

	act_as(ctx, number);
	TRY(game_set_read(ctx, &games));
	for (size_t i = 0; i < games.count && picked < count; i++) {
		if (games.games[i].week != WEEK)
			continue;
		TRY(pick_make(ctx,
			&(struct pick_ask){ .game_id = games.games[i].nflverse_id,
				.type = STR("game"),
				.pick = STR("home"),
				.probability = probability },
			NULL));
		picked++;
	}
	return NULL;
}

struct str
prop_row(struct ctx *ctx, struct str game, const char *rest)
{
	return str_fmt(ctx->arena, "game_id,subject,value\n" STR_FMT ",%s\n",
		STR_ARG(game), rest);
}
