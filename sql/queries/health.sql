-- What tells whether this program can work on this database.
-- folder: ops

-- row schema_state: newest i32?

-- name: schema_newest :one schema_state
-- args: none
-- as: anyone
-- scan: ok, a row a migration
-- The number of the newest migration that stands.
SELECT max(version) AS newest
  FROM schema_migrations;
