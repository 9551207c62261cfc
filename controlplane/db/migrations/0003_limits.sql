-- Rates, budgets of keys, pause rules, model mappings, egress proxies, the settings of queues and failover; what nodes
-- report about accounts and decisions. Only adds: rows written before stay valid and mean what they meant.

ALTER TABLE users
    ADD COLUMN requests_per_minute integer NOT NULL DEFAULT 0 CHECK (requests_per_minute >= 0),  -- 0: unlimited
    ADD COLUMN tokens_per_minute   integer NOT NULL DEFAULT 0 CHECK (tokens_per_minute >= 0);

ALTER TABLE api_keys
    ADD COLUMN concurrency         integer NOT NULL DEFAULT 0 CHECK (concurrency >= 0),
    ADD COLUMN requests_per_minute integer NOT NULL DEFAULT 0 CHECK (requests_per_minute >= 0),
    ADD COLUMN tokens_per_minute   integer NOT NULL DEFAULT 0 CHECK (tokens_per_minute >= 0);

CREATE TABLE api_key_budgets (
    api_key_id     uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    budget_window  text NOT NULL CHECK (budget_window IN ('day', 'week', 'month', 'total')),
    limit_nano_usd bigint NOT NULL CHECK (limit_nano_usd > 0),
    PRIMARY KEY (api_key_id, budget_window)
);

-- A cache of the sum of the key's usage events by window, kept for keys that have budgets. window_id is as
-- common/money/window.h names it. Without a foreign key: an event may name a key that is not here.
CREATE TABLE key_spending (
    api_key_id     uuid NOT NULL,
    window_id      text NOT NULL CHECK (window_id <> ''),
    spent_nano_usd bigint NOT NULL CHECK (spent_nano_usd >= 0),
    version        bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (api_key_id, window_id)
) WITH (fillfactor = 50);

ALTER TABLE accounts
    ADD COLUMN model_mapping jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(model_mapping) = 'object'),
    -- [{"status": 529, "keywords": ["overloaded"], "minutes": 10}, ...], in order
    ADD COLUMN pause_rules   jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(pause_rules) = 'array');

-- The password is sealed as "egress_proxies|<id>|sealed"; empty without one. It goes when the proxy is deleted.
CREATE TABLE egress_proxies (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    url         text NOT NULL CHECK (url <> ''),
    username    text NOT NULL DEFAULT '',
    sealed      bytea NOT NULL DEFAULT '',
    key_version integer NOT NULL DEFAULT 1,
    status      text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    revision    bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (status = 'deleted' OR (username = '') = (length(sealed) = 0))
);
CREATE INDEX egress_proxies_page ON egress_proxies (created_at, id);

-- Tried in order of position. No cascade from the proxy: without its link an account would connect directly.
CREATE TABLE account_egress_proxies (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    proxy_id   uuid NOT NULL REFERENCES egress_proxies ON DELETE RESTRICT,
    position   integer NOT NULL CHECK (position > 0),
    PRIMARY KEY (account_id, proxy_id)
);
CREATE INDEX account_egress_proxies_by_proxy ON account_egress_proxies (proxy_id);

ALTER TABLE settings
    ADD COLUMN billing_time_zone    text NOT NULL DEFAULT '',  -- empty: UTC
    ADD COLUMN waiting_per_user     integer NOT NULL DEFAULT 0 CHECK (waiting_per_user >= 0),  -- 0: built in, as below
    ADD COLUMN waiting_per_account  integer NOT NULL DEFAULT 0 CHECK (waiting_per_account >= 0),
    ADD COLUMN waiting_limit_ms     integer NOT NULL DEFAULT 0 CHECK (waiting_limit_ms >= 0),
    ADD COLUMN first_keepalive_ms   integer NOT NULL DEFAULT 0 CHECK (first_keepalive_ms >= 0),
    ADD COLUMN sticky_ttl_seconds   integer NOT NULL DEFAULT 0 CHECK (sticky_ttl_seconds >= 0),
    ADD COLUMN sticky_waiting       integer NOT NULL DEFAULT 0 CHECK (sticky_waiting >= 0),
    ADD COLUMN sticky_wait_ms       integer NOT NULL DEFAULT 0 CHECK (sticky_wait_ms >= 0),
    ADD COLUMN failover_attempts    integer NOT NULL DEFAULT 0 CHECK (failover_attempts >= 0),
    ADD COLUMN failover_deadline_ms integer NOT NULL DEFAULT 0 CHECK (failover_deadline_ms >= 0),
    ADD COLUMN first_content_ms     integer NOT NULL DEFAULT 0 CHECK (first_content_ms >= 0),
    -- [{"name": ..., "group_ids": [...], "model": ..., "text_equals": ..., "text_contains": ..., "reply": ...}, ...]
    ADD COLUMN local_replies        jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(local_replies) = 'array'),
    ADD COLUMN money_without_redis  text NOT NULL DEFAULT 'local_share'
                                    CHECK (money_without_redis IN ('local_share', 'refuse')),
    ADD COLUMN decision_sample_ppm  integer NOT NULL DEFAULT 0
                                    CHECK (decision_sample_ppm BETWEEN 0 AND 1000000);

-- The balance that was pushed last: decides whether the user is due again.
ALTER TABLE wallets ADD COLUMN published_nano_usd bigint NOT NULL DEFAULT 0;

-- What keeps an account, or one of its models, out of the choice, as nodes reported it last. Without a foreign key: a
-- report may come after its account is gone.
CREATE TABLE account_health (
    account_id      uuid NOT NULL,
    model           text NOT NULL DEFAULT '',              -- empty: all models
    reason          smallint NOT NULL CHECK (reason > 0),  -- sluice.config.v1.AccountHealthReason
    until           timestamptz NOT NULL,
    upstream_status integer NOT NULL DEFAULT 0,
    detail          text NOT NULL DEFAULT '',
    node_id         text NOT NULL DEFAULT '',
    seen_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, model, reason)
);
CREATE INDEX account_health_by_until ON account_health (until);

-- How requests were decided: all that failed and a share of the others. The day is that of the request id (UUIDv7).
CREATE TABLE request_decisions (
    day         date NOT NULL,
    request_id  uuid NOT NULL,
    node_id     text NOT NULL,
    user_id     uuid,                                      -- none: nobody was recognised
    started_at  timestamptz NOT NULL,
    status      integer NOT NULL,                          -- of the answer
    record      bytea NOT NULL,                            -- serialized sluice.usage.v1.DecisionRecord
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, request_id)
);
CREATE INDEX request_decisions_by_time ON request_decisions (started_at, request_id);
CREATE INDEX request_decisions_by_user ON request_decisions (user_id, started_at, request_id) WHERE user_id IS NOT NULL;
