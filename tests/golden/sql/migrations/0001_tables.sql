-- migration: the tables of the golden tests

-- up

-- The key of this table is the shard key of the others.
-- residency: user
CREATE TABLE users (
    id    {{id}} NOT NULL,
    email {{text}} NOT NULL DEFAULT 'a;b', -- a comment; with a semicolon
    CONSTRAINT users_pk PRIMARY KEY (id)
);

-- residency: user
CREATE TABLE affiliates (
    user_id         {{user_id}} NOT NULL,
    id              {{id}} NOT NULL,
    referral_code   {{text}} NOT NULL,
    commission_rate {{rate}} NOT NULL,
    is_active       {{bool}} NOT NULL,
    CONSTRAINT affiliates_pk PRIMARY KEY (user_id, id),
    CONSTRAINT affiliates_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

-- residency: user
CREATE TABLE referrals (
    user_id {{user_id}} NOT NULL PRIMARY KEY,
    id {{id}} NOT NULL,
    status {{text}} NOT NULL
);

-- residency: user
CREATE TABLE picks (
    user_id {{user_id}} NOT NULL,
    id {{id}} NOT NULL,
    game_id {{uuid}} NOT NULL,
    team {{text}} NOT NULL,
    PRIMARY KEY (user_id, id)
);

-- residency: global
CREATE TABLE games (id {{id}} PRIMARY KEY, team {{text}} NOT NULL, score {{i32}});

-- residency: global
CREATE TABLE retired (id {{id}} PRIMARY KEY);

-- only: postgresql
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RETURN NEW;
END;
$body$;

-- only: sqlite
CREATE TRIGGER users_stay BEFORE DELETE ON users
BEGIN
    SELECT CASE WHEN 1 THEN RAISE(ABORT, 'users stay') END;
    SELECT 1;
END;

-- down

-- only: sqlite
DROP TRIGGER users_stay;
-- only: postgresql
DROP FUNCTION touch;
DROP TABLE retired;
DROP TABLE games;
DROP TABLE picks;
DROP TABLE referrals;
DROP TABLE affiliates;
DROP TABLE users;
