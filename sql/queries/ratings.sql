-- folder: predictions
-- Ratings: the strength of every team before each week, as a model saw it.

-- row rating_stored: season season, week i32, team text, offence f64, defence f64, quarterback f64, total f64,
--   offence_se f64, defence_se f64, quarterback_se f64, total_se f64, rank i32, quarterback_id text?

-- name: ratings_stored :each rating_stored
-- args: model text
-- as: anyone
-- scan: ok, the walk makes the ratings of every week anew and compares them all
-- All ratings of MODEL.
SELECT season, week, team, offence, defence, quarterback, total, offence_se, defence_se, quarterback_se, total_se,
       rank, quarterback_id
  FROM ratings
 WHERE model = :model;

-- name: rating_put :batch
-- args: model text, season season, week i32, team text, offence f64, defence f64, quarterback f64, total f64,
--   offence_se f64, defence_se f64, quarterback_se f64, total_se f64, rank i32, quarterback_id text?,
--   quarterback_name text?, details object, now time
-- as: anyone
-- Store a rating, in place of the one of that week if there is one.
INSERT INTO ratings (id, model, season, week, team, offence, defence, quarterback, total, offence_se, defence_se,
                     quarterback_se, total_se, rank, quarterback_id, quarterback_name, details, created_at)
VALUES ({{new id}}, :model, :season, :week, :team, :offence, :defence, :quarterback, :total, :offence_se, :defence_se,
        :quarterback_se, :total_se, :rank, :quarterback_id, :quarterback_name, :details, :now)
    ON CONFLICT (season, week, model, team) DO UPDATE
       SET offence = excluded.offence, defence = excluded.defence, quarterback = excluded.quarterback,
           total = excluded.total, offence_se = excluded.offence_se, defence_se = excluded.defence_se,
           quarterback_se = excluded.quarterback_se, total_se = excluded.total_se, rank = excluded.rank,
           quarterback_id = excluded.quarterback_id, quarterback_name = excluded.quarterback_name,
           details = excluded.details, created_at = excluded.created_at;
