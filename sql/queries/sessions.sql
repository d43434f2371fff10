-- Sessions: one row a refresh token, one family a device.
-- folder: accounts

-- row session_row: user_id user_id, id session_id, family_id uuid, expires_at time, ip_address text?, user_agent text?,
--   device_name text?, is_active bool, family_started_at time, mfa_passed_at time?, rotated_at time?, successor_id uuid?,
--   successor_sealed bytes?, revoked_at time?
-- row device: family_id uuid, device_name text?, place text?, ip_address text?, user_agent text?,
--   family_started_at time, last_accessed time, expires_at time, mfa_passed_at time?

-- name: session_insert :exec
-- args: user_id user_id, id session_id, family_id uuid, token_hash hash, expires_at time, ip_address text?,
--   user_agent text?, device_name text?, place text?, family_started_at time, mfa_passed_at time?, now time
-- as: system, whoever signs in or refreshes is known by what he brings
-- A refresh token.
INSERT INTO user_sessions (user_id, id, family_id, token_hash, expires_at, last_accessed, ip_address, user_agent,
       device_name, place, is_active, created_at, family_started_at, mfa_passed_at)
VALUES (:user_id, :id, :family_id, :token_hash, :expires_at, :now, :ip_address, :user_agent, :device_name, :place, TRUE, :now,
       :family_started_at, :mfa_passed_at);

-- row acquaintance: sessions i64, alike i64

-- name: session_acquaintance :one acquaintance
-- args: user_id user_id, user_agent text?
-- as: system, whoever signs in is nobody yet
-- How many sessions of the user are on file, and how many of them were begun by the program that asks now.
SELECT count(*) AS sessions, count(CASE WHEN user_agent IS NOT DISTINCT FROM :user_agent THEN 1 END) AS alike
  FROM user_sessions
 WHERE user_id = :user_id;

-- name: session_by_token :opt session_row
-- args: token_hash hash
-- as: system, whoever refreshes is known by his token alone
-- The session of a refresh token. Others who refresh it wait until this transaction ends.
-- for: postgresql
SELECT user_id, id, family_id, expires_at, ip_address, user_agent, device_name, is_active, family_started_at, mfa_passed_at,
       rotated_at, successor_id, successor_sealed, revoked_at
  FROM user_sessions
 WHERE token_hash = :token_hash
   FOR UPDATE;
-- for: sqlite
SELECT user_id, id, family_id, expires_at, ip_address, user_agent, device_name, is_active, family_started_at, mfa_passed_at,
       rotated_at, successor_id, successor_sealed, revoked_at
  FROM user_sessions
 WHERE token_hash = :token_hash;

-- name: session_get :one session_row
-- args: user_id user_id, id session_id
-- as: system, whoever refreshes is known by his token alone
-- One session.
SELECT user_id, id, family_id, expires_at, ip_address, user_agent, device_name, is_active, family_started_at, mfa_passed_at,
       rotated_at, successor_id, successor_sealed, revoked_at
  FROM user_sessions
 WHERE user_id = :user_id AND id = :id;

-- name: session_rotate :rows
-- args: user_id user_id, id session_id, successor_id uuid, successor_sealed bytes, now time
-- as: system, whoever refreshes is known by his token alone
-- A token gives way to its successor. No row where it has one, or is ended.
UPDATE user_sessions
   SET is_active = FALSE, rotated_at = :now, last_accessed = :now, successor_id = :successor_id,
       successor_sealed = :successor_sealed
 WHERE user_id = :user_id AND id = :id AND is_active;

-- name: session_family_end :rows
-- args: user_id user_id, family_id uuid, reason text, now time
-- as: system, also ends the session of whoever brings a stolen token
-- End the session of one device. No row where it has ended.
UPDATE user_sessions
   SET is_active = FALSE, revoked_at = :now, revoked_reason = :reason
 WHERE user_id = :user_id AND family_id = :family_id AND is_active;

-- name: session_end_all :rows
-- args: user_id user_id, except_family_id uuid?, reason text, now time
-- as: system, a reset link or an administrator may be the cause
-- End every session of the user but, where it is given, one device's.
UPDATE user_sessions
   SET is_active = FALSE, revoked_at = :now, revoked_reason = :reason
 WHERE user_id = :user_id AND is_active AND (:except_family_id IS NULL OR family_id <> :except_family_id);

-- name: device_list :many device
-- args: actor user_id, now time
-- as: actor
-- The devices that are signed in, the last used first.
SELECT family_id, device_name, place, ip_address, user_agent, family_started_at, last_accessed, expires_at,
       mfa_passed_at
  FROM user_sessions
 WHERE user_id = :actor AND is_active AND expires_at > :now
 ORDER BY last_accessed DESC, family_id
 LIMIT 200;

-- row session_beginning: family_started_at time

-- name: session_beginning :opt session_beginning
-- args: actor user_id, family_id uuid
-- as: actor
-- When the actor signed in on a device.
SELECT family_started_at
  FROM user_sessions
 WHERE user_id = :actor AND family_id = :family_id AND is_active;

-- name: session_forget_successor :exec
-- args: user_id user_id, successor_id uuid, rotated_before time
-- as: system, whoever refreshes is known by his token alone
-- Once a successor has a successor of its own, and the seconds of grace are over, nobody is given it again.
UPDATE user_sessions
   SET successor_sealed = NULL
 WHERE user_id = :user_id AND successor_id = :successor_id AND rotated_at < :rotated_before;

-- name: session_sweep :rows
-- args: before time
-- as: system, retention
-- Forget sessions that ran out before a moment.
DELETE FROM user_sessions
 WHERE expires_at < :before;
