-- Every shape, every kind of value, and the forms that the checks let pass.
-- folder: golden

-- row pick: id pick_id, team text
-- row every_kind: a bool, b i32, c i64, d f64, e text, f bytes, g json, h time, i cents, j rate, k uuid, l user_id,
--   a_opt bool?, b_opt i32?, c_opt i64?, d_opt f64?, e_opt text?, f_opt bytes?, g_opt json?, h_opt time?,
--   i_opt cents?, j_opt rate?, k_opt uuid?, l_opt user_id?
-- row total: total i64

-- name: every_kind_get :one every_kind
-- args: a bool, b i32, c i64, d f64, e text, f bytes, g json, h time, i cents, j rate, k uuid, l user_id, a_opt bool?,
--   b_opt i32?, c_opt i64?, d_opt f64?, e_opt text?, f_opt bytes?, g_opt json?, h_opt time?, i_opt cents?, j_opt rate?,
--   k_opt uuid?, l_opt user_id?
-- as: anyone
-- absent: nothing of any kind
-- Every type there and back.
--
-- A second paragraph.
SELECT :a AS a, :b AS b, :c AS c, :d AS d, :e AS e, :f AS f, :g AS g, :h AS h, :i AS i, :j AS j, :k AS k, :l AS l,
       :a_opt AS a_opt, :b_opt AS b_opt, :c_opt AS c_opt, :d_opt AS d_opt, :e_opt AS e_opt, :f_opt AS f_opt,
       :g_opt AS g_opt, :h_opt AS h_opt, :i_opt AS i_opt, :j_opt AS j_opt, :k_opt AS k_opt, :l_opt AS l_opt;

-- name: pick_list :many pick
-- args: actor user_id, row_count i32
-- as: actor
-- replica: ok
-- The actor's picks. Two arguments of different types are plain.
SELECT p.id, p.team /* a comment */ -- and another
  FROM picks p
 WHERE p.user_id = :actor AND (p.team IS DISTINCT FROM 'X''s; -- not a comment' OR :row_count > 3)
 ORDER BY id
 LIMIT :row_count;

-- name: pick_visit :visit pick
-- args: actor user_id, row_count i32
-- as: actor
-- One's own, as many as ROW_COUNT.
SELECT p.id, p.team FROM picks p WHERE p.user_id = :actor ORDER BY p.id LIMIT :row_count;

-- name: pick_each :each pick
-- args: none
-- as: system, the report of the week is about everybody
-- pool: batch
-- scan: ok, it reads all of them
-- Every pick.
SELECT id, CASE WHEN team = '' THEN 'none' ELSE team END AS team FROM picks ORDER BY id;

-- name: pick_range :opt total
-- args: since time, until time
-- as: system, a count is nobody's
-- Two arguments of one type come in a struct.
SELECT count(*) AS total FROM picks WHERE CAST(:since AS {{time}}) < :until AND :since < :until;

-- name: pick_put :batch
-- args: actor user_id, game_id game_id, team text?
-- as: actor
-- Add picks; the owner is in the conflict's target, so the update is the actor's too.
INSERT INTO picks AS p (id, user_id, game_id, team)
VALUES ({{new id}}, :actor, :game_id, coalesce(:team, 'none'))
    ON CONFLICT (user_id, id) DO UPDATE SET team = excluded.team;

-- name: pick_copy :rows
-- args: actor user_id, game_id game_id
-- as: actor
-- Copies made by INSERT … SELECT, each with an id of its own for the two parts.
INSERT INTO picks (user_id, id, game_id, team)
SELECT :actor, {{new id}}, game_id, team FROM picks WHERE user_id = :actor AND game_id = :game_id
UNION ALL
SELECT :actor, {{new id}}, game_id, team FROM picks WHERE :actor = user_id AND game_id <> :game_id;

-- name: pick_delete :exec
-- args: actor user_id
-- as: actor
-- Delete by a join that carries the owner on.
DELETE FROM picks
 WHERE user_id = :actor
   AND EXISTS (SELECT 1 FROM referrals r WHERE r.user_id = picks.user_id AND (r.status = 'a' AND NOT r.status = 'b'));

-- name: pick_with_owner :many pick
-- args: actor user_id
-- as: actor
-- Held to the actor through the table users, by ON, by USING and within a CTE.
WITH mine AS (SELECT id, team FROM picks WHERE user_id = :actor)
SELECT p.id, mine.team
  FROM users u
  JOIN picks p ON p.user_id = u.id
  LEFT JOIN referrals r ON r.user_id = u.id AND r.status = 'x'
  JOIN affiliates a USING (user_id)
  JOIN mine ON mine.id = p.id
 WHERE u.id = :actor AND a.user_id = :actor
 LIMIT 10;

-- name: pick_claim :many pick
-- args: none
-- as: system, a job works them off
-- On PostgreSQL two workers step around each other; SQLite has but one writer.
-- for: postgresql
UPDATE picks SET team = 'x'
 WHERE id IN (SELECT id FROM picks ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED)
RETURNING id, team;
-- for: sqlite
UPDATE picks SET team = 'x'
 WHERE id IN (SELECT id FROM picks ORDER BY id LIMIT 5)
RETURNING id, team;

-- name: affiliate_team :opt affiliate
-- args: actor user_id
-- as: actor
-- A row that another file of the folder declares.
SELECT DISTINCT id, user_id, 30 AS commission_bps, is_active FROM affiliates WHERE user_id = :actor;
