-- Administrators, and what they see of users (accounts/admin.h, accounts/admin_user.h).
-- folder: accounts

-- row admin_row: id admin_id, user_id user_id, email text, role text, is_active bool, has_mfa bool, created_at time,
--   last_admin_login time?
-- row admin_key: id admin_id
-- row admin_standing: role text
-- row admin_count: total i64
-- row admin_user_row: id user_id, email text, first_name text?, last_name text?, email_verified bool, is_active bool,
--   has_mfa bool, role text?, created_at time, last_login time?, deactivated_at time?, erased_at time?

-- name: admin_page :many admin_row
-- args: after uuid, row_count i32
-- as: system, administrators are users, and see one another
-- Administrators, former ones too, from behind AFTER on.
SELECT a.id, a.user_id, u.email, a.role, a.is_active, u.mfa_enabled_at IS NOT NULL AS has_mfa, a.created_at,
       a.last_admin_login
  FROM admin_users AS a
  JOIN users AS u ON u.id = a.user_id
 WHERE a.id > :after
 ORDER BY a.id
 LIMIT :row_count;

-- name: admin_get :opt admin_row
-- args: id admin_id
-- as: system, administrators are users, and see one another
-- An administrator.
SELECT a.id, a.user_id, u.email, a.role, a.is_active, u.mfa_enabled_at IS NOT NULL AS has_mfa, a.created_at,
       a.last_admin_login
  FROM admin_users AS a
  JOIN users AS u ON u.id = a.user_id
 WHERE a.id = :id;

-- name: admin_standing :opt admin_standing
-- args: id admin_id
-- as: system, whose invitations still count is asked by others
-- The role of an administrator who may still act as one.
SELECT a.role
  FROM admin_users AS a
  JOIN users AS u ON u.id = a.user_id
 WHERE a.id = :id AND a.is_active AND u.is_active;

-- name: admin_of_user :opt admin_row
-- args: user_id user_id
-- as: system, who acts as an administrator, or is acted on, is looked up
-- What USER is among the administrators, or was.
SELECT a.id, a.user_id, u.email, a.role, a.is_active, u.mfa_enabled_at IS NOT NULL AS has_mfa, a.created_at,
       a.last_admin_login
  FROM admin_users AS a
  JOIN users AS u ON u.id = a.user_id
 WHERE a.user_id = :user_id;

-- name: admin_super_count :one admin_count
-- args: except uuid
-- as: system, administrators are users
-- scan: ok, administrators are few
-- How many super_admins can sign in, the user EXCEPT not counted.
SELECT count(*) AS total
  FROM admin_users AS a
  JOIN users AS u ON u.id = a.user_id
 WHERE a.role = 'super_admin' AND a.is_active AND u.is_active AND u.id <> :except;

-- name: admin_put :one admin_key
-- args: user_id user_id, role text, created_by admin_id?, now time
-- as: system, whoever follows an invitation becomes one
-- Make USER an administrator, again if he was one.
INSERT INTO admin_users (id, user_id, role, permissions, created_by, is_active, created_at, updated_at)
VALUES ({{new id}}, :user_id, :role, '[]', :created_by, TRUE, :now, :now)
    ON CONFLICT (user_id) DO UPDATE
   SET role = excluded.role, permissions = '[]', created_by = excluded.created_by, is_active = TRUE,
       updated_at = excluded.updated_at
RETURNING id;

-- name: admin_put_role :rows
-- args: id admin_id, role text, now time
-- as: anyone
-- Change an administrator's role.
UPDATE admin_users
   SET role = :role, permissions = '[]', updated_at = :now
 WHERE id = :id AND is_active;

-- name: admin_remove :rows
-- args: id admin_id, now time
-- as: anyone
-- Make somebody an administrator no more.
UPDATE admin_users
   SET is_active = FALSE, permissions = '[]', updated_at = :now
 WHERE id = :id AND is_active;

-- name: admin_signed_in :exec
-- args: user_id user_id, now time
-- as: anyone
-- Somebody has signed in with a second factor: noted where he is an administrator.
UPDATE admin_users
   SET last_admin_login = :now
 WHERE user_id = :user_id AND is_active;

-- name: admin_user_page :many admin_user_row
-- args: prefix text, prefix_end text, after text, row_count i32
-- as: system, an administrator looks for users
-- Users whose address begins with PREFIX, from behind AFTER on. PREFIX_END is above all that begin so. Compared by bytes on
-- both engines, whatever the database's collation.
-- for: postgresql
SELECT u.id, u.email, u.first_name, u.last_name, u.email_verified, u.is_active, u.mfa_enabled_at IS NOT NULL AS has_mfa,
       CASE WHEN a.is_active THEN a.role END AS role, u.created_at, u.last_login, u.deactivated_at, u.erased_at
  FROM users AS u
  LEFT JOIN admin_users AS a ON a.user_id = u.id
 WHERE u.email ~>=~ :prefix AND u.email ~<~ :prefix_end AND u.email ~>~ :after
 ORDER BY u.email USING ~<~
 LIMIT :row_count;
-- for: sqlite
SELECT u.id, u.email, u.first_name, u.last_name, u.email_verified, u.is_active, u.mfa_enabled_at IS NOT NULL AS has_mfa,
       CASE WHEN a.is_active THEN a.role END AS role, u.created_at, u.last_login, u.deactivated_at, u.erased_at
  FROM users AS u
  LEFT JOIN admin_users AS a ON a.user_id = u.id
 WHERE u.email >= :prefix AND u.email < :prefix_end AND u.email > :after
 ORDER BY u.email
 LIMIT :row_count;

-- name: admin_user_get :opt admin_user_row
-- args: id user_id
-- as: system, an administrator looks at a user
-- A user.
SELECT u.id, u.email, u.first_name, u.last_name, u.email_verified, u.is_active, u.mfa_enabled_at IS NOT NULL AS has_mfa,
       CASE WHEN a.is_active THEN a.role END AS role, u.created_at, u.last_login, u.deactivated_at, u.erased_at
  FROM users AS u
  LEFT JOIN admin_users AS a ON a.user_id = u.id
 WHERE u.id = :id;
