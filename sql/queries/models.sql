-- Who forecasts, and what a forecast needs to be asked again.
-- folder: predictions

-- row model_row: name text, tier text?, sees_line bool, created_at time
-- row forecast_shape: id prediction_id, game_id text, model text, tier text?, sees_line bool, home_team text, away_team text,
--   prediction_data json, spread_line f64?, total_line f64?
-- row weights_row: weights json

-- name: model_put :exec
-- args: name text, tier text?, sees_line bool, now time
-- as: system, models belong to nobody
-- Make a model known, or say anew what it sees.
INSERT INTO models (name, tier, sees_line, created_at)
VALUES (:name, :tier, :sees_line, :now)
    ON CONFLICT (name) DO UPDATE
   SET tier = excluded.tier, sees_line = excluded.sees_line
 WHERE models.sees_line <> excluded.sees_line
    OR coalesce(models.tier, '') <> coalesce(excluded.tier, '');

-- name: model_list :many model_row
-- args: none
-- as: anyone
-- scan: ok, a row a model
-- Every model that has published forecasts.
SELECT name, tier, sees_line, created_at
  FROM models
 ORDER BY name
 LIMIT 1000;

-- name: key_weights_put :batch
-- args: digest text, weights array, now time
-- as: system, forecasts of the house belong to nobody
-- Keep weights of key numbers under their digest.
INSERT INTO key_weights (digest, weights, created_at)
VALUES (:digest, :weights, :now)
    ON CONFLICT (digest) DO NOTHING;

-- name: forecast_shape :opt forecast_shape
-- args: id prediction_id
-- as: anyone
-- The distributions behind forecast ID: they stand in the forecast of the winner that the same model had made of the game by
-- then.
SELECT p.id, p.nflverse_id AS game_id, p.model, m.tier, coalesce(m.sees_line, FALSE) AS sees_line, p.home_team, p.away_team,
       w.prediction_data, g.spread_line, g.total_line
  FROM predictions p
  JOIN games g ON g.id = p.game_id
  JOIN predictions w ON w.game_id = p.game_id AND w.model = p.model AND w.prediction_type = 'game' AND w.subject = ''
   AND w.predicted_at <= p.predicted_at AND w.user_id IS NULL
  LEFT JOIN models m ON m.name = p.model
 WHERE p.id = :id AND p.user_id IS NULL
 ORDER BY w.predicted_at DESC
 LIMIT 1;

-- name: key_weights_get :one weights_row
-- args: digest text
-- as: anyone
-- absent: the key numbers of this forecast are not kept
-- The weights kept under DIGEST.
SELECT weights
  FROM key_weights
 WHERE digest = :digest;
