-- What was summed up into a window beyond the events that name it, or short of them: requests of before a key had its
-- budget, or of before the billing time zone moved. The checks of the books take it into account.
ALTER TABLE key_spending ADD COLUMN base_nano_usd bigint NOT NULL DEFAULT 0;
ALTER TABLE subscription_spending ADD COLUMN base_nano_usd bigint NOT NULL DEFAULT 0;
