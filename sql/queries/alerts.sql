-- folder: accounts
-- E-mail alerts: to whom, of which games, and how they end.

-- row alert_game: gameday text, gametime text?, kickoff_at time, home_team text, away_team text, pick text, confidence f64
-- row alert_reader: id user_id, email text, alert_min_confidence share?

-- name: alert_games :many alert_game
-- args: model text, season season, now time, until time
-- as: anyone
-- The games to come of the days of which one begins until UNTIL, with what the model says of their winners.
SELECT g.gameday, g.gametime, g.kickoff_at, g.home_team, g.away_team, p.pick, p.confidence
  FROM games AS g
  JOIN predictions AS p ON p.game_id = g.id AND p.prediction_type = 'game' AND p.model = :model
   AND p.superseded_at IS NULL AND p.user_id IS NULL
 WHERE g.season = :season AND g.cancelled_at IS NULL AND g.kickoff_at > :now
   AND g.gameday IN (SELECT d.gameday
                       FROM games AS d
                      WHERE d.season = :season AND d.cancelled_at IS NULL AND d.kickoff_at > :now AND d.kickoff_at <= :until)
   AND p.pick IS NOT NULL AND p.confidence IS NOT NULL
 ORDER BY g.gameday, g.kickoff_at, g.nflverse_id
 LIMIT 64;

-- name: alert_readers :many alert_reader
-- args: after uuid, now time
-- as: system, a job writes to all who asked for it
-- Those who want alerts and have a subscription or grant that includes them; in order of their ids, after AFTER.
SELECT u.id, u.email, u.alert_min_confidence
  FROM users AS u
 WHERE u.wants_email_alerts AND u.is_active AND u.email_verified AND u.id > :after
   AND (EXISTS (SELECT 1
                  FROM subscriptions AS s
                  JOIN subscription_tiers AS t ON t.id = s.tier_id
                 WHERE s.user_id = u.id AND s.status IN ('active', 'trial') AND s.starts_at <= :now
                   AND s.expires_at > :now AND CAST(t.features AS {{text}}) LIKE '%"email_alerts"%')
        OR EXISTS (SELECT 1
                  FROM free_access_grants AS f
                  JOIN subscription_tiers AS t ON t.id = f.tier_id
                 WHERE f.user_id = u.id AND f.is_active AND f.start_date <= :now AND f.end_date > :now
                   AND CAST(t.features AS {{text}}) LIKE '%"email_alerts"%'))
 ORDER BY u.id
 LIMIT 200;

-- name: alerts_end :rows
-- args: id user_id, now time
-- as: system, whoever follows the link of a mail need not be signed in
-- No more alerts.
UPDATE users
   SET wants_email_alerts = FALSE, updated_at = :now
 WHERE id = :id AND erased_at IS NULL;
