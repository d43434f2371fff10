-- folder: predictions
-- The teams, one row for each code that a franchise has played under.

-- name: team_put :batch
-- args: code text, franchise text, name text, nickname text, conference text, division text,
--   first_season season, last_season season?
-- as: anyone
-- Add a team, or leave the one that is there.
INSERT INTO teams (id, code, franchise, name, nickname, conference, division, first_season, last_season)
VALUES ({{new id}}, :code, :franchise, :name, :nickname, :conference, :division, :first_season, :last_season)
    ON CONFLICT (code) DO NOTHING;
