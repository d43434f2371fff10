-- migration: teams, games, lines, ratings, season outlooks

-- up

-- A team under one code; a franchise that moved has a row for each code it played under (OAK and LV), joined by
-- franchise, the code of today.
-- residency: global
CREATE TABLE teams (
    id            {{id}} NOT NULL,
    code          {{text}} NOT NULL,
    franchise     {{text}} NOT NULL,
    name          {{text}} NOT NULL,
    nickname      {{text}} NOT NULL,
    conference    {{text}} NOT NULL,
    division      {{text}} NOT NULL,
    first_season  {{season}} NOT NULL,
    last_season   {{season}}, -- NULL: still plays under this code
    is_simulated  {{bool}} NOT NULL DEFAULT FALSE,
    CONSTRAINT teams_pk PRIMARY KEY (id),
    CONSTRAINT teams_code_key UNIQUE (code),
    CONSTRAINT teams_code_form CHECK (length(code) BETWEEN 2 AND 4 AND code = upper(code)),
    CONSTRAINT teams_conference_known CHECK (conference IN ('AFC', 'NFC')),
    CONSTRAINT teams_division_known CHECK (division IN ('East', 'North', 'South', 'West', 'Central')),
    CONSTRAINT teams_seasons CHECK (last_season >= first_season)
);

-- A game as the feed has it; columns keep the names of nflverse's games.csv where one exists. Scores are NULL until it
-- is over. Lines are closing lines: spread_line is the points by which the home team is favoured.
-- residency: global
CREATE TABLE games (
    id                {{id}} NOT NULL,
    nflverse_id       {{text}} NOT NULL, -- the feed's game_id: 2023_01_DET_KC; kept when a game is moved
    season            {{season}} NOT NULL,
    game_type         {{text}} NOT NULL,
    week              {{week}} NOT NULL,
    gameday           {{text}} NOT NULL, -- YYYY-MM-DD, US Eastern
    gametime          {{text}},          -- HH:MM, US Eastern
    kickoff_at        {{time}},          -- NULL where gametime is
    home_team         {{text}} NOT NULL,
    away_team         {{text}} NOT NULL,
    is_neutral        {{bool}} NOT NULL DEFAULT FALSE,
    div_game          {{bool}} NOT NULL DEFAULT FALSE,
    home_score        {{i32}},
    away_score        {{i32}},
    result            {{i32}}, -- home_score - away_score
    total             {{i32}}, -- home_score + away_score
    overtime          {{bool}},
    home_rest         {{i32}},
    away_rest         {{i32}},
    home_moneyline    {{i32}},
    away_moneyline    {{i32}},
    spread_line       {{f64}},
    home_spread_odds  {{i32}},
    away_spread_odds  {{i32}},
    total_line        {{f64}},
    over_odds         {{i32}},
    under_odds        {{i32}},
    roof              {{text}},
    surface           {{text}},
    temp              {{i32}}, -- degrees Fahrenheit
    wind              {{i32}}, -- miles an hour
    home_qb_id        {{text}},
    away_qb_id        {{text}},
    home_qb_name      {{text}},
    away_qb_name      {{text}},
    home_coach        {{text}},
    away_coach        {{text}},
    referee           {{text}},
    stadium_id        {{text}},
    stadium           {{text}},
    is_simulated      {{bool}} NOT NULL DEFAULT FALSE,
    source            {{text}} NOT NULL, -- the feed: its URL or file name
    source_checksum   {{hash}} NOT NULL, -- SHA-256 of the feed's row: equal means nothing to do
    finished_at       {{time}},          -- when we first saw a final score
    created_at        {{time}} NOT NULL,
    updated_at        {{time}} NOT NULL,
    CONSTRAINT games_pk PRIMARY KEY (id),
    CONSTRAINT games_nflverse_id_key UNIQUE (nflverse_id),
    CONSTRAINT games_game_type_known CHECK (game_type IN ('REG', 'WC', 'DIV', 'CON', 'SB')),
    CONSTRAINT games_two_teams CHECK (home_team <> away_team),
    CONSTRAINT games_gameday_form CHECK (gameday LIKE '____-__-__'),
    CONSTRAINT games_gametime_form CHECK (gametime LIKE '__:__'),
    CONSTRAINT games_scores CHECK (home_score >= 0 AND away_score >= 0),
    CONSTRAINT games_scores_together CHECK ((home_score IS NULL) = (away_score IS NULL)
        AND (result IS NULL) = (home_score IS NULL) AND (total IS NULL) = (home_score IS NULL)),
    CONSTRAINT games_result_adds_up CHECK (result = home_score - away_score AND total = home_score + away_score),
    CONSTRAINT games_total_line_positive CHECK (total_line > 0),
    CONSTRAINT games_rest CHECK (home_rest >= 0 AND away_rest >= 0),
    CONSTRAINT games_home_team_fk FOREIGN KEY (home_team) REFERENCES teams (code),
    CONSTRAINT games_away_team_fk FOREIGN KEY (away_team) REFERENCES teams (code)
);

CREATE INDEX idx_games_season_week ON games (season, week, gameday);
CREATE INDEX idx_games_home_team ON games (home_team, season);
CREATE INDEX idx_games_away_team ON games (away_team, season);
CREATE INDEX idx_games_kickoff ON games (kickoff_at);

-- Lines as they stood when a feed was read, from the opening on; one row whenever they changed.
-- residency: global
CREATE TABLE game_lines (
    id                {{id}} NOT NULL,
    game_id           {{uuid}} NOT NULL,
    source            {{text}} NOT NULL,
    seen_at           {{time}} NOT NULL,
    home_moneyline    {{i32}},
    away_moneyline    {{i32}},
    spread_line       {{f64}},
    home_spread_odds  {{i32}},
    away_spread_odds  {{i32}},
    total_line        {{f64}},
    over_odds         {{i32}},
    under_odds        {{i32}},
    CONSTRAINT game_lines_pk PRIMARY KEY (id),
    CONSTRAINT game_lines_once UNIQUE (game_id, source, seen_at),
    CONSTRAINT game_lines_game_fk FOREIGN KEY (game_id) REFERENCES games (id)
);

-- A team's strength in points as a model saw it before the games of a week (week 0: before the season), each with its
-- standard error. As the model changes or is refitted the row is replaced.
-- residency: global
CREATE TABLE ratings (
    id               {{id}} NOT NULL,
    model            {{text}} NOT NULL,
    season           {{season}} NOT NULL,
    week             {{i32}} NOT NULL,
    team             {{text}} NOT NULL,
    offence          {{f64}} NOT NULL,
    defence          {{f64}} NOT NULL,
    quarterback      {{f64}} NOT NULL,
    total            {{f64}} NOT NULL,
    offence_se       {{f64}} NOT NULL,
    defence_se       {{f64}} NOT NULL,
    quarterback_se   {{f64}} NOT NULL,
    total_se         {{f64}} NOT NULL,
    rank             {{i32}} NOT NULL,
    quarterback_id   {{text}},
    quarterback_name {{text}},
    details          {{object}} NOT NULL,
    created_at       {{time}} NOT NULL,
    CONSTRAINT ratings_pk PRIMARY KEY (id),
    CONSTRAINT ratings_one_a_week UNIQUE (season, week, model, team),
    CONSTRAINT ratings_week CHECK (week BETWEEN 0 AND 23),
    CONSTRAINT ratings_rank CHECK (rank BETWEEN 1 AND 64),
    CONSTRAINT ratings_errors_positive CHECK (offence_se >= 0 AND defence_se >= 0 AND quarterback_se >= 0
        AND total_se >= 0),
    CONSTRAINT ratings_team_fk FOREIGN KEY (team) REFERENCES teams (code)
);

CREATE INDEX idx_ratings_team ON ratings (team, season, week);

-- A team's chances for the rest of a season, as simulated before the games of a week. details holds the distribution of
-- wins and of seeds.
-- residency: global
CREATE TABLE season_simulations (
    id            {{id}} NOT NULL,
    model         {{text}} NOT NULL,
    season        {{season}} NOT NULL,
    week          {{i32}} NOT NULL,
    team          {{text}} NOT NULL,
    runs          {{i32}} NOT NULL,
    wins_mean     {{f64}} NOT NULL,
    wins_sd       {{f64}} NOT NULL,
    p_division    {{share}} NOT NULL,
    p_top_seed    {{share}} NOT NULL,
    p_playoffs    {{share}} NOT NULL,
    p_divisional  {{share}} NOT NULL, -- to play in the divisional round
    p_championship {{share}} NOT NULL, -- to play for the conference
    p_final       {{share}} NOT NULL,
    p_title       {{share}} NOT NULL,
    details       {{object}} NOT NULL,
    created_at    {{time}} NOT NULL,
    CONSTRAINT season_simulations_pk PRIMARY KEY (id),
    CONSTRAINT season_simulations_one_a_week UNIQUE (season, week, model, team),
    CONSTRAINT season_simulations_week CHECK (week BETWEEN 0 AND 23),
    CONSTRAINT season_simulations_runs_positive CHECK (runs > 0),
    CONSTRAINT season_simulations_wins CHECK (wins_mean >= 0 AND wins_sd >= 0),
    CONSTRAINT season_simulations_team_fk FOREIGN KEY (team) REFERENCES teams (code)
);

CREATE INDEX idx_season_simulations_team ON season_simulations (team, season, week);

-- down

DROP TABLE season_simulations;
DROP TABLE ratings;
DROP TABLE game_lines;
DROP TABLE games;
DROP TABLE teams;
