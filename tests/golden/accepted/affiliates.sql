-- folder: golden
-- Queries on affiliates and their referrals.
--
-- A query is: name, how many rows (:one must exist, :opt may be absent, :many bounded list,
-- :each streamed, :exec nothing, :rows a count), the row it yields, its arguments, and for whom
-- it runs. `as: actor` queries touch only rows of the signed-in user (the build refuses one on a
-- user-owned table that does not say `user_id = :actor`); `as: system` must give its reason.

-- row affiliate: id affiliate_id, user_id user_id, commission_bps i32, is_active bool

-- name: affiliate_by_code :opt affiliate
-- args: code text
-- as: system, a visitor following a link is nobody yet
-- Find the affiliate, active or retired, who owns CODE.
SELECT id, user_id, commission_bps, is_active
  FROM affiliates
 WHERE referral_code = :code;

-- name: referral_insert :rows
-- args: affiliate_id affiliate_id, actor user_id, code text, now time
-- as: actor
-- Record that the actor came through CODE. No row is written where one is on file: the first code wins.
INSERT INTO referrals (user_id, id, affiliate_id, referral_code, status, created_at)
VALUES (:actor, {{new id}}, :affiliate_id, :code, 'pending', :now)
    ON CONFLICT (user_id) DO NOTHING;
