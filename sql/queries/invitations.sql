-- Invitations: to become an administrator, or to receive free access (accounts/invitation.h).
-- folder: accounts

-- row invitation_row: id invitation_id, email text?, kind text, admin_role text?, tier_id tier_id?, access_type text?,
--   grant_days i32?, notes text?, invited_by admin_id?, created_at time, expires_at time, accepted_at time?,
--   revoked_at time?

-- name: invitation_insert :exec
-- args: id invitation_id, email text?, kind text, admin_role text?, tier_id tier_id?, access_type text?, grant_days i32?,
--   notes text?, batch_id uuid?, token_hash hash, invited_by admin_id?, now time, expires_at time
-- as: anyone
-- Offer something to whoever has the link.
INSERT INTO invitations (id, email, kind, admin_role, tier_id, access_type, grant_days, notes, batch_id, token_hash, invited_by,
       created_at, expires_at)
VALUES (:id, :email, :kind, :admin_role, :tier_id, :access_type, :grant_days, :notes, :batch_id, :token_hash, :invited_by,
       :now, :expires_at);

-- name: invitation_insert_many :batch
-- args: id invitation_id, email text, tier_id tier_id, access_type text, grant_days i32, notes text?, batch_id uuid,
--   token_hash hash, invited_by admin_id?, now time, expires_at time
-- as: anyone
-- Offer free access to each of many.
INSERT INTO invitations (id, email, kind, tier_id, access_type, grant_days, notes, batch_id, token_hash, invited_by,
       created_at, expires_at)
VALUES (:id, :email, 'grant', :tier_id, :access_type, :grant_days, :notes, :batch_id, :token_hash, :invited_by, :now,
       :expires_at);

-- name: invitation_by_token :opt invitation_row
-- args: token_hash hash
-- as: anyone
-- The invitation of a link.
SELECT id, email, kind, admin_role, tier_id, access_type, grant_days, notes, invited_by, created_at, expires_at,
       accepted_at, revoked_at
  FROM invitations
 WHERE token_hash = :token_hash;

-- name: invitation_get :opt invitation_row
-- args: id invitation_id
-- as: anyone
-- An invitation.
SELECT id, email, kind, admin_role, tier_id, access_type, grant_days, notes, invited_by, created_at, expires_at,
       accepted_at, revoked_at
  FROM invitations
 WHERE id = :id;

-- name: invitation_page :many invitation_row
-- args: after uuid, row_count i32
-- as: anyone
-- Invitations, the first made first, from behind AFTER on.
SELECT id, email, kind, admin_role, tier_id, access_type, grant_days, notes, invited_by, created_at, expires_at,
       accepted_at, revoked_at
  FROM invitations
 WHERE id > :after
 ORDER BY id
 LIMIT :row_count;

-- name: invitation_accept :rows
-- args: id invitation_id, accepted_by user_id, now time
-- as: anyone
-- Spend an invitation. No row where it does not stand any more.
UPDATE invitations
   SET accepted_at = :now, accepted_by = :accepted_by
 WHERE id = :id AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > :now;

-- name: invitation_revoke :rows
-- args: id invitation_id, now time
-- as: anyone
-- Take an invitation back. No row where it does not stand any more.
UPDATE invitations
   SET revoked_at = :now
 WHERE id = :id AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: invitation_revoke_email :exec
-- args: email text, now time
-- as: anyone
-- Take back the invitations of an address to be an administrator: a newer one takes their place.
UPDATE invitations
   SET revoked_at = :now
 WHERE email = :email AND kind = 'admin' AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: invitation_revoke_first :exec
-- args: now time
-- as: anyone
-- scan: ok, invitations are few, and the first administrator is made once
-- Take back the links for the first administrator.
UPDATE invitations
   SET revoked_at = :now
 WHERE kind = 'first_admin' AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: invitation_grants :many invitation_row
-- args: email text, now time
-- as: anyone
-- The free access that waits for an address.
SELECT id, email, kind, admin_role, tier_id, access_type, grant_days, notes, invited_by, created_at, expires_at,
       accepted_at, revoked_at
  FROM invitations
 WHERE email = :email AND kind = 'grant' AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > :now
 ORDER BY id
 LIMIT 100;

-- name: invitation_adopt :exec
-- args: addressee_id user_id, email text
-- as: anyone
-- What was offered to an address, and nobody has accepted, was offered to a user, who is leaving it.
UPDATE invitations
   SET addressee_id = :addressee_id
 WHERE email = :email AND accepted_at IS NULL AND addressee_id IS NULL;

-- name: invitation_sweep :rows
-- args: before time, row_count i32
-- as: anyone
-- Forget up to ROW_COUNT invitations that ran out before a moment, whatever became of them.
DELETE FROM invitations
 WHERE id IN (SELECT id
                FROM invitations
               WHERE expires_at < :before
               ORDER BY expires_at
               LIMIT :row_count);
