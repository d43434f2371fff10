-- migration: what retention forgets, and invitations to former addresses, are found by an index
-- transaction: none, CONCURRENTLY cannot run in one

-- up

-- only: postgresql
CREATE INDEX CONCURRENTLY idx_users_unproved ON users (created_at) WHERE NOT email_verified AND erased_at IS NULL;
-- only: postgresql
CREATE INDEX CONCURRENTLY idx_invitations_expires_at ON invitations (expires_at);
-- only: postgresql
CREATE INDEX CONCURRENTLY idx_invitations_addressee ON invitations (addressee_id) WHERE addressee_id IS NOT NULL;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_invitations_addressee ON invitations (addressee_id) WHERE addressee_id IS NOT NULL;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_users_unproved ON users (created_at) WHERE NOT email_verified AND erased_at IS NULL;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_invitations_expires_at ON invitations (expires_at);

-- down

-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_invitations_addressee;
-- only: sqlite
DROP INDEX IF EXISTS idx_invitations_addressee;
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_invitations_expires_at;
-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_users_unproved;
-- only: sqlite
DROP INDEX IF EXISTS idx_invitations_expires_at;
-- only: sqlite
DROP INDEX IF EXISTS idx_users_unproved;
