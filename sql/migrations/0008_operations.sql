-- migration: what the program keeps for running itself

-- up

-- Work promised in the same transaction as its cause: mail, cache invalidation, alerts. Each cluster drains its own.
-- residency: global
CREATE TABLE outbox (
    id               {{id}} NOT NULL,
    kind             {{text}} NOT NULL,
    user_id          {{uuid}},
    recipient        {{text}},
    payload          {{object}} NOT NULL,
    dedupe_key       {{text}},
    status           {{text}} NOT NULL,
    attempts         {{i32}} NOT NULL DEFAULT 0,
    last_error       {{text}},
    next_attempt_at  {{time}} NOT NULL,
    locked_until     {{time}},
    created_at       {{time}} NOT NULL,
    sent_at          {{time}},
    CONSTRAINT outbox_pk PRIMARY KEY (id),
    CONSTRAINT outbox_dedupe_key UNIQUE (dedupe_key),
    CONSTRAINT outbox_kind_known CHECK (kind IN ('mail', 'invalidate', 'alert', 'directory', 'provider')),
    CONSTRAINT outbox_status_known CHECK (status IN ('pending', 'sent', 'dead')),
    CONSTRAINT outbox_mail_has_recipient CHECK (kind <> 'mail' OR recipient IS NOT NULL),
    CONSTRAINT outbox_sent_is_dated CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT outbox_attempts_positive CHECK (attempts >= 0),
    CONSTRAINT outbox_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_outbox_due ON outbox (next_attempt_at) WHERE status = 'pending';
CREATE INDEX idx_outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_outbox_created_at ON outbox (created_at);

-- The answer given to a request that must not be carried out twice.
-- residency: user
CREATE TABLE idempotency_keys (
    user_id          {{uuid}} NOT NULL,
    idempotency_key  {{text}} NOT NULL,
    route            {{text}} NOT NULL,
    request_hash     {{hash}} NOT NULL,
    response_status  {{i32}}, -- NULL: still being carried out
    response_body    {{text}},
    created_at       {{time}} NOT NULL,
    completed_at     {{time}},
    expires_at       {{time}} NOT NULL,
    CONSTRAINT idempotency_keys_pk PRIMARY KEY (user_id, idempotency_key),
    CONSTRAINT idempotency_keys_length CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT idempotency_keys_status CHECK (response_status BETWEEN 100 AND 599),
    CONSTRAINT idempotency_keys_completed CHECK ((response_status IS NULL) = (completed_at IS NULL)),
    CONSTRAINT idempotency_keys_times CHECK (expires_at > created_at),
    CONSTRAINT idempotency_keys_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_idempotency_keys_expires_at ON idempotency_keys (expires_at);

-- One row a scheduled job. state is the job's own memory between runs (the feed's ETag, a cursor).
-- residency: global
CREATE TABLE jobs (
    id                   {{id}} NOT NULL,
    name                 {{text}} NOT NULL,
    schedule             {{text}} NOT NULL,
    is_enabled           {{bool}} NOT NULL DEFAULT TRUE,
    next_run_at          {{time}},
    last_started_at      {{time}},
    last_finished_at     {{time}},
    last_status          {{text}},
    last_result          {{object}},
    last_error           {{text}},
    run_count            {{i64}} NOT NULL DEFAULT 0,
    failure_count        {{i64}} NOT NULL DEFAULT 0,
    consecutive_failures {{i32}} NOT NULL DEFAULT 0,
    locked_by            {{text}},
    locked_until         {{time}},
    state                {{object}} NOT NULL,
    created_at           {{time}} NOT NULL,
    updated_at           {{time}} NOT NULL,
    CONSTRAINT jobs_pk PRIMARY KEY (id),
    CONSTRAINT jobs_name_key UNIQUE (name),
    CONSTRAINT jobs_last_status_known CHECK (last_status IN ('running', 'succeeded', 'failed', 'skipped')),
    CONSTRAINT jobs_counts CHECK (run_count >= 0 AND failure_count >= 0 AND consecutive_failures >= 0
        AND failure_count <= run_count)
);

CREATE INDEX idx_jobs_due ON jobs (next_run_at) WHERE is_enabled;

-- residency: global
CREATE TABLE job_runs (
    id           {{id}} NOT NULL,
    job_id       {{uuid}} NOT NULL,
    instance     {{text}} NOT NULL,
    status       {{text}} NOT NULL,
    started_at   {{time}} NOT NULL,
    finished_at  {{time}},
    result       {{object}},
    error        {{text}},
    CONSTRAINT job_runs_pk PRIMARY KEY (id),
    CONSTRAINT job_runs_status_known CHECK (status IN ('running', 'succeeded', 'failed', 'skipped')),
    CONSTRAINT job_runs_finished CHECK ((status = 'running') = (finished_at IS NULL)),
    CONSTRAINT job_runs_times CHECK (finished_at >= started_at),
    CONSTRAINT job_runs_job_fk FOREIGN KEY (job_id) REFERENCES jobs (id)
);

CREATE INDEX idx_job_runs_job ON job_runs (job_id, started_at DESC);
CREATE INDEX idx_job_runs_started_at ON job_runs (started_at);

-- fingerprint: the rule and its labels; one open alert each.
-- residency: global
CREATE TABLE alerts (
    id               {{id}} NOT NULL,
    rule             {{text}} NOT NULL,
    fingerprint      {{text}} NOT NULL,
    severity         {{text}} NOT NULL,
    status           {{text}} NOT NULL,
    labels           {{object}} NOT NULL,
    message          {{text}} NOT NULL,
    value            {{f64}},
    threshold        {{f64}},
    started_at       {{time}} NOT NULL,
    last_seen_at     {{time}} NOT NULL,
    fired_at         {{time}},
    resolved_at      {{time}},
    acknowledged_at  {{time}},
    acknowledged_by  {{uuid}},
    deliveries       {{object}} NOT NULL,
    CONSTRAINT alerts_pk PRIMARY KEY (id),
    CONSTRAINT alerts_severity_known CHECK (severity IN ('info', 'warning', 'critical')),
    CONSTRAINT alerts_status_known CHECK (status IN ('pending', 'firing', 'resolved')),
    CONSTRAINT alerts_resolved_is_dated CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT alerts_times CHECK (last_seen_at >= started_at),
    CONSTRAINT alerts_acknowledged_by_fk FOREIGN KEY (acknowledged_by) REFERENCES admin_users (id)
);

CREATE UNIQUE INDEX alerts_one_open ON alerts (fingerprint) WHERE status <> 'resolved';
CREATE INDEX idx_alerts_started_at ON alerts (started_at DESC);
CREATE INDEX idx_alerts_acknowledged_by ON alerts (acknowledged_by) WHERE acknowledged_by IS NOT NULL;

-- Which cluster holds a bucket of users. A move raises epoch; while it is 'fenced' the bucket's writes wait.
-- residency: global
CREATE TABLE shard_map (
    bucket      {{i32}} NOT NULL,
    cluster     {{i32}} NOT NULL,
    epoch       {{i64}} NOT NULL,
    status      {{text}} NOT NULL,
    moving_to   {{i32}},
    updated_at  {{time}} NOT NULL,
    CONSTRAINT shard_map_pk PRIMARY KEY (bucket),
    CONSTRAINT shard_map_bucket_range CHECK (bucket BETWEEN 0 AND 1023),
    CONSTRAINT shard_map_cluster_positive CHECK (cluster >= 0 AND epoch >= 1),
    CONSTRAINT shard_map_status_known CHECK (status IN ('active', 'copying', 'fenced')),
    CONSTRAINT shard_map_moving CHECK ((status = 'active') = (moving_to IS NULL) AND moving_to <> cluster)
);

-- What must be unique among all users wherever they live. Reserved first, then the user's row is made on its cluster,
-- then confirmed; a reservation left behind lapses. No foreign key to users: the entry comes first.
-- residency: global
CREATE TABLE directory (
    kind            {{text}} NOT NULL,
    entry           {{text}} NOT NULL,
    user_id         {{uuid}} NOT NULL,
    status          {{text}} NOT NULL,
    reserved_until  {{time}},
    created_at      {{time}} NOT NULL,
    confirmed_at    {{time}},
    CONSTRAINT directory_pk PRIMARY KEY (kind, entry),
    CONSTRAINT directory_kind_known CHECK (kind IN ('email', 'referral_code')),
    CONSTRAINT directory_status_known CHECK (status IN ('reserved', 'confirmed')),
    CONSTRAINT directory_confirmed CHECK ((status = 'confirmed') = (confirmed_at IS NOT NULL)),
    CONSTRAINT directory_reserved CHECK (status <> 'reserved' OR reserved_until IS NOT NULL)
);

CREATE INDEX idx_directory_user ON directory (user_id);
CREATE INDEX idx_directory_reserved_until ON directory (reserved_until) WHERE status = 'reserved';

-- down

DROP TABLE directory;
DROP TABLE shard_map;
DROP TABLE alerts;
DROP TABLE job_runs;
DROP TABLE jobs;
DROP TABLE idempotency_keys;
DROP TABLE outbox;
