-- Changes of an account that wait for their link to be followed (accounts/account_change.h).
-- folder: accounts

-- row account_change: user_id user_id, id account_change_id, kind text, email text?, family_id uuid?, opens_at time,
--   expires_at time, ended_at time?, is_active bool, has_mfa bool, old_email text
-- row waiting_change: email text?, opens_at time, expires_at time
-- row change_count: total i64, oldest time?
-- row mfa_to_lose: mfa_enabled_at time?, proved_at time?, reset_at time?
-- row free_address: id user_id, email_verified bool

-- name: account_change_insert :exec
-- args: user_id user_id, kind text, email text?, email_identity text?, token_hash hash, family_id uuid?,
--   ip_address text?, now time, opens_at time, expires_at time
-- as: system, an administrator may ask for it
-- A change, and its link.
INSERT INTO account_changes (user_id, id, kind, email, email_identity, token_hash, family_id, created_at, opens_at, expires_at, ip_address)
VALUES (:user_id, {{new id}}, :kind, :email, :email_identity, :token_hash, :family_id, :now, :opens_at, :expires_at, :ip_address);

-- name: account_change_by_token :opt account_change
-- args: token_hash hash
-- as: system, whoever follows a link is nobody yet
-- The change of a link, and whose it is.
SELECT c.user_id, c.id, c.kind, c.email, c.family_id, c.opens_at, c.expires_at, c.ended_at, u.is_active,
       u.mfa_enabled_at IS NOT NULL AS has_mfa, u.email AS old_email
  FROM account_changes c
  JOIN users u ON u.id = c.user_id
 WHERE c.token_hash = :token_hash;

-- name: account_change_waiting :opt waiting_change
-- args: actor user_id, kind text, now time
-- as: actor
-- The actor's change that waits, the newest.
SELECT email, opens_at, expires_at
  FROM account_changes
 WHERE user_id = :actor AND kind = :kind AND ended_at IS NULL AND expires_at > :now
 ORDER BY id DESC
 LIMIT 1;

-- name: account_change_use :rows
-- args: user_id user_id, id account_change_id, now time
-- as: system, whoever follows a link is nobody yet
-- Spend a link. No row where it is spent.
UPDATE account_changes
   SET ended_at = :now
 WHERE user_id = :user_id AND id = :id AND ended_at IS NULL;

-- name: account_change_end :rows
-- args: user_id user_id, kind text, now time
-- as: system, what makes it void may be a link, a sign-in or an administrator
-- End what waits.
UPDATE account_changes
   SET ended_at = :now
 WHERE user_id = :user_id AND kind = :kind AND ended_at IS NULL;

-- name: account_change_count :one change_count
-- args: user_id user_id, kind text, since time
-- as: system, an administrator may ask for it
-- How many links went out since a moment, so that nobody's mailbox is flooded, and when the first of them did.
SELECT count(*) AS total, min(created_at) AS oldest
  FROM account_changes
 WHERE user_id = :user_id AND kind = :kind AND created_at > :since;

-- name: account_change_count_to :one change_count
-- args: email_identity text, since time
-- as: system, a mailbox is counted over all who write to it
-- The same to a mailbox, under all its spellings, whoever asked.
SELECT count(*) AS total, min(created_at) AS oldest
  FROM account_changes
 WHERE email_identity = :email_identity AND created_at > :since;

-- name: account_change_sweep :rows
-- args: before time
-- as: system, retention
-- Forget changes that ran out before a moment.
DELETE FROM account_changes
 WHERE expires_at < :before;

-- name: user_put_email :rows
-- args: id user_id, old_email text, email text, email_identity text, now time
-- as: system, whoever follows a link is nobody yet
-- Another address, which the link has proved. No row where the present one is another by now.
UPDATE users
   SET email = :email, email_identity = :email_identity, email_verified = TRUE, email_verified_at = :now, updated_at = :now
 WHERE id = :id AND email = :old_email AND is_active;

-- name: user_give_way :rows
-- args: id user_id, tombstone text, now time
-- as: system, it is the owner of the address who proved it, or retention
-- An account whose address was never proved gives it up to whoever proves it, or after a month, and is one no more. The
-- row stays, since the audit log refers to it.
UPDATE users
   SET email = :tombstone, email_identity = NULL, first_name = NULL, last_name = NULL, is_active = FALSE,
       deactivated_at = :now, erased_at = :now, personal_key = NULL, session_epoch = session_epoch + 1, updated_at = :now
 WHERE id = :id AND NOT email_verified AND is_active;

-- name: mfa_removal_look :opt mfa_to_lose
-- args: id user_id
-- as: system, an administrator asks for it
-- Since when a second factor is in force, when the address was proved, and when the mailbox set the password.
SELECT u.mfa_enabled_at, u.email_verified_at AS proved_at,
       (SELECT max(r.used_at) FROM password_resets r WHERE r.user_id = u.id) AS reset_at
  FROM users u
 WHERE u.id = :id AND u.is_active;

-- name: mfa_remove :rows
-- args: id user_id, now time
-- as: system, whoever follows a link is nobody yet
-- Take the second factor away from its owner, who has lost it.
UPDATE users
   SET mfa_enabled_at = NULL, totp_secret = NULL, totp_last_step = NULL, updated_at = :now
 WHERE id = :id AND is_active AND mfa_enabled_at IS NOT NULL;

-- name: recovery_forget :exec
-- args: user_id user_id
-- as: system, whoever follows a link is nobody yet
-- Recovery codes of a second factor that is no more.
DELETE FROM mfa_recovery_codes
 WHERE user_id = :user_id;
