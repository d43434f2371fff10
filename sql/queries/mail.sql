-- Mail that waits in the outbox, and what became of it. See mail/mail.h.
-- folder: mail

-- name: mail_insert :exec
-- args: id outbox_id, user_id user_id?, recipient text, payload object, dedupe_key text?, urgency i32, now time
-- as: anyone
-- Promise a mail; nothing where one with the same key was promised before.
INSERT INTO outbox (id, kind, user_id, recipient, payload, dedupe_key, urgency, status, attempts, next_attempt_at, created_at)
VALUES (:id, 'mail', :user_id, :recipient, :payload, :dedupe_key, :urgency, 'pending', 0, :now, :now)
    ON CONFLICT (dedupe_key) DO NOTHING;

-- name: mail_insert_many :batch
-- args: id outbox_id, user_id user_id?, recipient text, payload object, dedupe_key text?, urgency i32, now time
-- as: anyone
-- The same of many.
INSERT INTO outbox (id, kind, user_id, recipient, payload, dedupe_key, urgency, status, attempts, next_attempt_at, created_at)
VALUES (:id, 'mail', :user_id, :recipient, :payload, :dedupe_key, :urgency, 'pending', 0, :now, :now)
    ON CONFLICT (dedupe_key) DO NOTHING;

-- name: mail_forget_user :exec
-- args: user_id user_id
-- as: anyone
-- Forget the mail of a user, sent or not.
DELETE FROM outbox WHERE user_id = :user_id AND kind = 'mail';

-- name: mail_forget_address :exec
-- args: recipient text
-- as: anyone
-- scan: ok, erasure is rare, and retention keeps the outbox small
-- Forget the mail to an address, sent or not.
DELETE FROM outbox WHERE recipient = :recipient AND kind = 'mail';

-- name: mail_adopt :exec
-- args: user_id user_id, recipient text
-- as: anyone
-- scan: ok, a change of address is rare, and retention keeps the outbox small
-- What was sent to an address, and to nobody known, was sent to a user.
UPDATE outbox
   SET user_id = :user_id
 WHERE recipient = :recipient AND user_id IS NULL AND kind = 'mail';

-- name: mail_sweep :rows
-- args: before time
-- as: anyone
-- scan: ok, once a day
-- Forget mail that was sent, or given up, and promised before a moment.
DELETE FROM outbox WHERE kind = 'mail' AND status <> 'pending' AND created_at < :before;

-- row mail_leased: id outbox_id, recipient text, payload json, attempts i32, created_at time

-- name: mail_lease :many mail_leased
-- args: now time, lease_until time, urgency i32, row_count i32
-- as: anyone
-- Take up to ROW_COUNT mails that are due and at least as urgent as URGENCY, the most urgent first, of these those that
-- waited longest. Nobody else takes them before LEASE_UNTIL; whoever took them and died leaves them to be taken again
-- then. An attempt is counted as it begins, so a mail that ends its sender's process is not tried for ever.
-- for: postgresql
UPDATE outbox
   SET attempts = attempts + 1, locked_until = :lease_until, next_attempt_at = :lease_until
 WHERE id IN (SELECT id
                FROM outbox
               WHERE status = 'pending' AND kind = 'mail' AND urgency <= :urgency AND next_attempt_at <= :now
               ORDER BY urgency, next_attempt_at
               LIMIT :row_count
                 FOR UPDATE SKIP LOCKED)
RETURNING id, recipient, payload, attempts, created_at;
-- for: sqlite
UPDATE outbox
   SET attempts = attempts + 1, locked_until = :lease_until, next_attempt_at = :lease_until
 WHERE id IN (SELECT id
                FROM outbox
               WHERE status = 'pending' AND kind = 'mail' AND urgency <= :urgency AND next_attempt_at <= :now
               ORDER BY urgency, next_attempt_at
               LIMIT :row_count)
RETURNING id, recipient, payload, attempts, created_at;

-- name: mail_sent :exec
-- args: id outbox_id, attempts i32, payload object, now time
-- as: anyone
-- A mail server took it; PAYLOAD is what is kept of it. Nothing where another attempt has begun since: that one tells.
-- NOT IN, here and below, lest PostgreSQL look for the one row among all that wait (idx_outbox_urgent).
UPDATE outbox
   SET status = 'sent', sent_at = :now, locked_until = NULL, last_error = NULL, payload = :payload
 WHERE id = :id AND attempts = :attempts AND status NOT IN ('sent', 'dead');

-- name: mail_failed :exec
-- args: id outbox_id, attempts i32, status text, last_error text, next_attempt_at time
-- as: anyone
-- It was not taken: STATUS is pending, to be tried again, or dead.
UPDATE outbox
   SET status = :status, last_error = :last_error, next_attempt_at = :next_attempt_at, locked_until = NULL
 WHERE id = :id AND attempts = :attempts AND status NOT IN ('sent', 'dead');

-- name: mail_hand_back :exec
-- args: id outbox_id, attempts i32, last_error text, next_attempt_at time
-- as: anyone
-- It is not for this program, or not its turn: that was no attempt.
UPDATE outbox
   SET attempts = attempts - 1, last_error = :last_error, next_attempt_at = :next_attempt_at, locked_until = NULL
 WHERE id = :id AND attempts = :attempts AND status NOT IN ('sent', 'dead');

-- row mail_row: id outbox_id, recipient text, payload json, status text, attempts i32, last_error text?, created_at time,
--   next_attempt_at time, sent_at time?

-- name: mail_page :many mail_row
-- args: status text?, row_count i32
-- as: anyone
-- scan: ok, an operator asks for it, and retention keeps the outbox small
-- The newest mails: of a status, or where it is NULL those that are not sent.
SELECT id, recipient, payload, status, attempts, last_error, created_at, next_attempt_at, sent_at
  FROM outbox
 WHERE kind = 'mail' AND (status = :status OR (:status IS NULL AND status <> 'sent'))
 ORDER BY created_at DESC
 LIMIT :row_count;

-- name: mail_retry :rows
-- args: id outbox_id, now time
-- as: anyone
-- Have a mail sent at once that waits or is dead, as if it had not been tried.
UPDATE outbox
   SET status = 'pending', attempts = 0, next_attempt_at = :now, locked_until = NULL
 WHERE id = :id AND kind = 'mail' AND status <> 'sent' AND (locked_until IS NULL OR locked_until <= :now);

-- name: mail_retry_dead :rows
-- args: now time
-- as: anyone
-- scan: ok, an operator asks for it, and retention keeps the outbox small
-- The same of every mail that is dead.
UPDATE outbox
   SET status = 'pending', attempts = 0, next_attempt_at = :now, locked_until = NULL
 WHERE kind = 'mail' AND status = 'dead';
