-- Who sent a request with an API key (accounts/caller.h).
-- folder: accounts

-- row caller_key: user_id user_id, id api_key_id, scopes json, is_active bool, expires_at time?, last_used_at time?

-- name: caller_key :opt caller_key
-- args: key_hash hash
-- as: system, it is asked to find out who the actor is
-- The key with this hash, good or not.
SELECT user_id, id, scopes, is_active, expires_at, last_used_at
  FROM api_keys
 WHERE key_hash = :key_hash;

-- name: caller_key_used :exec
-- args: actor user_id, id api_key_id, ip text?, before time, now time
-- as: actor
-- Note that the actor's key was used, unless that was noted since BEFORE.
UPDATE api_keys
   SET last_used_at = :now, last_used_ip = :ip
 WHERE user_id = :actor AND id = :id AND (last_used_at IS NULL OR last_used_at < :before);
