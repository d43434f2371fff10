-- The second factor: the authenticator's secret and the recovery codes.
-- folder: accounts

-- row mfa_state: email text, totp_secret bytes?, totp_last_step i64?, mfa_enabled_at time?
-- row recovery_count: unused i64

-- name: mfa_get :one mfa_state
-- args: actor user_id
-- as: actor
-- absent: this account is gone
-- The actor's second factor.
SELECT email, totp_secret, totp_last_step, mfa_enabled_at
  FROM users
 WHERE id = :actor AND is_active;

-- name: mfa_for_sign_in :opt mfa_state
-- args: id user_id
-- as: system, whoever signs in is nobody yet
-- The second factor of whoever signs in.
SELECT email, totp_secret, totp_last_step, mfa_enabled_at
  FROM users
 WHERE id = :id AND is_active;

-- name: mfa_begin :rows
-- args: actor user_id, totp_secret bytes, now time
-- as: actor
-- Keep a secret that is to be confirmed. No row where the second factor is in force.
UPDATE users
   SET totp_secret = :totp_secret, totp_last_step = NULL, updated_at = :now
 WHERE id = :actor AND is_active AND mfa_enabled_at IS NULL;

-- name: mfa_enable :rows
-- args: actor user_id, totp_secret bytes, step i64, now time
-- as: actor
-- Put the second factor in force, where the secret is still the one that was checked.
UPDATE users
   SET mfa_enabled_at = :now, totp_last_step = :step, updated_at = :now
 WHERE id = :actor AND is_active AND mfa_enabled_at IS NULL AND totp_secret = :totp_secret;

-- name: mfa_disable :rows
-- args: actor user_id, now time
-- as: actor
-- Take the second factor away.
UPDATE users
   SET mfa_enabled_at = NULL, totp_secret = NULL, totp_last_step = NULL, updated_at = :now
 WHERE id = :actor AND mfa_enabled_at IS NOT NULL;

-- name: mfa_use_step :rows
-- args: id user_id, step i64
-- as: system, whoever signs in is nobody yet
-- Spend the code of a step. No row where it, or a later one, is spent.
UPDATE users
   SET totp_last_step = :step
 WHERE id = :id AND mfa_enabled_at IS NOT NULL AND (totp_last_step IS NULL OR totp_last_step < :step);

-- name: mfa_pass_session :exec
-- args: actor user_id, family_id uuid, now time
-- as: actor
-- The session in which the second factor was put in force has passed it.
UPDATE user_sessions
   SET mfa_passed_at = :now
 WHERE user_id = :actor AND family_id = :family_id AND is_active;

-- name: recovery_insert :batch
-- args: actor user_id, code_hash hash, now time
-- as: actor
-- A recovery code.
INSERT INTO mfa_recovery_codes (user_id, id, code_hash, created_at)
VALUES (:actor, {{new id}}, :code_hash, :now);

-- name: recovery_drop :exec
-- args: actor user_id
-- as: actor
-- Forget all recovery codes.
DELETE FROM mfa_recovery_codes
 WHERE user_id = :actor;

-- name: recovery_use :rows
-- args: user_id user_id, code_hash hash, now time
-- as: system, whoever signs in is nobody yet
-- Spend a recovery code. No row where there is none such, or it is spent.
UPDATE mfa_recovery_codes
   SET used_at = :now
 WHERE user_id = :user_id AND code_hash = :code_hash AND used_at IS NULL;

-- name: recovery_count :one recovery_count
-- args: actor user_id
-- as: actor
-- How many recovery codes are left.
SELECT count(*) AS unused
  FROM mfa_recovery_codes
 WHERE user_id = :actor AND used_at IS NULL;
