-- migration: names on the leaderboard are told apart by what the program makes of them
--
-- As names of a league are (0012). leaderboard_name_folded comes from the program (codec/fold.h), and is there for whom the leaderboard
-- may show. Here the engine's lower() stands in: a name that the program folds otherwise ("Straße") is its owner's alone once he saves it.
-- Of those who had the same name before, the one who had an account first keeps it.
--
-- It did the same by looking through all names for each, which took SQLite minutes for some thousands.
-- formerly: c59e7fb93e817b6bfbb4a5bd8090f65945daa5791de7eb24fbbbba150dd17c0a

-- up

-- only: postgresql
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE users ADD COLUMN leaderboard_name_folded {{text}};
UPDATE users SET leaderboard_name_folded = lower(leaderboard_name)
 WHERE id IN (SELECT id
                FROM (SELECT id, row_number() OVER (PARTITION BY lower(leaderboard_name) ORDER BY id) AS number
                        FROM users
                       WHERE is_on_leaderboard) AS named
               WHERE number = 1);
-- only: postgresql
ALTER TABLE users FORCE ROW LEVEL SECURITY;

-- down

ALTER TABLE users DROP COLUMN leaderboard_name_folded;
