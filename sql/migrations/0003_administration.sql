-- migration: administrators, and the audit log

-- up

-- residency: global
CREATE TABLE admin_users (
    id                {{id}} NOT NULL,
    user_id           {{uuid}} NOT NULL,
    role              {{text}} NOT NULL,
    permissions       {{array}} NOT NULL,
    created_by        {{uuid}}, -- NULL: the first one, by the one-time link
    last_admin_login  {{time}},
    is_active         {{bool}} NOT NULL DEFAULT TRUE,
    created_at        {{time}} NOT NULL,
    updated_at        {{time}} NOT NULL,
    CONSTRAINT admin_users_pk PRIMARY KEY (id),
    CONSTRAINT admin_users_user_key UNIQUE (user_id),
    CONSTRAINT admin_users_role_known CHECK (role IN ('super_admin', 'admin', 'support')),
    CONSTRAINT admin_users_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT admin_users_created_by_fk FOREIGN KEY (created_by) REFERENCES admin_users (id)
);

CREATE INDEX idx_admin_users_created_by ON admin_users (created_by) WHERE created_by IS NOT NULL;

-- Append-only, save for what lies before a cut (audit_cuts). seq has no gaps. hash = HMAC(key key_id, seq,
-- previous_hash, the row's plain fields, commitment). commitment covers what is personal: `personal`, sealed under the
-- personal_key of its user, so that erasure makes it unreadable and the chain stays whole, and ip_address and
-- user_agent, which this program leaves empty and other systems' rows may fill.
-- residency: global
CREATE TABLE audit_logs (
    id             {{id}} NOT NULL,
    seq            {{i64}} NOT NULL,
    user_id        {{uuid}}, -- who did it; NULL: nobody signed in, or the program
    subject_id     {{uuid}}, -- whom it was done to, where that is another
    actor_kind     {{text}} NOT NULL,
    action         {{text}} NOT NULL,
    outcome        {{text}} NOT NULL,
    resource_type  {{text}},
    resource_id    {{text}},
    details        {{object}} NOT NULL,
    personal       {{bytes}},
    ip_address     {{text}},
    user_agent     {{text}},
    request_id     {{uuid}},
    commitment     {{hash}} NOT NULL,
    previous_hash  {{hash}} NOT NULL,
    hash           {{hash}} NOT NULL,
    key_id         {{text}} NOT NULL,
    created_at     {{time}} NOT NULL,
    CONSTRAINT audit_logs_pk PRIMARY KEY (id),
    CONSTRAINT audit_logs_seq_key UNIQUE (seq),
    CONSTRAINT audit_logs_seq_positive CHECK (seq >= 1),
    CONSTRAINT audit_logs_actor_kind_known CHECK (actor_kind IN ('user', 'admin', 'system', 'anonymous')),
    CONSTRAINT audit_logs_outcome_known CHECK (outcome IN ('success', 'refused', 'failure')),
    CONSTRAINT audit_logs_actor_is_named CHECK (actor_kind NOT IN ('user', 'admin') OR user_id IS NOT NULL),
    CONSTRAINT audit_logs_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT audit_logs_subject_fk FOREIGN KEY (subject_id) REFERENCES users (id)
);

CREATE INDEX idx_audit_logs_user_action_date ON audit_logs (user_id, action, created_at DESC);
CREATE INDEX idx_audit_logs_subject ON audit_logs (subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX idx_audit_logs_created_at ON audit_logs (created_at DESC);
CREATE INDEX idx_audit_logs_resource ON audit_logs (resource_type, resource_id) WHERE resource_id IS NOT NULL;

-- On PostgreSQL the roles of the program have no right to change rows; SQLite has no roles.
-- only: sqlite
CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs
BEGIN
    SELECT RAISE(ABORT, 'audit_logs is append-only');
END;

-- What the transactions of this moment have put on record and the chain has not taken yet, within a second or so.
-- mac = HMAC(key key_id, the row's fields, commitment). docs/decisions/audit-chain.md says why.
-- residency: global
CREATE TABLE audit_pending (
    id             {{id}} NOT NULL,
    user_id        {{uuid}},
    subject_id     {{uuid}},
    actor_kind     {{text}} NOT NULL,
    action         {{text}} NOT NULL,
    outcome        {{text}} NOT NULL,
    resource_type  {{text}},
    resource_id    {{text}},
    details        {{object}} NOT NULL,
    personal       {{bytes}},
    request_id     {{uuid}},
    commitment     {{hash}} NOT NULL,
    mac            {{hash}} NOT NULL,
    key_id         {{text}} NOT NULL,
    created_at     {{time}} NOT NULL,
    CONSTRAINT audit_pending_pk PRIMARY KEY (id),
    CONSTRAINT audit_pending_actor_kind_known CHECK (actor_kind IN ('user', 'admin', 'system', 'anonymous')),
    CONSTRAINT audit_pending_outcome_known CHECK (outcome IN ('success', 'refused', 'failure')),
    CONSTRAINT audit_pending_actor_is_named CHECK (actor_kind NOT IN ('user', 'admin') OR user_id IS NOT NULL)
);

-- only: sqlite
CREATE TRIGGER audit_pending_no_update BEFORE UPDATE ON audit_pending
BEGIN
    SELECT RAISE(ABORT, 'audit_pending is append-only');
END;

-- Where retention has cut the chain: hash is that of row seq, the last one that may go, and entries made at or before
-- entries_until are never taken in again. mac = HMAC(key key_id, the row's fields).
-- residency: global
CREATE TABLE audit_cuts (
    seq            {{i64}} NOT NULL,
    hash           {{hash}} NOT NULL,
    entries_until  {{time}} NOT NULL,
    mac            {{hash}} NOT NULL,
    key_id         {{text}} NOT NULL,
    created_at     {{time}} NOT NULL,
    CONSTRAINT audit_cuts_pk PRIMARY KEY (seq, hash),
    CONSTRAINT audit_cuts_seq_positive CHECK (seq >= 1)
);

-- only: sqlite
CREATE TRIGGER audit_logs_no_delete BEFORE DELETE ON audit_logs
WHEN OLD.seq > coalesce((SELECT max(seq) FROM audit_cuts), 0)
BEGIN
    SELECT RAISE(ABORT, 'audit_logs is append-only');
END;

-- only: sqlite
CREATE TRIGGER audit_cuts_no_update BEFORE UPDATE ON audit_cuts
BEGIN
    SELECT RAISE(ABORT, 'audit_cuts is append-only');
END;

-- only: sqlite
CREATE TRIGGER audit_cuts_no_delete BEFORE DELETE ON audit_cuts
BEGIN
    SELECT RAISE(ABORT, 'audit_cuts is append-only');
END;

-- down

DROP TABLE audit_cuts;
DROP TABLE audit_pending;
DROP TABLE audit_logs;
DROP TABLE admin_users;
