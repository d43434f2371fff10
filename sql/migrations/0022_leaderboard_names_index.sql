-- migration: names on the leaderboard are held apart by an index
-- transaction: none, CONCURRENTLY cannot run in one

-- up

-- Nobody passes for another by writing his name larger. Stands on a single cluster only, like users_email_key.
-- only: postgresql
CREATE UNIQUE INDEX CONCURRENTLY users_leaderboard_name_key ON users (leaderboard_name_folded)
 WHERE leaderboard_name_folded IS NOT NULL;
-- only: sqlite
CREATE UNIQUE INDEX IF NOT EXISTS users_leaderboard_name_key ON users (leaderboard_name_folded)
 WHERE leaderboard_name_folded IS NOT NULL;

-- down

-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS users_leaderboard_name_key;
-- only: sqlite
DROP INDEX IF EXISTS users_leaderboard_name_key;
