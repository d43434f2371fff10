-- migration: the audit log is read in order by whom it tells of
-- transaction: none, CONCURRENTLY cannot run in one

-- up

-- Pages of an export: without the id behind the user each page sorts all of his entries.
-- only: postgresql
CREATE INDEX CONCURRENTLY idx_audit_logs_user_id ON audit_logs (user_id, id) WHERE user_id IS NOT NULL;
-- only: postgresql
CREATE INDEX CONCURRENTLY idx_audit_logs_subject_id ON audit_logs (subject_id, id) WHERE subject_id IS NOT NULL;
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_audit_logs_subject;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_audit_logs_user_id ON audit_logs (user_id, id) WHERE user_id IS NOT NULL;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_audit_logs_subject_id ON audit_logs (subject_id, id) WHERE subject_id IS NOT NULL;
-- only: sqlite
DROP INDEX IF EXISTS idx_audit_logs_subject;

-- down

-- only: postgresql
CREATE INDEX CONCURRENTLY idx_audit_logs_subject ON audit_logs (subject_id) WHERE subject_id IS NOT NULL;
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_audit_logs_subject_id;
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_audit_logs_user_id;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_audit_logs_subject ON audit_logs (subject_id) WHERE subject_id IS NOT NULL;
-- only: sqlite
DROP INDEX IF EXISTS idx_audit_logs_subject_id;
-- only: sqlite
DROP INDEX IF EXISTS idx_audit_logs_user_id;
