-- migration: row security and rights (PostgreSQL)
--
-- docs/decisions/row-security.md says why there are two roles for the program. The user's id is read in a scalar
-- subquery, so once a query and not once a row; nullif makes an empty setting, as a pooled connection may have, the
-- same as none. A later migration that makes a user-owned table gives it the same policies.

-- up

-- only: postgresql
DO $$
DECLARE
    actor constant text := '(SELECT nullif(current_setting(''app.current_user_id'', true), '''')::uuid)';
    owned text[];
    mine text;
BEGIN
    FOREACH owned SLICE 1 IN ARRAY ARRAY[
        ['users', 'id'], ['user_sessions', 'user_id'], ['email_verifications', 'user_id'],
        ['password_resets', 'user_id'], ['api_keys', 'user_id'], ['mfa_recovery_codes', 'user_id'],
        ['subscriptions', 'user_id'], ['payments', 'user_id'], ['free_access_grants', 'user_id'],
        ['promotion_uses', 'user_id'], ['affiliates', 'user_id'], ['referrals', 'user_id'],
        ['affiliate_payouts', 'user_id'], ['commission_entries', 'user_id'], ['user_prediction_access', 'user_id'],
        ['picks', 'user_id'], ['idempotency_keys', 'user_id'], ['audit_logs', 'user_id'],
        ['predictions', 'user_id']]
    LOOP
        mine := owned[2] || ' = ' || actor;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned[1]);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned[1]);
        EXECUTE format('CREATE POLICY %I ON %I TO gridiron_app USING (%s) WITH CHECK (%s)',
            owned[1] || '_actor', owned[1], mine, mine);
        EXECUTE format('CREATE POLICY %I ON %I TO gridiron_system USING (true) WITH CHECK (true)',
            owned[1] || '_system', owned[1]);
    END LOOP;
END
$$;

-- Forecasts without an owner are everybody's to read; only the program itself writes them.
-- only: postgresql
CREATE POLICY predictions_published ON predictions FOR SELECT TO gridiron_app, gridiron_readonly
    USING (user_id IS NULL);

-- What waits for the audit chain is the program's alone. The owner, who prunes the log, may see and take away what lies
-- before a cut, and nothing else.
-- only: postgresql
DO $$
BEGIN
    ALTER TABLE audit_pending ENABLE ROW LEVEL SECURITY;
    ALTER TABLE audit_pending FORCE ROW LEVEL SECURITY;
    CREATE POLICY audit_pending_system ON audit_pending TO gridiron_system USING (true) WITH CHECK (true);
    CREATE POLICY audit_logs_pruned ON audit_logs FOR SELECT TO gridiron_owner
        USING (seq <= (SELECT max(seq) FROM audit_cuts));
    CREATE POLICY audit_logs_prune ON audit_logs FOR DELETE TO gridiron_owner
        USING (seq <= (SELECT max(seq) FROM audit_cuts));
END
$$;

-- The audit log and the ledger are append-only, and the journal of migrations is not the program's to write.
-- only: postgresql
DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO gridiron_app, gridiron_system',
        current_schema());
    REVOKE INSERT, UPDATE, DELETE ON schema_migrations, migration_journal FROM gridiron_app, gridiron_system;
    REVOKE UPDATE, DELETE ON audit_logs, audit_cuts, commission_entries FROM gridiron_app, gridiron_system;
    REVOKE UPDATE ON audit_pending FROM gridiron_app, gridiron_system;
END
$$;

-- only: postgresql
GRANT SELECT ON teams, games, game_lines, ratings, season_simulations, models, key_weights, predictions, accuracy_metrics, publications,
    subscription_tiers TO gridiron_readonly;

-- down

-- only: postgresql
DO $$
DECLARE
    guarded record;
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM gridiron_app, gridiron_system, gridiron_readonly',
        current_schema());
    FOR guarded IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema() LOOP
        EXECUTE format('DROP POLICY %I ON %I', guarded.policyname, guarded.tablename);
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', guarded.tablename);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', guarded.tablename);
    END LOOP;
END
$$;
