-- Everything held of a user, table by table: see accounts/export.h. Columns that are left out stand in
-- tests/accounts/export_test.c with the reason; a column or a table that stands in neither fails that test.
-- folder: accounts

-- row export_users_row: id uuid, email text, first_name text?, last_name text?, email_verified bool,
--   is_active bool, created_at time, updated_at time, last_login time?, email_identity text?,
--   email_verified_at time?, password_changed_at time?, deactivated_at time?, erased_at time?, trial_used_at time?,
--   session_epoch i64, mfa_enabled_at time?, wants_email_alerts bool, alert_min_confidence share?,
--   leaderboard_name text?, is_on_leaderboard bool, leaderboard_name_folded text?
-- row export_user_sessions_row: id uuid, family_id uuid, expires_at time, last_accessed time, ip_address text?,
--   user_agent text?, device_name text?, place text?, is_active bool, created_at time, family_started_at time,
--   mfa_passed_at time?, rotated_at time?, revoked_at time?, revoked_reason text?
-- row export_email_verifications_row: id uuid, email text, first_name text?, last_name text?, created_at time,
--   expires_at time, used_at time?, ip_address text?
-- row export_password_resets_row: id uuid, created_at time, expires_at time, used_at time?, ip_address text?,
--   user_agent text?, is_by_admin bool
-- row export_account_changes_row: id uuid, kind text, email text?, family_id uuid?, created_at time, opens_at time,
--   expires_at time, ended_at time?, ip_address text?, email_identity text?
-- row export_api_keys_row: id uuid, name text, prefix text, scopes array, is_active bool, created_at time,
--   expires_at time?, last_used_at time?, last_used_ip text?, revoked_at time?
-- row export_mfa_recovery_codes_row: id uuid, created_at time, used_at time?
-- row export_admin_users_row: id uuid, role text, permissions array, created_by uuid?, last_admin_login time?,
--   is_active bool, created_at time, updated_at time
-- row export_audit_logs_row: id uuid, seq i64, subject_id uuid?, actor_kind text, action text, outcome text,
--   resource_type text?, resource_id text?, details object, ip_address text?, user_agent text?, personal bytes?,
--   request_id uuid?, created_at time
-- row export_subscriptions_row: id uuid, tier_id uuid, status text, starts_at time, expires_at time,
--   auto_renew bool, amount_paid_cents amount, currency currency, is_add_on bool, promotion_id uuid?,
--   previous_id uuid?, cancelled_at time?, cancel_reason text?, past_due_since time?, ended_at time?,
--   provider text?, provider_subscription_id text?, provider_customer_id text?, provider_event_at time?,
--   created_at time, updated_at time
-- row export_payments_row: id uuid, subscription_id uuid?, kind text, amount_cents amount, discount_cents amount,
--   refunded_cents amount, currency currency, status text, payment_method text?, metadata object,
--   promotion_id uuid?, provider text, provider_payment_id text?, provider_customer_id text?,
--   card_fingerprint text?, provider_event_at time?, failure_code text?, failure_message text?, paid_at time?,
--   refunded_at time?, disputed_at time?, created_at time, updated_at time
-- row export_free_access_grants_row: id uuid, granted_by uuid?, tier_id uuid, access_type text, start_date time,
--   end_date time, notes text?, is_active bool, batch_id uuid?, revoked_at time?, revoked_by uuid?,
--   created_at time, updated_at time
-- row export_invitations_row: id uuid, email text?, kind text, admin_role text?, tier_id uuid?, access_type text?,
--   grant_days i32?, notes text?, batch_id uuid?, invited_by uuid?, created_at time, expires_at time,
--   accepted_at time?, accepted_by uuid?, addressee_id uuid?, revoked_at time?
-- row export_promotion_uses_row: id uuid, promotion_id uuid, use_number i32, subscription_id uuid?,
--   payment_id uuid?, discount_cents amount, currency currency, created_at time, released_at time?
-- row export_webhook_events_row: id uuid, provider text, event_id text, event_type text, object_id text?,
--   payload object, status text, attempts i32, last_error text?, event_created_at time, received_at time,
--   processed_at time?, next_attempt_at time?
-- row export_affiliates_row: id uuid, referral_code text, commission_rate rate, recurring_rate rate,
--   recurring_months i32, tier text, payout_method text?, is_active bool, referral_count i32, conversion_count i32,
--   click_count i64, terms_accepted_at time, deactivated_at time?, created_at time, updated_at time
-- row export_referrals_row: id uuid, affiliate_user_id uuid, affiliate_id uuid, referral_code text, source text,
--   status text, conversion_date time?, click_data object?, clicked_at time?, commission_rate rate?,
--   recurring_rate rate?, recurring_until time?, affiliate_tier text?, fraud_score share?, fraud_reasons array?,
--   reviewed_at time?, created_at time, updated_at time
-- row export_affiliate_payouts_row: id uuid, affiliate_id uuid, batch_id uuid?, amount_cents cents,
--   currency currency, payout_method text, transaction_id text?, status text, failure_reason text?,
--   processed_at time?, created_at time, updated_at time
-- row export_commission_entries_row: id uuid, affiliate_id uuid, kind text, amount_cents i64, currency currency,
--   base_cents amount?, rate rate?, rule object, source text, referred_user_id uuid?, payment_id uuid?,
--   payout_id uuid?, reverses_id uuid?, available_at time, note text?, created_by uuid?, created_at time
-- row export_predictions_row: id uuid, model text, model_version text?, prediction_type text, subject text,
--   season season, week week, game_id uuid, nflverse_id text, home_team text, away_team text, matchup text,
--   prediction_data object, confidence share?, pick text?, probability share?, expected f64?, line f64?, odds i32?,
--   predicted_at time, created_at time, superseded_at time?, actual_result object?, outcome text?,
--   is_correct bool?, brier f64?, log_loss f64?, units f64?, result_updated_at time?, is_simulated bool,
--   is_sample bool
-- row export_user_prediction_access_row: id uuid, prediction_id uuid, accessed_at time, via text, tier_name text?, times i32
-- row export_picks_row: id uuid, game_id uuid, prediction_type text, pick text, probability share, line f64?,
--   odds i32?, outcome text?, is_correct bool?, brier f64?, units f64?, graded_at time?, created_at time,
--   updated_at time
-- row export_leagues_row: id uuid, name text, season season, code text, created_at time, updated_at time
-- row export_league_members_row: league_id uuid, joined_at time
-- row export_league_standings_row: id uuid, league_id uuid, name text, name_folded text?, joined_at time, pick_count i32,
--   decided_count i32, right_count i32, brier f64?, units f64?, updated_at time
-- row export_outbox_row: id uuid, kind text, recipient text?, payload object, dedupe_key text?, status text,
--   attempts i32, last_error text?, next_attempt_at time, locked_until time?, created_at time, sent_at time?, urgency i32
-- row export_idempotency_keys_row: idempotency_key text, route text, response_status i32?, response_body text?,
--   created_at time, completed_at time?, expires_at time
-- row export_directory_row: kind text, entry text, status text, reserved_until time?, created_at time,
--   confirmed_at time?

-- name: export_users :many export_users_row
-- args: actor user_id
-- as: actor
-- What table users holds of a user.
SELECT id, email, first_name, last_name, email_verified, is_active, created_at, updated_at, last_login,
       email_identity, email_verified_at, password_changed_at, deactivated_at, erased_at, trial_used_at,
       session_epoch, mfa_enabled_at, wants_email_alerts, alert_min_confidence, leaderboard_name, is_on_leaderboard,
       leaderboard_name_folded
  FROM users
 WHERE id = :actor
 ORDER BY id
 LIMIT 100;

-- name: export_user_sessions :many export_user_sessions_row
-- args: actor user_id, after uuid
-- as: actor
-- What table user_sessions holds of a user.
SELECT id, family_id, expires_at, last_accessed, ip_address, user_agent, device_name, place, is_active, created_at,
       family_started_at, mfa_passed_at, rotated_at, revoked_at, revoked_reason
  FROM user_sessions
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_email_verifications :many export_email_verifications_row
-- args: actor user_id, after uuid
-- as: actor
-- What table email_verifications holds of a user.
SELECT id, email, first_name, last_name, created_at, expires_at, used_at, ip_address
  FROM email_verifications
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_password_resets :many export_password_resets_row
-- args: actor user_id, after uuid
-- as: actor
-- What table password_resets holds of a user.
SELECT id, created_at, expires_at, used_at, ip_address, user_agent, is_by_admin
  FROM password_resets
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_account_changes :many export_account_changes_row
-- args: actor user_id, after uuid
-- as: actor
-- What table account_changes holds of a user.
SELECT id, kind, email, family_id, created_at, opens_at, expires_at, ended_at, ip_address, email_identity
  FROM account_changes
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_api_keys :many export_api_keys_row
-- args: actor user_id, after uuid
-- as: actor
-- What table api_keys holds of a user.
SELECT id, name, prefix, scopes, is_active, created_at, expires_at, last_used_at, last_used_ip, revoked_at
  FROM api_keys
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_mfa_recovery_codes :many export_mfa_recovery_codes_row
-- args: actor user_id, after uuid
-- as: actor
-- What table mfa_recovery_codes holds of a user.
SELECT id, created_at, used_at
  FROM mfa_recovery_codes
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_admin_users :many export_admin_users_row
-- args: user_id user_id, after uuid
-- as: system, no row of these belongs to a user alone
-- What table admin_users holds of a user.
SELECT id, role, permissions, created_by, last_admin_login, is_active, created_at, updated_at
  FROM admin_users
 WHERE user_id = :user_id AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_audit_logs :many export_audit_logs_row
-- args: actor user_id, after uuid
-- as: actor
-- What table audit_logs holds of a user: what he did,
SELECT id, seq, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, ip_address, user_agent,
       personal, request_id, created_at
  FROM audit_logs
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_audit_logs_about :many export_audit_logs_row
-- args: user_id user_id, after uuid
-- as: system, what another did to him is the other's row
-- and what was done to him, or tried on him, by whoever else. From where an administrator called is not his to read.
SELECT id, seq, subject_id, actor_kind, action, outcome, resource_type, resource_id, details,
       CASE WHEN user_id IS NULL THEN ip_address END AS ip_address,
       CASE WHEN user_id IS NULL THEN user_agent END AS user_agent, personal, request_id, created_at
  FROM audit_logs
 WHERE subject_id = :user_id AND id > :after AND (user_id IS NULL OR user_id <> :user_id)
 ORDER BY id
 LIMIT 100;

-- name: export_subscriptions :many export_subscriptions_row
-- args: actor user_id, after uuid
-- as: actor
-- What table subscriptions holds of a user.
SELECT id, tier_id, status, starts_at, expires_at, auto_renew, amount_paid_cents, currency, is_add_on, promotion_id,
       previous_id, cancelled_at, cancel_reason, past_due_since, ended_at, provider, provider_subscription_id,
       provider_customer_id, provider_event_at, created_at, updated_at
  FROM subscriptions
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_payments :many export_payments_row
-- args: actor user_id, after uuid
-- as: actor
-- What table payments holds of a user.
SELECT id, subscription_id, kind, amount_cents, discount_cents, refunded_cents, currency, status, payment_method,
       metadata, promotion_id, provider, provider_payment_id, provider_customer_id, card_fingerprint,
       provider_event_at, failure_code, failure_message, paid_at, refunded_at, disputed_at, created_at, updated_at
  FROM payments
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_free_access_grants :many export_free_access_grants_row
-- args: actor user_id, after uuid
-- as: actor
-- What table free_access_grants holds of a user.
SELECT id, granted_by, tier_id, access_type, start_date, end_date, notes, is_active, batch_id, revoked_at, revoked_by,
       created_at, updated_at
  FROM free_access_grants
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_invitations :many export_invitations_row
-- args: user_id user_id, after uuid
-- as: system, no row of these belongs to a user alone
-- What table invitations holds of a user: what he accepted, and what waits at his address or waited at a former one.
SELECT id, email, kind, admin_role, tier_id, access_type, grant_days, notes, batch_id, invited_by, created_at,
       expires_at, accepted_at, accepted_by, addressee_id, revoked_at
  FROM invitations
 WHERE (accepted_by = :user_id
        OR (addressee_id = :user_id AND accepted_at IS NULL)
        OR (email = (SELECT u.email FROM users u WHERE u.id = :user_id) AND accepted_at IS NULL))
   AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_promotion_uses :many export_promotion_uses_row
-- args: actor user_id, after uuid
-- as: actor
-- What table promotion_uses holds of a user.
SELECT id, promotion_id, use_number, subscription_id, payment_id, discount_cents, currency, created_at, released_at
  FROM promotion_uses
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_webhook_events :many export_webhook_events_row
-- args: user_id user_id, after uuid
-- as: system, no row of these belongs to a user alone
-- What table webhook_events holds of a user.
SELECT id, provider, event_id, event_type, object_id, payload, status, attempts, last_error, event_created_at,
       received_at, processed_at, next_attempt_at
  FROM webhook_events
 WHERE user_id = :user_id AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_affiliates :many export_affiliates_row
-- args: actor user_id, after uuid
-- as: actor
-- What table affiliates holds of a user.
SELECT id, referral_code, commission_rate, recurring_rate, recurring_months, tier, payout_method, is_active,
       referral_count, conversion_count, click_count, terms_accepted_at, deactivated_at, created_at, updated_at
  FROM affiliates
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_referrals :many export_referrals_row
-- args: actor user_id, after uuid
-- as: actor
-- What table referrals holds of a user.
SELECT id, affiliate_user_id, affiliate_id, referral_code, source, status, conversion_date, click_data, clicked_at,
       commission_rate, recurring_rate, recurring_until, affiliate_tier, fraud_score, fraud_reasons, reviewed_at,
       created_at, updated_at
  FROM referrals
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_affiliate_payouts :many export_affiliate_payouts_row
-- args: actor user_id, after uuid
-- as: actor
-- What table affiliate_payouts holds of a user.
SELECT id, affiliate_id, batch_id, amount_cents, currency, payout_method, transaction_id, status, failure_reason,
       processed_at, created_at, updated_at
  FROM affiliate_payouts
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_commission_entries :many export_commission_entries_row
-- args: actor user_id, after uuid
-- as: actor
-- What table commission_entries holds of a user.
SELECT id, affiliate_id, kind, amount_cents, currency, base_cents, rate, rule, source, referred_user_id, payment_id,
       payout_id, reverses_id, available_at, note, created_by, created_at
  FROM commission_entries
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_predictions :many export_predictions_row
-- args: actor user_id, after uuid
-- as: actor
-- What table predictions holds of a user.
SELECT id, model, model_version, prediction_type, subject, season, week, game_id, nflverse_id, home_team, away_team,
       matchup, prediction_data, confidence, pick, probability, expected, line, odds, predicted_at, created_at,
       superseded_at, actual_result, outcome, is_correct, brier, log_loss, units, result_updated_at, is_simulated, is_sample
  FROM predictions
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_user_prediction_access :many export_user_prediction_access_row
-- args: actor user_id, after uuid
-- as: actor
-- What table user_prediction_access holds of a user.
SELECT id, prediction_id, accessed_at, via, tier_name, times
  FROM user_prediction_access
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_picks :many export_picks_row
-- args: actor user_id, after uuid
-- as: actor
-- What table picks holds of a user.
SELECT id, game_id, prediction_type, pick, probability, line, odds, outcome, is_correct, brier, units, graded_at,
       created_at, updated_at
  FROM picks
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_leagues :many export_leagues_row
-- args: actor user_id, after uuid
-- as: actor
-- What table leagues holds of a user.
SELECT id, name, season, code, created_at, updated_at
  FROM leagues
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_league_members :many export_league_members_row
-- args: actor user_id, after uuid
-- as: actor
-- What table league_members holds of a user.
SELECT league_id, joined_at
  FROM league_members
 WHERE user_id = :actor AND league_id > :after
 ORDER BY league_id
 LIMIT 100;

-- name: export_league_standings :many export_league_standings_row
-- args: actor user_id, after uuid
-- as: actor
-- What table league_standings holds of a user.
SELECT id, league_id, name, name_folded, joined_at, pick_count, decided_count, right_count, brier, units, updated_at
  FROM league_standings
 WHERE user_id = :actor AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_outbox :many export_outbox_row
-- args: user_id user_id, after uuid
-- as: system, no row of these belongs to a user alone
-- What table outbox holds of a user.
SELECT id, kind, recipient, payload, dedupe_key, status, attempts, last_error, next_attempt_at, locked_until,
       created_at, sent_at, urgency
  FROM outbox
 WHERE user_id = :user_id AND id > :after
 ORDER BY id
 LIMIT 100;

-- name: export_idempotency_keys :many export_idempotency_keys_row
-- args: actor user_id, after text
-- as: actor
-- What table idempotency_keys holds of a user.
SELECT idempotency_key, route, response_status, response_body, created_at, completed_at, expires_at
  FROM idempotency_keys
 WHERE user_id = :actor AND idempotency_key > :after
 ORDER BY idempotency_key
 LIMIT 100;

-- name: export_directory :many export_directory_row
-- args: user_id user_id
-- as: system, no row of these belongs to a user alone
-- What table directory holds of a user.
SELECT kind, entry, status, reserved_until, created_at, confirmed_at
  FROM directory
 WHERE user_id = :user_id
 ORDER BY entry
 LIMIT 100;
