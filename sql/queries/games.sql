-- folder: predictions
-- Games: what an import compares and writes, and what the model walks through.

-- row game_stamp: id game_id, nflverse_id text, source_checksum hash, season i32, game_type text, week i32, gameday text,
--   kickoff_at time?, home_team text, away_team text, home_score i32?, away_score i32?, finished_at time?,
--   missing_since time?, cancelled_at time?, home_moneyline i32?, away_moneyline i32?, spread_line f64?,
--   home_spread_odds i32?, away_spread_odds i32?, total_line f64?, over_odds i32?, under_odds i32?

-- name: game_stamps :each game_stamp
-- args: first season, last season
-- as: anyone
-- What an import needs to know of the games of the seasons FIRST to LAST to tell which of them changed.
SELECT id, nflverse_id, source_checksum, season, game_type, week, gameday, kickoff_at, home_team, away_team, home_score,
       away_score, finished_at, missing_since, cancelled_at, home_moneyline, away_moneyline, spread_line,
       home_spread_odds, away_spread_odds, total_line, over_odds, under_odds
  FROM games
 WHERE season BETWEEN :first AND :last;

-- name: game_insert :batch
-- args: nflverse_id text, season season, game_type text, week week, gameday text, gametime text?, kickoff_at time?,
--   home_team text, away_team text, is_neutral bool, div_game bool, home_score i32?, away_score i32?, result i32?,
--   total i32?, overtime bool?, home_rest i32?, away_rest i32?, home_moneyline i32?, away_moneyline i32?,
--   spread_line f64?, home_spread_odds i32?, away_spread_odds i32?, total_line f64?, over_odds i32?, under_odds i32?,
--   roof text?, surface text?, temp i32?, wind i32?, home_qb_id text?, away_qb_id text?, home_qb_name text?,
--   away_qb_name text?, home_coach text?, away_coach text?, referee text?, stadium_id text?, stadium text?,
--   home_moneyline_open i32?, away_moneyline_open i32?, spread_line_open f64?, total_line_open f64?, is_simulated bool,
--   source text, source_checksum hash, finished_at time?, now time
-- as: anyone
-- A game not seen before.
INSERT INTO games (id, nflverse_id, season, game_type, week, gameday, gametime, kickoff_at, home_team, away_team,
                   is_neutral, div_game, home_score, away_score, result, total, overtime, home_rest, away_rest,
                   home_moneyline, away_moneyline, spread_line, home_spread_odds, away_spread_odds, total_line,
                   over_odds, under_odds, roof, surface, temp, wind, home_qb_id, away_qb_id, home_qb_name, away_qb_name,
                   home_coach, away_coach, referee, stadium_id, stadium, home_moneyline_open, away_moneyline_open,
                   spread_line_open, total_line_open, is_simulated, source, source_checksum, finished_at, created_at,
                   updated_at)
VALUES ({{new id}}, :nflverse_id, :season, :game_type, :week, :gameday, :gametime, :kickoff_at, :home_team, :away_team,
        :is_neutral, :div_game, :home_score, :away_score, :result, :total, :overtime, :home_rest, :away_rest,
        :home_moneyline, :away_moneyline, :spread_line, :home_spread_odds, :away_spread_odds, :total_line,
        :over_odds, :under_odds, :roof, :surface, :temp, :wind, :home_qb_id, :away_qb_id, :home_qb_name, :away_qb_name,
        :home_coach, :away_coach, :referee, :stadium_id, :stadium, :home_moneyline_open, :away_moneyline_open,
        :spread_line_open, :total_line_open, :is_simulated, :source, :source_checksum, :finished_at, :now, :now);

-- name: game_update :batch
-- args: nflverse_id text, season season, game_type text, week week, gameday text, gametime text?, kickoff_at time?,
--   home_team text, away_team text, is_neutral bool, div_game bool, home_score i32?, away_score i32?, result i32?,
--   total i32?, overtime bool?, home_rest i32?, away_rest i32?, home_moneyline i32?, away_moneyline i32?,
--   spread_line f64?, home_spread_odds i32?, away_spread_odds i32?, total_line f64?, over_odds i32?, under_odds i32?,
--   roof text?, surface text?, temp i32?, wind i32?, home_qb_id text?, away_qb_id text?, home_qb_name text?,
--   away_qb_name text?, home_coach text?, away_coach text?, referee text?, stadium_id text?, stadium text?,
--   home_moneyline_open i32?, away_moneyline_open i32?, spread_line_open f64?, total_line_open f64?, is_simulated bool,
--   source text, source_checksum hash, finished_at time?, now time
-- as: anyone
-- A game that the feed now tells differently. The arguments are those of game_insert. The hour of a day that stands is kept
-- where the feed has none any more.
UPDATE games
   SET season = :season, game_type = :game_type, week = :week, gameday = :gameday,
       gametime = coalesce(:gametime, CASE WHEN gameday = :gameday THEN gametime END),
       kickoff_at = :kickoff_at, home_team = :home_team, away_team = :away_team, is_neutral = :is_neutral,
       div_game = :div_game, home_score = :home_score, away_score = :away_score, result = :result, total = :total,
       overtime = :overtime, home_rest = :home_rest, away_rest = :away_rest, home_moneyline = :home_moneyline,
       away_moneyline = :away_moneyline, spread_line = :spread_line, home_spread_odds = :home_spread_odds,
       away_spread_odds = :away_spread_odds, total_line = :total_line, over_odds = :over_odds, under_odds = :under_odds,
       roof = :roof, surface = :surface, temp = :temp, wind = :wind, home_qb_id = :home_qb_id, away_qb_id = :away_qb_id,
       home_qb_name = :home_qb_name, away_qb_name = :away_qb_name, home_coach = :home_coach, away_coach = :away_coach,
       referee = :referee, stadium_id = :stadium_id, stadium = :stadium, home_moneyline_open = :home_moneyline_open,
       away_moneyline_open = :away_moneyline_open, spread_line_open = :spread_line_open,
       total_line_open = :total_line_open, is_simulated = :is_simulated, source = :source,
       source_checksum = :source_checksum, finished_at = :finished_at, updated_at = :now
 WHERE nflverse_id = :nflverse_id;

-- name: game_rename :batch
-- args: id game_id, nflverse_id text
-- as: anyone
-- A game that the feed calls by another name, as it has moved to another week.
UPDATE games
   SET nflverse_id = :nflverse_id
 WHERE id = :id;

-- name: game_change_insert :batch
-- args: id game_id, kind text, now time
-- as: anyone
-- Keep what a game is, before it becomes something else.
INSERT INTO game_changes (id, game_id, kind, nflverse_id, season, week, gameday, kickoff_at, home_score, away_score,
                          created_at)
SELECT {{new id}}, id, :kind, nflverse_id, season, week, gameday, kickoff_at, home_score, away_score, :now
  FROM games
 WHERE id = :id;

-- name: game_missing_set :batch
-- args: id game_id, now time
-- as: anyone
-- A feed that is whole otherwise no longer has a game that is to come.
UPDATE games
   SET missing_since = :now
 WHERE id = :id AND missing_since IS NULL;

-- name: game_back :batch
-- args: id game_id
-- as: anyone
-- The feed has it again, or lacks so many that it says nothing of this one.
UPDATE games
   SET missing_since = NULL, cancelled_at = NULL
 WHERE id = :id;

-- name: fetch_forget :exec
-- args: none
-- as: anyone
-- Which edition of the feed was stored last says nothing of what is stored now: the job that fetches it reads it anew.
UPDATE jobs
   SET state = '{}'
 WHERE name = 'fetch';

-- row missing_game: id game_id, nflverse_id text

-- name: games_missing :many missing_game
-- args: since time, lately time
-- as: system, the jobs are nobody's
-- scan: ok, once a grading
-- Games without a result that no feed had since SINCE, and that are not called off yet. Where a job fetches the feed it
-- must have done so, LATELY: while it fails nobody knows whether the game is back.
SELECT id, nflverse_id
  FROM games
 WHERE missing_since <= :since AND cancelled_at IS NULL AND home_score IS NULL
   AND NOT EXISTS (SELECT 1
                     FROM jobs
                    WHERE name = 'fetch' AND is_enabled AND last_status <> 'skipped'
                      AND (last_status = 'failed' OR last_finished_at < :lately))
 LIMIT 1000;

-- name: game_cancel :batch
-- args: id game_id, now time
-- as: anyone
-- Call a game off.
UPDATE games
   SET cancelled_at = :now
 WHERE id = :id;

-- name: game_line_insert :batch
-- args: nflverse_id text, source text, now time
-- as: anyone
-- Keep the lines that the game has now, if they are not those that were seen last: a feed may have had none for a while.
-- Twice at one moment is once.
INSERT INTO game_lines (id, game_id, source, seen_at, home_moneyline, away_moneyline, spread_line, home_spread_odds,
                        away_spread_odds, total_line, over_odds, under_odds)
SELECT {{new id}}, id, :source, :now, home_moneyline, away_moneyline, spread_line, home_spread_odds,
       away_spread_odds, total_line, over_odds, under_odds
  FROM games
 WHERE nflverse_id = :nflverse_id
   AND NOT EXISTS (SELECT 1
                     FROM game_lines AS l
                    WHERE l.id = (SELECT n.id
                                    FROM game_lines AS n
                                   WHERE n.game_id = games.id
                                   ORDER BY n.seen_at DESC, n.id DESC
                                   LIMIT 1)
                      AND l.home_moneyline IS NOT DISTINCT FROM games.home_moneyline
                      AND l.away_moneyline IS NOT DISTINCT FROM games.away_moneyline
                      AND l.spread_line IS NOT DISTINCT FROM games.spread_line
                      AND l.home_spread_odds IS NOT DISTINCT FROM games.home_spread_odds
                      AND l.away_spread_odds IS NOT DISTINCT FROM games.away_spread_odds
                      AND l.total_line IS NOT DISTINCT FROM games.total_line
                      AND l.over_odds IS NOT DISTINCT FROM games.over_odds
                      AND l.under_odds IS NOT DISTINCT FROM games.under_odds)
    ON CONFLICT (game_id, source, seen_at) DO NOTHING;

-- row seen_line: seen_at time?, spread_line f64?, total_line f64?, home_moneyline i32?, away_moneyline i32?,
--   home_spread_odds i32?, away_spread_odds i32?, over_odds i32?, under_odds i32?, is_opening bool

-- name: game_lines_seen :many seen_line
-- args: game_id uuid
-- as: anyone
-- The lines of a game as they were seen, the newest first, and behind them the opening line that the feed itself tells, seen
-- at no time of ours. Without that the earliest of those before kick-off is the opening line.
SELECT seen_at, spread_line, total_line, home_moneyline, away_moneyline, home_spread_odds, away_spread_odds, over_odds,
       under_odds, is_opening
  FROM (SELECT l.id, l.seen_at, l.spread_line, l.total_line, l.home_moneyline, l.away_moneyline, l.home_spread_odds,
               l.away_spread_odds, l.over_odds, l.under_odds,
               g.spread_line_open IS NULL AND (g.home_moneyline_open IS NULL OR g.away_moneyline_open IS NULL)
               AND l.id = coalesce((SELECT f.id
                                      FROM game_lines f
                                     WHERE f.game_id = g.id AND f.seen_at < g.kickoff_at
                                     ORDER BY f.seen_at, f.id
                                     LIMIT 1), g.id) AS is_opening
          FROM game_lines l
          JOIN games g ON g.id = l.game_id
         WHERE l.game_id = :game_id
         UNION ALL
        SELECT id, NULL, spread_line_open, total_line_open, home_moneyline_open, away_moneyline_open, NULL, NULL, NULL, NULL,
               spread_line_open IS NOT NULL OR (home_moneyline_open IS NOT NULL AND away_moneyline_open IS NOT NULL)
          FROM games
         WHERE id = :game_id
           AND (spread_line_open IS NOT NULL OR total_line_open IS NOT NULL OR home_moneyline_open IS NOT NULL
                OR away_moneyline_open IS NOT NULL)) AS every
 ORDER BY CASE WHEN seen_at IS NULL THEN 1 ELSE 0 END, seen_at DESC, id DESC
 LIMIT 500;

-- row game: id game_id, nflverse_id text, season season, game_type text, week week, gameday text, gametime text?,
--   kickoff_at time?, home_team text, away_team text, is_neutral bool, div_game bool, home_score i32?, away_score i32?,
--   home_rest i32?, away_rest i32?, home_moneyline i32?, away_moneyline i32?, spread_line f64?, home_spread_odds i32?,
--   away_spread_odds i32?, total_line f64?, over_odds i32?, under_odds i32?, roof text?, temp i32?, wind i32?,
--   home_qb_id text?, away_qb_id text?, home_qb_name text?, away_qb_name text?, stadium_id text?, is_simulated bool,
--   is_cancelled bool

-- name: games_walked :each game
-- as: anyone
-- scan: ok, the model learns from every game there is
-- All games, in the order in which the model walks through them.
SELECT id, nflverse_id, season, game_type, week, gameday, gametime, kickoff_at, home_team, away_team, is_neutral,
       div_game, home_score, away_score, home_rest, away_rest, home_moneyline, away_moneyline, spread_line,
       home_spread_odds, away_spread_odds, total_line, over_odds, under_odds, roof, temp, wind, home_qb_id, away_qb_id,
       home_qb_name, away_qb_name, stadium_id, is_simulated, cancelled_at IS NOT NULL AS is_cancelled
  FROM games
 ORDER BY season, week, gameday, nflverse_id;

-- row game_of_kind: id game_id

-- name: game_of_kind :opt game_of_kind
-- args: is_simulated bool
-- as: anyone
-- scan: ok, asked once an import
-- Some game that is simulated, or that is not.
SELECT id
  FROM games
 WHERE is_simulated = :is_simulated
 LIMIT 1;
