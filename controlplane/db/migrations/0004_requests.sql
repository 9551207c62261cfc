-- What a request waited, where its model was mapped to, and which budgets of its key it was charged to.

ALTER TABLE usage_events
    ADD COLUMN wait_us        bigint NOT NULL DEFAULT 0,
    ADD COLUMN upstream_model text NOT NULL DEFAULT '',  -- empty: not mapped
    -- ids of the key's windows (key_spending.window_id), separated by spaces
    ADD COLUMN budget_windows text NOT NULL DEFAULT '';

-- Every adjustment was pushed with the balance it led to, and so was every crossing of zero.
UPDATE wallets SET published_nano_usd = balance_nano_usd;
