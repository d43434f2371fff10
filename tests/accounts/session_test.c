/* Refresh tokens and their families, on both engines. */
#include "accounts/device.h"
#include "accounts/password_reset.h"
#include "accounts/sessions_q.h"
#include "accounts/sweep.h"
#include "codec/geo.h"
#include "codec/iso_time.h"
#include "crypto/jwt.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/accounts/accounts.h"
#include "tests/support/database.h"
#include "tests/support/places_file.h"

#define ALICE STR("alice@example.org")

#define LIVE "SELECT CAST(count(*) AS text) FROM user_sessions WHERE is_active"

static struct err *
begin(struct ctx *ctx, struct session_tokens *ret)
{
	TRY(accounts_begin(ctx));
	TRY(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	return account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), ret);
}

static void
later(struct ctx *ctx, int64_t seconds)
{
	ctx->now += seconds * MICROSECONDS_PER_SECOND;
}

BOTH_ENGINES(a_refresh_token_is_spent_for_its_successor)
{
	struct session_tokens first, second, third;
	struct jwt_claims claims;
	struct str live;

	OK_ERR(begin(ctx, &first));
	later(ctx, 60);
	OK_ERR(session_refresh(ctx, first.refresh, &second));
	OK(!str_eq(first.refresh, second.refresh));
	OK(uuid_eq(first.family_id, second.family_id));
	OK_ERR(jwt_verify(ctx, second.access, &claims));
	OK(user_id_eq(claims.user_id, first.user_id));
	OK(uuid_eq(claims.family_id, first.family_id));
	EQ_I64((claims.expires_at - claims.issued_at) / MICROSECONDS_PER_SECOND, 900);
	later(ctx, 60);
	OK_ERR(session_refresh(ctx, second.refresh, &third));
	OK_ERR(value_of(ctx, LIVE, &live));
	EQ_STR(live, STR("1"));
	/* What nobody will be given again is not kept. */
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM user_sessions WHERE successor_sealed "
		"IS NOT NULL",
		&live));
	EQ_STR(live, STR("1"));
}

BOTH_ENGINES(refresh_token_reuse_revokes_the_family)
{
	struct session_tokens first, second, other;
	struct str live, reason;

	OK_ERR(begin(ctx, &first));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &other));
	OK_ERR(session_refresh(ctx, first.refresh, &second));
	later(ctx, REFRESH_GRACE_SECONDS + 1);
	FAILS_WITH(session_refresh(ctx, first.refresh, &first), ERR_UNAUTHENTICATED);
	FAILS_WITH(session_refresh(ctx, second.refresh, &second), ERR_UNAUTHENTICATED);
	OK_ERR(value_of(ctx,
		"SELECT DISTINCT revoked_reason FROM user_sessions WHERE revoked_at IS "
		"NOT NULL",
		&reason));
	EQ_STR(reason, STR("reuse"));
	OK_ERR(value_of(ctx,
		"SELECT outcome FROM audit_pending WHERE action = "
		"'account.refresh_reused'",
		&reason));
	EQ_STR(reason, STR("refused"));
	/* The other device goes on. */
	OK_ERR(value_of(ctx, LIVE, &live));
	EQ_STR(live, STR("1"));
	OK_ERR(session_refresh(ctx, other.refresh, &other));
}

BOTH_ENGINES(a_retry_by_the_same_client_gets_the_same_successor)
{
	struct session_tokens first, second, again;

	OK_ERR(begin(ctx, &first));
	OK_ERR(session_refresh(ctx, first.refresh, &second));
	later(ctx, REFRESH_GRACE_SECONDS);
	OK_ERR(session_refresh(ctx, first.refresh, &again));
	EQ_STR(again.refresh, second.refresh);
	EQ_I64(again.refresh_expires_at, second.refresh_expires_at);
	OK_ERR(session_refresh(ctx, again.refresh, &again));
}

/* Since it signed in the client came to another network: the client is who spent the token. */
BOTH_ENGINES(a_retry_is_of_whoever_spent_the_token_wherever_he_signed_in)
{
	struct session_tokens first, second, again;

	OK_ERR(begin(ctx, &first));
	ctx->remote_address = STR("198.51.100.9");
	OK_ERR(session_refresh(ctx, first.refresh, &second));
	OK_ERR(session_refresh(ctx, first.refresh, &again));
	EQ_STR(again.refresh, second.refresh);
}

BOTH_ENGINES(a_retry_by_another_client_is_theft_at_once)
{
	struct session_tokens first, second, again;
	struct mail mail;
	struct str live;

	OK_ERR(begin(ctx, &first));
	OK_ERR(session_refresh(ctx, first.refresh, &second));
	ctx->remote_address = STR("198.51.100.9");
	FAILS_WITH(session_refresh(ctx, first.refresh, &again), ERR_UNAUTHENTICATED);
	OK_ERR(value_of(ctx, LIVE, &live));
	EQ_STR(live, STR("0"));
	/* The owner is told, once: which device was signed in, and from where it was used. */
	OK_ERR(mail_take(ctx, MAIL_SESSION_REUSED, ALICE, &mail));
	EQ_STR(mail.device, STR("Firefox on Linux"));
	EQ_STR(mail.ip_address, STR("198.51.100.9"));
	FAILS_WITH(session_refresh(ctx, first.refresh, &again), ERR_UNAUTHENTICATED);
	FAILS_WITH(mail_take(ctx, MAIL_SESSION_REUSED, ALICE, &mail), ERR_NOT_FOUND);
}

BOTH_ENGINES(a_retry_after_signing_out_gets_nothing)
{
	struct session_tokens first, second;

	OK_ERR(begin(ctx, &first));
	OK_ERR(session_refresh(ctx, first.refresh, &second));
	OK_ERR(session_sign_out(ctx, second.refresh));
	FAILS_WITH(session_refresh(ctx, first.refresh, &first), ERR_UNAUTHENTICATED);
	/* Signing out twice, or with what is no token, is no error. */
	OK_ERR(session_sign_out(ctx, second.refresh));
	OK_ERR(session_sign_out(ctx, STR("nonsense")));
}

BOTH_ENGINES(a_session_ends_after_a_month_of_rest_and_after_three_months_at_all)
{
	struct session_tokens rested, used;
	int days = 0;

	OK_ERR(begin(ctx, &rested));
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &used));
	later(ctx, (int64_t)REFRESH_IDLE_DAYS * 86400 - 1);
	OK_ERR(session_refresh(ctx, used.refresh, &used));
	later(ctx, 1);
	FAILS_WITH(session_refresh(ctx, rested.refresh, &rested), ERR_UNAUTHENTICATED);
	for (days = REFRESH_IDLE_DAYS; days < REFRESH_FAMILY_DAYS; days++) {
		OK_ERR(session_refresh(ctx, used.refresh, &used));
		later(ctx, 86400);
	}
	FAILS_WITH(session_refresh(ctx, used.refresh, &used), ERR_UNAUTHENTICATED);
}

/* --- A hundred at once */

enum { PARALLEL = 100 };

struct refresher {
	struct ctx ctx;
	struct arena arena;
	struct str text;
	struct session_tokens tokens;
	struct err *err;
	struct fiber_event done;
};

static void
refresh_once(void *arg)
{
	struct refresher *refresher = arg;

	refresher->err = session_refresh(
		&refresher->ctx, refresher->text, &refresher->tokens);
	fiber_event_set(&refresher->done);
}

static struct err *
refresh_all(struct ctx *ctx, struct str text, bool is_one_client, struct refresher **ret)
{
	struct refresher *all;

	TRY_NEW(ctx->arena, all, PARALLEL);
	for (int i = 0; i < PARALLEL; i++) {
		arena_init(&all[i].arena, 1 << 20);
		all[i].ctx = *ctx;
		all[i].ctx.arena = &all[i].arena;
		all[i].text = text;
		if (!is_one_client)
			all[i].ctx.user_agent = str_fmt(ctx->arena, "client/%d", i);
		fiber_event_init(&all[i].done);
		if (!fiber_spawn("refresh", refresh_once, &all[i]))
			return err_new(ctx, ERR_INTERNAL, "no fiber");
	}
	for (int i = 0; i < PARALLEL; i++)
		fiber_event_join(&all[i].done);
	*ret = all;
	return NULL;
}

BOTH_ENGINES(a_hundred_refreshes_at_once_leave_one_live_successor)
{
	struct refresher *all;
	struct session_tokens first;
	struct str live;

	OK_ERR(begin(ctx, &first));
	OK_ERR(refresh_all(ctx, first.refresh, true, &all));
	for (int i = 0; i < PARALLEL; i++) {
		OK_ERR(all[i].err);
		EQ_STR(all[i].tokens.refresh, all[0].tokens.refresh);
	}
	OK_ERR(value_of(ctx, LIVE, &live));
	EQ_STR(live, STR("1"));
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM user_sessions", &live));
	EQ_STR(live, STR("2"));
	OK_ERR(session_refresh(ctx, all[0].tokens.refresh, &first));
	for (int i = 0; i < PARALLEL; i++)
		arena_release(&all[i].arena);
}

BOTH_ENGINES(a_hundred_clients_with_one_token_end_its_family)
{
	struct refresher *all;
	struct session_tokens first;
	struct str live;
	int served = 0;

	OK_ERR(begin(ctx, &first));
	OK_ERR(refresh_all(ctx, first.refresh, false, &all));
	for (int i = 0; i < PARALLEL; i++) {
		served += all[i].err == NULL;
		OK(!all[i].err || all[i].err->code == ERR_UNAUTHENTICATED);
	}
	EQ_I64(served, 1);
	OK_ERR(value_of(ctx, LIVE, &live));
	EQ_STR(live, STR("0"));
	for (int i = 0; i < PARALLEL; i++)
		arena_release(&all[i].arena);
}

/* --- The list */

BOTH_ENGINES(devices_are_listed_by_their_last_use_and_ended_one_by_one)
{
	struct session_tokens laptop, phone, third;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct device_list list;
	int64_t ended;

	OK_ERR(begin(ctx, &laptop));
	later(ctx, 10);
	ctx->user_agent = STR("curl/7.88.1");
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &phone));
	later(ctx, 10);
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &third));
	ctx->user_agent = STR("Firefox/115.0 (X11; Linux)");
	later(ctx, 10);
	OK_ERR(session_refresh(ctx, laptop.refresh, &laptop));
	ctx->actor.user_id = laptop.user_id;
	OK_ERR(q_device_list(&tx, laptop.user_id, ctx->now, &list));
	EQ_I64(list.count, 3);
	EQ_STR(list.items[0].device_name, STR("Firefox on Linux"));
	EQ_STR(list.items[1].device_name, STR("curl"));
	EQ_STR(list.items[0].ip_address, STR("192.0.2.7"));
	OK_ERR(session_end(ctx, phone.family_id, SESSION_SIGNED_OUT_ELSEWHERE));
	FAILS_WITH(session_end(ctx, phone.family_id, SESSION_SIGNED_OUT_ELSEWHERE),
		ERR_NOT_FOUND);
	OK_ERR(session_end_others(ctx, laptop.family_id, &ended));
	EQ_I64(ended, 1);
	OK_ERR(q_device_list(&tx, laptop.user_id, ctx->now, &list));
	EQ_I64(list.count, 1);
	OK(uuid_eq(list.items[0].family_id, laptop.family_id));
}

BOTH_ENGINES(
	a_session_is_where_it_was_last_used_and_new_devices_are_told_with_their_place)
{
	const char *path = places_file_make("Test-City");
	struct session_tokens laptop, phone;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct device_list list;
	struct geo *geo;
	struct mail mail;

	if (!path)
		SKIP("libmaxmind-db-writer-perl is missing");
	OK_ERR(geo_open(ctx->arena, path, &geo));
	ctx->geo = geo;
	ctx->remote_address = STR("198.51.100.4");
	OK_ERR(begin(ctx, &laptop));
	ctx->user_agent = STR("curl/7.88.1");
	ctx->remote_address = STR("2001:db8::7");
	OK_ERR(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), &phone));
	OK_ERR(mail_take(ctx, MAIL_NEW_SIGN_IN, ALICE, &mail));
	EQ_STR(mail.place, STR("São Paulo, Brazil"));
	ctx->actor.user_id = laptop.user_id;
	OK_ERR(q_device_list(&tx, laptop.user_id, ctx->now, &list));
	EQ_I64(list.count, 2);
	/* On the way; from an address that nobody knows; and of one session only. */
	later(ctx, 10);
	ctx->remote_address = STR("127.0.0.1");
	OK_ERR(session_refresh(ctx, laptop.refresh, &laptop));
	OK_ERR(q_device_list(&tx, laptop.user_id, ctx->now, &list));
	EQ_STR(list.items[0].place, STR("Green Bay, United States"));
	EQ_STR(list.items[1].place, STR("São Paulo, Brazil"));
	later(ctx, 10);
	ctx->remote_address = STR("8.8.8.8");
	OK_ERR(session_refresh(ctx, phone.refresh, &phone));
	OK_ERR(q_device_list(&tx, laptop.user_id, ctx->now, &list));
	OK(str_is_none(list.items[0].place));
	EQ_STR(list.items[1].place, STR("Green Bay, United States"));
	geo_close(geo);
	ctx->geo = NULL;
}

BOTH_ENGINES(nobody_ends_the_session_of_another)
{
	struct session_tokens alice, bob;

	OK_ERR(begin(ctx, &alice));
	OK_ERR(account_make(ctx, STR("bob@example.org"), STR(GOOD_PASSWORD)));
	OK_ERR(account_sign_in(ctx, STR("bob@example.org"), STR(GOOD_PASSWORD), &bob));
	ctx->actor.user_id = bob.user_id;
	FAILS_WITH(session_end(ctx, alice.family_id, SESSION_SIGNED_OUT_ELSEWHERE),
		ERR_NOT_FOUND);
	OK_ERR(session_refresh(ctx, alice.refresh, &alice));
}

BOTH_ENGINES(what_ran_out_is_forgotten_in_the_end)
{
	struct session_tokens tokens;
	struct sweep_counts counts;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct str left;

	OK_ERR(begin(ctx, &tokens));
	OK_ERR(password_forgotten(ctx, ALICE));
	for (int i = 0; i < 3; i++)
		OK_ERR(session_refresh(ctx, tokens.refresh, &tokens));
	OK_ERR(account_sweep(ctx, &counts));
	EQ_I64(counts.sessions + counts.links, 0);
	later(ctx, (int64_t)61 * 86400);
	OK_ERR(db_run_text(
		&tx, STR("UPDATE outbox SET status = 'sent', sent_at = created_at")));
	OK_ERR(account_sweep(ctx, &counts));
	EQ_I64(counts.sessions, 4);
	EQ_I64(counts.links, 2);
	OK(counts.mails >= 1);
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM outbox", &left));
	EQ_STR(left, STR("0"));
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM user_sessions", &left));
	EQ_STR(left, STR("0"));
}
