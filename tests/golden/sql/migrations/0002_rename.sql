-- migration: a table goes, another takes its name
-- transaction: none, an index is built while the table is written

-- up

-- only: postgresql
CREATE INDEX CONCURRENTLY games_team ON games (team);

-- only: sqlite
CREATE INDEX games_team ON games (team);

DROP TABLE retired;
ALTER TABLE games RENAME TO matches;

-- down

ALTER TABLE matches RENAME TO games;
CREATE TABLE retired (id {{id}} PRIMARY KEY);
DROP INDEX games_team;
