-- migration: an invitation to a former address knows whose that was

-- up

-- The user who had the address that it was sent to, and has another now; NULL while he has it. His data as much as what
-- waits at the present one: exported to him, and gone with his account.
ALTER TABLE invitations ADD COLUMN addressee_id {{uuid}}
    CONSTRAINT invitations_addressee_fk REFERENCES users (id);

-- down

ALTER TABLE invitations DROP COLUMN addressee_id;
