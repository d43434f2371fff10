-- Free access, given by administrators (accounts/grant.h).
-- folder: accounts

-- row grant_row: user_id user_id, id grant_id, tier text, access_type text, start_date time, end_date time, notes text?,
--   is_active bool, created_at time, revoked_at time?
-- row grant_tier: id tier_id, name text, display_name text, duration_days i32
-- row grant_address: email text, user_id user_id, email_verified bool, is_active bool
-- row grant_held: email text, tier_id tier_id, end_date time
-- row grant_offered: email text, tier_id tier_id, grant_days i32

-- name: grant_tiers :many grant_tier
-- args: none
-- as: anyone
-- scan: ok, a handful of tiers
-- Tiers that can be given: any but the trial, which everybody has once.
SELECT id, name, display_name, duration_days
  FROM subscription_tiers
 WHERE is_active AND NOT is_trial
 ORDER BY name
 LIMIT 100;

-- name: grant_insert :batch
-- args: user_id user_id, id grant_id, granted_by admin_id?, tier_id tier_id, access_type text, start_date time, end_date time,
--   notes text?, batch_id uuid?, now time
-- as: system, an administrator gives it
-- Give access.
INSERT INTO free_access_grants (user_id, id, granted_by, tier_id, access_type, start_date, end_date, notes, is_active,
       batch_id, created_at, updated_at)
VALUES (:user_id, :id, :granted_by, :tier_id, :access_type, :start_date, :end_date, :notes, TRUE, :batch_id, :now, :now);

-- name: grant_list :many grant_row
-- args: user_id user_id
-- as: system, an administrator looks at a user
-- What a user was given, the newest first.
SELECT g.user_id, g.id, t.name AS tier, g.access_type, g.start_date, g.end_date, g.notes, g.is_active, g.created_at,
       g.revoked_at
  FROM free_access_grants AS g
  JOIN subscription_tiers AS t ON t.id = g.tier_id
 WHERE g.user_id = :user_id
 ORDER BY g.id DESC
 LIMIT 200;

-- name: grant_revoke :rows
-- args: user_id user_id, id grant_id, revoked_by admin_id?, now time
-- as: system, an administrator takes it back
-- Take access back. No row where it was, or never was given.
UPDATE free_access_grants
   SET is_active = FALSE, revoked_at = :now, revoked_by = :revoked_by, updated_at = :now
 WHERE user_id = :user_id AND id = :id AND is_active;

-- name: grant_addresses :each grant_address
-- args: emails array
-- as: system, an administrator gives access by addresses
-- scan: ok, for hundreds of addresses at once the engine may choose to read few users as a whole
-- The accounts of the addresses of a JSON array.
-- for: postgresql
SELECT email, id AS user_id, email_verified, is_active
  FROM users
 WHERE email IN (SELECT jsonb_array_elements_text(:emails));
-- for: sqlite
SELECT email, id AS user_id, email_verified, is_active
  FROM users
 WHERE email IN (SELECT value FROM json_each(:emails));

-- name: grants_held :each grant_held
-- args: emails array, now time
-- as: system, an administrator gives access by addresses
-- scan: ok, for hundreds of addresses at once the engine may choose to read few users as a whole
-- The live grants of the accounts of the addresses of a JSON array.
-- for: postgresql
SELECT u.email, g.tier_id, g.end_date
  FROM users AS u
  JOIN free_access_grants AS g ON g.user_id = u.id
 WHERE u.email IN (SELECT jsonb_array_elements_text(:emails)) AND g.is_active AND g.end_date > :now;
-- for: sqlite
SELECT u.email, g.tier_id, g.end_date
  FROM users AS u
  JOIN free_access_grants AS g ON g.user_id = u.id
 WHERE u.email IN (SELECT value FROM json_each(:emails)) AND g.is_active AND g.end_date > :now;

-- name: grants_offered :each grant_offered
-- args: emails array, now time
-- as: anyone
-- The grants that wait for the addresses of a JSON array.
-- for: postgresql
SELECT email, tier_id, grant_days
  FROM invitations
 WHERE email IN (SELECT jsonb_array_elements_text(:emails)) AND kind = 'grant' AND accepted_at IS NULL
   AND revoked_at IS NULL AND expires_at > :now AND tier_id IS NOT NULL AND grant_days IS NOT NULL;
-- for: sqlite
SELECT email, tier_id, grant_days
  FROM invitations
 WHERE email IN (SELECT value FROM json_each(:emails)) AND kind = 'grant' AND accepted_at IS NULL
   AND revoked_at IS NULL AND expires_at > :now AND tier_id IS NOT NULL AND grant_days IS NOT NULL;
