-- What groups say about who may use them, who pays, and which account serves what; grants; more about accounts. Only
-- adds: groups and accounts that were there before mean what they meant.

ALTER TABLE groups
    ADD COLUMN description        text NOT NULL DEFAULT '',
    ADD COLUMN platforms          text[] NOT NULL DEFAULT '{}',        -- providers of its accounts; empty: any
    ADD COLUMN exclusive          boolean NOT NULL DEFAULT false,      -- only for users with a grant or a subscription
    ADD COLUMN needs_subscription boolean NOT NULL DEFAULT false,
    -- Of subscriptions whose plan sets none.
    ADD COLUMN day_nano_usd       bigint CHECK (day_nano_usd > 0),
    ADD COLUMN week_nano_usd      bigint CHECK (week_nano_usd > 0),
    ADD COLUMN month_nano_usd     bigint CHECK (month_nano_usd > 0),
    ADD COLUMN model_aliases      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(model_aliases) = 'object'),
    -- [{"model": "claude-*", "account_ids": [...]}, ...], the first that matches holds
    ADD COLUMN model_routes       jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(model_routes) = 'array');

-- A user's permission to use a group.
CREATE TABLE group_grants (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    group_id       uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    multiplier_ppm bigint CHECK (multiplier_ppm >= 0),                 -- none: the group's
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, group_id)
);
CREATE INDEX group_grants_by_group ON group_grants (group_id);
CREATE INDEX group_grants_page ON group_grants (created_at, id);

ALTER TABLE accounts
    ADD COLUMN weight integer NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 10000),
    ADD COLUMN hybrid boolean NOT NULL DEFAULT false,                  -- an antigravity account that joins others' groups
    ADD COLUMN tags   text[] NOT NULL DEFAULT '{}',
    ADD COLUMN note   text NOT NULL DEFAULT '';
CREATE INDEX accounts_by_tag ON accounts USING gin (tags);
