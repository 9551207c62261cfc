-- What people want of a node, and what nodes say of accounts.
ALTER TABLE nodes
    ADD COLUMN drain_wanted boolean NOT NULL DEFAULT false,
    -- Slots of accounts that the node holds: {"<account id>": number}.
    ADD COLUMN account_slots jsonb NOT NULL DEFAULT '{}';
