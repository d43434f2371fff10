-- Erasure: what becomes of each table's rows of a user whose account is erased. See accounts/erase.h.
-- folder: accounts

-- row erasable: email text, is_admin bool

-- name: erase_look :opt erasable
-- args: actor user_id
-- as: system, whether the user is an administrator is not his to read
-- What decides whether an account may be erased.
SELECT email,
       EXISTS (SELECT 1 FROM admin_users a WHERE a.user_id = u.id AND a.is_active) AS is_admin
  FROM users u
 WHERE id = :actor AND erased_at IS NULL;

-- name: erase_sessions :exec
-- args: actor user_id
-- as: actor
-- Sessions are deleted.
DELETE FROM user_sessions WHERE user_id = :actor;

-- name: erase_verifications :exec
-- args: actor user_id
-- as: actor
-- So are links to prove an address,
DELETE FROM email_verifications WHERE user_id = :actor;

-- name: erase_resets :exec
-- args: actor user_id
-- as: actor
-- links to set a password,
DELETE FROM password_resets WHERE user_id = :actor;

-- name: erase_account_changes :exec
-- args: actor user_id
-- as: actor
-- links to change what decides who gets in,
DELETE FROM account_changes WHERE user_id = :actor;

-- name: erase_api_keys :exec
-- args: actor user_id
-- as: actor
-- keys,
DELETE FROM api_keys WHERE user_id = :actor;

-- name: erase_recovery_codes :exec
-- args: actor user_id
-- as: actor
-- recovery codes,
DELETE FROM mfa_recovery_codes WHERE user_id = :actor;

-- name: erase_access :exec
-- args: actor user_id
-- as: actor
-- what he read,
DELETE FROM user_prediction_access WHERE user_id = :actor;

-- name: erase_picks :exec
-- args: actor user_id
-- as: actor
-- what he picked,
DELETE FROM picks WHERE user_id = :actor;

-- name: erase_league_heirs :exec
-- args: user_id user_id
-- as: system, another member is not his to see
-- A league that he runs goes on under whoever has been in it longest, of those who may sign in if there is one,
UPDATE leagues
   SET user_id = (SELECT s.user_id
                    FROM league_standings s
                    JOIN users u ON u.id = s.user_id
                   WHERE s.league_id = leagues.id AND s.user_id <> :user_id
                   ORDER BY CASE WHEN u.is_active THEN 0 ELSE 1 END, s.joined_at, s.id
                   LIMIT 1)
 WHERE user_id = :user_id
   AND EXISTS (SELECT 1 FROM league_standings s WHERE s.league_id = leagues.id AND s.user_id <> :user_id);

-- name: erase_league_standings :exec
-- args: actor user_id
-- as: actor
-- without what he showed there,
DELETE FROM league_standings WHERE user_id = :actor;

-- name: erase_league_members :exec
-- args: actor user_id
-- as: actor
-- and without himself;
DELETE FROM league_members WHERE user_id = :actor;

-- name: erase_leagues :exec
-- args: actor user_id
-- as: actor
-- one without anybody else ends.
DELETE FROM leagues WHERE user_id = :actor;

-- name: erase_predictions :exec
-- args: actor user_id
-- as: actor
-- forecasts of a model of his that was not published,
DELETE FROM predictions WHERE user_id = :actor;

-- name: erase_idempotency_keys :exec
-- args: actor user_id
-- as: actor
-- and answers kept for repeated requests.
DELETE FROM idempotency_keys WHERE user_id = :actor;

-- name: erase_subscriptions :exec
-- args: actor user_id, now time
-- as: actor
-- Subscriptions end, since nobody is left to use them; they stay, as payments refer to them.
UPDATE subscriptions
   SET cancel_reason = NULL, auto_renew = FALSE, provider_customer_id = NULL, updated_at = :now,
       cancelled_at = CASE WHEN status IN ('pending', 'trial', 'active', 'past_due') THEN :now ELSE cancelled_at END,
       ended_at = CASE WHEN status IN ('pending', 'trial', 'active', 'past_due') THEN :now ELSE ended_at END,
       status = CASE WHEN status IN ('pending', 'trial', 'active', 'past_due') THEN 'cancelled' ELSE status END
 WHERE user_id = :actor;

-- name: erase_payments :exec
-- args: actor user_id, no_metadata object, now time
-- as: actor
-- Payments stay, as the books need them: what was paid, when, and the provider's number of it.
UPDATE payments
   SET metadata = :no_metadata, card_fingerprint = NULL, provider_customer_id = NULL, failure_message = NULL,
       updated_at = :now
 WHERE user_id = :actor;

-- name: erase_grants :exec
-- args: actor user_id, now time
-- as: actor
-- Grants end, and lose what an administrator noted of the person.
UPDATE free_access_grants
   SET notes = NULL, revoked_at = CASE WHEN is_active THEN :now ELSE revoked_at END, is_active = FALSE,
       updated_at = :now
 WHERE user_id = :actor;

-- name: erase_referrals :exec
-- args: actor user_id, now time
-- as: actor
-- That he came through an affiliate stays, as commission was earned by it; from where he clicked does not.
UPDATE referrals
   SET click_data = NULL, fraud_reasons = NULL, updated_at = :now
 WHERE user_id = :actor;

-- name: erase_affiliates :exec
-- args: actor user_id, now time
-- as: actor
-- An affiliate's ledger stays. Where his money went does not, nor does his code, which people make of their names.
-- for: postgresql
UPDATE affiliates
   SET payout_details = NULL, deactivated_at = coalesce(deactivated_at, :now), is_active = FALSE, updated_at = :now,
       referral_code = 'E' || upper(right(replace(CAST(id AS text), '-', ''), 19))
 WHERE user_id = :actor;
-- for: sqlite
UPDATE affiliates
   SET payout_details = NULL, deactivated_at = coalesce(deactivated_at, :now), is_active = FALSE, updated_at = :now,
       referral_code = 'E' || substr(hex(id), -19)
 WHERE user_id = :actor;

-- name: erase_referred :exec
-- args: user_id user_id
-- as: system, the rows are those of people whom the erased one brought
-- The code stands in the rows of whoever came by it, too.
UPDATE referrals
   SET referral_code = (SELECT a.referral_code
                          FROM affiliates a
                         WHERE a.user_id = referrals.affiliate_user_id AND a.id = referrals.affiliate_id)
 WHERE affiliate_user_id = :user_id;

-- name: erase_payouts :exec
-- args: actor user_id, now time
-- as: actor
-- What was paid out stays, and the number of its transfer; where it went does not.
UPDATE affiliate_payouts
   SET payout_details = NULL, failure_reason = NULL, updated_at = :now
 WHERE user_id = :actor;

-- name: erase_webhook_events :exec
-- args: user_id user_id, no_payload object
-- as: system, events of providers are nobody's rows
-- What a provider told us of him. Events still to be carried out keep their payload until they are.
UPDATE webhook_events
   SET payload = :no_payload, last_error = NULL, object_id = NULL
 WHERE user_id = :user_id AND status <> 'received';

-- name: erase_outbox :exec
-- args: user_id user_id
-- as: system, the outbox is the program's
-- What is still to be done about him, but for what a provider is still to be told, that a subscription has ended.
DELETE FROM outbox
 WHERE user_id = :user_id AND (kind <> 'provider' OR status <> 'pending');

-- name: erase_invitations :exec
-- args: user_id user_id
-- as: system, invitations are nobody's rows
-- The address that an invitation which he accepted was sent to, and what was noted of him.
UPDATE invitations
   SET email = NULL, notes = NULL
 WHERE accepted_by = :user_id;

-- name: erase_invitations_to :exec
-- args: user_id user_id, email text
-- as: system, invitations are nobody's rows
-- Invitations to an address that is or was his, which nobody has accepted.
DELETE FROM invitations
 WHERE email = :email AND accepted_at IS NULL
    OR addressee_id = :user_id AND accepted_at IS NULL;

-- name: erase_directory :exec
-- args: user_id user_id
-- as: system, the directory is read before anybody is known
-- His address is free again.
DELETE FROM directory WHERE user_id = :user_id;

-- name: erase_admin :exec
-- args: user_id user_id, no_permissions array, now time
-- as: system, the table of administrators is not theirs to change
-- What is left of a former administrator.
UPDATE admin_users
   SET permissions = :no_permissions, last_admin_login = NULL, updated_at = :now
 WHERE user_id = :user_id;

-- name: erase_user :rows
-- args: actor user_id, tombstone text, now time
-- as: actor
-- What stays of the user: that there was one, for payments and the ledger to refer to. Without personal_key nobody
-- can read what the audit log holds of the person.
UPDATE users
   SET email = :tombstone, password_hash = '!', first_name = NULL, last_name = NULL, email_verified = FALSE,
       is_active = FALSE, last_login = NULL, email_identity = NULL, email_verified_at = NULL,
       password_changed_at = NULL, deactivated_at = coalesce(deactivated_at, :now), erased_at = :now,
       session_epoch = session_epoch + 1, personal_key = NULL, totp_secret = NULL, totp_last_step = NULL,
       mfa_enabled_at = NULL, wants_email_alerts = FALSE, alert_min_confidence = NULL, leaderboard_name = NULL, leaderboard_name_folded = NULL,
       is_on_leaderboard = FALSE, updated_at = :now
 WHERE id = :actor AND erased_at IS NULL;
