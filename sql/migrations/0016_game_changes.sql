-- migration: games that are put off, called off or corrected, and what was said of them before

-- up

-- Since when a feed that is whole otherwise no longer has the game, and when it counted as called off for that
-- (docs/decisions/called-off.md). NULL while the feed has it.
ALTER TABLE games ADD COLUMN missing_since {{time}};
ALTER TABLE games ADD COLUMN cancelled_at {{time}};

-- What a game was until it was put elsewhere in the schedule, until its result was corrected, until it was called off, or
-- until it came back: the record of a game is what it is and all that it was.
-- residency: global
CREATE TABLE game_changes (
    id           {{id}} NOT NULL,
    game_id      {{uuid}} NOT NULL,
    kind         {{text}} NOT NULL,
    nflverse_id  {{text}} NOT NULL, -- the feed names a game anew when it moves to another week
    season       {{season}} NOT NULL,
    week         {{week}} NOT NULL,
    gameday      {{text}} NOT NULL,
    kickoff_at   {{time}},
    home_score   {{i32}},
    away_score   {{i32}},
    created_at   {{time}} NOT NULL,
    CONSTRAINT game_changes_pk PRIMARY KEY (id),
    CONSTRAINT game_changes_kind_known CHECK (kind IN ('moved', 'result', 'called off', 'back')),
    CONSTRAINT game_changes_game_fk FOREIGN KEY (game_id) REFERENCES games (id)
);

CREATE INDEX idx_game_changes_game ON game_changes (game_id, created_at);
CREATE INDEX idx_game_changes_nflverse_id ON game_changes (nflverse_id);

-- only: postgresql
GRANT SELECT, INSERT, UPDATE, DELETE ON game_changes TO gridiron_app, gridiron_system;
-- only: postgresql
GRANT SELECT ON game_changes TO gridiron_readonly;

-- down

DROP TABLE game_changes;
ALTER TABLE games DROP COLUMN cancelled_at;
ALTER TABLE games DROP COLUMN missing_since;
