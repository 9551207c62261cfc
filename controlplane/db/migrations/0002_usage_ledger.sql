-- Usage events as nodes report them, the double-entry ledger they are posted to, and wallets. docs/billing.md explains.
-- Amounts are nano-USD.

-- Partitioned by the day in the event id (UUIDv7), never by arrival: a late second delivery finds its twin.
CREATE TABLE usage_events (
    day                 date NOT NULL,
    event_id            uuid NOT NULL,
    started_at          timestamptz NOT NULL,
    ended_at            timestamptz NOT NULL,
    user_id             uuid NOT NULL,
    api_key_id          uuid NOT NULL,
    group_id            uuid NOT NULL,
    account_id          uuid NOT NULL,
    protocol            text NOT NULL,
    requested_model     text NOT NULL,
    served_model        text NOT NULL,
    streaming           boolean NOT NULL,
    outcome             smallint NOT NULL CHECK (outcome > 0),       -- sluice.usage.v1.Outcome
    usage_state         smallint NOT NULL CHECK (usage_state > 0),   -- sluice.usage.v1.UsageState
    input_tokens        bigint NOT NULL CHECK (input_tokens >= 0),
    output_tokens       bigint NOT NULL CHECK (output_tokens >= 0),
    cache_read_tokens   bigint NOT NULL CHECK (cache_read_tokens >= 0),
    cache_write_5m_tokens bigint NOT NULL CHECK (cache_write_5m_tokens >= 0),
    cache_write_1h_tokens bigint NOT NULL CHECK (cache_write_1h_tokens >= 0),
    raw_usage           text NOT NULL,                               -- the vendor's words, perhaps not valid JSON
    price_id            uuid,
    price_revision      bigint NOT NULL,
    lines               jsonb NOT NULL,                              -- [[LineKind, quantity, unit price], ...]
    multiplier_ppm      bigint NOT NULL CHECK (multiplier_ppm >= 0),
    cost_nano_usd       bigint NOT NULL CHECK (cost_nano_usd >= 0),
    upstream_status     integer NOT NULL,
    upstream_request_id text NOT NULL,
    first_byte_us       bigint NOT NULL,
    attempts            integer NOT NULL,
    config_version      bigint NOT NULL,
    node_id             text NOT NULL,
    received_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, event_id)
) PARTITION BY RANGE (day);

CREATE INDEX usage_events_by_time ON usage_events (started_at, event_id);
CREATE INDEX usage_events_by_user ON usage_events (user_id, started_at, event_id);
CREATE INDEX usage_events_by_key ON usage_events (api_key_id, started_at, event_id);
CREATE INDEX usage_events_by_account ON usage_events (account_id, started_at, event_id);

-- Made apart and then attached: unlike CREATE TABLE ... PARTITION OF this does not wait for, or hold up, inserts.
CREATE FUNCTION ensure_usage_partition(the_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'usage_events_' || to_char(the_day, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Locking a table, unlike an advisory lock, also makes us see what others have made meanwhile.
    LOCK TABLE usage_events IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE usage_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE usage_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, the_day, the_day + 1);
END
$$;

-- What could not be stored as an event, with the reason; kept for a person. The hash makes re-delivery harmless.
CREATE TABLE usage_quarantine (
    payload_sha256 bytea PRIMARY KEY CHECK (length(payload_sha256) = 32),
    payload        bytea NOT NULL,                                   -- serialized sluice.usage.v1.UsageEvent
    event_id       text NOT NULL,
    node_id        text NOT NULL,
    reason         text NOT NULL,
    received_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX usage_quarantine_by_time ON usage_quarantine (received_at);

-- A cache of the sum of the user's ledger lines; a user without a row has 0.
CREATE TABLE wallets (
    user_id          uuid PRIMARY KEY REFERENCES users ON DELETE RESTRICT,
    balance_nano_usd bigint NOT NULL,
    version          bigint NOT NULL CHECK (version > 0)
) WITH (fillfactor = 50);

-- The id of a usage transaction is its event's id, so an event is posted once at most.
CREATE TABLE ledger_transactions (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('usage', 'adjustment')),
    external_id text CHECK (external_id <> ''),
    at          timestamptz NOT NULL DEFAULT now(),
    reason      text NOT NULL DEFAULT '',
    actor       text NOT NULL DEFAULT '',
    CHECK ((kind = 'usage') = (external_id IS NULL))
);
-- Usage has none and need not fill an index with nulls.
CREATE UNIQUE INDEX ledger_transactions_external_id ON ledger_transactions (external_id) WHERE external_id IS NOT NULL;

CREATE TABLE ledger_lines (
    transaction_id  uuid NOT NULL,
    line_no         smallint NOT NULL CHECK (line_no > 0),
    account         text NOT NULL CHECK (account IN ('wallet', 'revenue', 'adjustment')),
    user_id         uuid,
    amount_nano_usd bigint NOT NULL CHECK (amount_nano_usd <> 0),
    PRIMARY KEY (transaction_id, line_no),
    CHECK ((account = 'wallet') = (user_id IS NOT NULL))
);
CREATE INDEX ledger_lines_by_user ON ledger_lines (user_id, transaction_id) WHERE user_id IS NOT NULL;

-- All lines of a transaction come with one INSERT, and they add up to zero.
CREATE FUNCTION require_balanced_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY transaction_id HAVING sum(amount_nano_usd) <> 0) THEN
        RAISE EXCEPTION 'ledger lines of a transaction must add up to zero' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_lines_balanced AFTER INSERT ON ledger_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_balanced_lines();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
