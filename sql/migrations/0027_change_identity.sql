-- migration: links of a change of address are counted by the mailbox they go to

-- up

-- Whose the new address is, however it is spelt (accounts/identity.h).
ALTER TABLE account_changes ADD COLUMN email_identity {{text}};

-- down

ALTER TABLE account_changes DROP COLUMN email_identity;
