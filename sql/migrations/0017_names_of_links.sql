-- migration: the names given with a registration wait with its link, as its password does

-- up

-- Of whoever registered; NULL once the link was followed, which brings them to the account.
ALTER TABLE email_verifications ADD COLUMN first_name {{text}};
ALTER TABLE email_verifications ADD COLUMN last_name {{text}};

-- down

ALTER TABLE email_verifications DROP COLUMN last_name;
ALTER TABLE email_verifications DROP COLUMN first_name;
