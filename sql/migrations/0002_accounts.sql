-- migration: accounts: users, sessions, tokens sent by mail, API keys

-- up

-- A user. The key of this table is the shard key of every user-owned one. Rows are never deleted: erasure leaves a
-- tombstone (erased_at set, e-mail '<id>@erased.invalid', password_hash '!', everything personal NULL) because
-- payments and the ledger refer to it. password_hash is '!' as well, which no password matches, until the address is
-- proved.
-- residency: user
CREATE TABLE users (
    id                   {{id}} NOT NULL,
    email                {{text}} NOT NULL,
    password_hash        {{text}} NOT NULL,
    first_name           {{text}},
    last_name            {{text}},
    email_verified       {{bool}} NOT NULL DEFAULT FALSE,
    is_active            {{bool}} NOT NULL DEFAULT TRUE,
    created_at           {{time}} NOT NULL,
    updated_at           {{time}} NOT NULL,
    last_login           {{time}},
    -- The address as a person would have it: without tags and dots that the provider ignores. Trials and
    -- self-referral are judged by it.
    email_identity       {{text}},
    email_verified_at    {{time}},
    password_changed_at  {{time}},
    deactivated_at       {{time}},
    erased_at            {{time}},
    trial_used_at        {{time}},
    -- Raised to end every session of the user at once; tokens carry the value they were made under.
    session_epoch        {{i64}} NOT NULL DEFAULT 0,
    -- Sealed under the keyring. personal_key seals what the audit log holds of this user; erasure sets it NULL.
    personal_key         {{bytes}},
    totp_secret          {{bytes}},
    totp_last_step       {{i64}},
    mfa_enabled_at       {{time}},
    wants_email_alerts   {{bool}} NOT NULL DEFAULT FALSE,
    alert_min_confidence {{share}},
    leaderboard_name     {{text}},
    is_on_leaderboard    {{bool}} NOT NULL DEFAULT FALSE,
    CONSTRAINT users_pk PRIMARY KEY (id),
    CONSTRAINT users_email_form CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254
        AND email LIKE '%_@_%'),
    CONSTRAINT users_mfa_has_secret CHECK (mfa_enabled_at IS NULL OR totp_secret IS NOT NULL),
    CONSTRAINT users_leaderboard_has_name CHECK (NOT is_on_leaderboard OR leaderboard_name IS NOT NULL),
    CONSTRAINT users_erased_is_inactive CHECK (erased_at IS NULL OR (NOT is_active AND personal_key IS NULL
        AND totp_secret IS NULL AND first_name IS NULL AND last_name IS NULL))
);

-- Stands on a single cluster only; where users are sharded the table directory keeps addresses unique. In the order of
-- bytes, whatever the database's collation, so that it finds addresses by how they begin as well.
-- only: postgresql
CREATE UNIQUE INDEX users_email_key ON users (email text_pattern_ops);
-- only: sqlite
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX idx_users_email_verified_active ON users (email) WHERE email_verified AND is_active;
CREATE INDEX idx_users_email_identity ON users (email_identity) WHERE email_identity IS NOT NULL;
CREATE INDEX idx_users_created_at ON users (created_at DESC);

-- One refresh token of one device. Refreshing makes a successor in the same family and deactivates this row; a second
-- use of a token whose successor exists revokes the family, save within seconds by the same client, which gets the
-- same successor (successor_sealed, cleared by retention).
-- residency: user
CREATE TABLE user_sessions (
    user_id            {{uuid}} NOT NULL,
    id                 {{id}} NOT NULL,
    family_id          {{uuid}} NOT NULL,
    token_hash         {{hash}} NOT NULL,
    expires_at         {{time}} NOT NULL,
    last_accessed      {{time}} NOT NULL,
    ip_address         {{text}},
    user_agent         {{text}},
    device_name        {{text}},
    place              {{text}},
    is_active          {{bool}} NOT NULL DEFAULT TRUE,
    created_at         {{time}} NOT NULL,
    family_started_at  {{time}} NOT NULL,
    mfa_passed_at      {{time}},
    rotated_at         {{time}},
    successor_id       {{uuid}},
    successor_sealed   {{bytes}},
    revoked_at         {{time}},
    revoked_reason     {{text}},
    CONSTRAINT user_sessions_pk PRIMARY KEY (user_id, id),
    CONSTRAINT user_sessions_token_key UNIQUE (user_id, token_hash),
    CONSTRAINT user_sessions_times CHECK (expires_at > created_at),
    CONSTRAINT user_sessions_rotation CHECK ((rotated_at IS NULL) = (successor_id IS NULL)),
    CONSTRAINT user_sessions_ended_is_inactive CHECK (NOT is_active
        OR (revoked_at IS NULL AND rotated_at IS NULL)),
    CONSTRAINT user_sessions_revoked_reason_known CHECK (revoked_reason IN ('sign_out', 'signed_out_elsewhere',
        'reuse', 'password_change', 'deactivation', 'erasure', 'administrator', 'expiry')),
    CONSTRAINT user_sessions_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT user_sessions_successor_fk FOREIGN KEY (user_id, successor_id)
        REFERENCES user_sessions (user_id, id)
);

CREATE INDEX idx_user_sessions_user_id ON user_sessions (user_id, last_accessed DESC) WHERE is_active;
CREATE INDEX idx_user_sessions_expires_at ON user_sessions (expires_at);
CREATE INDEX idx_user_sessions_token_hash ON user_sessions (token_hash);
CREATE INDEX idx_user_sessions_family ON user_sessions (user_id, family_id);
-- What ended of late is asked at requests: tokens that were given out before must not count any more.
CREATE INDEX idx_user_sessions_revoked ON user_sessions (user_id, revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX idx_user_sessions_successor ON user_sessions (user_id, successor_id) WHERE successor_id IS NOT NULL;

-- A link sent to prove an address: the first one, or a new one that replaces it. password_hash is of the password that
-- was chosen when this link was asked for, and becomes the account's when the link is followed: whoever registers
-- an address that is not his own chooses no password for it.
-- residency: user
CREATE TABLE email_verifications (
    user_id        {{uuid}} NOT NULL,
    id             {{id}} NOT NULL,
    email          {{text}} NOT NULL,
    token_hash     {{hash}} NOT NULL,
    password_hash  {{text}},
    created_at     {{time}} NOT NULL,
    expires_at     {{time}} NOT NULL,
    used_at        {{time}},
    ip_address     {{text}},
    CONSTRAINT email_verifications_pk PRIMARY KEY (user_id, id),
    CONSTRAINT email_verifications_times CHECK (expires_at > created_at),
    CONSTRAINT email_verifications_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_email_verifications_token_hash ON email_verifications (token_hash);
CREATE INDEX idx_email_verifications_expires_at ON email_verifications (expires_at);

-- residency: user
CREATE TABLE password_resets (
    user_id      {{uuid}} NOT NULL,
    id           {{id}} NOT NULL,
    token_hash   {{hash}} NOT NULL,
    created_at   {{time}} NOT NULL,
    expires_at   {{time}} NOT NULL,
    used_at      {{time}},
    ip_address   {{text}},
    user_agent   {{text}},
    is_by_admin  {{bool}} NOT NULL DEFAULT FALSE,
    CONSTRAINT password_resets_pk PRIMARY KEY (user_id, id),
    CONSTRAINT password_resets_times CHECK (expires_at > created_at),
    CONSTRAINT password_resets_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_password_resets_token_hash ON password_resets (token_hash);
CREATE INDEX idx_password_resets_expires_at ON password_resets (expires_at);

-- A key for programs. prefix is the part that is shown again, to tell keys apart; scopes lists what it may do.
-- residency: user
CREATE TABLE api_keys (
    user_id       {{uuid}} NOT NULL,
    id            {{id}} NOT NULL,
    name          {{text}} NOT NULL,
    prefix        {{text}} NOT NULL,
    key_hash      {{hash}} NOT NULL,
    scopes        {{array}} NOT NULL,
    is_active     {{bool}} NOT NULL DEFAULT TRUE,
    created_at    {{time}} NOT NULL,
    expires_at    {{time}},
    last_used_at  {{time}},
    last_used_ip  {{text}},
    revoked_at    {{time}},
    CONSTRAINT api_keys_pk PRIMARY KEY (user_id, id),
    CONSTRAINT api_keys_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT api_keys_times CHECK (expires_at > created_at),
    CONSTRAINT api_keys_revoked_is_inactive CHECK (NOT is_active OR revoked_at IS NULL),
    CONSTRAINT api_keys_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_api_keys_key_hash ON api_keys (key_hash);

-- One-time codes for whoever lost the device that makes TOTP codes.
-- residency: user
CREATE TABLE mfa_recovery_codes (
    user_id     {{uuid}} NOT NULL,
    id          {{id}} NOT NULL,
    code_hash   {{hash}} NOT NULL,
    created_at  {{time}} NOT NULL,
    used_at     {{time}},
    CONSTRAINT mfa_recovery_codes_pk PRIMARY KEY (user_id, id),
    CONSTRAINT mfa_recovery_codes_code_key UNIQUE (user_id, code_hash),
    CONSTRAINT mfa_recovery_codes_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

-- down

DROP TABLE mfa_recovery_codes;
DROP TABLE api_keys;
DROP TABLE password_resets;
DROP TABLE email_verifications;
DROP TABLE user_sessions;
DROP TABLE users;
