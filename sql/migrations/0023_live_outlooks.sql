-- migration: a season's outlook as it stands now, in the middle of a week
--
-- Beside those before each week there may be one a season with week 0: as of now, before next_week, of whose games (or later ones)
-- games_played are over and counted.

-- up

ALTER TABLE season_simulations ADD COLUMN next_week {{i32}};
ALTER TABLE season_simulations ADD COLUMN games_played {{i32}} NOT NULL DEFAULT 0;

-- down

DELETE FROM season_simulations WHERE week = 0;
ALTER TABLE season_simulations DROP COLUMN games_played;
ALTER TABLE season_simulations DROP COLUMN next_week;
