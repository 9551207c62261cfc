-- Tiers and purchase prices, subscriptions, redeem codes, checks of the books. Only adds; what was stored before means
-- what it meant. Amounts are nano-USD.

ALTER TABLE prices
    -- [{"above_tokens": 200000, "input": ..., "output": ..., "cache_read": ..., "cache_write_5m": ...,
    --   "cache_write_1h": ...}, ...], ascending
    ADD COLUMN tiers    jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tiers) = 'array'),
    -- What the vendor asks: the same fields, per_request and tiers. None: not known.
    ADD COLUMN purchase jsonb CHECK (jsonb_typeof(purchase) = 'object');

-- What to buy a request costs, half to even as money::cost() rounds; NULL where the purchase price is not known. The
-- context is all that went in.
CREATE FUNCTION purchase_cost(purchase jsonb, input bigint, output bigint, cache_read bigint, write_5m bigint,
                              write_1h bigint)
    RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    WITH rates AS (
        SELECT coalesce((SELECT tier FROM jsonb_array_elements(purchase -> 'tiers') AS tier
                         WHERE (tier ->> 'above_tokens')::bigint < input + cache_read + write_5m + write_1h
                         ORDER BY (tier ->> 'above_tokens')::bigint DESC LIMIT 1), purchase) AS r),
    exact AS (
        SELECT (input::numeric * (r ->> 'input')::numeric + output::numeric * (r ->> 'output')::numeric
                + cache_read::numeric * (r ->> 'cache_read')::numeric
                + write_5m::numeric * (r ->> 'cache_write_5m')::numeric
                + write_1h::numeric * (r ->> 'cache_write_1h')::numeric) / 1000000
               + (purchase ->> 'per_request')::numeric AS n FROM rates)
    SELECT (CASE WHEN n - trunc(n) = 0.5 AND mod(trunc(n), 2) = 0 THEN trunc(n) ELSE round(n) END)::bigint FROM exact
$$;

CREATE TABLE subscription_plans (
    id             uuid PRIMARY KEY,
    group_id       uuid NOT NULL REFERENCES groups ON DELETE RESTRICT,
    name           text NOT NULL CHECK (name <> ''),
    day_nano_usd   bigint CHECK (day_nano_usd > 0),      -- none: no limit
    week_nano_usd  bigint CHECK (week_nano_usd > 0),
    month_nano_usd bigint CHECK (month_nano_usd > 0),
    days           integer NOT NULL CHECK (days BETWEEN 1 AND 36500),
    status         text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    revision       bigint NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX subscription_plans_page ON subscription_plans (created_at, id);

-- One per user and group that is not revoked; an expired one comes back when it is extended.
CREATE TABLE subscriptions (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    group_id   uuid NOT NULL REFERENCES groups ON DELETE RESTRICT,
    plan_id    uuid NOT NULL REFERENCES subscription_plans ON DELETE RESTRICT,
    status     text NOT NULL CHECK (status IN ('active', 'revoked')),
    starts_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at >= starts_at),
    note       text NOT NULL DEFAULT '',
    revision   bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX subscriptions_one ON subscriptions (user_id, group_id) WHERE status = 'active';
CREATE INDEX subscriptions_page ON subscriptions (created_at, id);
CREATE INDEX subscriptions_by_plan ON subscriptions (plan_id);

-- A cache of the sum of the subscription's usage events by window, as key_spending is of keys.
CREATE TABLE subscription_spending (
    subscription_id uuid NOT NULL,
    window_id       text NOT NULL CHECK (window_id <> ''),
    spent_nano_usd  bigint NOT NULL CHECK (spent_nano_usd >= 0),
    version         bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (subscription_id, window_id)
) WITH (fillfactor = 50);

ALTER TABLE usage_events
    ADD COLUMN purchase_nano_usd    bigint CHECK (purchase_nano_usd >= 0),   -- none: not known
    ADD COLUMN subscription_id      uuid,                                    -- none: paid from the wallet
    ADD COLUMN subscription_windows text NOT NULL DEFAULT '';                -- as budget_windows
CREATE INDEX usage_events_by_subscription ON usage_events (subscription_id, started_at)
    WHERE subscription_id IS NOT NULL;

-- What subscriptions use is revenue that no wallet pays; what is given away comes from "promotion".
ALTER TABLE ledger_lines
    DROP CONSTRAINT ledger_lines_account_check,
    DROP CONSTRAINT ledger_lines_check,
    ADD CONSTRAINT ledger_lines_account_check
        CHECK (account IN ('wallet', 'revenue', 'adjustment', 'subscription', 'promotion')) NOT VALID,
    ADD CONSTRAINT ledger_lines_check
        CHECK ((account IN ('wallet', 'subscription')) = (user_id IS NOT NULL)) NOT VALID;
ALTER TABLE ledger_lines VALIDATE CONSTRAINT ledger_lines_account_check;
ALTER TABLE ledger_lines VALIDATE CONSTRAINT ledger_lines_check;
ALTER TABLE ledger_transactions
    DROP CONSTRAINT ledger_transactions_kind_check,
    ADD CONSTRAINT ledger_transactions_kind_check CHECK (kind IN ('usage', 'adjustment', 'redemption')) NOT VALID;
ALTER TABLE ledger_transactions VALIDATE CONSTRAINT ledger_transactions_kind_check;

-- The code itself is nowhere, only its HMAC.
CREATE TABLE redeem_codes (
    id              uuid PRIMARY KEY,
    code_hmac       bytea NOT NULL UNIQUE CHECK (length(code_hmac) = 32),
    last4           text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('balance', 'concurrency', 'subscription')),
    amount_nano_usd bigint CHECK (amount_nano_usd > 0),
    concurrency     integer CHECK (concurrency > 0),
    plan_id         uuid REFERENCES subscription_plans ON DELETE RESTRICT,
    days            integer CHECK (days BETWEEN 1 AND 36500),
    note            text NOT NULL DEFAULT '',
    expires_at      timestamptz,
    revoked_at      timestamptz,
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'balance') = (amount_nano_usd IS NOT NULL)),
    CHECK ((kind = 'concurrency') = (concurrency IS NOT NULL)),
    CHECK ((kind = 'subscription') = (plan_id IS NOT NULL AND days IS NOT NULL))
);
CREATE INDEX redeem_codes_page ON redeem_codes (created_at, id);

-- The primary key is what makes a code single-use. Append-only, like the ledger.
CREATE TABLE redemptions (
    code_id uuid PRIMARY KEY REFERENCES redeem_codes ON DELETE RESTRICT,
    user_id uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    at      timestamptz NOT NULL
);
CREATE INDEX redemptions_by_user ON redemptions (user_id, at);
CREATE TRIGGER redemptions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON redemptions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Attempts that a user has used up; counted before the code is looked at and given back when it was right.
CREATE TABLE redeem_attempts (
    user_id  uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    since    timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 0)
);

CREATE TABLE ledger_checks (
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    duration_us bigint NOT NULL,
    -- [[invariant, id, expected, actual], ...]; empty is good
    drifts      jsonb NOT NULL CHECK (jsonb_typeof(drifts) = 'array')
);
CREATE INDEX ledger_checks_by_time ON ledger_checks (at);
