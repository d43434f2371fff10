-- folder: predictions
-- Forecasts: storing them before kick-off, grading them after the game.

-- row prediction_head: game_id game_id, prediction_type text, predicted_at time, prediction_data json?

-- name: prediction_heads :each prediction_head
-- args: model text, first season, last season
-- as: system, forecasts of the house belong to nobody
-- The forecasts that MODEL has stored for the seasons FIRST to LAST, the last of each game coming last; with their
-- content only where the game is still to be played.
SELECT p.game_id, p.prediction_type, p.predicted_at,
       CASE WHEN g.home_score IS NULL THEN p.prediction_data END AS prediction_data
  FROM predictions AS p
  JOIN games AS g ON g.id = p.game_id
 WHERE p.season BETWEEN :first AND :last
   AND p.model = :model
   AND p.user_id IS NULL
 ORDER BY p.predicted_at;

-- name: prediction_insert :batch
-- args: game_id game_id, model text, model_version text, prediction_type text, season season, week week,
--   home_team text, away_team text, matchup text, prediction_data object, confidence share?, pick text?,
--   probability share?, line f64?, expected f64?, odds i32?, predicted_at time, is_simulated bool, is_sample bool, now time
-- as: system, forecasts of the house belong to nobody
-- Store a forecast; nothing where the game had begun by PREDICTED_AT.
INSERT INTO predictions (id, model, model_version, prediction_type, season, week, game_id, nflverse_id, home_team,
                         away_team, matchup, prediction_data, confidence, pick, probability, line, expected, odds, predicted_at,
                         created_at, is_simulated, is_sample)
SELECT {{new id}}, :model, :model_version, :prediction_type, :season, :week, id, nflverse_id, :home_team,
       :away_team, :matchup, :prediction_data, :confidence, :pick, :probability, :line, :expected, :odds, :predicted_at, :now,
       :is_simulated, :is_sample
  FROM games
 WHERE id = :game_id
   AND cancelled_at IS NULL
   AND (kickoff_at IS NULL OR kickoff_at > :predicted_at);

-- name: prediction_supersede :batch
-- args: game_id game_id, model text, prediction_type text, predicted_at time
-- as: system, forecasts of the house belong to nobody
-- Mark what was forecast of a game before PREDICTED_AT: a later forecast counts from now on.
UPDATE predictions
   SET superseded_at = :predicted_at
 WHERE game_id = :game_id
   AND model = :model
   AND prediction_type = :prediction_type
   AND subject = ''
   AND predicted_at < :predicted_at
   AND user_id IS NULL
   AND superseded_at IS NULL;

-- name: prediction_sample_set :batch
-- args: game_id game_id, model text, is_sample bool
-- as: system, forecasts of the house belong to nobody
-- Say whether the winner's forecast of a game is a sample: other games of its week may have come since it was made.
UPDATE predictions
   SET is_sample = :is_sample
 WHERE game_id = :game_id
   AND model = :model
   AND prediction_type = 'game'
   AND subject = ''
   AND superseded_at IS NULL
   AND user_id IS NULL
   AND is_sample <> :is_sample;

-- name: prediction_recount :batch
-- args: game_id game_id, begins_at time
-- as: system, a game that begins at another time does so for everybody's forecasts of it
-- Mark anew which forecasts of a game count, now that it is known to begin at another time: the last of each before it. What
-- came later, as is known now, never did.
UPDATE predictions
   SET superseded_at = CASE WHEN predicted_at >= :begins_at THEN predicted_at
                            ELSE (SELECT min(n.predicted_at)
                                    FROM predictions AS n
                                   WHERE n.game_id = predictions.game_id AND n.model = predictions.model
                                     AND n.prediction_type = predictions.prediction_type AND n.subject = predictions.subject
                                     AND n.predicted_at > predictions.predicted_at AND n.predicted_at < :begins_at) END
 WHERE game_id = :game_id;

-- name: prediction_move :batch
-- args: game_id game_id, nflverse_id text, season season, week week
-- as: system, a game that is put off takes everybody's forecasts of it along
-- The forecasts that count are listed and counted where their game is now; all else of them is as it was published.
UPDATE predictions
   SET nflverse_id = :nflverse_id, season = :season, week = :week
 WHERE game_id = :game_id
   AND superseded_at IS NULL;

-- name: prediction_ungrade :batch
-- args: nflverse_id text
-- as: system, a score that is corrected changes the grades of everybody's forecasts of that game
-- Take the grades of a game's forecasts back, so that the next grading does them again.
UPDATE predictions
   SET actual_result = NULL, outcome = NULL, is_correct = NULL, brier = NULL, log_loss = NULL, units = NULL,
       result_updated_at = NULL
 WHERE game_id = (SELECT id FROM games WHERE nflverse_id = :nflverse_id)
   AND outcome IS NOT NULL;

-- row prediction_ungraded: id prediction_id, prediction_type text, pick text?, probability share?, line f64?,
--   odds i32?, home_score i32, away_score i32, prop_value f64?, is_cancelled bool

-- name: predictions_ungraded :each prediction_ungraded
-- as: system, every model is graded alike
-- scan: ok, of a partial index that holds only what has no grade
-- Forecasts of games that are finished or called off that have no grade yet; those of props once it is known what they
-- came to.
SELECT p.id, p.prediction_type, p.pick, p.probability, p.line, p.odds, coalesce(g.home_score, 0) AS home_score,
       coalesce(g.away_score, 0) AS away_score, r.value AS prop_value, g.cancelled_at IS NOT NULL AS is_cancelled
  FROM predictions AS p
  JOIN games AS g ON g.id = p.game_id
  LEFT JOIN prop_results AS r ON r.game_id = p.game_id AND r.subject = p.subject
 WHERE p.outcome IS NULL
   AND (g.cancelled_at IS NOT NULL
        OR (g.home_score IS NOT NULL AND (p.prediction_type <> 'prop' OR r.value IS NOT NULL)));

-- name: prediction_grade :batch
-- args: id prediction_id, actual_result object, outcome text, is_correct bool?, brier f64?, log_loss f64?,
--   units f64?, now time
-- as: system, every model is graded alike
-- Give a forecast its grade.
UPDATE predictions
   SET actual_result = :actual_result, outcome = :outcome, is_correct = :is_correct, brier = :brier,
       log_loss = :log_loss, units = :units, result_updated_at = :now
 WHERE id = :id;
