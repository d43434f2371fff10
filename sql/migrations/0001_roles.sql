-- migration: the roles of the database, and who may use its schema
--
-- Roles belong to the whole PostgreSQL cluster, so another database's migration may be making them at this moment:
-- each is made if it is absent, and losing that race is no error. Down leaves them, for the same reason.
-- gridiron_app is NOINHERIT so that being a member of gridiron_system gives it nothing until it asks; see
-- docs/decisions/row-security.md.

-- up

-- only: postgresql
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'gridiron_owner NOLOGIN', 'gridiron_system NOLOGIN', 'gridiron_migrator LOGIN',
        'gridiron_app LOGIN NOINHERIT', 'gridiron_readonly LOGIN', 'gridiron_metrics LOGIN']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = split_part(wanted, ' ', 1)) THEN
            BEGIN
                EXECUTE 'CREATE ROLE ' || wanted;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;

-- only: postgresql
DO $$
DECLARE
    wanted text[];
BEGIN
    FOREACH wanted SLICE 1 IN ARRAY ARRAY[
        ['gridiron_system', 'gridiron_app'], ['gridiron_owner', 'gridiron_migrator'],
        ['gridiron_owner', current_user::text], ['pg_monitor', 'gridiron_metrics']]
    LOOP
        IF NOT pg_has_role(wanted[2], wanted[1], 'MEMBER') THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', wanted[1], wanted[2]);
            EXCEPTION
                WHEN unique_violation OR internal_error THEN
                    NULL; -- another database's migration granted it just now ("tuple concurrently updated")
                WHEN insufficient_privilege THEN
                    -- Hosted databases keep pg_monitor to themselves; metrics are poorer without it.
                    IF wanted[1] <> 'pg_monitor' THEN
                        RAISE;
                    END IF;
            END;
        END IF;
    END LOOP;
    IF pg_has_role('gridiron_app', 'gridiron_system', 'USAGE') THEN
        RAISE EXCEPTION 'gridiron_app inherits gridiron_system, so row security would hold nobody back'
            USING HINT = 'ALTER ROLE gridiron_app NOINHERIT; REVOKE gridiron_system FROM gridiron_app; then again';
    END IF;
END
$$;

-- only: postgresql
DO $$
BEGIN
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO gridiron_owner', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO gridiron_app, gridiron_system, gridiron_readonly, gridiron_metrics',
        current_schema());
END
$$;

-- The record of migrations belongs to the owner, whoever began it.
-- only: postgresql
DO $$
BEGIN
    ALTER TABLE schema_migrations OWNER TO gridiron_owner;
    ALTER TABLE migration_journal OWNER TO gridiron_owner;
END
$$;

-- down

-- only: postgresql
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM gridiron_owner, gridiron_app, gridiron_system, gridiron_readonly,
        gridiron_metrics', current_schema());
END
$$;
