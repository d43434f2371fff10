-- migration: changes of an account that its owner confirms by a link: another address, a lost second factor

-- up

-- A change that waits for its link to be followed: an address that takes the present one's place (email is the new
-- one), or the second factor, which its owner has lost, taken away (an administrator asked; the link works from
-- opens_at on). ended_at: it was carried out, withdrawn, or made void by what happened since.
-- residency: user
CREATE TABLE account_changes (
    user_id     {{uuid}} NOT NULL,
    id          {{id}} NOT NULL,
    kind        {{text}} NOT NULL,
    email       {{text}},
    token_hash  {{hash}} NOT NULL,
    family_id   {{uuid}}, -- the session that asked, and goes on
    created_at  {{time}} NOT NULL,
    opens_at    {{time}} NOT NULL,
    expires_at  {{time}} NOT NULL,
    ended_at    {{time}},
    ip_address  {{text}},
    CONSTRAINT account_changes_pk PRIMARY KEY (user_id, id),
    CONSTRAINT account_changes_kind_known CHECK (kind IN ('email', 'mfa_removal')),
    CONSTRAINT account_changes_has_email CHECK ((kind = 'email') = (email IS NOT NULL)),
    CONSTRAINT account_changes_times CHECK (opens_at >= created_at AND expires_at > opens_at),
    CONSTRAINT account_changes_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_account_changes_token_hash ON account_changes (token_hash);
CREATE INDEX idx_account_changes_expires_at ON account_changes (expires_at);

-- only: postgresql
DO $$
DECLARE
    mine constant text := 'user_id = (SELECT nullif(current_setting(''app.current_user_id'', true), '''')::uuid)';
BEGIN
    ALTER TABLE account_changes ENABLE ROW LEVEL SECURITY;
    ALTER TABLE account_changes FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY account_changes_actor ON account_changes TO gridiron_app USING (%s) WITH CHECK (%s)',
        mine, mine);
    CREATE POLICY account_changes_system ON account_changes TO gridiron_system USING (true) WITH CHECK (true);
END
$$;

-- only: postgresql
GRANT SELECT, INSERT, UPDATE, DELETE ON account_changes TO gridiron_app, gridiron_system;

-- down

DROP TABLE account_changes;
