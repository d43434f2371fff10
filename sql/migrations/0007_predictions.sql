-- migration: forecasts, who read them, how right they were, and subscribers' own picks

-- up

-- Who forecasts: the house's own tiers and every model whose forecasts were published here. tier is the house's
-- (docs/forecast.md); sees_line says whether its forecasts have seen the closing line of their own game.
-- residency: global
CREATE TABLE models (
    name        {{text}} NOT NULL,
    tier        {{text}},
    sees_line   {{bool}} NOT NULL,
    created_at  {{time}} NOT NULL,
    CONSTRAINT models_pk PRIMARY KEY (name),
    CONSTRAINT models_name_length CHECK (length(name) BETWEEN 1 AND 60),
    CONSTRAINT models_tier_known CHECK (tier IN ('S', 'L', 'B'))
);

-- The weights of key numbers under which forecasts were made, by their digest, so that a forecast of any time can be asked
-- for its chances at any line. prediction_data names them.
-- residency: global
CREATE TABLE key_weights (
    digest      {{text}} NOT NULL,
    weights     {{array}} NOT NULL,
    created_at  {{time}} NOT NULL,
    CONSTRAINT key_weights_pk PRIMARY KEY (digest),
    CONSTRAINT key_weights_digest_length CHECK (length(digest) = 16)
);

-- One forecast of one game by one model at one moment, never altered but for its grade: a new forecast is a new row, and
-- the last one before kick-off counts. user_id is NULL for the house and for published models; a row with an owner is
-- of a model not yet published. subject tells forecasts of type prop apart ('' otherwise).
-- pick, probability, line and odds are what is graded: the side taken, its chance, and the terms it was taken at;
-- confidence is what is shown (0 to 1).
-- residency: global
CREATE TABLE predictions (
    id                 {{id}} NOT NULL,
    user_id            {{uuid}},
    model              {{text}} NOT NULL,
    model_version      {{text}},
    prediction_type    {{text}} NOT NULL,
    subject            {{text}} NOT NULL DEFAULT '',
    season             {{season}} NOT NULL,
    week               {{week}} NOT NULL,
    game_id            {{uuid}} NOT NULL,
    nflverse_id        {{text}} NOT NULL, -- the game's, repeated here so that lists need no join
    home_team          {{text}} NOT NULL,
    away_team          {{text}} NOT NULL,
    matchup            {{text}} NOT NULL, -- 'DET @ KC'
    prediction_data    {{object}} NOT NULL,
    confidence         {{share}},
    pick               {{text}},
    probability        {{share}},
    line               {{f64}},
    expected           {{f64}}, -- points: by how many the home team wins (game, ats), or both together (total)
    odds               {{i32}},
    predicted_at       {{time}} NOT NULL,
    created_at         {{time}} NOT NULL,
    superseded_at      {{time}}, -- when a later forecast of the same game came; NULL: this one counts
    actual_result      {{object}},
    outcome            {{text}},
    is_correct         {{bool}}, -- NULL: not graded, or a push
    brier              {{f64}},
    log_loss           {{f64}},
    units              {{f64}}, -- won or lost for a stake of one at odds
    result_updated_at  {{time}},
    is_simulated       {{bool}} NOT NULL DEFAULT FALSE,
    is_sample          {{bool}} NOT NULL DEFAULT FALSE, -- one of the week's three that everybody is shown
    CONSTRAINT predictions_pk PRIMARY KEY (id),
    CONSTRAINT predictions_moment_key UNIQUE (game_id, model, prediction_type, subject, predicted_at),
    CONSTRAINT predictions_prediction_type_known CHECK (prediction_type IN ('game', 'ats', 'total', 'prop')),
    CONSTRAINT predictions_model_length CHECK (length(model) BETWEEN 1 AND 60),
    CONSTRAINT predictions_subject CHECK ((prediction_type = 'prop') = (subject <> '')),
    CONSTRAINT predictions_pick_known CHECK (pick IN ('home', 'away', 'over', 'under')),
    CONSTRAINT predictions_outcome_known CHECK (outcome IN ('win', 'loss', 'push', 'void')),
    CONSTRAINT predictions_grade CHECK ((outcome IS NULL AND is_correct IS NULL AND result_updated_at IS NULL)
        OR (outcome IS NOT NULL AND result_updated_at IS NOT NULL
            AND (is_correct IS NULL) = (outcome IN ('push', 'void')))),
    CONSTRAINT predictions_is_correct CHECK (is_correct = (outcome = 'win')),
    CONSTRAINT predictions_scores_positive CHECK (brier BETWEEN 0 AND 1 AND log_loss >= 0),
    CONSTRAINT predictions_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT predictions_game_fk FOREIGN KEY (game_id) REFERENCES games (id),
    CONSTRAINT predictions_home_team_fk FOREIGN KEY (home_team) REFERENCES teams (code),
    CONSTRAINT predictions_away_team_fk FOREIGN KEY (away_team) REFERENCES teams (code)
);

CREATE INDEX idx_predictions_season_week_type ON predictions (season, week, prediction_type);
-- What a list of forecasts is read by, in the order of its pages.
CREATE INDEX idx_predictions_published ON predictions (model, season, week, id)
    WHERE user_id IS NULL AND superseded_at IS NULL;
CREATE INDEX idx_predictions_confidence_desc ON predictions (confidence DESC) WHERE confidence IS NOT NULL;
CREATE INDEX idx_predictions_user ON predictions (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_predictions_home_team ON predictions (home_team, season);
CREATE INDEX idx_predictions_away_team ON predictions (away_team, season);
CREATE INDEX idx_predictions_ungraded ON predictions (game_id, predicted_at) WHERE outcome IS NULL;

-- only: postgresql
CREATE INDEX idx_prediction_data_gin ON predictions USING GIN (prediction_data);

-- only: postgresql
CREATE INDEX idx_prediction_data_team ON predictions USING GIN ((prediction_data -> 'team'));

-- Where a batch of forecasts stands on its way into predictions, within one transaction: nobody ever sees a row of it. It
-- is not under row security, so PostgreSQL can fill it by COPY.
-- residency: global
CREATE TABLE prediction_uploads (
    id               {{id}} NOT NULL,
    model            {{text}} NOT NULL,
    prediction_type  {{text}} NOT NULL,
    subject          {{text}} NOT NULL,
    season           {{season}} NOT NULL,
    week             {{week}} NOT NULL,
    game_id          {{uuid}} NOT NULL,
    nflverse_id      {{text}} NOT NULL,
    home_team        {{text}} NOT NULL,
    away_team        {{text}} NOT NULL,
    matchup          {{text}} NOT NULL,
    prediction_data  {{object}} NOT NULL,
    confidence       {{share}} NOT NULL,
    pick             {{text}} NOT NULL,
    probability      {{share}} NOT NULL,
    line             {{f64}},
    odds             {{i32}},
    is_simulated     {{bool}} NOT NULL
);

-- only: postgresql
ALTER TABLE prediction_uploads SET UNLOGGED;

-- What props came to: no feed has them, so whoever publishes props tells.
-- residency: global
CREATE TABLE prop_results (
    game_id     {{uuid}} NOT NULL,
    subject     {{text}} NOT NULL,
    value       {{f64}} NOT NULL,
    created_at  {{time}} NOT NULL,
    CONSTRAINT prop_results_pk PRIMARY KEY (game_id, subject),
    CONSTRAINT prop_results_subject_length CHECK (length(subject) BETWEEN 1 AND 100),
    CONSTRAINT prop_results_game_fk FOREIGN KEY (game_id) REFERENCES games (id)
);

-- Who was shown which forecast; written in batches off the request's path.
-- residency: user
CREATE TABLE user_prediction_access (
    user_id        {{uuid}} NOT NULL,
    id             {{id}} NOT NULL,
    prediction_id  {{uuid}} NOT NULL,
    accessed_at    {{time}} NOT NULL,
    via            {{text}} NOT NULL,
    tier_name      {{text}},
    CONSTRAINT user_prediction_access_pk PRIMARY KEY (user_id, id),
    CONSTRAINT user_prediction_access_via_known CHECK (via IN ('api', 'page', 'export', 'stream', 'email')),
    CONSTRAINT user_prediction_access_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT user_prediction_access_prediction_fk FOREIGN KEY (prediction_id) REFERENCES predictions (id)
);

CREATE INDEX idx_user_prediction_access_accessed_at ON user_prediction_access (accessed_at DESC);
CREATE INDEX idx_user_prediction_access_prediction ON user_prediction_access (prediction_id);

-- How a model did, by week and (week NULL) by season. Pushes count in total_predictions and are neither right nor
-- wrong: percentages are of total_predictions - push_count. details holds calibration bins, records and intervals.
-- residency: global
CREATE TABLE accuracy_metrics (
    id                            {{id}} NOT NULL,
    model                         {{text}} NOT NULL,
    prediction_type               {{text}} NOT NULL,
    season                        {{season}} NOT NULL,
    week                          {{week}},
    total_predictions             {{i32}} NOT NULL,
    correct_predictions           {{i32}} NOT NULL,
    push_count                    {{i32}} NOT NULL DEFAULT 0,
    accuracy_percentage           {{f64}},
    confidence_weighted_accuracy  {{f64}},
    brier                         {{f64}},
    log_loss                      {{f64}},
    units                         {{f64}},
    roi                           {{f64}},
    details                       {{object}} NOT NULL,
    calculated_at                 {{time}} NOT NULL,
    CONSTRAINT accuracy_metrics_pk PRIMARY KEY (id),
    CONSTRAINT accuracy_metrics_prediction_type_known CHECK (prediction_type IN ('game', 'ats', 'total', 'prop')),
    CONSTRAINT accuracy_metrics_counts CHECK (correct_predictions >= 0 AND push_count >= 0
        AND correct_predictions + push_count <= total_predictions),
    CONSTRAINT accuracy_metrics_percentages CHECK (accuracy_percentage BETWEEN 0 AND 100
        AND confidence_weighted_accuracy BETWEEN 0 AND 100),
    CONSTRAINT accuracy_metrics_scores_positive CHECK (brier BETWEEN 0 AND 1 AND log_loss >= 0)
);

-- As an expression, because week NULL must be unique as well: ON CONFLICT (season, model, prediction_type,
-- coalesce(week, 0)).
CREATE UNIQUE INDEX accuracy_metrics_one_a_week
    ON accuracy_metrics (season, model, prediction_type, coalesce(week, 0));

-- Games, forecasts and grades are published under a token that changes with them, so that whoever keeps something made
-- from them can tell that it is out of date. One row a kind of publication.
-- residency: global
CREATE TABLE publications (
    name          {{text}} NOT NULL,
    token         {{uuid}} NOT NULL,
    published_at  {{time}} NOT NULL,
    CONSTRAINT publications_pk PRIMARY KEY (name)
);

-- A subscriber's own forecast, changed at will until kick-off.
-- residency: user
CREATE TABLE picks (
    user_id          {{uuid}} NOT NULL,
    id               {{id}} NOT NULL,
    game_id          {{uuid}} NOT NULL,
    prediction_type  {{text}} NOT NULL,
    pick             {{text}} NOT NULL,
    probability      {{share}} NOT NULL,
    line             {{f64}},
    odds             {{i32}},
    outcome          {{text}},
    is_correct       {{bool}},
    brier            {{f64}},
    units            {{f64}},
    graded_at        {{time}},
    created_at       {{time}} NOT NULL,
    updated_at       {{time}} NOT NULL,
    CONSTRAINT picks_pk PRIMARY KEY (user_id, id),
    CONSTRAINT picks_one_a_game UNIQUE (user_id, game_id, prediction_type),
    CONSTRAINT picks_pick_known CHECK (
        (prediction_type IN ('game', 'ats') AND pick IN ('home', 'away'))
        OR (prediction_type = 'total' AND pick IN ('over', 'under'))),
    CONSTRAINT picks_outcome_known CHECK (outcome IN ('win', 'loss', 'push', 'void')),
    CONSTRAINT picks_grade CHECK ((outcome IS NULL) = (graded_at IS NULL)
        AND (is_correct IS NULL) = (outcome IS NULL OR outcome IN ('push', 'void'))),
    CONSTRAINT picks_is_correct CHECK (is_correct = (outcome = 'win')),
    CONSTRAINT picks_brier CHECK (brier BETWEEN 0 AND 1),
    CONSTRAINT picks_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT picks_game_fk FOREIGN KEY (game_id) REFERENCES games (id)
);

CREATE INDEX idx_picks_game ON picks (game_id);

-- down

DROP TABLE publications;
DROP TABLE picks;
DROP TABLE accuracy_metrics;
DROP TABLE user_prediction_access;
DROP TABLE prop_results;
DROP TABLE prediction_uploads;
DROP TABLE predictions;
DROP TABLE key_weights;
DROP TABLE models;
