-- migration: the database remembers that the chain was anchored, so that an anchor that was taken away is missed

-- up

-- What each file audit.anchor, which is outside the database, held last: file is the SHA-256 of its first line, and
-- mac = HMAC(key key_id, the row's fields).
-- residency: global
CREATE TABLE audit_anchors (
    file         {{hash}} NOT NULL,
    seq          {{i64}} NOT NULL,
    hash         {{hash}} NOT NULL,
    mac          {{hash}} NOT NULL,
    key_id       {{text}} NOT NULL,
    anchored_at  {{time}} NOT NULL,
    CONSTRAINT audit_anchors_pk PRIMARY KEY (file),
    CONSTRAINT audit_anchors_seq_positive CHECK (seq >= 1)
);

CREATE INDEX idx_audit_anchors_seq ON audit_anchors (seq);

-- only: postgresql
GRANT SELECT, INSERT, UPDATE ON audit_anchors TO gridiron_app, gridiron_system;

-- only: sqlite
CREATE TRIGGER audit_anchors_no_delete BEFORE DELETE ON audit_anchors
BEGIN
    SELECT RAISE(ABORT, 'audit_anchors is kept');
END;

-- down

DROP TABLE audit_anchors;
