-- The standing of a user: what is asked before anything is done for him (accounts/standing.h).
-- folder: accounts

-- row standing_row: session_epoch i64, is_active bool, email_verified bool, has_mfa bool, admin_role text?,
--   admin_permissions json?, part text?, starts_at time?, ends_at time?, past_due_since time?, tier text?,
--   features json?, hourly_requests i32?, rank i32?, family_id uuid?

-- name: standing_rows :many standing_row
-- args: user_id user_id, now time, past_due_after time, ended_after time
-- as: system, it is asked to find out who the actor is
-- The user, once for each of his live subscriptions, grants, and sessions that ended of late; in this order, as the last
-- may be many.
SELECT u.session_epoch, u.is_active, u.email_verified, u.mfa_enabled_at IS NOT NULL AS has_mfa, a.role AS admin_role,
       a.permissions AS admin_permissions, p.part, p.starts_at, p.ends_at, p.past_due_since, t.name AS tier, t.features,
       t.hourly_requests, t.rank, p.family_id
  FROM users AS u
  LEFT JOIN admin_users AS a ON a.user_id = u.id AND a.is_active
  LEFT JOIN (
       SELECT s.user_id, 'subscription' AS part, s.tier_id, s.starts_at, s.expires_at AS ends_at, s.past_due_since,
              CAST(NULL AS {{uuid}}) AS family_id
         FROM subscriptions AS s
        WHERE s.user_id = :user_id
          AND ((s.status IN ('active', 'trial') AND s.expires_at > :now)
               OR (s.status = 'past_due' AND s.past_due_since > :past_due_after))
        UNION ALL
       SELECT g.user_id, 'grant', g.tier_id, g.start_date, g.end_date, CAST(NULL AS {{time}}), CAST(NULL AS {{uuid}})
         FROM free_access_grants AS g
        WHERE g.user_id = :user_id AND g.is_active AND g.end_date > :now
        UNION ALL
       SELECT DISTINCT e.user_id, 'ended', CAST(NULL AS {{uuid}}), CAST(NULL AS {{time}}), CAST(NULL AS {{time}}),
              CAST(NULL AS {{time}}), e.family_id
         FROM user_sessions AS e
        WHERE e.user_id = :user_id AND e.revoked_at > :ended_after
       ) AS p ON p.user_id = u.id
  LEFT JOIN subscription_tiers AS t ON t.id = p.tier_id
 WHERE u.id = :user_id
 ORDER BY p.part DESC, t.rank DESC
 LIMIT 40;

-- row ended_count: count i64

-- name: standing_ended_count :one ended_count
-- args: user_id user_id, family_id uuid, ended_after time
-- as: system, it is asked to find out who the actor is
-- How many sessions of a family ended since.
SELECT count(*) AS count
  FROM user_sessions
 WHERE user_id = :user_id AND family_id = :family_id AND revoked_at > :ended_after;
