-- folder: audit
-- The audit log: what waits for the chain, the chain itself, its cuts.

-- row audit_waiting: id audit_id, user_id user_id?, subject_id user_id?, actor_kind text, action text, outcome text,
--   resource_type text?, resource_id text?, details json, personal bytes?, request_id uuid?, commitment hash, mac hash,
--   key_id text, created_at time

-- row audit_row: id audit_id, seq i64, user_id user_id?, subject_id user_id?, actor_kind text, action text, outcome text,
--   resource_type text?, resource_id text?, details json, personal bytes?, ip_address text?, user_agent text?,
--   request_id uuid?, commitment hash, previous_hash hash, hash hash, key_id text, created_at time

-- row audit_head: seq i64, hash hash

-- row audit_cut: seq i64, hash hash, entries_until time, mac hash, key_id text, created_at time

-- row audit_anchor: file hash, seq i64, hash hash, mac hash, key_id text, anchored_at time

-- row audit_signer: key_id text

-- row audit_signed_rows: total i64, first i64?, last i64?
-- row audit_signed_others: waiting i64, cuts i64, anchors i64

-- row audit_owner: personal_key bytes?, erased_at time?

-- row audit_on_record: id audit_id

-- row audit_waits: is_waiting bool

-- row audit_sealed: id audit_id, seq i64, user_id user_id?, subject_id user_id?, personal bytes?, created_at time,
--   user_key bytes?, user_erased_at time?, subject_key bytes?, subject_erased_at time?

-- name: audit_wait :exec
-- args: id audit_id, user_id user_id?, subject_id user_id?, actor_kind text, action text, outcome text,
--   resource_type text?, resource_id text?, details object, personal bytes?, request_id uuid?, commitment hash,
--   mac hash, key_id text, now time
-- as: system, the log is nobody's to write but the program's
-- Put an entry where the chain will take it from.
INSERT INTO audit_pending (id, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details,
                           personal, request_id, commitment, mac, key_id, created_at)
VALUES (:id, :user_id, :subject_id, :actor_kind, :action, :outcome, :resource_type, :resource_id, :details,
        :personal, :request_id, :commitment, :mac, :key_id, :now);

-- name: audit_owner_find :opt audit_owner
-- args: id user_id
-- as: system, an entry may tell of anybody
-- The key that seals what is personal of a user; none when it was erased, or was never needed.
SELECT personal_key, erased_at
  FROM users
 WHERE id = :id;

-- name: audit_owner_key :rows
-- args: id user_id, personal_key bytes
-- as: system, an entry may tell of anybody
-- Give a user who has none, and is not erased, a key.
UPDATE users
   SET personal_key = :personal_key
 WHERE id = :id
   AND personal_key IS NULL
   AND erased_at IS NULL;

-- name: audit_waiting_list :many audit_waiting
-- args: after uuid
-- as: system, everybody's entries go into one chain
-- What waits, in the order in which it was written, AFTER an entry.
SELECT id, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, personal, request_id,
       commitment, mac, key_id, created_at
  FROM audit_pending
 WHERE id > :after
 ORDER BY id
 LIMIT 200;

-- name: audit_waits_of :one audit_waits
-- args: user user_id, before time
-- as: system, the log is nobody's to read but the program's
-- scan: ok, what waits is few
-- Whether something that was said of a user BEFORE waits for the chain.
SELECT EXISTS (SELECT 1
                 FROM audit_pending
                WHERE (user_id = :user OR subject_id = :user) AND created_at < :before) AS is_waiting;

-- name: audit_waiting_find :opt audit_waiting
-- args: id audit_id
-- as: system, everybody's entries go into one chain
-- One entry that waits.
SELECT id, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, personal, request_id,
       commitment, mac, key_id, created_at
  FROM audit_pending
 WHERE id = :id;

-- name: audit_take :batch
-- args: id audit_id
-- as: system, everybody's entries go into one chain
-- An entry that stands in the chain waits no more.
DELETE FROM audit_pending
 WHERE id = :id;

-- name: audit_head :opt audit_head
-- args: none
-- as: system, everybody's entries go into one chain
-- The last link of the chain.
SELECT seq, hash
  FROM audit_logs
 ORDER BY seq DESC
 LIMIT 1;

-- name: audit_signer_list :many audit_signer
-- args: none
-- as: system, everybody's entries go into one chain
-- scan: ok, the first row of an index's order each time
-- What signed the newest of what there is, and the oldest link: each key once.
SELECT newest.key_id FROM (SELECT key_id FROM audit_logs ORDER BY seq DESC LIMIT 1) AS newest
 UNION
SELECT oldest.key_id FROM (SELECT key_id FROM audit_logs ORDER BY seq LIMIT 1) AS oldest
 UNION
SELECT waiting.key_id FROM (SELECT key_id FROM audit_pending ORDER BY id LIMIT 1) AS waiting
 UNION
SELECT cut.key_id FROM (SELECT key_id FROM audit_cuts ORDER BY seq DESC LIMIT 1) AS cut
 UNION
SELECT anchor.key_id FROM (SELECT key_id FROM audit_anchors ORDER BY seq DESC LIMIT 1) AS anchor
 ORDER BY 1
 LIMIT 5;

-- name: audit_signer_all :many audit_signer
-- args: none
-- as: system, everybody's entries go into one chain
-- pool: batch
-- scan: ok, an operator's command asks once
-- The keys by which something of the log is proven.
SELECT key_id FROM audit_logs
 UNION
SELECT key_id FROM audit_pending
 UNION
SELECT key_id FROM audit_cuts WHERE seq = (SELECT max(seq) FROM audit_cuts)
 UNION
SELECT key_id FROM audit_anchors WHERE seq = (SELECT max(seq) FROM audit_anchors)
 ORDER BY 1
 LIMIT 100;

-- name: audit_signed_rows :one audit_signed_rows
-- args: key_id text
-- as: system, everybody's entries go into one chain
-- pool: batch
-- scan: ok, an operator's command asks once
-- The links that a key signed.
SELECT count(*) AS total, min(seq) AS first, max(seq) AS last
  FROM audit_logs
 WHERE key_id = :key_id;

-- name: audit_signed_others :one audit_signed_others
-- args: key_id text
-- as: system, everybody's entries go into one chain
-- pool: batch
-- scan: ok, an operator's command asks once
-- What else it signed that something is proven by: a newer cut or anchor vouches for the older ones.
SELECT (SELECT count(*) FROM audit_pending WHERE key_id = :key_id) AS waiting,
       (SELECT count(*) FROM audit_cuts WHERE key_id = :key_id AND seq = (SELECT max(seq) FROM audit_cuts)) AS cuts,
       (SELECT count(*) FROM audit_anchors
         WHERE key_id = :key_id AND seq = (SELECT max(seq) FROM audit_anchors)) AS anchors;

-- name: audit_append :batch
-- args: id audit_id, seq i64, user_id user_id?, subject_id user_id?, actor_kind text, action text, outcome text,
--   resource_type text?, resource_id text?, details object, personal bytes?, request_id uuid?, commitment hash,
--   previous_hash hash, hash hash, key_id text, created_at time
-- as: system, everybody's entries go into one chain
-- Add a link.
INSERT INTO audit_logs (id, seq, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details,
                        personal, request_id, commitment, previous_hash, hash, key_id, created_at)
VALUES (:id, :seq, :user_id, :subject_id, :actor_kind, :action, :outcome, :resource_type, :resource_id, :details,
        :personal, :request_id, :commitment, :previous_hash, :hash, :key_id, :created_at);

-- name: audit_find :opt audit_row
-- args: id audit_id
-- as: system, whether an entry stands in the chain is asked of anybody's
-- One link by the id of its entry.
SELECT id, seq, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, personal,
       ip_address, user_agent, request_id, commitment, previous_hash, hash, key_id, created_at
  FROM audit_logs
 WHERE id = :id;

-- name: audit_from :each audit_row
-- args: first i64, last i64
-- as: system, the whole chain is looked at
-- pool: batch
-- The links FIRST to LAST, in order.
SELECT id, seq, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, personal,
       ip_address, user_agent, request_id, commitment, previous_hash, hash, key_id, created_at
  FROM audit_logs
 WHERE seq BETWEEN :first AND :last
 ORDER BY seq;

-- name: audit_sealed_from :each audit_sealed
-- args: first i64, last i64
-- as: system, the whole chain is looked at
-- pool: batch
-- scan: ok, goes along the chain
-- What is personal in the links FIRST to LAST, with the keys of its people, in order.
SELECT l.id, l.seq, l.user_id, l.subject_id, l.personal, l.created_at, u.personal_key AS user_key,
       u.erased_at AS user_erased_at, s.personal_key AS subject_key, s.erased_at AS subject_erased_at
  FROM audit_logs l
  LEFT JOIN users u ON u.id = l.user_id
  LEFT JOIN users s ON s.id = l.subject_id
 WHERE l.seq BETWEEN :first AND :last AND l.personal IS NOT NULL
 ORDER BY l.seq;

-- name: audit_erasure_find :opt audit_on_record
-- args: user user_id
-- as: system, an erasure is looked for in the whole log
-- A link that says that a user was erased.
SELECT id
  FROM audit_logs
 WHERE user_id = :user AND action = 'account.erase' AND outcome = 'success'
 LIMIT 1;

-- name: audit_loss_find :opt audit_on_record
-- args: user user_id
-- as: system, an erasure is looked for in the whole log
-- A link that says that a user lost the account to whoever proved its address.
SELECT id
  FROM audit_logs
 WHERE subject_id = :user AND action = 'account.lose_unproved_email' AND outcome = 'success'
 LIMIT 1;

-- name: audit_erasure_waiting :opt audit_waiting
-- args: user user_id
-- as: system, an erasure is looked for in the whole log
-- scan: ok, what waits is few
-- The same of both where it waits for the chain.
SELECT id, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, personal, request_id,
       commitment, mac, key_id, created_at
  FROM audit_pending
 WHERE outcome = 'success'
   AND (user_id = :user AND action = 'account.erase'
        OR subject_id = :user AND action = 'account.lose_unproved_email')
 LIMIT 1;

-- name: audit_give_up_find :opt audit_on_record
-- args: none
-- as: system, the operator gave up everybody's keys
-- The newest link that says that keys were given up.
SELECT id
  FROM audit_logs
 WHERE user_id IS NULL AND action = 'operator.give_up_keys' AND outcome = 'success'
 ORDER BY created_at DESC
 LIMIT 1;

-- name: audit_cut_newest :opt audit_cut
-- args: none
-- as: anyone
-- Where the chain was cut last.
SELECT seq, hash, entries_until, mac, key_id, created_at
  FROM audit_cuts
 ORDER BY seq DESC
 LIMIT 1;

-- name: audit_cut_put :exec
-- args: seq i64, hash hash, entries_until time, mac hash, key_id text, now time
-- as: anyone
-- Let the links up to SEQ go.
INSERT INTO audit_cuts (seq, hash, entries_until, mac, key_id, created_at)
VALUES (:seq, :hash, :entries_until, :mac, :key_id, :now);

-- name: audit_cut_list :many audit_cut
-- args: none
-- as: anyone
-- Where the chain was ever cut, oldest first.
SELECT seq, hash, entries_until, mac, key_id, created_at
  FROM audit_cuts
 ORDER BY seq
 LIMIT 10000;

-- name: audit_anchor_put :rows
-- args: file hash, seq i64, hash hash, mac hash, key_id text, now time
-- as: anyone
-- Remember what an anchor holds; none where more is remembered already.
INSERT INTO audit_anchors (file, seq, hash, mac, key_id, anchored_at)
VALUES (:file, :seq, :hash, :mac, :key_id, :now)
    ON CONFLICT (file) DO UPDATE
   SET seq = excluded.seq, hash = excluded.hash, mac = excluded.mac, key_id = excluded.key_id,
       anchored_at = excluded.anchored_at
 WHERE audit_anchors.seq < excluded.seq;

-- name: audit_anchor_list :many audit_anchor
-- args: none
-- as: anyone
-- What is remembered of all anchors, the one that went furthest first.
SELECT file, seq, hash, mac, key_id, anchored_at
  FROM audit_anchors
 ORDER BY seq DESC
 LIMIT 1000;

-- name: audit_anchor_newest :opt audit_anchor
-- args: none
-- as: anyone
-- How far the chain was ever anchored.
SELECT file, seq, hash, mac, key_id, anchored_at
  FROM audit_anchors
 ORDER BY seq DESC
 LIMIT 1;

-- name: audit_page :many audit_row
-- args: after i64, last i64, since time, until time, user uuid?, action text?
-- as: system, whoever may read the log reads all of it
-- pool: batch
-- Links AFTER one, up to LAST, of a time, a user (who did it, or to whom it was done) and an action, in order.
SELECT id, seq, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, personal,
       ip_address, user_agent, request_id, commitment, previous_hash, hash, key_id, created_at
  FROM audit_logs
 WHERE seq > :after
   AND seq <= :last
   AND created_at >= :since
   AND created_at < :until
   AND (:user IS NULL OR user_id = :user OR subject_id = :user)
   AND (:action IS NULL OR action = :action)
 ORDER BY seq
 LIMIT 200;

-- name: audit_newest :many audit_row
-- args: before i64, user uuid?, action text?, outcome text?, limit_rows i64
-- as: system, whoever may read the log reads all of it
-- pool: batch
-- Links before one, the newest first, of a user (who did it, or to whom it was done), an action and an outcome.
SELECT id, seq, user_id, subject_id, actor_kind, action, outcome, resource_type, resource_id, details, personal,
       ip_address, user_agent, request_id, commitment, previous_hash, hash, key_id, created_at
  FROM audit_logs
 WHERE seq < :before
   AND (:user IS NULL OR user_id = :user OR subject_id = :user)
   AND (:action IS NULL OR action = :action)
   AND (:outcome IS NULL OR outcome = :outcome)
 ORDER BY seq DESC
 LIMIT :limit_rows;

-- name: audit_first_since :opt audit_head
-- args: since time
-- as: system, retention is everybody's
-- pool: batch
-- scan: ok, from the beginning to what is young, which is about to go
-- The first link of an entry that is not older.
SELECT seq, hash
  FROM audit_logs
 WHERE created_at >= :since
 ORDER BY seq
 LIMIT 1;

-- name: audit_at :opt audit_head
-- args: seq i64
-- as: system, retention is everybody's
-- One link.
SELECT seq, hash
  FROM audit_logs
 WHERE seq = :seq;

-- name: audit_oldest :opt audit_head
-- args: none
-- as: anyone
-- The first link that is left, as the owner of the schema sees it: of what lies before a cut.
SELECT seq, hash
  FROM audit_logs
 ORDER BY seq
 LIMIT 1;
