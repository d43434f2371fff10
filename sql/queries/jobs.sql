-- folder: jobs
-- Scheduled work: what is due, who does it, how it ended.

-- row job_row: name text, schedule text, is_enabled bool, next_run_at time?, last_started_at time?,
--   last_finished_at time?, last_status text?, last_result object?, last_error text?, run_count i64, failure_count i64,
--   consecutive_failures i32, locked_by text?, locked_until time?, alert_since time?
-- row job_due_row: name text
-- row job_lost: id job_id, name text, consecutive_failures i32, locked_by text?
-- row job_run_state: is_open bool
-- row job_claimed: id job_id, name text, state object, consecutive_failures i32, next_run_at time

-- name: job_put :exec
-- args: name text, schedule text, next_run_at time, now time
-- as: anyone
-- A job that this program knows; one that is there already keeps everything but its schedule.
INSERT INTO jobs (id, name, schedule, next_run_at, state, created_at, updated_at)
VALUES ({{new id}}, :name, :schedule, :next_run_at, '{}', :now, :now)
    ON CONFLICT (name) DO UPDATE
   SET schedule = excluded.schedule
 WHERE jobs.schedule <> excluded.schedule;

-- name: job_release_all :exec
-- args: none
-- as: anyone
-- scan: ok, a row a job
-- End every lease: for a database that only this process can have open. Whose it was is known still.
UPDATE jobs
   SET locked_until = NULL
 WHERE locked_until IS NOT NULL;

-- name: job_list :many job_row
-- args: none
-- as: anyone
-- scan: ok, a row a job
-- Every job, by name. ALERT_SINCE: since when somebody should look at it.
SELECT name, schedule, is_enabled, next_run_at, last_started_at, last_finished_at, last_status, last_result, last_error,
       run_count, failure_count, consecutive_failures, locked_by, locked_until,
       (SELECT min(started_at)
          FROM alerts
         WHERE fingerprint IN ('job_failing:' || jobs.name, 'job_warning:' || jobs.name) AND status <> 'resolved')
       AS alert_since
  FROM jobs
 ORDER BY name
 LIMIT 100;

-- name: job_due :many job_due_row
-- args: now time
-- as: anyone
-- scan: ok, a row a job
-- The jobs that are due and that nobody is at, the one due longest first, and those that were lost. More than this
-- program knows may be there, from one that is newer.
SELECT name
  FROM jobs
 WHERE (locked_until IS NULL OR locked_until <= :now)
   AND ((is_enabled AND next_run_at <= :now) OR last_status = 'running')
 ORDER BY next_run_at, name
 LIMIT 64;

-- name: job_lost :many job_lost
-- args: now time
-- as: anyone
-- scan: ok, a row a job
-- The jobs that are at work as far as they told, but whose lease has ended.
SELECT id, name, consecutive_failures, locked_by
  FROM jobs
 WHERE last_status = 'running' AND (locked_until IS NULL OR locked_until <= :now)
 ORDER BY name
 LIMIT 64;

-- name: job_lose :rows
-- args: id job_id, error text, next_run_at time, now time
-- as: anyone
-- A job that was lost counts as failed.
UPDATE jobs
   SET locked_by = NULL, locked_until = NULL, last_finished_at = :now, last_status = 'failed', last_result = NULL,
       last_error = :error, next_run_at = :next_run_at, failure_count = failure_count + 1,
       consecutive_failures = consecutive_failures + 1, updated_at = :now
 WHERE id = :id AND last_status = 'running' AND (locked_until IS NULL OR locked_until <= :now);

-- name: job_claim :opt job_claimed
-- args: name text, instance text, until time, now time
-- as: anyone
-- Take a job that nobody is at, whether due or not.
UPDATE jobs
   SET locked_by = :instance, locked_until = :until, last_started_at = :now, last_status = 'running',
       run_count = run_count + 1, updated_at = :now
 WHERE name = :name AND (locked_until IS NULL OR locked_until <= :now)
RETURNING id, name, state, consecutive_failures, coalesce(next_run_at, :now) AS next_run_at;

-- name: job_finish :rows
-- args: id job_id, run uuid, status text, result object, error text?, state object, next_run_at time, failed i32,
--   consecutive_failures i32, now time
-- as: anyone
-- How the job's RUN ended. FAILED: 1 where it did. No row where that is ended already, by itself or by whoever took the
-- job since.
UPDATE jobs
   SET locked_by = NULL, locked_until = NULL, last_finished_at = :now, last_status = :status, last_result = :result,
       last_error = :error, state = :state, next_run_at = :next_run_at, failure_count = failure_count + :failed,
       consecutive_failures = :consecutive_failures, updated_at = :now
 WHERE id = :id AND EXISTS (SELECT 1 FROM job_runs WHERE id = :run AND status = 'running');

-- name: job_make_due :exec
-- args: name text, now time
-- as: anyone
-- Let a job be due now, since what it works on has changed.
UPDATE jobs
   SET next_run_at = :now, updated_at = :now
 WHERE name = :name AND next_run_at > :now;

-- name: job_run_begin :exec
-- args: run uuid, id job_id, instance text, now time
-- as: anyone
-- The record of one run.
INSERT INTO job_runs (id, job_id, instance, status, started_at)
VALUES (:run, :id, :instance, 'running', :now);

-- name: job_run_is_open :one job_run_state
-- args: run uuid
-- as: anyone
-- Whether RUN was begun, and is not ended.
SELECT EXISTS (SELECT 1 FROM job_runs WHERE id = :run AND status = 'running') AS is_open;

-- name: job_runs_end :rows
-- args: id job_id, status text, result object?, error text?, now time
-- as: anyone
-- Close what is open of a job's record: the run that ended, or one whose instance was stopped before it could say so.
UPDATE job_runs
   SET status = :status, finished_at = :now, result = :result, error = :error
 WHERE job_id = :id AND status = 'running' AND started_at <= :now;

-- name: job_alert_open :exec
-- args: rule text, fingerprint text, severity text, labels object, message text, value f64?, threshold f64?, now time
-- as: anyone
-- A job that keeps failing, or says that somebody should look: one open alert each, brought up to date.
INSERT INTO alerts (id, rule, fingerprint, severity, status, labels, message, value, threshold, started_at,
                    last_seen_at, fired_at, deliveries)
VALUES ({{new id}}, :rule, :fingerprint, :severity, 'firing', :labels, :message, :value, :threshold, :now, :now,
        :now, '{}')
    ON CONFLICT (fingerprint) WHERE status <> 'resolved' DO UPDATE
   SET message = excluded.message, value = excluded.value, last_seen_at = excluded.last_seen_at;

-- name: job_alert_resolve :rows
-- args: fingerprint text, now time
-- as: anyone
-- The job works again.
UPDATE alerts
   SET status = 'resolved', resolved_at = :now, last_seen_at = :now
 WHERE fingerprint = :fingerprint AND status <> 'resolved';
