-- folder: predictions
-- Accuracy: graded forecasts in, metrics out.

-- row prediction_graded: model text, prediction_type text, season season, week week, game_id game_id, pick text?,
--   probability share?, confidence share?, outcome text, brier f64?, log_loss f64?, units f64?, home_score i32?,
--   away_score i32?, home_moneyline i32?, away_moneyline i32?, spread_line f64?, kickoff_at time?, opening_seen_at time?,
--   opening_home_moneyline i32?, opening_away_moneyline i32?, opening_spread_line f64?, home_moneyline_open i32?,
--   away_moneyline_open i32?, spread_line_open f64?, graded_at time

-- name: predictions_graded :each prediction_graded
-- as: system, accuracy is published of every model without an owner
-- scan: ok, the record is made of every forecast there is
-- pool: batch
-- The last forecast before kick-off of each game, type and model, where it is graded, in a fixed order; beside it the
-- opening line that the feed tells, and the first line that was seen of the game before its kick-off.
SELECT p.model, p.prediction_type, p.season, p.week, p.game_id, p.pick, p.probability, p.confidence, p.outcome, p.brier,
       p.log_loss, p.units, g.home_score, g.away_score, g.home_moneyline, g.away_moneyline, g.spread_line, g.kickoff_at,
       o.seen_at AS opening_seen_at, o.home_moneyline AS opening_home_moneyline,
       o.away_moneyline AS opening_away_moneyline, o.spread_line AS opening_spread_line, g.home_moneyline_open,
       g.away_moneyline_open, g.spread_line_open, p.result_updated_at AS graded_at
  FROM predictions AS p
  JOIN games AS g ON g.id = p.game_id
  LEFT JOIN game_lines AS o
    ON o.id = (SELECT l.id
                 FROM game_lines AS l
                WHERE l.game_id = g.id AND l.seen_at < g.kickoff_at
                ORDER BY l.seen_at, l.id
                LIMIT 1)
 WHERE p.outcome IS NOT NULL
   AND p.outcome <> 'void'
   AND p.user_id IS NULL
   AND p.superseded_at IS NULL
 ORDER BY p.model, p.prediction_type, p.season, p.week, g.nflverse_id, p.subject;

-- name: predictions_graded_by :each prediction_graded
-- args: season season, known_by time, known_day text
-- as: system, accuracy is published of every model without an owner
-- pool: batch
-- The same of one season, but for games_of_late.
SELECT p.model, p.prediction_type, p.season, p.week, p.game_id, p.pick, p.probability, p.confidence, p.outcome, p.brier,
       p.log_loss, p.units, g.home_score, g.away_score, g.home_moneyline, g.away_moneyline, g.spread_line, g.kickoff_at,
       o.seen_at AS opening_seen_at, o.home_moneyline AS opening_home_moneyline,
       o.away_moneyline AS opening_away_moneyline, o.spread_line AS opening_spread_line, g.home_moneyline_open,
       g.away_moneyline_open, g.spread_line_open, p.result_updated_at AS graded_at
  FROM predictions AS p
  JOIN games AS g ON g.id = p.game_id
  LEFT JOIN game_lines AS o
    ON o.id = (SELECT l.id
                 FROM game_lines AS l
                WHERE l.game_id = g.id AND l.seen_at < g.kickoff_at
                ORDER BY l.seen_at, l.id
                LIMIT 1)
 WHERE p.season = :season
   AND p.outcome IS NOT NULL
   AND p.outcome <> 'void'
   AND p.user_id IS NULL
   AND p.superseded_at IS NULL
   AND (g.kickoff_at <= :known_by OR (g.kickoff_at IS NULL AND g.gameday < :known_day))
 ORDER BY p.model, p.prediction_type, p.season, p.week, g.nflverse_id, p.subject;

-- row accuracy_metric: model text, prediction_type text, season season, week week?, total_predictions i32,
--   correct_predictions i32, push_count i32, accuracy_percentage f64?, confidence_weighted_accuracy f64?, brier f64?,
--   log_loss f64?, units f64?, roi f64?, details object, calculated_at time

-- name: accuracy_metrics_stored :each accuracy_metric
-- as: anyone
-- scan: ok, all metrics are made anew and compared
-- All metrics, in a fixed order.
SELECT model, prediction_type, season, week, total_predictions, correct_predictions, push_count, accuracy_percentage,
       confidence_weighted_accuracy, brier, log_loss, units, roi, details, calculated_at
  FROM accuracy_metrics
 ORDER BY model, prediction_type, season, coalesce(week, 0);

-- name: accuracy_metric_put :batch
-- args: model text, prediction_type text, season season, week week?, total_predictions i32, correct_predictions i32,
--   push_count i32, accuracy_percentage f64?, confidence_weighted_accuracy f64?, brier f64?, log_loss f64?, units f64?,
--   roi f64?, details object, now time
-- as: anyone
-- Store a metric, in place of the one that is there.
INSERT INTO accuracy_metrics (id, model, prediction_type, season, week, total_predictions, correct_predictions,
                              push_count, accuracy_percentage, confidence_weighted_accuracy, brier, log_loss, units, roi,
                              details, calculated_at)
VALUES ({{new id}}, :model, :prediction_type, :season, :week, :total_predictions, :correct_predictions,
        :push_count, :accuracy_percentage, :confidence_weighted_accuracy, :brier, :log_loss, :units, :roi,
        :details, :now)
    ON CONFLICT (season, model, prediction_type, coalesce(week, 0)) DO UPDATE
       SET total_predictions = excluded.total_predictions, correct_predictions = excluded.correct_predictions,
           push_count = excluded.push_count, accuracy_percentage = excluded.accuracy_percentage,
           confidence_weighted_accuracy = excluded.confidence_weighted_accuracy, brier = excluded.brier,
           log_loss = excluded.log_loss, units = excluded.units, roi = excluded.roi, details = excluded.details,
           calculated_at = excluded.calculated_at;

-- name: accuracy_metric_delete :batch
-- args: model text, prediction_type text, season season, week i32
-- as: anyone
-- Take a metric away whose forecasts lost their grades. WEEK 0 is that of the season.
DELETE FROM accuracy_metrics
 WHERE season = :season
   AND model = :model
   AND prediction_type = :prediction_type
   AND coalesce(week, 0) = :week;
