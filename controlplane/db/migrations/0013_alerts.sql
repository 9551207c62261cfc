-- Alert rules, what they found, and what was told to whom.

CREATE TABLE alert_webhooks (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    url         text NOT NULL CHECK (url <> ''),
    sealed      bytea NOT NULL,                             -- the key that deliveries are signed with
    key_version integer NOT NULL,
    status      text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    revision    bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alert_webhooks_page ON alert_webhooks (created_at, id);

CREATE TABLE alert_rules (
    id               uuid PRIMARY KEY,
    name             text NOT NULL CHECK (name <> ''),
    metric           text NOT NULL CHECK (metric <> ''),    -- controlplane/alerts/metrics.cc
    threshold        bigint NOT NULL CHECK (threshold >= 0),
    window_seconds   integer NOT NULL CHECK (window_seconds > 0),
    for_seconds      integer NOT NULL CHECK (for_seconds >= 0),
    cooldown_seconds integer NOT NULL CHECK (cooldown_seconds >= 0),
    object_id        text NOT NULL DEFAULT '',              -- empty: every object
    webhook_ids      uuid[] NOT NULL DEFAULT '{}',
    emails           text[] NOT NULL DEFAULT '{}',
    silenced_until   timestamptz,
    evaluated_at     timestamptz NOT NULL DEFAULT '-infinity',
    last_error       text NOT NULL DEFAULT '',
    status           text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    revision         bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alert_rules_page ON alert_rules (created_at, id);

CREATE TABLE alerts (
    id              uuid PRIMARY KEY,
    rule_id         uuid NOT NULL REFERENCES alert_rules ON DELETE RESTRICT,
    object_id       text NOT NULL,
    object_name     text NOT NULL,
    value           bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
    told            boolean NOT NULL DEFAULT false,         -- somebody was told of it
    created_at      timestamptz NOT NULL,
    fired_at        timestamptz,
    resolved_at     timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX alerts_open ON alerts (rule_id, object_id) WHERE state <> 'resolved';
CREATE INDEX alerts_page ON alerts (created_at, id);
CREATE INDEX alerts_resolved ON alerts (rule_id, object_id, fired_at) WHERE state = 'resolved';

CREATE TABLE alert_deliveries (
    id              uuid PRIMARY KEY,
    alert_id        uuid REFERENCES alerts ON DELETE CASCADE,      -- none: a test
    webhook_id      uuid REFERENCES alert_webhooks ON DELETE RESTRICT,
    email           text NOT NULL DEFAULT '',
    event           text NOT NULL CHECK (event IN ('firing', 'resolved', 'test')),
    body            text NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    http_status     integer NOT NULL DEFAULT 0,
    last_error      text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    delivered_at    timestamptz,
    CHECK ((webhook_id IS NULL) <> (email = ''))
);
CREATE INDEX alert_deliveries_page ON alert_deliveries (created_at, id);
CREATE INDEX alert_deliveries_due ON alert_deliveries (next_attempt_at) WHERE state = 'waiting';
