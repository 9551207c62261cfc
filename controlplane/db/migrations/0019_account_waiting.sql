-- Requests that wait for each account, as the node said last: {"<account id>": 3}.
ALTER TABLE nodes ADD COLUMN account_waiting jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(account_waiting) = 'object');
