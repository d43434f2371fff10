-- migration: names on the leaderboard are told apart by what the program makes of them
--
-- As names of a league are (0012). leaderboard_name_folded comes from the program (codec/fold.h), and is there for whom the leaderboard
-- may show. Here the engine's lower() stands in: a name that the program folds otherwise ("Straße") is its owner's alone once he saves it.
-- Of those who had the same name before, the one who had an account first keeps it.

-- up

-- only: postgresql
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE users ADD COLUMN leaderboard_name_folded {{text}};
UPDATE users SET leaderboard_name_folded = lower(leaderboard_name)
 WHERE is_on_leaderboard
   AND NOT EXISTS (SELECT 1 FROM users AS o WHERE o.is_on_leaderboard AND o.id < users.id
                      AND lower(o.leaderboard_name) = lower(users.leaderboard_name));
-- only: postgresql
ALTER TABLE users FORCE ROW LEVEL SECURITY;

-- down

ALTER TABLE users DROP COLUMN leaderboard_name_folded;
