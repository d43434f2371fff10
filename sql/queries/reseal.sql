-- What is sealed under the keyring (crypto/seal.h), to be sealed again under a new key. See ops/reseal.h.
-- folder: ops

-- row sealed_user: id user_id, totp_secret bytes?, personal_key bytes?
-- row sealed_count: total i64

-- row sealed_head: head bytes?

-- name: sealed_head_list :many sealed_head
-- args: none
-- as: system, the operator changes keys for everybody
-- pool: batch
-- scan: ok, an operator's command asks once
-- What fields of users begin with, each once: version and key.
SELECT substr(personal_key, 1, 9) AS head
  FROM users
 WHERE personal_key IS NOT NULL
 UNION
SELECT substr(totp_secret, 1, 9)
  FROM users
 WHERE totp_secret IS NOT NULL
 ORDER BY 1
 LIMIT 100;

-- name: sealed_head_sample :many sealed_head
-- args: none
-- as: system, a server looks at its start whether it has the keys
-- scan: ok, the first and the last hundred of an index
-- The same of the first and the last who registered.
SELECT substr(oldest.personal_key, 1, 9) AS head
  FROM (SELECT personal_key FROM users ORDER BY id LIMIT 100) AS oldest
 WHERE oldest.personal_key IS NOT NULL
 UNION
SELECT substr(newest.personal_key, 1, 9)
  FROM (SELECT personal_key FROM users ORDER BY id DESC LIMIT 100) AS newest
 WHERE newest.personal_key IS NOT NULL
 ORDER BY 1
 LIMIT 100;

-- name: sealed_user_list :many sealed_user
-- args: after uuid
-- as: system, the operator changes keys for everybody
-- pool: batch
-- scan: ok, it goes through all users once, page by page
-- Users who have something sealed, in the order of their ids.
SELECT id, totp_secret, personal_key
  FROM users
 WHERE id > :after AND (totp_secret IS NOT NULL OR personal_key IS NOT NULL)
 ORDER BY id
 LIMIT 200;

-- name: sealed_user_count :one sealed_count
-- args: none
-- as: system, the operator changes keys for everybody
-- pool: batch
-- scan: ok, an operator's command asks once
-- How many there are.
SELECT count(*) AS total
  FROM users
 WHERE totp_secret IS NOT NULL OR personal_key IS NOT NULL;

-- name: reseal_totp_secret :batch
-- args: id user_id, old_value bytes, new_value bytes
-- as: system, the operator changes keys for everybody
-- The same under another key, unless it was changed meanwhile.
UPDATE users SET totp_secret = :new_value WHERE id = :id AND totp_secret = :old_value;

-- name: reseal_personal_key :batch
-- args: id user_id, old_value bytes, new_value bytes
-- as: system, the operator changes keys for everybody
-- The same under another key, unless it was changed meanwhile.
UPDATE users SET personal_key = :new_value WHERE id = :id AND personal_key = :old_value;

-- name: reseal_give_up :batch
-- args: id user_id, old_value bytes
-- as: system, the operator changes keys for everybody
-- A key that cannot be opened goes, so that the next entry of the audit log makes another.
UPDATE users SET personal_key = NULL WHERE id = :id AND personal_key = :old_value;

-- name: sealed_in_users :one sealed_count
-- args: head bytes
-- as: system, the operator changes keys for everybody
-- pool: batch
-- scan: ok, an operator's command asks once
-- How many users have something that begins with HEAD: version and key.
SELECT count(*) AS total
  FROM users
 WHERE substr(totp_secret, 1, 9) = :head OR substr(personal_key, 1, 9) = :head;

-- name: sealed_in_sessions :one sealed_count
-- args: head bytes
-- as: system, the operator changes keys for everybody
-- pool: batch
-- scan: ok, an operator's command asks once
-- The same of sessions.
SELECT count(*) AS total
  FROM user_sessions
 WHERE substr(successor_sealed, 1, 9) = :head;

-- name: sealed_in_outbox :one sealed_count
-- args: pattern text
-- as: anyone
-- pool: batch
-- scan: ok, an operator's command asks once
-- The same of mail, where it is base64 within JSON; PATTERN may match a little more.
SELECT count(*) AS total
  FROM outbox
 WHERE CAST(payload AS {{text}}) LIKE :pattern;

-- name: sealed_in_audit :one sealed_count
-- args: head bytes
-- as: anyone
-- pool: batch
-- scan: ok, an operator's command asks once
-- The same of the audit log: what it holds of callers who were nobody stands behind six bytes.
SELECT count(*) AS total
  FROM audit_logs
 WHERE substr(personal, 7, 9) = :head;

-- name: sealed_in_audit_pending :one sealed_count
-- args: head bytes
-- as: anyone
-- pool: batch
-- scan: ok, empty but for the last second
-- The same of entries that wait to be chained.
SELECT count(*) AS total
  FROM audit_pending
 WHERE substr(personal, 7, 9) = :head;
