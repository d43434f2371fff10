/* What if another quarterback played, or a result were known. */
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/iso_time.h"
#include "db/dispatch.h"
#include "db/fault.h"
#include "predictions/import.h"
#include "predictions/outlook_store.h"
#include "predictions/outlooks_q.h"
#include "predictions/simulated.h"
#include "predictions/what_if.h"

enum {
	SEED = 9,
	FIRST_SEASON = 2020,
	SEASON = 2022,
	WEEK = 8,
	LAST_WEEK = 17,
};

static struct err *
csv_import(struct ctx *ctx, struct str csv)
{
	struct import_options import = { .source = STR("league"), .is_simulated = true };
	struct import_counts counts;
	struct feed feed;

	TRY(feed_of_text(ctx->arena, csv, &feed));
	return import_store(ctx, &feed, &import, &counts);
}

static struct err *
csv_at(struct ctx *ctx, int first, int last, const char *now, struct str *ret)
{
	struct simulated_options league = {
		.seed = SEED, .first_season = first, .last_season = last
	};

	if (!iso_time_parse(str_from(now), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	league.now = ctx->now;
	return simulated_league(ctx->arena, &league, ret);
}

static struct err *
seasons_at(struct ctx *ctx, int first, int last, const char *now)
{
	struct str csv;

	TRY(csv_at(ctx, first, last, now, &csv));
	return csv_import(ctx, csv);
}

static struct err *
league_at(struct ctx *ctx, const char *now)
{
	return seasons_at(ctx, FIRST_SEASON, SEASON, now);
}

static struct err *
week_game(struct ctx *ctx, int week, struct game_set *games, size_t *ret)
{
	TRY(game_set_read(ctx, games));
	for (size_t i = 0; i < games->count; i++)
		if (games->games[i].season == SEASON && games->games[i].week == week) {
			*ret = i;
			return NULL;
		}
	return err_new(ctx, ERR_NOT_FOUND, "no game of that week");
}

BOTH_ENGINES(without_another_quarterback_the_forecast_is_the_one_that_was_made)
{
	struct game_set games;
	struct what_if_options options = { .game_id = STR_NONE };
	struct what_if what_if;
	struct walk walk;
	size_t game;

	OK_ERR(league_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(week_game(ctx, WEEK, &games, &game));
	OK_ERR(walk_games(ctx->arena, (struct walk_options){ .tier = TIER_L },
		games.numbers, games.count, &walk));
	options.game_id = games.games[game].nflverse_id;
	OK_ERR(what_if_forecast(ctx, &options, &what_if));
	OK(what_if.forecast.home_win == walk.forecasts[game].home_win);
	OK(what_if.forecast.total == walk.forecasts[game].total);
	OK(what_if.as_named.margin == walk.forecasts[game].margin);
	EQ_STR(what_if.home.id, games.games[game].home_qb_id);
}

BOTH_ENGINES(weeks_ahead_it_is_the_one_that_was_made_too)
{
	struct game_set games;
	struct what_if_options options = { .game_id = STR_NONE };
	struct what_if what_if;
	struct walk walk;
	size_t game;

	OK_ERR(league_at(ctx, "2022-12-01T00:00:00Z"));
	OK_ERR(week_game(ctx, LAST_WEEK, &games, &game));
	OK(!games.numbers[game].is_played);
	OK_ERR(walk_games(ctx->arena, (struct walk_options){ .tier = TIER_L },
		games.numbers, games.count, &walk));
	options.game_id = games.games[game].nflverse_id;
	OK_ERR(what_if_forecast(ctx, &options, &what_if));
	OK(what_if.as_named.home_win == walk.forecasts[game].home_win);
	OK(what_if.as_named.margin_se == walk.forecasts[game].margin_se);
}

BOTH_ENGINES(a_week_is_walked_to_once_until_games_change)
{
	struct game_set games;
	struct what_if_options options = { .game_id = STR_NONE };
	struct believed_counters before, after;
	struct what_if first, again;
	size_t game;

	OK_ERR(league_at(ctx, "2022-12-01T00:00:00Z"));
	OK_ERR(week_game(ctx, WEEK, &games, &game));
	options.game_id = games.games[game].nflverse_id;
	before = believed_counters();
	OK_ERR(what_if_forecast(ctx, &options, &first));
	OK_ERR(what_if_forecast(ctx, &options, &again));
	after = believed_counters();
	EQ_I64(after.walked - before.walked, 1);
	EQ_I64(after.kept - before.kept, 1);
	OK(first.forecast.home_win == again.forecast.home_win);
	OK(distribution_chance(&first.forecast.margins, 3) ==
		distribution_chance(&again.forecast.margins, 3));
	EQ_STR(again.home_team, games.games[game].home_team);
	EQ_STR(again.away.name, first.away.name);
	/* A week later more is known. */
	OK_ERR(league_at(ctx, "2022-12-08T00:00:00Z"));
	OK_ERR(what_if_forecast(ctx, &options, &again));
	EQ_I64(believed_counters().walked - after.walked, 1);
}

/* A read of its own may be of another replica than the one before: here, that of the token
 * is of one that is ahead. */
static const char ahead[] = "UPDATE publications SET name = 'held';"
			    "INSERT INTO publications (name, token, published_at) "
			    "SELECT 'forecasts', %s, published_at FROM publications";
static const char level[] = "DELETE FROM publications WHERE name = 'forecasts';"
			    "UPDATE publications SET name = 'forecasts'";
static const struct driver *inner;

static struct err *
ahead_run(void *state, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected)
{
	bool is_token = tx->is_auto && strcmp(query->name, "publication_get") == 0;
	const char *id = inner->dialect == DIALECT_SQLITE
		? "x'000102030405060708090a0b0c0d0e0f'"
		: "'00010203-0405-0607-0809-0a0b0c0d0e0f'";
	struct err *err;

	if (!is_token)
		return inner->run(state, tx, query, params, sink, ret_affected);
	TRY(inner->run_text(state, tx, str_fmt(tx->ctx->arena, ahead, id)));
	err = inner->run(state, tx, query, params, sink, ret_affected);
	TRY(inner->run_text(state, tx, str_from(level)));
	return err;
}

BOTH_ENGINES(what_is_believed_is_kept_for_the_games_it_was_made_of)
{
	const struct season_time when = { .season = SEASON, .week = WEEK };
	uint64_t walked;
	struct driver driver = *ctx->db->driver;
	struct believed believed;

	inner = ctx->db->driver;
	driver.run = ahead_run;
	OK_ERR(league_at(ctx, "2022-12-01T00:00:00Z"));
	ctx->db->driver = &driver;
	walked = believed_counters().walked;
	OK_ERR(believed_before(ctx, when, &believed));
	OK_ERR(believed_before(ctx, when, &believed));
	ctx->db->driver = inner;
	/* Of games that are not those of the token that was asked for. */
	EQ_I64(believed_counters().walked - walked, 2);
	OK_ERR(believed_before(ctx, when, &believed));
	EQ_I64(believed_counters().walked - walked, 2);
	believed_forget();
	OK_ERR(believed_before(ctx, when, &believed));
	EQ_I64(believed_counters().walked - walked, 3);
}

/* Whatever memory there is. */
BOTH_ENGINES(of_what_is_kept_a_copy_is_whole_or_none)
{
	struct season_time when = { .season = SEASON, .week = WEEK };
	struct believed believed, copy;
	bool is_whole = false;

	OK_ERR(league_at(ctx, "2022-12-01T00:00:00Z"));
	OK_ERR(believed_before(ctx, when, &believed));
	for (size_t bytes = 128 * 1024; !is_whole && bytes < 1 << 20; bytes += 128) {
		struct ctx poor = *ctx;
		struct arena arena;
		size_t named = 0;

		arena_init(&arena, bytes);
		poor.arena = &arena;
		is_whole = !believed_before(&poor, when, &copy);
		for (size_t i = 0; is_whole && i < copy.game_count; i++)
			named += !str_is_none(copy.games[i].away_team);
		OK_OR(!is_whole || named == believed.game_count, "%zu of %zu in %zu",
			named, believed.game_count, bytes);
		arena_release(&arena);
	}
	OK(is_whole);
}

BOTH_ENGINES(no_more_is_supposed_at_once_than_leaves_a_thread_for_others)
{
	uint64_t walked = believed_counters().walked;
	struct believed believed;
	struct err *err;

	OK_ERR(supposing_begin(ctx, OUTLOOK_THREADS));
	err = supposing_begin(ctx, OUTLOOK_THREADS);
	OK(err && err->code == ERR_BUSY && err->retry_after_s == 2);
	OK_ERR(supposing_begin(ctx, 1));
	FAILS_WITH(supposing_begin(ctx, 1), ERR_BUSY);
	/* What is refused is no walk. */
	FAILS_WITH(believed_before(ctx,
			   (struct season_time){ .season = SEASON, .week = WEEK },
			   &believed),
		ERR_BUSY);
	EQ_I64(believed_counters().walked, walked);
	supposing_end(1);
	supposing_end(OUTLOOK_THREADS);
}

BOTH_ENGINES(a_better_quarterback_wins_more_often)
{
	struct game_set games;
	struct what_if_options options = { .game_id = STR_NONE };
	struct quarterback_list list;
	struct what_if with_best, with_worst, by_name;
	size_t game;

	OK_ERR(league_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(week_game(ctx, WEEK, &games, &game));
	OK_ERR(quarterbacks_before(
		ctx, (struct season_time){ .season = SEASON, .week = WEEK }, &list));
	OK(list.count >= 32);
	for (size_t i = 1; i < list.count; i++)
		OK(list.items[i - 1].worth >= list.items[i].worth);
	OK(list.items[0].worth_se > 0 && list.items[0].starts > 0);
	options.game_id = games.games[game].nflverse_id;
	options.home_quarterback = list.items[0].id;
	OK_ERR(what_if_forecast(ctx, &options, &with_best));
	options.home_quarterback = list.items[list.count - 1].id;
	OK_ERR(what_if_forecast(ctx, &options, &with_worst));
	OK(with_best.forecast.home_win > with_worst.forecast.home_win);
	OK(with_best.as_named.home_win == with_worst.as_named.home_win);
	NEAR(with_best.home.worth, list.items[0].worth, 0);
	options.home_quarterback = list.items[0].name;
	OK_ERR(what_if_forecast(ctx, &options, &by_name));
	OK(by_name.forecast.home_win == with_best.forecast.home_win);
}

BOTH_ENGINES(nobody_and_nothing_are_refused_with_the_field)
{
	struct game_set games;
	struct what_if_options options = { .game_id = STR("2022_99_NO_BODY") };
	struct what_if what_if;
	struct err *err;
	size_t game;

	OK_ERR(league_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(week_game(ctx, WEEK, &games, &game));
	err = what_if_forecast(ctx, &options, &what_if);
	OK(err && err->code == ERR_NOT_FOUND);
	options.game_id = games.games[game].nflverse_id;
	options.away_quarterback = STR("Nobody At All");
	err = what_if_forecast(ctx, &options, &what_if);
	OK(err && err->code == ERR_INVALID);
	EQ_STR(err->field, STR("away_qb"));
	options.away_quarterback = games.games[game].home_qb_id;
	err = what_if_forecast(ctx, &options, &what_if);
	OK(err && err->code == ERR_INVALID);
}

BOTH_ENGINES(results_are_supposed_of_games_to_come_only)
{
	static const struct {
		const char *text;
		bool is_good;
	} lists[] = { { "%s:home", true }, { "%s:tie,x", false }, { "%s:win", false },
		{ "%s", false }, { ":home", false }, { "%s:home,%s:away", false },
		{ "2022_99_NO_BODY:home", true }, { "", false } };
	struct game_set games;
	struct outlook_options options = {
		.tier = TIER_L, .season = SEASON, .week = WEEK, .runs = 200
	};
	struct outlook outlook;
	struct err *err;
	size_t game, over;

	OK_ERR(league_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(week_game(ctx, WEEK, &games, &game));
	OK_ERR(week_game(ctx, WEEK - 1, &games, &over));
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		struct buf text;
		struct str rest = str_from(lists[i].text);

		buf_init(&text, ctx->arena, 1000);
		for (ptrdiff_t at; (at = str_find(rest, STR("%s"))) >= 0;
			rest = str_slice(rest, (size_t)at + 2, rest.len)) {
			buf_put(&text, str_slice(rest, 0, (size_t)at));
			buf_put(&text, games.games[game].nflverse_id);
		}
		buf_put(&text, rest);
		err = outlook_results_parse(ctx, buf_str(&text), &options);
		OK_OR((err == NULL) == lists[i].is_good, "%s", lists[i].text);
	}
	OK(outlook_simulate(ctx, &options, &outlook) != NULL);
	OK_ERR(outlook_results_parse(ctx,
		str_fmt(ctx->arena, STR_FMT ":home",
			STR_ARG(games.games[over].nflverse_id)),
		&options));
	err = outlook_simulate(ctx, &options, &outlook);
	OK(err && err->code == ERR_INVALID);
	EQ_STR(err->field, STR("result"));
	OK_ERR(outlook_results_parse(ctx,
		str_fmt(ctx->arena, STR_FMT ":home",
			STR_ARG(games.games[game].nflverse_id)),
		&options));
	OK_ERR(outlook_simulate(ctx, &options, &outlook));
}

static struct err *
live_store(struct ctx *ctx, struct outlook *outlook)
{
	struct outlook_options options = {
		.tier = TIER_L, .season = SEASON, .runs = 200
	};

	TRY(outlook_simulate(ctx, &options, outlook));
	return outlook_store(ctx, TIER_L, outlook);
}

BOTH_ENGINES(in_the_middle_of_a_week_the_outlook_counts_what_is_over)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct outlook_list ask = { .model = STR("gridiron"), .season = SEASON };
	struct outlook_options options = {
		.tier = TIER_L, .season = SEASON, .runs = 200
	};
	struct outlook_row_list list;
	struct outlook live, before;
	struct game_set games;
	struct err *err;
	size_t over;

	OK_ERR(league_at(ctx, "2022-10-30T23:00:00Z"));
	OK_ERR(live_store(ctx, &live));
	OK(live.games_played > 0);
	OK_ERR(q_outlook_list(&tx, ask, &list));
	EQ_I64(list.count, 32);
	EQ_I64(list.items[0].stands_before, live.when.week);
	EQ_I64(list.items[0].games_played.value, live.games_played);
	/* Beside it stands what was known before the week. */
	options.week = ask.week = live.when.week;
	OK_ERR(outlook_simulate(ctx, &options, &before));
	OK_ERR(outlook_store(ctx, TIER_L, &before));
	OK_ERR(q_outlook_list(&tx, ask, &list));
	EQ_I64(list.count, 32);
	EQ_I64(list.items[0].games_played.value, 0);
	/* What is over comes out otherwise only in what was known before. */
	OK_ERR(week_game(ctx, live.when.week, &games, &over));
	OK(games.numbers[over].is_played);
	OK_ERR(outlook_results_parse(ctx,
		str_fmt(ctx->arena, STR_FMT ":tie",
			STR_ARG(games.games[over].nflverse_id)),
		&options));
	OK_ERR(outlook_simulate(ctx, &options, &before));
	options.week = 0;
	err = outlook_simulate(ctx, &options, &before);
	OK(err && err->code == ERR_INVALID);
	EQ_STR(err->field, STR("result"));
	OK(str_find(err->message, games.games[over].nflverse_id) >= 0);
	OK(str_find(err->message, STR("is over")) >= 0);
	/* Once the week is over, that is the one before the next. */
	OK_ERR(league_at(ctx, "2022-11-02T12:00:00Z"));
	OK_ERR(live_store(ctx, &live));
	EQ_I64(live.games_played, 0);
	ask.week = 0;
	OK_ERR(q_outlook_list(&tx, ask, &list));
	EQ_I64(list.count, 0);
	ask.week = live.when.week;
	OK_ERR(q_outlook_list(&tx, ask, &list));
	EQ_I64(list.count, 32);
}

/* SQL with the id of a game in the place of each %s. */
static struct err *
run_of(struct ctx *ctx, const char *sql, struct str id)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct str rest = str_from(sql);
	struct buf text;

	buf_init(&text, ctx->arena, 1000);
	for (ptrdiff_t at; (at = str_find(rest, STR("%s"))) >= 0;
		rest = str_slice(rest, (size_t)at + 2, rest.len)) {
		buf_put(&text, str_slice(rest, 0, (size_t)at));
		buf_put(&text, id);
	}
	buf_put(&text, rest);
	return db_run_text(&tx, buf_str(&text));
}

BOTH_ENGINES(a_moved_game_has_both_its_names_and_one_called_off_none)
{
	struct outlook_options options = {
		.tier = TIER_L, .season = SEASON, .week = WEEK, .runs = 10
	};
	bool is_postgres = db_dialect(ctx->db) == DIALECT_POSTGRES;
	struct what_if_options asked = { .game_id = STR_NONE };
	struct what_if what_if;
	struct outlook outlook;
	struct game_set games;
	struct fault *fault;
	struct str id;
	size_t game;

	OK_ERR(league_at(ctx, "2022-12-01T00:00:00Z"));
	OK_ERR(week_game(ctx, WEEK, &games, &game));
	id = games.games[game].nflverse_id;
	OK_ERR(run_of(ctx,
		is_postgres
			? "INSERT INTO game_changes SELECT gen_random_uuid(), id, "
			  "'moved', '2022_07_OLD_ID', season, 7, gameday, NULL, NULL, "
			  "NULL, now() FROM games WHERE nflverse_id = '%s'"
			: "INSERT INTO game_changes SELECT randomblob(16), id, "
			  "'moved', '2022_07_OLD_ID', season, 7, gameday, NULL, NULL, "
			  "NULL, 1 FROM games WHERE nflverse_id = '%s'",
		id));
	OK_ERR(fault_put(ctx, ctx->db, &fault));
	fault_arm(fault, 1000, ERR_INTERNAL);
	OK_ERR(outlook_results_parse(ctx, STR("2022_07_OLD_ID:home"), &options));
	OK_ERR(outlook_simulate(ctx, &options, &outlook));
	EQ_I64(fault_calls(fault), 2);
	/* However many are supposed: all games at once, and their former names. */
	fault_arm(fault, 1000, ERR_INTERNAL);
	OK_ERR(outlook_results_parse(ctx,
		str_fmt(ctx->arena,
			"2022_07_OLD_ID:home," STR_FMT ":away," STR_FMT ":tie",
			STR_ARG(games.games[game + 1].nflverse_id),
			STR_ARG(games.games[game + 2].nflverse_id)),
		&options));
	OK_ERR(outlook_simulate(ctx, &options, &outlook));
	EQ_I64(fault_calls(fault), 2);
	fault_arm(fault, 0, ERR_INTERNAL);
	OK_ERR(outlook_results_parse(ctx,
		str_fmt(ctx->arena, "2022_07_OLD_ID:home," STR_FMT ":away", STR_ARG(id)),
		&options));
	FAILS_WITH(outlook_simulate(ctx, &options, &outlook), ERR_INVALID);
	OK_ERR(run_of(ctx,
		is_postgres
			? "UPDATE games SET cancelled_at = now() WHERE nflverse_id = '%s'"
			: "UPDATE games SET cancelled_at = 1 WHERE nflverse_id = '%s'",
		id));
	OK_ERR(outlook_results_parse(
		ctx, str_fmt(ctx->arena, STR_FMT ":home", STR_ARG(id)), &options));
	FAILS_WITH(outlook_simulate(ctx, &options, &outlook), ERR_INVALID);
	asked.game_id = id;
	FAILS_WITH(what_if_forecast(ctx, &asked, &what_if), ERR_GONE);
}

/* The Rams' chances of 2015 are asked for as LA, and stand under STL. */
BOTH_ENGINES(a_club_that_moved_has_its_outlook_under_each_code)
{
	static const char *const codes[] = { "LA", "STL" };
	struct outlook_options options = { .tier = TIER_L, .season = 2015, .runs = 10 };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct outlook_row_list list;
	struct outlook outlook;

	OK_ERR(seasons_at(ctx, 2015, 2015, "2015-11-01T00:00:00Z"));
	OK_ERR(outlook_simulate(ctx, &options, &outlook));
	OK_ERR(outlook_store(ctx, TIER_L, &outlook));
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		OK_ERR(q_outlook_history(&tx,
			(struct outlook_history){ .model = STR("gridiron"),
				.team = str_from(codes[i]),
				.season = 2015,
				.last_week = 23 },
			&list));
		EQ_I64(list.count, 1);
		EQ_STR(list.items[0].team, STR("STL"));
	}
}

/* A feed without the games of TYPE and of what comes behind it: the last season's is the last of its file. */
static struct err *
cut_off_import(struct ctx *ctx, const char *type)
{
	ptrdiff_t cut;
	struct str csv;

	TRY(csv_at(ctx, SEASON, SEASON, "2023-06-01T00:00:00Z", &csv));
	cut = str_find(csv, str_fmt(ctx->arena, ",%s,", type));
	while (cut > 0 && csv.ptr[cut - 1] != '\n')
		cut--;
	return csv_import(ctx, str_slice(csv, 0, cut < 0 ? 0 : (size_t)cut));
}

/* How many teams may still win the title. */
static int
contenders_of(const struct outlook *outlook)
{
	int ret = 0;

	for (int i = 0; i < FRANCHISES; i++)
		ret += season_outlook(&outlook->counts, i).title > 0;
	return ret;
}

/* What is stored of a season that IS_OVER, or is not, before WEEK, in the list and in the
 * history. */
static void
stored_stands(struct ctx *ctx, int week, bool is_over)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct outlook_row_list lists[2];

	OK_ERR(q_outlook_list(&tx,
		(struct outlook_list){
			.model = STR("gridiron"), .season = SEASON, .week = week },
		&lists[0]));
	EQ_I64(lists[0].count, 32);
	OK_ERR(q_outlook_history(&tx,
		(struct outlook_history){ .model = STR("gridiron"),
			.team = lists[0].items[0].team,
			.season = SEASON,
			.last_week = week },
		&lists[1]));
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct outlook_row *last = &lists[i].items[lists[i].count - 1];

		EQ_I64(last->stands_before, week);
		OK_OR(last->week.is_set == !is_over, "week, before %d", week);
		OK_OR(last->games_played.is_set == !is_over, "games, before %d", week);
	}
}

BOTH_ENGINES(
	a_season_is_over_behind_its_super_bowl_and_not_between_rounds_that_the_feed_lacks)
{
	/* What the feed has not, nor what comes behind it. */
	static const char *const rounds[] = { "WC", "DIV", "CON", "SB", NULL };

	for (size_t i = 0; i < COUNT_OF(rounds); i++) {
		bool is_over = !rounds[i];
		struct outlook_options options = {
			.tier = TIER_L, .season = SEASON, .runs = 2000
		};
		struct outlook outlook;

		if (is_over)
			OK_ERR(seasons_at(ctx, SEASON, SEASON, "2023-06-01T00:00:00Z"));
		else
			OK_ERR(cut_off_import(ctx, rounds[i]));
		OK_ERR(outlook_simulate(ctx, &options, &outlook));
		OK_OR(outlook.is_over == is_over, "round %zu", i);
		EQ_I64(outlook.when.week, LAST_WEEK + 1 + (int)i);
		OK_OR(is_over || contenders_of(&outlook) > 1, "round %zu", i);
		OK_ERR(outlook_store(ctx, TIER_L, &outlook));
		stored_stands(ctx, outlook.when.week, is_over);
	}
}
