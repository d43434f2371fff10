-- migration: how often a forecast was shown, where it was several times within moments

-- up

ALTER TABLE user_prediction_access ADD COLUMN times {{i32}} NOT NULL DEFAULT 1
    CONSTRAINT user_prediction_access_times_positive CHECK (times >= 1);

-- down

ALTER TABLE user_prediction_access DROP COLUMN times;
