-- migration: names of a league that the program folded are held apart by an index
-- transaction: none, CONCURRENTLY cannot run in one

-- up

-- Nobody passes for another by writing his name larger.
-- only: postgresql
CREATE UNIQUE INDEX CONCURRENTLY league_standings_one_folded_name ON league_standings (league_id, name_folded);
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS league_standings_one_name;
-- only: sqlite
CREATE UNIQUE INDEX IF NOT EXISTS league_standings_one_folded_name ON league_standings (league_id, name_folded);
-- only: sqlite
DROP INDEX IF EXISTS league_standings_one_name;

-- down

-- only: postgresql
CREATE UNIQUE INDEX CONCURRENTLY league_standings_one_name ON league_standings (league_id, lower(name));
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS league_standings_one_folded_name;
-- only: sqlite
CREATE UNIQUE INDEX IF NOT EXISTS league_standings_one_name ON league_standings (league_id, lower(name));
-- only: sqlite
DROP INDEX IF EXISTS league_standings_one_folded_name;
