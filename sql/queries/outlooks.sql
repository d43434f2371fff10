-- folder: predictions
-- Season outlooks: every team's chances for the rest of a season, as simulated before a week; under week 0 as of now, where
-- games of the next week are over already.

-- row outlook_row: model text, season i32, week i32?, team text, runs i32, wins_mean f64, wins_sd f64, p_division f64, p_top_seed f64, p_playoffs f64, p_divisional f64, p_championship f64, p_final f64, p_title f64, details json, created_at time, games_played i32?, stands_before i32, counted i32
-- row outlook_week: season i32, week i32
-- row outlook_making: job text, is_known bool, is_held bool, is_due bool, is_run bool

-- name: outlook_put :batch
-- args: model text, season season, week i32, team text, runs i32, wins_mean f64, wins_sd f64, p_division share,
--   p_top_seed share, p_playoffs share, p_divisional share, p_championship share, p_final share, p_title share,
--   details object, next_week i32?, games_played i32, now time
-- as: anyone
-- Store a team's outlook, in place of the one of that week if there is one. As of now: week 0, before NEXT_WEEK.
INSERT INTO season_simulations (id, model, season, week, team, runs, wins_mean, wins_sd, p_division, p_top_seed,
                                p_playoffs, p_divisional, p_championship, p_final, p_title, details, next_week, games_played, created_at)
VALUES ({{new id}}, :model, :season, :week, :team, :runs, :wins_mean, :wins_sd, :p_division, :p_top_seed,
        :p_playoffs, :p_divisional, :p_championship, :p_final, :p_title, :details, :next_week, :games_played, :now)
    ON CONFLICT (season, week, model, team) DO UPDATE
       SET runs = excluded.runs, wins_mean = excluded.wins_mean, wins_sd = excluded.wins_sd,
           p_division = excluded.p_division, p_top_seed = excluded.p_top_seed, p_playoffs = excluded.p_playoffs,
           p_divisional = excluded.p_divisional, p_championship = excluded.p_championship, p_final = excluded.p_final,
           p_title = excluded.p_title, details = excluded.details, next_week = excluded.next_week,
           games_played = excluded.games_played, created_at = excluded.created_at;

-- name: outlook_live_clear :exec
-- args: model text, season i32
-- as: anyone
-- Take away the outlook as of now: another comes, or the one before a week is it.
DELETE FROM season_simulations
 WHERE season = :season AND week = 0 AND model = :model;

-- name: outlook_last_week :opt outlook_week
-- args: model text, season i32, week i32
-- as: anyone
-- The last week of SEASON, up to WEEK, that has an outlook.
SELECT season, week
  FROM season_simulations
 WHERE season = :season AND week BETWEEN 1 AND :week AND model = :model
 ORDER BY week DESC
 LIMIT 1;

-- name: outlook_weeks :many outlook_week
-- args: model text, season i32, runs i32
-- as: anyone
-- The weeks of SEASON that have an outlook, of RUNS runs or more.
SELECT season, week
  FROM season_simulations
 WHERE season = :season AND week > 0 AND model = :model
 GROUP BY season, week
HAVING min(runs) >= :runs
 ORDER BY week
 LIMIT 64;

-- name: outlook_maker :one outlook_making
-- args: season i32, now time, late time, soon time
-- as: anyone
-- scan: ok, a row a job
-- The job that makes the outlooks of SEASON: whether it has its row, somebody is at it, it is due by SOON, and somebody
-- runs jobs at all: where nobody is at any, whoever does leaves none that was due by LATE.
SELECT m.job, EXISTS (SELECT 1 FROM jobs WHERE name = m.job) AS is_known,
       EXISTS (SELECT 1 FROM jobs WHERE name = m.job AND locked_until > :now) AS is_held,
       EXISTS (SELECT 1 FROM jobs WHERE name = m.job AND is_enabled AND next_run_at <= :soon) AS is_due,
       (EXISTS (SELECT 1 FROM jobs WHERE locked_until > :now)
        OR NOT EXISTS (SELECT 1 FROM jobs WHERE is_enabled AND next_run_at <= :late)) AS is_run
  FROM (SELECT CASE WHEN :season < (SELECT max(season) FROM games) THEN 'history' ELSE 'outlook' END AS job) m;

-- name: outlook_list :many outlook_row
-- args: model text, season i32, week i32
-- as: anyone
-- The outlook before one week, or (0) as of now, the likeliest champion first. Behind the last game of the season, which
-- is over then, week and games_played are NULL, and STANDS_BEFORE is one after the last.
SELECT s.model, s.season, CASE WHEN o.is_over THEN NULL ELSE coalesce(s.next_week, s.week) END AS week, s.team, s.runs, s.wins_mean, s.wins_sd, s.p_division, s.p_top_seed, s.p_playoffs,
       s.p_divisional, s.p_championship, s.p_final, s.p_title, s.details, s.created_at,
       CASE WHEN o.is_over THEN NULL ELSE s.games_played END AS games_played, coalesce(s.next_week, s.week) AS stands_before,
       s.games_played AS counted
  FROM season_simulations s
  LEFT JOIN (SELECT season, week, TRUE AS is_over FROM games
              WHERE season = :season AND game_type = 'SB' AND home_score IS NOT NULL) o
    ON o.season = s.season AND o.week < coalesce(s.next_week, s.week)
 WHERE s.season = :season AND s.week = :week AND s.model = :model
 ORDER BY s.p_title DESC, s.p_playoffs DESC, s.wins_mean DESC, s.team
 LIMIT 64;

-- name: outlook_history :many outlook_row
-- args: model text, team text, season i32, last_week i32
-- as: anyone
-- One franchise's outlooks of a season, under whatever code it had then, week by week, up to LAST_WEEK; then the one as of now.
SELECT s.model, s.season, CASE WHEN o.is_over THEN NULL ELSE coalesce(s.next_week, s.week) END AS week, s.team, s.runs, s.wins_mean, s.wins_sd, s.p_division, s.p_top_seed, s.p_playoffs,
       s.p_divisional, s.p_championship, s.p_final, s.p_title, s.details, s.created_at,
       CASE WHEN o.is_over THEN NULL ELSE s.games_played END AS games_played, coalesce(s.next_week, s.week) AS stands_before,
       s.games_played AS counted
  FROM teams a
  JOIN teams b ON b.franchise = a.franchise
  JOIN season_simulations s ON s.team = b.code
  LEFT JOIN (SELECT season, week, TRUE AS is_over FROM games
              WHERE season = :season AND game_type = 'SB' AND home_score IS NOT NULL) o
    ON o.season = s.season AND o.week < coalesce(s.next_week, s.week)
 WHERE a.code = :team AND s.season = :season AND s.week <= :last_week AND s.model = :model
 ORDER BY coalesce(s.next_week, s.week), s.games_played
 LIMIT 64;
