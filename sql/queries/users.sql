-- Users: registration, what sign-in reads, passwords, profiles, and the links sent by mail.
-- folder: accounts

-- row sign_in_row: id user_id, password_hash text, email_verified bool, is_active bool, mfa_enabled_at time?
-- row password_kind_found: kind text
-- row registered: id user_id, email_verified bool, is_active bool
-- row user_epoch: session_epoch i64, email text
-- row user_password: email text, password_hash text, mfa_enabled_at time?
-- row profile: id user_id, email text, first_name text?, last_name text?, created_at time, last_login time?,
--   password_changed_at time?, mfa_enabled_at time?, wants_email_alerts bool, alert_min_confidence share?,
--   leaderboard_name text?, is_on_leaderboard bool, leaderboard_name_folded text?
-- row leader_named: id user_id
-- row verification: user_id user_id, id verification_id, email text, password_hash text?, first_name text?,
--   last_name text?, expires_at time, used_at time?
-- row reset: user_id user_id, id reset_id, expires_at time, used_at time?, email text, is_active bool
-- row unproved: id user_id
-- row link_count: total i64, oldest time?

-- name: user_for_sign_in :opt sign_in_row
-- args: email text
-- as: system, whoever signs in is nobody yet
-- What deciding a sign-in needs.
SELECT id, password_hash, email_verified, is_active, mfa_enabled_at
  FROM users
 WHERE email = :email;

-- name: password_kinds :many password_kind_found
-- args: found_max i64
-- as: system, on behalf of nobody
-- scan: ok, asked once an hour
-- pool: batch
-- What hashes of passwords begin with, up to their salt: that is short, and as good as the same length for all.
SELECT DISTINCT substr(password_hash, 1, CASE WHEN password_hash LIKE '$2%' THEN 7
                                              WHEN length(password_hash) > 66 THEN length(password_hash) - 66
                                              ELSE 0 END) AS kind
  FROM users
 WHERE password_hash LIKE '$%'
 LIMIT :found_max;

-- name: user_by_email :opt registered
-- args: email text
-- as: system, whoever registers or has forgotten a password is nobody yet
-- The account of an address.
SELECT id, email_verified, is_active
  FROM users
 WHERE email = :email;

-- name: user_insert :rows
-- args: id user_id, email text, email_identity text, now time
-- as: system, whoever registers is nobody yet
-- Make an account that has no password and no names until its address is proved. No row where the address has one.
INSERT INTO users (id, email, password_hash, email_verified, is_active, created_at, updated_at, email_identity)
VALUES (:id, :email, '!', FALSE, TRUE, :now, :now, :email_identity)
    ON CONFLICT (email) DO NOTHING;

-- name: user_verify :rows
-- args: id user_id, password_hash text?, first_name text?, last_name text?, now time
-- as: system, whoever follows a link is nobody yet
-- The address is proved; its first proof brings the password and the names chosen with it.
UPDATE users
   SET email_verified = TRUE, email_verified_at = coalesce(email_verified_at, :now), updated_at = :now,
       first_name = CASE WHEN email_verified THEN first_name ELSE :first_name END,
       last_name = CASE WHEN email_verified THEN last_name ELSE :last_name END,
       password_hash = CASE WHEN email_verified OR :password_hash IS NULL THEN password_hash ELSE :password_hash END,
       password_changed_at = CASE WHEN email_verified OR :password_hash IS NULL THEN password_changed_at
                                  ELSE :now END
 WHERE id = :id AND is_active;

-- name: user_signed_in :rows
-- args: id user_id, checked_hash text, password_hash text, now time
-- as: system, whoever signs in is nobody yet
-- Record a sign-in whose password was found to match CHECKED_HASH, and keep PASSWORD_HASH, which may be of another
-- scheme. No row where the account has changed meanwhile.
UPDATE users
   SET last_login = :now, password_hash = :password_hash
 WHERE id = :id AND password_hash = :checked_hash AND email_verified AND is_active;

-- name: user_epoch_raise :one user_epoch
-- args: id user_id, now time
-- as: system, a reset link, an administrator or a stolen token may be the cause
-- Make every access token of the user void.
UPDATE users
   SET session_epoch = session_epoch + 1, updated_at = :now
 WHERE id = :id
RETURNING session_epoch, email;

-- name: user_epoch_get :opt user_epoch
-- args: id user_id
-- as: system, whoever refreshes is known by his token alone
-- The epoch under which a token is made; absent where the account is not active.
SELECT session_epoch, email
  FROM users
 WHERE id = :id AND is_active;

-- name: user_password_get :one user_password
-- args: actor user_id
-- as: actor
-- absent: this account is gone
-- What confirming a password needs.
SELECT email, password_hash, mfa_enabled_at
  FROM users
 WHERE id = :actor AND is_active;

-- name: user_password_put :rows
-- args: actor user_id, checked_hash text, password_hash text, now time
-- as: actor
-- Change the password, where it is still the one that was checked.
UPDATE users
   SET password_hash = :password_hash, password_changed_at = :now, updated_at = :now
 WHERE id = :actor AND password_hash = :checked_hash AND is_active;

-- name: user_password_reset :rows
-- args: id user_id, password_hash text, now time
-- as: system, whoever follows a reset link is nobody yet
-- Set the password by a link, which proves the address as well.
UPDATE users
   SET password_hash = :password_hash, password_changed_at = :now, updated_at = :now, email_verified = TRUE,
       email_verified_at = coalesce(email_verified_at, :now)
 WHERE id = :id AND is_active;

-- name: user_deactivate :rows
-- args: id user_id, now time
-- as: system, an administrator does it
-- Close an account, which stays on file.
UPDATE users
   SET is_active = FALSE, deactivated_at = :now, updated_at = :now
 WHERE id = :id AND is_active;

-- name: user_reactivate :rows
-- args: id user_id, now time
-- as: system, an administrator does it
-- Open a closed account again; an erased one has nothing to open.
UPDATE users
   SET is_active = TRUE, deactivated_at = NULL, updated_at = :now
 WHERE id = :id AND NOT is_active AND erased_at IS NULL;

-- name: profile_get :one profile
-- args: actor user_id
-- as: actor
-- absent: this account is gone
-- What a user may see and change of the account.
SELECT id, email, first_name, last_name, created_at, last_login, password_changed_at, mfa_enabled_at,
       wants_email_alerts, alert_min_confidence, leaderboard_name, is_on_leaderboard, leaderboard_name_folded
  FROM users
 WHERE id = :actor AND is_active;

-- name: leaderboard_name_find :opt leader_named
-- args: actor user_id, leaderboard_name_folded text
-- as: system, who stands on the leaderboard stands there for all
-- Somebody else whom the leaderboard may show under a name that folds to this (codec/fold.h).
SELECT id
  FROM users
 WHERE leaderboard_name_folded = :leaderboard_name_folded AND id <> :actor;

-- name: profile_put :rows
-- args: actor user_id, first_name text?, last_name text?, wants_email_alerts bool, alert_min_confidence share?,
--   leaderboard_name text?, is_on_leaderboard bool, leaderboard_name_folded text?, now time
-- as: actor
-- Change the profile.
UPDATE users
   SET first_name = :first_name, last_name = :last_name, wants_email_alerts = :wants_email_alerts,
       alert_min_confidence = :alert_min_confidence, leaderboard_name = :leaderboard_name,
       is_on_leaderboard = :is_on_leaderboard, leaderboard_name_folded = :leaderboard_name_folded, updated_at = :now
 WHERE id = :actor AND is_active;

-- name: verification_insert :exec
-- args: user_id user_id, email text, token_hash hash, password_hash text?, first_name text?, last_name text?,
--   ip_address text?, now time, expires_at time
-- as: system, whoever registers is nobody yet
-- A link that proves an address.
INSERT INTO email_verifications (user_id, id, email, token_hash, password_hash, first_name, last_name, created_at,
       expires_at, ip_address)
VALUES (:user_id, {{new id}}, :email, :token_hash, :password_hash, :first_name, :last_name, :now, :expires_at,
       :ip_address);

-- name: verification_by_token :opt verification
-- args: token_hash hash
-- as: system, whoever follows a link is nobody yet
-- The link of a token.
SELECT user_id, id, email, password_hash, first_name, last_name, expires_at, used_at
  FROM email_verifications
 WHERE token_hash = :token_hash;

-- name: verification_use :rows
-- args: user_id user_id, id verification_id, now time
-- as: system, whoever follows a link is nobody yet
-- Spend a link. No row where it is spent.
UPDATE email_verifications
   SET used_at = :now, password_hash = NULL, first_name = NULL, last_name = NULL
 WHERE user_id = :user_id AND id = :id AND used_at IS NULL;

-- name: verification_drop_others :exec
-- args: user_id user_id, id verification_id
-- as: system, whoever follows a link is nobody yet
-- Once one link has been followed the others prove nothing more.
DELETE FROM email_verifications
 WHERE user_id = :user_id AND id <> :id;

-- name: verification_drop_all :exec
-- args: user_id user_id
-- as: system, a reset link has proved the address
-- Links that would bring an older password are void.
DELETE FROM email_verifications
 WHERE user_id = :user_id AND used_at IS NULL;

-- name: verification_count :one link_count
-- args: email_identity text, email text, since time
-- as: system, whoever registers is nobody yet
-- How many links went to a mailbox since a moment, under all its spellings, so that none is flooded; and when the first did.
SELECT count(*) AS total, min(v.created_at) AS oldest
  FROM users u
  JOIN email_verifications v ON v.user_id = u.id
 WHERE (u.email_identity = :email_identity OR u.email = :email) AND v.created_at > :since;

-- name: verification_sweep :rows
-- args: before time
-- as: system, retention
-- Forget links that ran out before a moment.
DELETE FROM email_verifications
 WHERE expires_at < :before;

-- name: reset_insert :exec
-- args: user_id user_id, token_hash hash, ip_address text?, user_agent text?, is_by_admin bool, now time,
--   expires_at time
-- as: system, whoever has forgotten a password is nobody yet
-- A link that sets a new password.
INSERT INTO password_resets (user_id, id, token_hash, created_at, expires_at, ip_address, user_agent, is_by_admin)
VALUES (:user_id, {{new id}}, :token_hash, :now, :expires_at, :ip_address, :user_agent, :is_by_admin);

-- name: reset_by_token :opt reset
-- args: token_hash hash
-- as: system, whoever follows a link is nobody yet
-- The link of a token, and whose it is.
SELECT r.user_id, r.id, r.expires_at, r.used_at, u.email, u.is_active
  FROM password_resets r
  JOIN users u ON u.id = r.user_id
 WHERE r.token_hash = :token_hash;

-- name: reset_use :rows
-- args: user_id user_id, id reset_id, now time
-- as: system, whoever follows a link is nobody yet
-- Spend a link. No row where it is spent.
UPDATE password_resets
   SET used_at = :now
 WHERE user_id = :user_id AND id = :id AND used_at IS NULL;

-- name: reset_drop_unused :exec
-- args: user_id user_id
-- as: system, a reset or a change of password ends the links that were sent before it
-- Links that were sent and not followed are void.
DELETE FROM password_resets
 WHERE user_id = :user_id AND used_at IS NULL;

-- name: reset_count :one link_count
-- args: user_id user_id, since time
-- as: system, whoever has forgotten a password is nobody yet
-- How many links went out since a moment, so that nobody's mailbox is flooded; and when the first did.
SELECT count(*) AS total, min(created_at) AS oldest
  FROM password_resets
 WHERE user_id = :user_id AND created_at > :since;

-- name: reset_count_unproved :one link_count
-- args: email_identity text, email text, since time
-- as: system, whoever has forgotten a password is nobody yet
-- The same of all accounts of a mailbox that nobody has proved: strangers can make as many as it has spellings.
SELECT count(*) AS total, min(r.created_at) AS oldest
  FROM users u
  JOIN password_resets r ON r.user_id = u.id
 WHERE (u.email_identity = :email_identity OR u.email = :email) AND NOT u.email_verified AND r.created_at > :since;

-- name: reset_sweep :rows
-- args: before time
-- as: system, retention
-- Forget links that ran out before a moment.
DELETE FROM password_resets
 WHERE expires_at < :before;

-- name: unproved_list :many unproved
-- args: before time, row_count i32
-- as: system, retention
-- Accounts made before a moment whose address nobody proved, and to which no link is left. Those that an administrator
-- shut out stay shut out; those with a password came from another program.
SELECT u.id
  FROM users u
 WHERE NOT u.email_verified AND u.erased_at IS NULL AND u.is_active AND u.password_hash = '!' AND u.created_at < :before
   AND NOT EXISTS (SELECT 1 FROM email_verifications v WHERE v.user_id = u.id)
   AND NOT EXISTS (SELECT 1 FROM password_resets r WHERE r.user_id = u.id)
 ORDER BY u.created_at
 LIMIT :row_count;
