-- migration: how many links of a change went to a mailbox is found by an index
-- transaction: none, CONCURRENTLY cannot run in one

-- up

-- only: postgresql
CREATE INDEX CONCURRENTLY idx_account_changes_identity ON account_changes (email_identity, created_at)
    WHERE email_identity IS NOT NULL;
-- only: sqlite
CREATE INDEX IF NOT EXISTS idx_account_changes_identity ON account_changes (email_identity, created_at)
    WHERE email_identity IS NOT NULL;

-- down

-- only: postgresql
DROP INDEX CONCURRENTLY IF EXISTS idx_account_changes_identity;
-- only: sqlite
DROP INDEX IF EXISTS idx_account_changes_identity;
