-- migration: names of a league are told apart by what the program makes of them, alike on both engines
--
-- lower() is the engine's: of all letters by PostgreSQL's locale, of ASCII alone on SQLite. name_folded comes from the program
-- (codec/fold.h). Names from before are kept as their engine folded them, until they leave; a server from before, which may still
-- run while servers are exchanged, writes none.

-- up

-- only: postgresql
ALTER TABLE league_standings NO FORCE ROW LEVEL SECURITY;
ALTER TABLE league_standings ADD COLUMN name_folded {{text}};
UPDATE league_standings SET name_folded = lower(name);
-- only: postgresql
ALTER TABLE league_standings FORCE ROW LEVEL SECURITY;

-- down

ALTER TABLE league_standings DROP COLUMN name_folded;
