-- migration: mail that waits is found by its urgency
-- transaction: none, CONCURRENTLY cannot run in one

-- up

-- only: postgresql
CREATE INDEX CONCURRENTLY idx_outbox_urgent ON outbox (urgency, next_attempt_at) WHERE status = 'pending';
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_outbox_due;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_outbox_urgent ON outbox (urgency, next_attempt_at) WHERE status = 'pending';
-- only: sqlite
DROP INDEX IF EXISTS idx_outbox_due;

-- down

-- only: postgresql
CREATE INDEX CONCURRENTLY idx_outbox_due ON outbox (next_attempt_at) WHERE status = 'pending';
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_outbox_urgent;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_outbox_due ON outbox (next_attempt_at) WHERE status = 'pending';
-- only: sqlite
DROP INDEX IF EXISTS idx_outbox_urgent;
