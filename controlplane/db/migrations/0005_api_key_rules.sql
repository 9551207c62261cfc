-- Who may use a key for what, and keys that replace one another.
ALTER TABLE api_keys
    ADD COLUMN allow_networks text[] NOT NULL DEFAULT '{}',
    ADD COLUMN deny_networks  text[] NOT NULL DEFAULT '{}',
    ADD COLUMN models         text[] NOT NULL DEFAULT '{}',
    -- HMAC of the key that this one replaced, which works until then.
    ADD COLUMN previous_hmac  bytea CHECK (length(previous_hmac) = 32),
    ADD COLUMN previous_until timestamptz,
    ADD CHECK ((previous_hmac IS NULL) = (previous_until IS NULL));
