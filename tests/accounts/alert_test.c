/* Alerts: who is written to, of what, how often, and how they end. */
#include "accounts/alert.h"

#include "tests/accounts/people.h"
#include "tests/support/database.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "mail/deliver.h"
#include "sys/file.h"

enum {
	SEASON = 2026,
	MAIL_BYTES_MAX = 1 << 20,
};

#define HOUR (INT64_C(3600) * MICROSECONDS_PER_SECOND)

static const char *const fixtures[] = {
	"INSERT INTO teams (id, code, franchise, name, nickname, conference, division, "
	"first_season) VALUES "
	"({u401}, 'KC', 'KC', 'Kansas City', 'Chiefs', 'AFC', 'West', 1999), ({u402}, "
	"'BUF', 'BUF', "
	"'Buffalo', 'Bills', 'AFC', 'East', 1999)",
	"INSERT INTO subscription_tiers (id, name, display_name, description, "
	"price_cents, currency, duration_days, features, "
	"hourly_requests, rank, provider_price_ids, created_at, updated_at) VALUES "
	"({u101}, 'weekly', 'x', 'x', 0, 'USD', 1, '[\"email_alerts\"]', 500, 30, '{}', "
	"{now}, {now}), "
	"({u102}, 'daily', 'x', 'x', 0, 'USD', 1, '[\"live_accuracy\"]', 100, 20, '{}', "
	"{now}, {now})",
	"UPDATE users SET email_verified = {yes}, wants_email_alerts = {yes}",
	/* 1 and 2 have the plan, 2 wants surer forecasts; 3 has a plan without alerts; 4 has none; 5 a grant. */
	"INSERT INTO subscriptions (user_id, id, tier_id, status, starts_at, expires_at, "
	"amount_paid_cents, currency, "
	"created_at, updated_at) VALUES ({u1}, {u201}, {u101}, 'active', {ago}, {day}, "
	"0, 'USD', {now}, {now}), "
	"({u2}, {u202}, {u101}, 'active', {ago}, {day}, 0, 'USD', {now}, {now}), "
	"({u3}, {u203}, {u102}, 'active', {ago}, {day}, 0, 'USD', {now}, {now})",
	"INSERT INTO free_access_grants (user_id, id, tier_id, access_type, start_date, "
	"end_date, created_at, updated_at) "
	"VALUES ({u5}, {u205}, {u101}, 'beta_tester', {ago}, {day}, {now}, {now})",
	"UPDATE users SET alert_min_confidence = 0.9 WHERE id = {u2}",
};

/* A game HOURS from now, of which the house is CONFIDENCE sure. */
static struct err *
game_put(struct ctx *ctx, int number, int hours, const char *gameday, double confidence)
{
	struct ctx then = *ctx;
	struct arena *arena = ctx->arena;

	then.now += hours * HOUR;
	TRY(people_run(&then,
		str_cstr(arena,
			str_fmt(arena,
				"INSERT INTO games (id, nflverse_id, season, game_type, "
				"week, gameday, gametime, kickoff_at, home_team, "
				"away_team, is_neutral, div_game, is_simulated, source, "
				"source_checksum, created_at, updated_at) "
				"SELECT {u%d}, 'g%d', %d, 'REG', 12, '%s', '13:00', "
				"{now}, 'KC', "
				"'BUF', {no}, {no}, {no}, 'x', token_hash, "
				"{now}, {now} FROM email_verifications",
				number, number, SEASON, gameday))));
	return people_run(ctx,
		str_cstr(arena,
			str_fmt(arena,
				"INSERT INTO predictions (id, model, prediction_type, "
				"season, week, game_id, nflverse_id, home_team, "
				"away_team, matchup, prediction_data, confidence, pick, "
				"probability, predicted_at, created_at) VALUES "
				"({u%d}, 'gridiron', 'game', %d, 12, {u%d}, 'g%d', 'KC', "
				"'BUF', 'BUF @ KC', '{}', %.2f, 'home', %.2f, "
				"{now}, {now})",
				number + 50, SEASON, number, number, confidence,
				confidence)));
}

static struct err *
set_up(struct ctx *ctx)
{
	for (int number = 1; number <= 5; number++)
		TRY(person_put(ctx, number));
	/* A row whose hash the games borrow: 32 bytes written the same on both engines. */
	TRY(people_run(ctx,
		db_dialect(ctx->db) == DIALECT_POSTGRES
			? "INSERT INTO email_verifications (user_id, id, email, "
			  "token_hash, created_at, expires_at) VALUES ({u4}, {u301}, "
			  "'x@example.org', sha256('x'), {now}, {day})"
			: "INSERT INTO email_verifications (user_id, id, email, "
			  "token_hash, created_at, expires_at) VALUES ({u4}, {u301}, "
			  "'x@example.org', randomblob(32), {now}, {day})"));
	return people_run_all(ctx, fixtures, COUNT_OF(fixtures));
}

static struct str
mails(struct ctx *ctx)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str dump = STR("failed");

	if (database_dump(ctx,
		    "SELECT recipient FROM outbox WHERE kind = 'mail' ORDER BY recipient",
		    columns, 1, &dump))
		return STR("failed");
	return dump;
}

BOTH_ENGINES(those_who_want_alerts_and_may_have_them_get_one_mail_a_day_of_games)
{
	struct alert_counts counts;

	OK_ERR(set_up(ctx));
	OK_ERR(game_put(ctx, 11, 20, "2026-11-29", .74));
	OK_ERR(game_put(ctx, 12, 22, "2026-11-29", .55));
	OK_ERR(game_put(ctx, 13, 23, "2026-11-30", .99)); /* of the next day */
	OK_ERR(game_put(ctx, 14, 40, "2026-11-30", .99)); /* too far off */
	OK_ERR(game_put(ctx, 15, 21, "2026-11-29", .99));
	OK_ERR(people_run(ctx, "UPDATE games SET cancelled_at = {now} WHERE id = {u15}"));
	/* The day's night game: the day has one mail, so it is in that. */
	OK_ERR(game_put(ctx, 16, 28, "2026-11-29", .81));
	OK_ERR(alerts_promise(ctx, STR("gridiron"), SEASON, &counts));
	EQ_I64(counts.games, 3);
	EQ_I64(counts.readers, 2);
	EQ_STR(mails(ctx), STR("person1@example.org\nperson5@example.org\n"));
	/* An hour later there is nothing new to say. */
	ctx->now += HOUR;
	OK_ERR(alerts_promise(ctx, STR("gridiron"), SEASON, &counts));
	EQ_STR(mails(ctx), STR("person1@example.org\nperson5@example.org\n"));
}

BOTH_ENGINES(an_alert_ends_at_one_click)
{
	struct alert_counts counts;
	struct str token;

	OK_ERR(set_up(ctx));
	OK_ERR(game_put(ctx, 11, 20, "2026-11-29", .74));
	OK_ERR(alert_token(ctx, person(1), &token));
	OK_ERR(alerts_end(ctx, token));
	OK_ERR(alerts_end(ctx, token));
	OK_ERR(alerts_promise(ctx, STR("gridiron"), SEASON, &counts));
	EQ_STR(mails(ctx), STR("person5@example.org\n"));
}

BOTH_ENGINES(a_link_that_we_did_not_make_ends_nothing)
{
	struct str token, other;
	char *forged;

	OK_ERR(set_up(ctx));
	OK_ERR(alert_token(ctx, person(1), &token));
	OK_ERR(alert_token(ctx, person(5), &other));
	OK(!str_eq(token, other));
	/* Each character once changed: the key's name, the user, the signature. */
	for (size_t i = 0; i < token.len; i++) {
		forged = arena_alloc_text(ctx->arena, token.len);
		OK(forged != NULL);
		memcpy(forged, token.ptr, token.len);
		forged[i] = forged[i] == 'A' ? 'B' : 'A';
		FAILS_WITH(
			alerts_end(ctx, (struct str){ forged, token.len }), ERR_INVALID);
	}
	FAILS_WITH(alerts_end(ctx, str_slice(token, 0, token.len - 1)), ERR_INVALID);
	FAILS_WITH(alerts_end(ctx, STR("")), ERR_INVALID);
}

/* All that the files of FOLDER hold; they are taken away. */
static struct str
folder_text(struct ctx *ctx, const char *folder)
{
	DIR *dir = opendir(folder);
	struct buf all;

	buf_init(&all, ctx->arena, MAIL_BYTES_MAX);
	for (struct dirent *file; dir && (file = readdir(dir));) {
		const char *path = str_cstr(
			ctx->arena, str_fmt(ctx->arena, "%s/%s", folder, file->d_name));
		struct str text;

		if (file->d_name[0] == '.' ||
			file_read(ctx->arena, path, MAIL_BYTES_MAX, &text))
			continue;
		buf_put(&all, text);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
	return buf_str(&all);
}

BOTH_ENGINES(a_mail_program_is_told_how_to_end_it)
{
	char folder[] = "/tmp/gridiron-alerts.XXXXXX";
	struct mail_options options = { .from = STR("Gridiron <mail@example.org>"),
		.public_url = STR("https://gridiron.example.org") };
	struct mail_counts sent = { 0 };
	struct alert_counts counts;
	struct str written;

	OK_ERR(set_up(ctx));
	OK_ERR(game_put(ctx, 11, 20, "2026-11-29", .74));
	OK_ERR(alerts_promise(ctx, STR("gridiron"), SEASON, &counts));
	OK(mkdtemp(folder) != NULL);
	options.folder = str_from(folder);
	OK_ERR(mail_deliver(ctx, &options, &sent));
	EQ_I64(sent.sent, 2);
	written = folder_text(ctx, folder);
	OK(str_find(written,
		   STR("List-Unsubscribe:\r\n "
		       "<https://gridiron.example.org/v1/alerts/unsubscribe?token=")) >
		0);
	OK(str_find(written,
		   STR("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")) > 0);
	/* In whose time the day and the clock are; and what "sure" is, by the reader's word. */
	OK_OR(str_find(written,
		      STR("\r\nSubject: 1 game at 70 % or more on 2026-11-29, US Eastern "
			  "time\r\n")) > 0,
		STR_FMT, STR_ARG(written));
	OK_OR(str_find(written, STR("KC over BUF at home: 74 %, 13:00 Eastern (")) > 0,
		STR_FMT, STR_ARG(written));
}
