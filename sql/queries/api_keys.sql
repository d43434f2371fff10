-- A user's API keys: made, shown, taken back. Who calls with one is found in callers.sql.
-- folder: accounts

-- row api_key: id api_key_id, name text, prefix text, scopes json, created_at time, expires_at time?,
--   last_used_at time?, last_used_ip text?
-- row api_key_count: live i64
-- row told_key: name text, prefix text

-- name: api_key_insert :exec
-- args: actor user_id, id api_key_id, name text, prefix text, key_hash hash, scopes json, expires_at time, now time
-- as: actor
-- A new key.
INSERT INTO api_keys (user_id, id, name, prefix, key_hash, scopes, is_active, created_at, expires_at)
VALUES (:actor, :id, :name, :prefix, :key_hash, :scopes, TRUE, :now, :expires_at);

-- name: api_key_list :many api_key
-- args: actor user_id, now time
-- as: actor
-- The keys that are good, the newest first.
SELECT id, name, prefix, scopes, created_at, expires_at, last_used_at, last_used_ip
  FROM api_keys
 WHERE user_id = :actor AND is_active AND (expires_at IS NULL OR expires_at > :now)
 ORDER BY id DESC
 LIMIT 100;

-- name: api_key_count :one api_key_count
-- args: actor user_id, now time
-- as: actor
-- absent: this account is gone
-- How many keys are good.
SELECT (SELECT count(*)
          FROM api_keys k
         WHERE k.user_id = :actor AND k.is_active AND (k.expires_at IS NULL OR k.expires_at > :now)) AS live
  FROM users
 WHERE id = :actor AND is_active;

-- name: api_key_revoke :opt told_key
-- args: actor user_id, id api_key_id, now time
-- as: actor
-- Take a key back. No row where it is not the actor's, or was taken back before.
UPDATE api_keys
   SET is_active = FALSE, revoked_at = :now
 WHERE user_id = :actor AND id = :id AND is_active
RETURNING name, prefix;

-- name: api_key_revoke_all :rows
-- args: user_id user_id, now time
-- as: system, whoever follows a reset link is nobody yet
-- Take all keys of a user back that are good.
UPDATE api_keys
   SET is_active = FALSE, revoked_at = :now
 WHERE user_id = :user_id AND is_active AND (expires_at IS NULL OR expires_at > :now);
