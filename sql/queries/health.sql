-- What tells whether this program can work on this database.
-- folder: ops

-- row schema_state: newest i32?
-- row alerts_state: firing i64

-- name: schema_newest :one schema_state
-- args: none
-- as: anyone
-- scan: ok, a row a migration
-- The number of the newest migration that stands.
SELECT max(version) AS newest
  FROM schema_migrations;

-- name: alerts_firing :one alerts_state
-- args: none
-- as: anyone
-- scan: ok, a row for each thing that is wrong
-- How much there is that somebody should look at.
SELECT count(*) AS firing
  FROM alerts
 WHERE status <> 'resolved';
