-- What ops/shred.h asks before it begins.
-- folder: ops

-- row shred_setting: is_superuser bool, keeps_log bool, role text

-- name: shred_setting :one shred_setting
-- args: none
-- as: anyone
-- Whether the server lets us, and whether it keeps old segments of its log. SQLite is our own.
-- for: postgresql
SELECT current_setting('is_superuser') = 'on' AS is_superuser, CAST(current_setting('wal_recycle') AS boolean) AS keeps_log,
       CAST(session_user AS text) AS role;
-- for: sqlite
SELECT TRUE AS is_superuser, FALSE AS keeps_log, '' AS role;
