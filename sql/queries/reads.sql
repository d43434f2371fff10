-- What the public reads: games, teams, ratings, forecasts, the record. Lists are paged by key: a page begins after the
-- key that the one before ended with, whose week is then FIRST_WEEK as well. (A row value, (week, id) > (…), says it
-- shorter and costs PostgreSQL 0.3 µs a row.)
-- folder: predictions

-- row season_row: season i32, last_week i32, game_count i64, finished_count i64
-- row week_row: season i32, week i32
-- row week_number: week i32?
-- row late_game: nflverse_id text, season i32, week i32
-- row game_row: id uuid, nflverse_id text, season i32, game_type text, week i32, gameday text, kickoff_at time?, home_team text, away_team text, is_neutral bool, div_game bool, home_score i32?, away_score i32?, spread_line f64?, total_line f64?, home_moneyline i32?, away_moneyline i32?, home_qb_name text?, away_qb_name text?, roof text?, stadium text?, is_simulated bool, cancelled_at time?
-- row side_odds: odds i32?
-- row former_game: former_id text, nflverse_id text?
-- row game_change_row: kind text, created_at time, nflverse_id text, season i32, week i32, gameday text, kickoff_at time?, home_score i32?, away_score i32?
-- row team_row: code text, franchise text, name text, nickname text, conference text, division text, first_season i32, last_season i32?
-- row rating_row: model text, season i32, week i32, team text, rank i32, total f64, total_se f64, offence f64, offence_se f64, defence f64, defence_se f64, quarterback f64, quarterback_se f64, quarterback_name text?
-- row prediction_brief: id prediction_id, game_id text, week i32, prediction_type text, home_team text, away_team text, pick text?, confidence f64?, expected f64?, line f64?, predicted_at time, outcome text?, is_simulated bool, is_sample bool
-- row prediction_row: id prediction_id, game_id text, season i32, week i32, prediction_type text, subject text?, model text, tier text?, saw_line bool, home_team text, away_team text, matchup text, pick text?, confidence f64?, expected f64?, line f64?, prediction_data json, predicted_at time, actual_result json?, outcome text?, is_correct bool?, result_updated_at time?, is_simulated bool, is_sample bool
-- row accuracy_row: season i32, week i32?, model text, prediction_type text, total_predictions i32, correct_predictions i32, push_count i32, accuracy_percentage f64?, confidence_weighted_accuracy f64?, brier f64?, log_loss f64?, units f64?, roi f64?, details json, calculated_at time
-- row calibration_bin: bin f64, forecast_count i64, mean_probability f64, correct_count i64

-- name: season_list :many season_row
-- args: none
-- as: anyone
-- scan: ok, some three hundred games a season
-- Seasons with their number of weeks and games, but for those that were called off.
SELECT season, max(week) AS last_week, count(CASE WHEN cancelled_at IS NULL THEN 1 END) AS game_count, count(home_score) AS finished_count
  FROM games
 GROUP BY season
 ORDER BY season
 LIMIT 200;

-- name: week_upcoming :opt week_row
-- args: since text
-- as: anyone
-- scan: ok, some three hundred games a season
-- The week of the first game not yet played on or after the day SINCE (YYYY-MM-DD); by the day, as a game that was put off keeps
-- its week.
SELECT season, week
  FROM games
 WHERE home_score IS NULL AND cancelled_at IS NULL AND gameday >= :since
 ORDER BY gameday, season, week
 LIMIT 1;

-- name: week_latest :opt week_row
-- args: none
-- as: anyone
-- The last week that has games.
SELECT season, week
  FROM games
 ORDER BY season DESC, week DESC
 LIMIT 1;

-- name: game_page :many game_row
-- args: season i32, first_week i32, last_week i32, team text?, after_week i32, after_id uuid?, row_count i32
-- as: anyone
-- Games of a season's weeks, of one team where TEAM is its code in that season.
SELECT id, nflverse_id, season, game_type, week, gameday, kickoff_at, home_team, away_team, is_neutral, div_game,
       home_score, away_score, spread_line, total_line, home_moneyline, away_moneyline, home_qb_name, away_qb_name,
       roof, stadium, is_simulated, cancelled_at
  FROM games
 WHERE season = :season AND week BETWEEN :first_week AND :last_week
   AND (week > :after_week OR id > :after_id)
   AND (:team IS NULL OR home_team = :team OR away_team = :team)
 ORDER BY week, id
 LIMIT :row_count;

-- name: game_by_nflverse_id :opt game_row
-- args: nflverse_id text
-- as: anyone
-- One game by the id that the feed gave it.
SELECT id, nflverse_id, season, game_type, week, gameday, kickoff_at, home_team, away_team, is_neutral, div_game,
       home_score, away_score, spread_line, total_line, home_moneyline, away_moneyline, home_qb_name, away_qb_name,
       roof, stadium, is_simulated, cancelled_at
  FROM games
 WHERE nflverse_id = :nflverse_id;

-- name: game_side_odds :one side_odds
-- args: id uuid, side text
-- as: anyone
-- What a game's feed has for a SIDE of its spread or total.
SELECT CASE :side WHEN 'home' THEN home_spread_odds WHEN 'away' THEN away_spread_odds
                  WHEN 'over' THEN over_odds ELSE under_odds END AS odds
  FROM games
 WHERE id = :id;

-- name: game_by_former_id :opt game_row
-- args: nflverse_id text
-- as: anyone
-- One game by an id that it had before it moved to another week.
SELECT id, nflverse_id, season, game_type, week, gameday, kickoff_at, home_team, away_team, is_neutral, div_game,
       home_score, away_score, spread_line, total_line, home_moneyline, away_moneyline, home_qb_name, away_qb_name,
       roof, stadium, is_simulated, cancelled_at
  FROM games
 WHERE id = (SELECT game_id FROM game_changes WHERE nflverse_id = :nflverse_id ORDER BY created_at DESC, id DESC LIMIT 1);

-- name: games_formerly :many former_game
-- args: ids array
-- as: anyone
-- What each of a JSON array's ids, 16 at most, that a game had before it moved to another week has become.
-- for: postgresql
SELECT f.id AS former_id,
       (SELECT g.nflverse_id
          FROM game_changes AS c
          JOIN games AS g ON g.id = c.game_id
         WHERE c.nflverse_id = f.id
         ORDER BY c.created_at DESC, c.id DESC
         LIMIT 1) AS nflverse_id
  FROM jsonb_array_elements_text(:ids) AS f (id)
 LIMIT 16;
-- for: sqlite
SELECT f.value AS former_id,
       (SELECT g.nflverse_id
          FROM game_changes AS c
          JOIN games AS g ON g.id = c.game_id
         WHERE c.nflverse_id = f.value
         ORDER BY c.created_at DESC, c.id DESC
         LIMIT 1) AS nflverse_id
  FROM json_each(:ids) AS f
 LIMIT 16;

-- name: game_changes_of :many game_change_row
-- args: game_id uuid
-- as: anyone
-- What a game was before each of its changes, the newest first.
SELECT kind, created_at, nflverse_id, season, week, gameday, kickoff_at, home_score, away_score
  FROM game_changes
 WHERE game_id = :game_id
 ORDER BY created_at DESC, id DESC
 LIMIT 100;

-- name: team_list :many team_row
-- args: none
-- as: anyone
-- scan: ok, some forty rows
-- Every team under each code it has had.
SELECT code, franchise, name, nickname, conference, division, first_season, last_season
  FROM teams
 ORDER BY franchise, first_season
 LIMIT 200;

-- name: rating_week :opt week_row
-- args: model text, season i32, week i32
-- as: anyone
-- The last week up to SEASON and WEEK that has ratings.
SELECT season, week
  FROM ratings
 WHERE (season, week) <= (:season, :week) AND model = :model
 ORDER BY season DESC, week DESC
 LIMIT 1;

-- name: rating_list :many rating_row
-- args: model text, season i32, week i32
-- as: anyone
-- The ratings of one week, strongest first.
SELECT model, season, week, team, rank, total, total_se, offence, offence_se, defence, defence_se, quarterback,
       quarterback_se, quarterback_name
  FROM ratings
 WHERE season = :season AND week = :week AND model = :model
 ORDER BY rank, team
 LIMIT 64;

-- name: rating_history :many rating_row
-- args: model text, team text, first_season i32, last_season i32
-- as: anyone
-- One franchise's ratings, under every code it had.
SELECT r.model, r.season, r.week, r.team, r.rank, r.total, r.total_se, r.offence, r.offence_se, r.defence, r.defence_se,
       r.quarterback, r.quarterback_se, r.quarterback_name
  FROM teams a
  JOIN teams b ON b.franchise = a.franchise
  JOIN ratings r ON r.team = b.code
 WHERE a.code = :team AND r.season BETWEEN :first_season AND :last_season AND r.model = :model
 ORDER BY r.season, r.week
 LIMIT 2000;

-- name: prediction_list :visit prediction_brief
-- args: season i32, first_week i32, last_week i32, type text?, team text?, model text, min_confidence f64?, open_through i32, after_week i32, after_id uuid?, row_count i32
-- as: anyone
-- Of each game and type the last forecast of MODEL, which is the one that counts; what a list needs of it and does not
-- know already. After the week OPEN_THROUGH only samples. MODEL is one of the house's, which forecast no props.
SELECT p.id, p.nflverse_id AS game_id, p.week, p.prediction_type, p.home_team, p.away_team, p.pick, p.confidence, p.expected, p.line,
       p.predicted_at, p.outcome, p.is_simulated, p.is_sample
  FROM predictions p
 WHERE p.season = :season AND p.week BETWEEN :first_week AND :last_week
   AND (p.week > :after_week OR p.id > :after_id)
   AND p.user_id IS NULL
   AND p.model = :model
   AND (:type IS NULL OR p.prediction_type = :type)
   AND (:min_confidence IS NULL OR p.confidence >= :min_confidence)
   AND (:team IS NULL OR p.home_team = :team OR p.away_team = :team)
   AND p.superseded_at IS NULL
   AND (p.week <= :open_through OR p.is_sample)
 ORDER BY p.week, p.id
 LIMIT :row_count;

-- name: prediction_page :many prediction_row
-- args: season i32, first_week i32, last_week i32, type text?, team text?, model text, min_confidence f64?, open_through i32, after_week i32, after_id uuid?, row_count i32
-- as: anyone
-- The same forecasts with all that is stored of them; subject is of props alone.
SELECT p.id, p.nflverse_id AS game_id, p.season, p.week, p.prediction_type, nullif(p.subject, '') AS subject, p.model,
       m.tier, coalesce(m.sees_line, FALSE) AS saw_line, p.home_team, p.away_team, p.matchup,
       p.pick, p.confidence, p.expected, p.line, p.prediction_data, p.predicted_at, p.actual_result, p.outcome, p.is_correct,
       p.result_updated_at, p.is_simulated, p.is_sample
  FROM predictions p
  LEFT JOIN models m ON m.name = p.model
 WHERE p.season = :season AND p.week BETWEEN :first_week AND :last_week
   AND (p.week > :after_week OR p.id > :after_id)
   AND p.user_id IS NULL
   AND p.model = :model
   AND (:type IS NULL OR p.prediction_type = :type)
   AND (:min_confidence IS NULL OR p.confidence >= :min_confidence)
   AND (:team IS NULL OR p.home_team = :team OR p.away_team = :team)
   AND p.superseded_at IS NULL
   AND (p.week <= :open_through OR p.is_sample)
 ORDER BY p.week, p.id
 LIMIT :row_count;

-- name: prediction_get :opt prediction_row
-- args: id prediction_id
-- as: anyone
-- One published forecast. One that another took the place of is a sample where that one is, and of the game by the id it has now.
SELECT p.id, CASE WHEN p.superseded_at IS NULL THEN p.nflverse_id ELSE (SELECT nflverse_id FROM games WHERE id = p.game_id) END AS game_id, p.season, p.week, p.prediction_type, nullif(p.subject, '') AS subject, p.model,
       m.tier, coalesce(m.sees_line, FALSE) AS saw_line, p.home_team, p.away_team, p.matchup,
       p.pick, p.confidence, p.expected, p.line, p.prediction_data, p.predicted_at, p.actual_result, p.outcome, p.is_correct,
       p.result_updated_at, p.is_simulated,
       CASE WHEN p.superseded_at IS NULL THEN p.is_sample
            ELSE EXISTS (SELECT 1
                           FROM predictions AS c
                          WHERE c.game_id = p.game_id AND c.model = p.model AND c.prediction_type = p.prediction_type
                            AND c.subject = p.subject AND c.user_id IS NULL AND c.superseded_at IS NULL AND c.is_sample) END AS is_sample
  FROM predictions p
  LEFT JOIN models m ON m.name = p.model
 WHERE p.id = :id AND p.user_id IS NULL;

-- name: prediction_past_list :many prediction_row
-- args: game_id uuid, model text, type text?, open_through i32
-- as: anyone
-- Every forecast of MODEL of a game that counts or has counted, the newest first. Whether it is shown is decided by the one
-- that counts: after the week OPEN_THROUGH only samples.
SELECT p.id, c.nflverse_id AS game_id, p.season, p.week, p.prediction_type, nullif(p.subject, '') AS subject, p.model,
       m.tier, coalesce(m.sees_line, FALSE) AS saw_line, p.home_team, p.away_team, p.matchup,
       p.pick, p.confidence, p.expected, p.line, p.prediction_data, p.predicted_at, p.actual_result, p.outcome, p.is_correct,
       p.result_updated_at, p.is_simulated, c.is_sample
  FROM predictions p
  JOIN predictions c ON c.game_id = p.game_id AND c.model = p.model AND c.prediction_type = p.prediction_type
                    AND c.subject = p.subject AND c.user_id IS NULL AND c.superseded_at IS NULL
  LEFT JOIN models m ON m.name = p.model
 WHERE p.game_id = :game_id
   AND p.model = :model
   AND p.user_id IS NULL
   AND (:type IS NULL OR p.prediction_type = :type)
   AND (p.superseded_at IS NULL OR p.superseded_at > p.predicted_at)
   AND (c.week <= :open_through OR c.is_sample)
 ORDER BY p.predicted_at DESC, p.prediction_type, p.subject
 LIMIT 200;

-- name: accuracy_page :many accuracy_row
-- args: first_season i32, last_season i32, type text?, model text?, is_weekly bool, after_season i32, after_key text, row_count i32
-- as: anyone
-- scan: ok, a few rows a season
-- Whole seasons, or single weeks. The key of a row is its week, type and model as text.
SELECT season, week, model, prediction_type, total_predictions, correct_predictions, push_count, accuracy_percentage,
       confidence_weighted_accuracy, brier, log_loss, units, roi, details, calculated_at
  FROM accuracy_metrics
 WHERE season BETWEEN :first_season AND :last_season
   AND (week IS NOT NULL) = :is_weekly
   AND (:type IS NULL OR prediction_type = :type)
   AND (:model IS NULL OR model = :model)
   AND (season, substr(CAST(coalesce(week, 0) + 100 AS {{text}}), 2) || prediction_type || model) > (:after_season, :after_key)
 ORDER BY season, substr(CAST(coalesce(week, 0) + 100 AS {{text}}), 2) || prediction_type || model
 LIMIT :row_count;

-- name: calibration_bins :many calibration_bin
-- args: model text, first_season i32, last_season i32, known_by time, known_day text
-- as: anyone
-- scan: ok, games to come are some hundreds
-- Graded winners in bins of five percent of the chance that the pick was given, but for games_of_late.
SELECT floor(p.probability * 20) AS bin, count(*) AS forecast_count,
       CAST(CAST(sum(CAST(floor(p.probability * 1000000000 + 0.5) AS {{i64}})) AS {{i64}}) AS {{f64}}) / 1000000000 / count(*) AS mean_probability,
       sum(CASE WHEN p.is_correct THEN 1 ELSE 0 END) AS correct_count
  FROM predictions p
 WHERE p.season BETWEEN :first_season AND :last_season
   AND p.prediction_type = 'game' AND p.model = :model AND p.user_id IS NULL
   AND p.is_correct IS NOT NULL AND p.probability IS NOT NULL
   AND p.superseded_at IS NULL
   AND p.game_id NOT IN (SELECT id FROM games WHERE kickoff_at > :known_by OR (kickoff_at IS NULL AND gameday >= :known_day))
 GROUP BY floor(p.probability * 20)
 ORDER BY bin
 LIMIT 40;

-- name: week_regular_last :one week_number
-- args: season i32
-- as: anyone
-- The last week of a season before its playoffs.
SELECT max(week) AS week
  FROM games
 WHERE season = :season AND game_type = 'REG';

-- name: games_of_late :many late_game
-- args: known_by time, known_day text
-- as: anyone
-- scan: ok, some three hundred games a season
-- Finished games that began after KNOWN_BY, or whose hour is not known on KNOWN_DAY or later: what happened in them is not
-- everybody's yet. The week is that of its day: before later ones it is known, also where it was put off from an early one.
SELECT g.nflverse_id, g.season,
       (SELECT max(w.week) FROM games w WHERE w.season = g.season AND w.gameday <= g.gameday) AS week
  FROM games g
 WHERE (g.kickoff_at > :known_by OR (g.kickoff_at IS NULL AND g.gameday >= :known_day)) AND g.home_score IS NOT NULL
 ORDER BY g.gameday DESC, g.nflverse_id
 LIMIT 100;
