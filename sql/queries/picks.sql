-- Subscribers' own forecasts: private until graded, and then too, but for what the leaderboard shows of those who wish.
-- folder: predictions

-- row pick_row: id uuid, game_id text, season i32, week i32, home_team text, away_team text, prediction_type text, pick text,
--   probability f64, line f64?, odds i32?, outcome text?, is_correct bool?, brier f64?, units f64?, updated_at time
-- row pick_ungraded: user_id user_id, id uuid, prediction_type text, pick text, probability f64, line f64?, odds i32?,
--   home_score i32, away_score i32, updated_at time, gameday text,
--   kickoff_at time?, is_cancelled bool
-- row pick_game: gameday text, kickoff_at time?, home_score i32?, is_cancelled bool
-- row leader: rank i64, name text, pick_count i64, decided_count i64, right_count i64, brier f64, units f64?

-- name: pick_put :rows
-- args: actor user_id, game_id uuid, prediction_type text, pick text, probability share, line f64?, odds i32?, now time
-- as: actor
-- Make a pick, or change the one there is; nothing once the game has begun, or the account is gone.
INSERT INTO picks (user_id, id, game_id, prediction_type, pick, probability, line, odds, created_at, updated_at)
SELECT :actor, {{new id}}, g.id, :prediction_type, :pick, :probability, :line, :odds, :now, :now
  FROM games g
  JOIN users u ON u.id = :actor AND u.is_active
 WHERE g.id = :game_id AND g.home_score IS NULL AND g.cancelled_at IS NULL AND (g.kickoff_at IS NULL OR g.kickoff_at > :now)
    ON CONFLICT (user_id, game_id, prediction_type) DO UPDATE
   SET pick = excluded.pick, probability = excluded.probability, line = excluded.line, odds = excluded.odds,
       updated_at = excluded.updated_at;

-- name: pick_of_game :opt pick_row
-- args: actor user_id, game_id uuid, prediction_type text
-- as: actor
-- What the signed-in user says of a game.
SELECT p.id, g.nflverse_id AS game_id, g.season, g.week, g.home_team, g.away_team, p.prediction_type, p.pick, p.probability,
       p.line, p.odds, p.outcome, p.is_correct, p.brier, p.units, p.updated_at
  FROM picks p
  JOIN games g ON g.id = p.game_id
 WHERE p.user_id = :actor AND p.game_id = :game_id AND p.prediction_type = :prediction_type;

-- name: pick_game_find :opt pick_game
-- args: actor user_id, id uuid
-- as: actor
-- What decides whether a pick of the signed-in user's can still be changed.
SELECT g.gameday, g.kickoff_at, g.home_score, g.cancelled_at IS NOT NULL AS is_cancelled
  FROM picks p
  JOIN games g ON g.id = p.game_id
 WHERE p.user_id = :actor AND p.id = :id;

-- name: pick_delete :rows
-- args: actor user_id, id uuid, now time
-- as: actor
-- Take a pick back; nothing once its game has begun.
DELETE FROM picks
 WHERE user_id = :actor AND id = :id
   AND EXISTS (SELECT 1
                 FROM games g
                WHERE g.id = picks.game_id AND g.home_score IS NULL AND g.cancelled_at IS NULL
                  AND (g.kickoff_at IS NULL OR g.kickoff_at > :now));

-- name: pick_list :many pick_row
-- args: actor user_id, season i32, first_week i32, last_week i32
-- as: actor
-- The signed-in user's picks of a season's weeks.
SELECT p.id, g.nflverse_id AS game_id, g.season, g.week, g.home_team, g.away_team, p.prediction_type, p.pick, p.probability,
       p.line, p.odds, p.outcome, p.is_correct, p.brier, p.units, p.updated_at
  FROM picks p
  JOIN games g ON g.id = p.game_id
 WHERE p.user_id = :actor AND g.season = :season AND g.week BETWEEN :first_week AND :last_week
 ORDER BY g.week, g.nflverse_id, p.prediction_type
 LIMIT 1000;

-- name: picks_ungraded :each pick_ungraded
-- as: system, everybody's picks are graded alike
-- scan: ok, of picks
-- Picks of games that are finished or called off that have no grade yet.
SELECT p.user_id, p.id, p.prediction_type, p.pick, p.probability, p.line, p.odds, coalesce(g.home_score, 0) AS home_score,
       coalesce(g.away_score, 0) AS away_score, p.updated_at, g.gameday, g.kickoff_at,
       g.cancelled_at IS NOT NULL AS is_cancelled
  FROM picks p
  JOIN games g ON g.id = p.game_id
 WHERE p.outcome IS NULL AND (g.home_score IS NOT NULL OR g.cancelled_at IS NOT NULL);

-- name: pick_grade :batch
-- args: user_id user_id, id uuid, outcome text, is_correct bool?, brier f64?, units f64?, now time
-- as: system, everybody's picks are graded alike
-- Give a pick its grade.
UPDATE picks
   SET outcome = :outcome, is_correct = :is_correct, brier = :brier, units = :units, graded_at = :now
 WHERE user_id = :user_id AND id = :id;

-- name: pick_ungrade :batch
-- args: nflverse_id text
-- as: system, a score that is corrected changes the grades of everybody's picks of that game
-- Take the grades of a game's picks back, so that the next grading does them again.
UPDATE picks
   SET outcome = NULL, is_correct = NULL, brier = NULL, units = NULL, graded_at = NULL
 WHERE game_id = (SELECT id FROM games WHERE nflverse_id = :nflverse_id)
   AND outcome IS NOT NULL;

-- name: leaders :many leader
-- args: season i32, least_count i64
-- as: system, of those who have said that the leaderboard may show them
-- scan: ok, of picks
-- How good everybody who wishes to be seen was at picking winners, the best Brier score first; equal ones, to six places,
-- share a rank. Summed as integers: the engines add and round numbers with a point each in its own way.
SELECT rank() OVER (ORDER BY (CAST(sum(CAST(floor(p.brier * 1000000000 + 0.5) AS {{i64}})) AS {{i64}})
     + 500 * count(p.brier)) / NULLIF(1000 * count(p.brier), 0))
         AS rank,
       u.leaderboard_name AS name, count(*) AS pick_count,
       count(p.is_correct) AS decided_count, sum(CASE WHEN p.is_correct THEN 1 ELSE 0 END) AS right_count,
       CAST((CAST(sum(CAST(floor(p.brier * 1000000000 + 0.5) AS {{i64}})) AS {{i64}})
            + 500 * count(p.brier)) / NULLIF(1000 * count(p.brier), 0) AS {{f64}}) / 1000000 AS brier,
       CAST(CAST(sum(CAST(floor(p.units * 1000000000 + 0.5) AS {{i64}})) AS {{i64}}) AS {{f64}}) / 1000000000 AS units
  FROM picks p
  JOIN users u ON u.id = p.user_id
  JOIN games g ON g.id = p.game_id
 WHERE u.is_on_leaderboard AND u.is_active AND u.leaderboard_name IS NOT NULL
   AND p.prediction_type = 'game' AND p.brier IS NOT NULL AND g.season = :season
 GROUP BY u.id, u.leaderboard_name
HAVING count(*) >= :least_count
 ORDER BY rank, u.leaderboard_name, u.id
 LIMIT 100;
