-- Roles beyond user and admin, and admin tokens that may do less than their user.
ALTER TABLE users
    DROP CONSTRAINT users_role_check,
    ADD CONSTRAINT users_role_check
        CHECK (role IN ('owner', 'admin', 'operator', 'finance', 'support', 'read_only', 'user')) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_role_check;

-- None: all that the user may do.
ALTER TABLE admin_tokens ADD COLUMN scopes text[];
