#include "tests/db/schema_rows.h"

#include "base/buf.h"
#include "base/num.h"

enum {
	INSERT_BYTES_MAX = 16384,
	LITERAL_BYTES_MAX = 1024,
	HASH_BYTES = 32,
};

const struct good_row good_rows[] = {
	{ "users", 3,
		"id=%~; email='user~@example.org'; password_hash='x'; "
		"email_verified=TRUE; "
		"is_active=TRUE; created_at=T100; updated_at=T100; session_epoch=0; "
		"wants_email_alerts=FALSE; is_on_leaderboard=FALSE; "
		"leaderboard_name_folded='name ~'" },
	{ "user_sessions", 1,
		"user_id=%~; id=%~; family_id=%1; token_hash=#~; expires_at=T200; "
		"last_accessed=T100; is_active=TRUE; created_at=T100; "
		"family_started_at=T100" },
	{ "email_verifications", 1,
		"user_id=%~; id=%~; email='a@example.org'; token_hash=#~; "
		"created_at=T100; "
		"expires_at=T200" },
	{ "password_resets", 1,
		"user_id=%~; id=%~; token_hash=#~; created_at=T100; expires_at=T200; "
		"is_by_admin=FALSE" },
	{ "account_changes", 1,
		"user_id=%~; id=%~; kind='email'; email='b@example.org'; "
		"token_hash=#~; created_at=T100; opens_at=T100; expires_at=T200" },
	{ "api_keys", 1,
		"user_id=%~; id=%~; name='key'; prefix='gk_'; key_hash=#~; scopes='[]'; "
		"is_active=TRUE; created_at=T100" },
	{ "mfa_recovery_codes", 1, "user_id=%1; id=%~; code_hash=#~; created_at=T100" },
	{ "admin_users", 2,
		"id=%~; user_id=%~; role='admin'; permissions='[]'; is_active=TRUE; "
		"created_at=T100; updated_at=T100" },
	{ "audit_logs", 1,
		"id=%~; seq=~; actor_kind='system'; action='test'; outcome='success'; "
		"details='{}'; commitment=#1; previous_hash=#2; hash=#3; key_id='k1'; "
		"created_at=T100" },
	{ "audit_pending", 1,
		"id=%~; actor_kind='system'; action='test'; outcome='success'; "
		"details='{}'; commitment=#1; mac=#2; key_id='k1'; created_at=T100" },
	{ "audit_cuts", 1,
		"seq=~; hash=#1; entries_until=T100; mac=#2; key_id='k1'; "
		"created_at=T100" },
	{ "audit_anchors", 1,
		"file=#~; seq=~; hash=#1; mac=#2; key_id='k1'; anchored_at=T100" },
	{ "subscription_tiers", 1,
		"id=%~; name='tier~'; display_name='Tier'; description='A tier'; "
		"price_cents=0; currency='USD'; duration_days=7; features='[]'; rank=1; "
		"is_active=TRUE; is_admin_granted=FALSE; is_add_on=FALSE; "
		"is_trial=FALSE; "
		"provider_price_ids='{}'; created_at=T100; updated_at=T100" },
	{ "promotions", 1,
		"id=%~; code='CODE~'; description='less'; kind='percentage'; "
		"percent_off=R0.25; is_first_payment_only=TRUE; starts_at=T100; "
		"max_uses_per_user=1; use_count=0; is_active=TRUE; created_at=T100; "
		"updated_at=T100" },
	{ "subscriptions", 1,
		"user_id=%~; id=%~; tier_id=%1; status='active'; starts_at=T100; "
		"expires_at=T200; auto_renew=FALSE; amount_paid_cents=0; currency='USD'; "
		"is_add_on=FALSE; provider='stripe'; provider_subscription_id='sub~'; "
		"created_at=T100; updated_at=T100" },
	{ "payments", 1,
		"user_id=%~; id=%~; kind='first'; amount_cents=100; discount_cents=0; "
		"refunded_cents=0; currency='USD'; status='succeeded'; metadata='{}'; "
		"provider='stripe'; provider_payment_id='pay~'; paid_at=T100; "
		"created_at=T100; updated_at=T100" },
	{ "free_access_grants", 1,
		"user_id=%~; id=%~; tier_id=%1; access_type='beta_tester'; "
		"start_date=T100; "
		"end_date=T200; is_active=TRUE; created_at=T100; updated_at=T100" },
	{ "invitations", 1,
		"id=%~; kind='admin'; admin_role='support'; token_hash=#~; "
		"created_at=T100; "
		"expires_at=T200" },
	{ "promotion_uses", 1,
		"user_id=%1; id=%~; promotion_id=%1; use_number=~; discount_cents=0; "
		"currency='USD'; created_at=T100" },
	{ "webhook_events", 1,
		"id=%~; provider='stripe'; event_id='evt~'; event_type='x'; "
		"payload='{}'; "
		"status='received'; attempts=0; event_created_at=T100; "
		"received_at=T100" },
	{ "affiliates", 2,
		"user_id=%~; id=%~; referral_code='CODE~'; commission_rate=R0.3; "
		"recurring_rate=R0.1; recurring_months=12; tier='bronze'; "
		"is_active=TRUE; "
		"referral_count=0; conversion_count=0; click_count=0; "
		"terms_accepted_at=T100; created_at=T100; updated_at=T100" },
	{ "referrals", 1,
		"user_id=%~; id=%~; affiliate_user_id=%2; affiliate_id=%2; "
		"referral_code='CODE2'; source='code'; status='pending'; "
		"created_at=T100; "
		"updated_at=T100" },
	{ "payout_batches", 1,
		"id=%~; status='draft'; currency='USD'; total_cents=0; payout_count=0; "
		"created_by=%1; created_at=T100" },
	{ "affiliate_payouts", 1,
		"user_id=%1; id=%~; affiliate_id=%1; batch_id=%1; amount_cents=5000; "
		"currency='USD'; payout_method='paypal'; status='pending'; "
		"created_at=T100; "
		"updated_at=T100" },
	{ "commission_entries", 1,
		"user_id=%1; id=%~; affiliate_id=%1; kind='earned'; amount_cents=30; "
		"currency='USD'; rate=R0.3; rule='{}'; source='payment:~'; "
		"referred_user_id=%1; payment_id=%1; available_at=T200; "
		"created_at=T100" },
	{ "teams", 3,
		"id=%~; code='T~'; franchise='T~'; name='Team'; nickname='Team'; "
		"conference='AFC'; division='East'; first_season=1999; "
		"is_simulated=FALSE" },
	{ "games", 3,
		"id=%~; nflverse_id='2023_0~_T2_T1'; season=2023; game_type='REG'; "
		"week=1; "
		"gameday='2023-09-10'; home_team='T1'; away_team='T2'; is_neutral=FALSE; "
		"div_game=FALSE; is_simulated=FALSE; source='test'; source_checksum=#1; "
		"created_at=T100; updated_at=T100" },
	{ "game_lines", 1, "id=%~; game_id=%~; source='test'; seen_at=T100" },
	{ "game_changes", 1,
		"id=%~; game_id=%~; kind='moved'; nflverse_id='2023_01_T2_T1'; "
		"season=2023; "
		"week=1; gameday='2023-09-10'; created_at=T100" },
	{ "ratings", 1,
		"id=%~; model='m'; season=2023; week=~; team='T1'; offence=0; defence=0; "
		"quarterback=0; total=0; offence_se=1; defence_se=1; quarterback_se=1; "
		"total_se=1; rank=1; details='{}'; created_at=T100" },
	{ "season_simulations", 1,
		"id=%~; model='m'; season=2023; week=~; team='T1'; runs=1000; "
		"wins_mean=8.5; "
		"wins_sd=2; p_division=0.1; p_top_seed=0.1; p_playoffs=0.1; "
		"p_divisional=0.1; p_championship=0.1; p_final=0.1; p_title=0.1; "
		"details='{}'; created_at=T100" },
	{ "models", 1, "name='m~'; sees_line=FALSE; created_at=T100" },
	{ "key_weights", 1, "digest='000000000000000~'; weights='[]'; created_at=T100" },
	{ "predictions", 1,
		"id=%~; model='m'; prediction_type='game'; subject=''; season=2023; "
		"week=1; "
		"game_id=%~; nflverse_id='x'; home_team='T1'; away_team='T2'; "
		"matchup='T2 @ T1'; "
		"prediction_data='{}'; predicted_at=T100; created_at=T100; "
		"is_simulated=FALSE" },
	{ "prediction_uploads", 1,
		"id=%~; model='m'; prediction_type='game'; subject=''; season=2023; "
		"week=1; game_id=%~; nflverse_id='x'; home_team='T1'; away_team='T2'; "
		"matchup='T2 @ T1'; prediction_data='{}'; confidence=0.6; pick='home'; "
		"probability=0.6; is_simulated=FALSE" },
	{ "prop_results", 1, "game_id=%~; subject='s~'; value=1; created_at=T100" },
	{ "publications", 1, "name='p~'; token=%~; published_at=T100" },
	{ "user_prediction_access", 1,
		"user_id=%~; id=%~; prediction_id=%1; accessed_at=T100; via='api'" },
	{ "accuracy_metrics", 1,
		"id=%~; model='m'; prediction_type='game'; season=2023; week=~; "
		"total_predictions=2; correct_predictions=1; push_count=0; details='{}'; "
		"calculated_at=T100" },
	{ "picks", 1,
		"user_id=%1; id=%~; game_id=%~; prediction_type='game'; pick='home'; "
		"probability=0.6; created_at=T100; updated_at=T100" },
	{ "leagues", 1,
		"id=%~; user_id=%1; name='League'; season=2023; code='CODE~'; "
		"created_at=T100; updated_at=T100" },
	{ "league_members", 1, "user_id=%1; league_id=%1; joined_at=T100" },
	{ "league_standings", 1,
		"id=%~; league_id=%1; user_id=%~; name='Name ~'; name_folded='name ~'; "
		"joined_at=T100; "
		"pick_count=0; decided_count=0; right_count=0; updated_at=T100" },
	{ "outbox", 1,
		"id=%~; kind='invalidate'; payload='{}'; dedupe_key='d~'; "
		"status='pending'; "
		"attempts=0; next_attempt_at=T100; created_at=T100" },
	{ "idempotency_keys", 1,
		"user_id=%1; idempotency_key='key~'; route='POST /x'; request_hash=#1; "
		"created_at=T100; expires_at=T200" },
	{ "jobs", 1,
		"id=%~; name='job~'; schedule='hourly'; is_enabled=TRUE; run_count=0; "
		"failure_count=0; consecutive_failures=0; state='{}'; created_at=T100; "
		"updated_at=T100" },
	{ "job_runs", 1,
		"id=%~; job_id=%1; instance='a'; status='running'; started_at=T100" },
	{ "alerts", 1,
		"id=%~; rule='r'; fingerprint='f~'; severity='warning'; status='firing'; "
		"labels='{}'; message='m'; started_at=T100; last_seen_at=T100; "
		"deliveries='{}'" },
	{ "shard_map", 1,
		"bucket=~; cluster=0; epoch=1; status='active'; updated_at=T100" },
	{ "directory", 1,
		"kind='email'; entry='e~'; user_id=%1; status='reserved'; "
		"reserved_until=T200; created_at=T100" },
	{ 0 },
};

const struct good_row *
good_row_find(struct str table)
{
	for (const struct good_row *row = good_rows; row->table; row++)
		if (str_eq(str_from(row->table), table))
			return row;
	return NULL;
}

/* The next `column=value` of REST. */
static bool
next_column(struct str *rest, struct str *ret_column, struct str *ret_value)
{
	struct str item;
	ptrdiff_t equals;

	if (!str_next(rest, ';', &item))
		return false;
	equals = str_find_char(item, '=');
	*ret_column = str_trim(str_slice(item, 0, equals < 0 ? 0 : (size_t)equals));
	*ret_value = str_trim(str_slice(item, (size_t)(equals + 1), item.len));
	return true;
}

struct str
row_value(const char *columns, struct str wanted)
{
	struct str rest = str_from(columns), column, value;

	while (next_column(&rest, &column, &value))
		if (str_eq(column, wanted))
			return value;
	return STR_NONE;
}

static int32_t
number_of(struct str text)
{
	int32_t number = 0;

	return num_parse_i32(text, 0, INT32_MAX, &number) ? number : 0;
}

/* VALUE with the variant's number for ~. */
static struct str
with_variant(struct arena *arena, struct str value, int variant)
{
	struct buf out;

	buf_init(&out, arena, LITERAL_BYTES_MAX);
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '~')
			buf_put_i64(&out, variant);
		else
			buf_put_char(&out, value.ptr[i]);
	}
	return buf_str(&out);
}

struct str
row_literal(struct arena *arena, struct str text, int variant)
{
	struct str value = with_variant(arena, text, variant);
	struct str rest = str_slice(value, 1, value.len);
	bool is_postgres = scratch_is_postgres();
	struct buf hash;

	if (str_starts_with(value, STR("%")))
		return str_fmt(arena, is_postgres ? "'%032x'" : "X'%032x'",
			(unsigned)number_of(rest));
	if (str_starts_with(value, STR("T")) && rest.len && rest.ptr[0] <= '9')
		return str_fmt(arena, is_postgres ? "to_timestamp(%d)" : "%d000000",
			number_of(rest));
	if (str_starts_with(value, STR("R"))) {
		double rate = 0;

		(void)!num_parse_f64(rest, &rate);
		return is_postgres ? rest : str_fmt(arena, "%.0f", rate * 10000);
	}
	if (!str_starts_with(value, STR("#")))
		return value;
	buf_init(&hash, arena, LITERAL_BYTES_MAX);
	buf_put(&hash, is_postgres ? STR("'\\x") : STR("X'"));
	for (int i = 0; i < HASH_BYTES; i++)
		buf_fmt(&hash, "%02x", (unsigned)number_of(rest));
	buf_put_char(&hash, '\'');
	return buf_str(&hash);
}

struct str
row_insert(
	struct arena *arena, const struct good_row *row, int variant, const char *instead)
{
	struct str rest = str_from(row->columns), more = str_from(instead);
	struct str column, value;
	struct buf names, values;

	buf_init(&names, arena, INSERT_BYTES_MAX);
	buf_init(&values, arena, INSERT_BYTES_MAX);
	while (next_column(&rest, &column, &value)) {
		if (!str_is_none(row_value(instead, column)))
			continue;
		buf_fmt(&names, ", " STR_FMT, STR_ARG(column));
		buf_fmt(&values, ", " STR_FMT,
			STR_ARG(row_literal(arena, value, variant)));
	}
	while (instead[0] && next_column(&more, &column, &value)) {
		buf_fmt(&names, ", " STR_FMT, STR_ARG(column));
		buf_fmt(&values, ", " STR_FMT,
			STR_ARG(row_literal(arena, value, variant)));
	}
	return str_fmt(arena, "INSERT INTO %s (" STR_FMT ") VALUES (" STR_FMT ")",
		row->table, STR_ARG(str_slice(buf_str(&names), 2, names.len)),
		STR_ARG(str_slice(buf_str(&values), 2, values.len)));
}

struct err *
rows_fill(struct scratch *scratch, struct session *session)
{
	for (const struct good_row *row = good_rows; row->table; row++)
		for (int variant = 1; variant <= row->variants; variant++) {
			struct str sql = row_insert(&scratch->arena, row, variant, "");

			TRY_CTX(session_run(&scratch->ctx, session, sql), STR_FMT,
				STR_ARG(sql));
		}
	return NULL;
}
