-- migration: private leagues of people who pick, joined by an invite code
--
-- What of a league is whose, and why standings are a table of their own: docs/decisions/leagues.md.

-- up

-- A league and who runs it. Whoever has its code may join; nobody else knows that it is there.
-- residency: global
CREATE TABLE leagues (
    id          {{id}} NOT NULL,
    user_id     {{uuid}} NOT NULL, -- who made it and runs it, a member himself
    name        {{text}} NOT NULL,
    season      {{season}} NOT NULL,
    code        {{text}} NOT NULL,
    created_at  {{time}} NOT NULL,
    updated_at  {{time}} NOT NULL,
    CONSTRAINT leagues_pk PRIMARY KEY (id),
    CONSTRAINT leagues_code_key UNIQUE (code),
    CONSTRAINT leagues_name_length CHECK (length(name) BETWEEN 1 AND 60),
    CONSTRAINT leagues_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_leagues_user ON leagues (user_id);

-- Who is in which league: each member's own row, which no other member sees.
-- residency: user
CREATE TABLE league_members (
    user_id    {{uuid}} NOT NULL,
    league_id  {{uuid}} NOT NULL,
    joined_at  {{time}} NOT NULL,
    CONSTRAINT league_members_pk PRIMARY KEY (user_id, league_id),
    CONSTRAINT league_members_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT league_members_league_fk FOREIGN KEY (league_id) REFERENCES leagues (id)
);

CREATE INDEX idx_league_members_league ON league_members (league_id);

-- What a member shows the others: the name chosen for this league, and the sum of the season's graded picks of
-- winners, renewed by every grading.
-- residency: global
CREATE TABLE league_standings (
    id             {{id}} NOT NULL,
    league_id      {{uuid}} NOT NULL,
    user_id        {{uuid}} NOT NULL,
    name           {{text}} NOT NULL,
    joined_at      {{time}} NOT NULL,
    pick_count     {{i32}} NOT NULL DEFAULT 0,
    decided_count  {{i32}} NOT NULL DEFAULT 0,
    right_count    {{i32}} NOT NULL DEFAULT 0,
    brier          {{f64}},
    units          {{f64}},
    updated_at     {{time}} NOT NULL,
    CONSTRAINT league_standings_pk PRIMARY KEY (id),
    CONSTRAINT league_standings_one_place UNIQUE (league_id, user_id),
    CONSTRAINT league_standings_name_length CHECK (length(name) BETWEEN 1 AND 40),
    CONSTRAINT league_standings_counts CHECK (right_count >= 0 AND right_count <= decided_count
        AND decided_count <= pick_count),
    CONSTRAINT league_standings_brier CHECK (brier BETWEEN 0 AND 1),
    CONSTRAINT league_standings_league_fk FOREIGN KEY (league_id) REFERENCES leagues (id),
    CONSTRAINT league_standings_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_league_standings_user ON league_standings (user_id);
-- Nobody passes for another by writing his name larger.
CREATE UNIQUE INDEX league_standings_one_name ON league_standings (league_id, lower(name));

-- A member sees his leagues and what the others show there. Each policy asks league_members, of which he sees his own rows
-- only; so neither leads to another's picks, address or other leagues.
-- only: postgresql
DO $$
DECLARE
    actor constant text := '(SELECT nullif(current_setting(''app.current_user_id'', true), '''')::uuid)';
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['leagues', 'league_members', 'league_standings'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I TO gridiron_app USING (user_id = %s) WITH CHECK (user_id = %s)',
            owned || '_actor', owned, actor, actor);
        EXECUTE format('CREATE POLICY %I ON %I TO gridiron_system USING (true) WITH CHECK (true)',
            owned || '_system', owned);
    END LOOP;
    EXECUTE format('CREATE POLICY leagues_member ON leagues FOR SELECT TO gridiron_app USING (EXISTS (
        SELECT 1 FROM league_members m WHERE m.league_id = leagues.id AND m.user_id = %s))', actor);
    EXECUTE format('CREATE POLICY league_standings_member ON league_standings FOR SELECT TO gridiron_app USING (EXISTS (
        SELECT 1 FROM league_members m WHERE m.league_id = league_standings.league_id AND m.user_id = %s))', actor);
END
$$;

-- only: postgresql
GRANT SELECT, INSERT, UPDATE, DELETE ON leagues, league_members, league_standings TO gridiron_app, gridiron_system;

-- down

-- It asks a table that goes before its own.
-- only: postgresql
DROP POLICY leagues_member ON leagues;
DROP TABLE league_standings;
DROP TABLE league_members;
DROP TABLE leagues;
