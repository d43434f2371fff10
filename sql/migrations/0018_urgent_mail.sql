-- migration: mail that somebody waits for goes before what is sent to many

-- up

-- The lower, the sooner: 0 a person known to us waits for it, 1 anybody can ask for it, 2 in bulk.
ALTER TABLE outbox ADD COLUMN urgency {{i32}} NOT NULL DEFAULT 1;

-- down

ALTER TABLE outbox DROP COLUMN urgency;
