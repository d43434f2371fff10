-- Private leagues: who is in which, and what members show each other (predictions/league.h).
-- folder: predictions

-- row league_row: id uuid, name text, season i32, member_count i64, is_owner bool, code text?, display_name text,
--   created_at time
-- row league_invited: id uuid, name text, season i32, member_count i64, display_name text?
-- row league_place: rank i64?, id uuid, name text, is_you bool, is_owner bool, pick_count i32, decided_count i32, right_count i32,
--   brier f64?, units f64?
-- row league_pick: game_id text, week i32, home_team text, away_team text, name text, is_you bool, pick text,
--   probability f64, outcome text?, is_correct bool?, brier f64?
-- row league_count: count i64
-- row league_named: is_you bool

-- name: league_list :many league_row
-- args: actor user_id
-- as: actor
-- The leagues that the actor is in. Their codes are for who runs them to hand out.
SELECT l.id, l.name, l.season, (SELECT count(*) FROM league_standings s WHERE s.league_id = l.id) AS member_count,
       l.user_id = :actor AS is_owner, CASE WHEN l.user_id = :actor THEN l.code END AS code, mine.name AS display_name,
       l.created_at
  FROM league_members m
  JOIN leagues l ON l.id = m.league_id
  JOIN league_standings mine ON mine.league_id = m.league_id AND mine.user_id = m.user_id
 WHERE m.user_id = :actor
 ORDER BY l.season DESC, l.name, l.id
 LIMIT 100;

-- name: league_get :opt league_row
-- args: actor user_id, league_id uuid
-- as: actor
-- One of them.
SELECT l.id, l.name, l.season, (SELECT count(*) FROM league_standings s WHERE s.league_id = l.id) AS member_count,
       l.user_id = :actor AS is_owner, CASE WHEN l.user_id = :actor THEN l.code END AS code, mine.name AS display_name,
       l.created_at
  FROM league_members m
  JOIN leagues l ON l.id = m.league_id
  JOIN league_standings mine ON mine.league_id = m.league_id AND mine.user_id = m.user_id
 WHERE m.user_id = :actor AND m.league_id = :league_id;

-- name: league_by_code :opt league_invited
-- args: actor user_id, code text
-- as: system, who has the code is not a member yet
-- The league that a code opens, and the actor's name in it where he is a member.
SELECT l.id, l.name, l.season, (SELECT count(*) FROM league_standings s WHERE s.league_id = l.id) AS member_count,
       mine.name AS display_name
  FROM leagues l
  LEFT JOIN league_standings mine ON mine.league_id = l.id AND mine.user_id = :actor
 WHERE l.code = :code;

-- name: league_name_find :opt league_named
-- args: actor user_id, league_id uuid, name_folded text
-- as: system, who joins is not a member yet
-- Which member has a name that folds to this (codec/fold.h).
SELECT user_id = :actor AS is_you
  FROM league_standings
 WHERE league_id = :league_id AND name_folded = :name_folded;

-- name: league_memberships :one league_count
-- args: actor user_id
-- as: actor
-- absent: this account is gone
-- How many leagues the actor is in.
SELECT (SELECT count(*) FROM league_members m WHERE m.user_id = :actor) AS count
  FROM users
 WHERE id = :actor AND is_active;

-- name: league_insert :exec
-- args: actor user_id, id uuid, name text, season season, code text, now time
-- as: actor
-- Make a league.
INSERT INTO leagues (id, user_id, name, season, code, created_at, updated_at)
VALUES (:id, :actor, :name, :season, :code, :now, :now);

-- name: league_member_insert :exec
-- args: actor user_id, league_id uuid, now time
-- as: actor
-- Join a league, and
INSERT INTO league_members (user_id, league_id, joined_at)
VALUES (:actor, :league_id, :now);

-- name: league_standing_insert :exec
-- args: actor user_id, league_id uuid, season season, name text, name_folded text, now time
-- as: actor
-- show the others how one's season went so far.
INSERT INTO league_standings (id, league_id, user_id, name, name_folded, joined_at, pick_count, decided_count,
                              right_count, brier, units, updated_at)
SELECT {{new id}}, :league_id, :actor, :name, :name_folded, :now, count(p.brier), count(p.is_correct),
       coalesce(sum(CASE WHEN p.is_correct THEN 1 ELSE 0 END), 0),
       CAST((CAST(sum(CAST(floor(p.brier * 1000000000 + 0.5) AS {{i64}})) AS {{i64}})
            + 500 * count(p.brier)) / NULLIF(1000 * count(p.brier), 0) AS {{f64}}) / 1000000,
       CAST(CAST(sum(CAST(floor(p.units * 1000000000 + 0.5) AS {{i64}})) AS {{i64}}) AS {{f64}}) / 1000000000, :now
  FROM picks p
  JOIN games g ON g.id = p.game_id
 WHERE p.user_id = :actor AND g.season = :season AND p.prediction_type = 'game' AND p.brier IS NOT NULL;

-- name: league_standing_rename :rows
-- args: actor user_id, league_id uuid, name text, name_folded text, now time
-- as: actor
-- Another name for the actor in a league that he is in.
UPDATE league_standings
   SET name = :name, name_folded = :name_folded, updated_at = :now
 WHERE league_id = :league_id AND user_id = :actor;

-- name: league_code_renew :rows
-- args: actor user_id, league_id uuid, code text, now time
-- as: actor
-- Another code; the one before opens nothing any more.
UPDATE leagues
   SET code = :code, updated_at = :now
 WHERE id = :league_id AND user_id = :actor;

-- name: league_places :many league_place
-- args: actor user_id, league_id uuid, least_count i32
-- as: actor
-- The standing of a league that the actor is in: by Brier score, equal ones sharing a rank, and behind them those with fewer
-- graded picks than count.
SELECT CASE WHEN s.pick_count >= :least_count
            THEN rank() OVER (ORDER BY CASE WHEN s.pick_count >= :least_count THEN 0 ELSE 1 END, coalesce(s.brier, 1)) END AS rank,
       s.id, s.name, s.user_id = :actor AS is_you, s.user_id = l.user_id AS is_owner, s.pick_count, s.decided_count,
       s.right_count, s.brier, s.units
  FROM league_members m
  JOIN leagues l ON l.id = m.league_id
  JOIN league_standings s ON s.league_id = m.league_id
 WHERE m.user_id = :actor AND m.league_id = :league_id
 ORDER BY CASE WHEN s.pick_count >= :least_count THEN 0 ELSE 1 END, coalesce(s.brier, 1), s.name_folded
 LIMIT 100;

-- name: league_picks :many league_pick
-- args: actor user_id, league_id uuid, week week, now time
-- as: system, picks are their owner's until kick-off; then those of a league are for its members to see
-- What the members of a league that the actor is in said of a week's games that have begun.
SELECT g.nflverse_id AS game_id, g.week, g.home_team, g.away_team, s.name, s.user_id = :actor AS is_you, p.pick,
       p.probability, p.outcome, p.is_correct, p.brier
  FROM league_members m
  JOIN leagues l ON l.id = m.league_id
  JOIN league_standings s ON s.league_id = m.league_id
  JOIN picks p ON p.user_id = s.user_id
  JOIN games g ON g.id = p.game_id
 WHERE m.user_id = :actor AND m.league_id = :league_id AND g.season = l.season AND g.week = :week
   AND p.prediction_type = 'game' AND (g.home_score IS NOT NULL OR g.kickoff_at <= :now)
 ORDER BY g.gameday, g.nflverse_id, s.name_folded
 LIMIT 2000;

-- name: league_standings_renew :rows
-- args: now time
-- as: system, everybody's standing follows from his own picks
-- scan: ok, of league_standings, after picks were graded
-- Bring the standings of all leagues to what their members' picks came to.
UPDATE league_standings AS s
   SET pick_count = t.pick_count, decided_count = t.decided_count, right_count = t.right_count, brier = t.brier,
       units = t.units, updated_at = :now
  FROM (SELECT m.id, count(p.brier) AS pick_count, count(p.is_correct) AS decided_count,
               sum(CASE WHEN p.is_correct THEN 1 ELSE 0 END) AS right_count,
               CAST((CAST(sum(CAST(floor(p.brier * 1000000000 + 0.5) AS {{i64}})) AS {{i64}})
                    + 500 * count(p.brier)) / NULLIF(1000 * count(p.brier), 0) AS {{f64}}) / 1000000 AS brier,
               CAST(CAST(sum(CAST(floor(p.units * 1000000000 + 0.5) AS {{i64}})) AS {{i64}}) AS {{f64}}) / 1000000000 AS units
          FROM league_standings m
          JOIN leagues l ON l.id = m.league_id
          LEFT JOIN (picks p JOIN games g ON g.id = p.game_id)
            ON p.user_id = m.user_id AND g.season = l.season AND p.prediction_type = 'game' AND p.brier IS NOT NULL
         GROUP BY m.id) AS t
 WHERE t.id = s.id
   AND (s.pick_count <> t.pick_count OR s.decided_count <> t.decided_count OR s.right_count <> t.right_count
        OR s.brier IS DISTINCT FROM t.brier OR s.units IS DISTINCT FROM t.units);

-- row league_member: user_id user_id

-- name: league_member_find :opt league_member
-- args: actor user_id, league_id uuid, place_id uuid
-- as: actor
-- Who stands at a place of a league that the actor is in.
SELECT s.user_id
  FROM league_members m
  JOIN league_standings s ON s.league_id = m.league_id
 WHERE m.user_id = :actor AND m.league_id = :league_id AND s.id = :place_id;

-- name: league_standing_delete :rows
-- args: league_id uuid, user_id user_id
-- as: system, who runs a league removes others
-- Take a member out: what he shows, and
DELETE FROM league_standings
 WHERE league_id = :league_id AND user_id = :user_id;

-- name: league_member_delete :rows
-- args: league_id uuid, user_id user_id
-- as: system, who runs a league removes others
-- that he is in it.
DELETE FROM league_members
 WHERE league_id = :league_id AND user_id = :user_id;

-- name: league_standings_delete :rows
-- args: league_id uuid
-- as: system, a league ends for everybody
-- End a league: all that is shown,
DELETE FROM league_standings
 WHERE league_id = :league_id;

-- name: league_members_delete :rows
-- args: league_id uuid
-- as: system, a league ends for everybody
-- who is in it,
DELETE FROM league_members
 WHERE league_id = :league_id;

-- name: league_delete :rows
-- args: actor user_id, league_id uuid
-- as: actor
-- and itself.
DELETE FROM leagues
 WHERE id = :league_id AND user_id = :actor;

-- row league_season: has_games bool

-- name: league_season_find :one league_season
-- args: season season
-- as: anyone
-- Whether there are games of a season to pick.
SELECT EXISTS (SELECT 1 FROM games WHERE season = :season) AS has_games;
