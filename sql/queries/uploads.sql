-- Batches of forecasts by other models, and what props came to.
-- folder: predictions

-- name: upload_put :batch
-- args: id prediction_id, model text, prediction_type text, subject text, season season, week week, game_id game_id,
--   nflverse_id text, home_team text, away_team text, matchup text, prediction_data object, confidence share, pick text,
--   probability share, line f64?, odds i32?, is_simulated bool
-- as: system, published forecasts belong to nobody
-- bulk: copy
-- Put a forecast where the batch is gathered.
INSERT INTO prediction_uploads (id, model, prediction_type, subject, season, week, game_id, nflverse_id, home_team, away_team,
                                matchup, prediction_data, confidence, pick, probability, line, odds, is_simulated)
VALUES (:id, :model, :prediction_type, :subject, :season, :week, :game_id, :nflverse_id, :home_team, :away_team,
        :matchup, :prediction_data, :confidence, :pick, :probability, :line, :odds, :is_simulated);

-- row upload_standing: is_there bool

-- name: upload_standing_find :one upload_standing
-- args: model text
-- as: system, published forecasts belong to nobody
-- Whether forecasts of MODEL stand that a batch may repeat or supersede.
SELECT EXISTS (SELECT 1
                 FROM predictions
                WHERE model = :model AND user_id IS NULL AND superseded_at IS NULL) AS is_there;

-- row known_subject: subject text

-- name: upload_subjects_known :many known_subject
-- args: model text, season season
-- as: system, published forecasts belong to nobody
-- pool: batch
-- What MODEL has counted in props since SEASON.
SELECT DISTINCT subject
  FROM predictions
 WHERE model = :model AND season >= :season AND user_id IS NULL AND superseded_at IS NULL AND prediction_type = 'prop'
 ORDER BY subject
 LIMIT 200000;

-- name: prop_subjects_of :many known_subject
-- args: game_id game_id
-- as: system, published forecasts belong to nobody
-- pool: batch
-- What props of a game count.
SELECT DISTINCT subject
  FROM predictions
 WHERE game_id = :game_id AND prediction_type = 'prop' AND user_id IS NULL
 ORDER BY subject
 LIMIT 200000;

-- name: upload_drop_unchanged :rows
-- args: none
-- as: system, published forecasts belong to nobody
-- scan: ok, of a batch that was just gathered
-- Take out of the batch what stands already: of the game as it is now, and to the last digit.
DELETE FROM prediction_uploads
 WHERE EXISTS (SELECT 1
                 FROM predictions p
                WHERE p.game_id = prediction_uploads.game_id AND p.model = prediction_uploads.model
                  AND p.prediction_type = prediction_uploads.prediction_type AND p.subject = prediction_uploads.subject
                  AND p.user_id IS NULL
                  AND p.superseded_at IS NULL
                  AND p.season = prediction_uploads.season AND p.week = prediction_uploads.week
                  AND p.home_team = prediction_uploads.home_team AND p.away_team = prediction_uploads.away_team
                  AND p.pick = prediction_uploads.pick AND p.probability = prediction_uploads.probability
                  AND p.confidence = prediction_uploads.confidence
                  AND p.line IS NOT DISTINCT FROM prediction_uploads.line
                  AND p.odds IS NOT DISTINCT FROM prediction_uploads.odds
                  AND p.prediction_data = prediction_uploads.prediction_data);

-- name: upload_supersede :rows
-- args: now time
-- as: system, published forecasts belong to nobody
-- scan: ok, of a batch that was just gathered
-- Mark what the models of the batch had forecast before: from now on the batch counts. Each of its rows finds what it
-- supersedes by predictions_moment_key; CROSS JOIN keeps SQLite to that order.
UPDATE predictions
   SET superseded_at = :now
 WHERE id IN (SELECT p.id
                FROM prediction_uploads u
               CROSS JOIN predictions p
               WHERE p.game_id = u.game_id AND p.model = u.model
                 AND p.prediction_type = u.prediction_type AND p.subject = u.subject
                 AND p.superseded_at IS NULL
                 AND p.user_id IS NULL);

-- name: upload_publish :rows
-- args: now time
-- as: system, published forecasts belong to nobody
-- scan: ok, of a batch that was just gathered
-- Make the batch forecasts; without those whose game has begun or is gone.
INSERT INTO predictions (id, model, prediction_type, subject, season, week, game_id, nflverse_id, home_team, away_team,
                         matchup, prediction_data, confidence, pick, probability, line, odds, is_simulated, predicted_at,
                         created_at)
SELECT u.id, u.model, u.prediction_type, u.subject, u.season, u.week, u.game_id, u.nflverse_id, u.home_team, u.away_team,
       u.matchup, u.prediction_data, u.confidence, u.pick, u.probability, u.line, u.odds, u.is_simulated, :now, :now
  FROM prediction_uploads u
  JOIN games g ON g.id = u.game_id
 WHERE g.home_score IS NULL AND g.cancelled_at IS NULL
   AND (g.kickoff_at IS NULL OR g.kickoff_at > :now);

-- name: upload_clear :exec
-- args: none
-- as: system, published forecasts belong to nobody
-- scan: ok, of a batch that was just gathered
-- Take the batch away from where it was gathered.
DELETE FROM prediction_uploads;

-- name: prop_result_put :batch
-- args: nflverse_id text, subject text, value f64, now time
-- as: system, results belong to nobody
-- Say what a prop came to, or say it anew.
INSERT INTO prop_results (game_id, subject, value, created_at)
SELECT id, :subject, :value, :now
  FROM games
 WHERE nflverse_id = :nflverse_id
    ON CONFLICT (game_id, subject) DO UPDATE
   SET value = excluded.value, created_at = excluded.created_at
 WHERE prop_results.value <> excluded.value;

-- name: prop_ungrade :batch
-- args: nflverse_id text, subject text, value f64
-- as: system, every model is graded alike
-- Take back the grades of a prop whose result was another, so that the next grading does them again.
UPDATE predictions
   SET actual_result = NULL, outcome = NULL, is_correct = NULL, brier = NULL, log_loss = NULL, units = NULL,
       result_updated_at = NULL
 WHERE game_id = (SELECT id FROM games WHERE nflverse_id = :nflverse_id)
   AND prediction_type = 'prop'
   AND subject = :subject
   AND outcome IS NOT NULL
   AND EXISTS (SELECT 1
                 FROM prop_results r
                WHERE r.game_id = predictions.game_id AND r.subject = predictions.subject AND r.value <> :value);
