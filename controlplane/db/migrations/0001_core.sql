-- Identities, upstream accounts, prices, settings, nodes, and the change log that the publisher reads.
-- Ids are UUIDv7 made by the program. Money is nano-USD, multipliers are parts per million.
-- Rows that history refers to are never removed: they get the status 'deleted'.

CREATE TABLE users (
    id             uuid PRIMARY KEY,
    email          text NOT NULL CHECK (email <> '' AND length(email) <= 320),
    display_name   text NOT NULL DEFAULT '',
    role           text NOT NULL CHECK (role IN ('user', 'admin')),
    status         text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    concurrency    integer NOT NULL CHECK (concurrency >= 0),
    multiplier_ppm bigint NOT NULL CHECK (multiplier_ppm >= 0),
    revision       bigint NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email)) WHERE status <> 'deleted';
CREATE INDEX users_page ON users (created_at, id);

CREATE TABLE groups (
    id                  uuid PRIMARY KEY,
    name                text NOT NULL CHECK (name <> ''),
    status              text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    multiplier_ppm      bigint NOT NULL CHECK (multiplier_ppm >= 0),
    interruption_policy text NOT NULL CHECK (interruption_policy IN ('cancel', 'drain')),
    revision            bigint NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX groups_page ON groups (created_at, id);

CREATE TABLE accounts (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    provider    text NOT NULL CHECK (provider <> ''),
    base_url    text NOT NULL CHECK (base_url <> ''),
    priority    integer NOT NULL,
    concurrency integer NOT NULL CHECK (concurrency >= 0),
    models      text[] NOT NULL DEFAULT '{}',
    ca_pem      text NOT NULL DEFAULT '',
    status      text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    revision    bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX accounts_page ON accounts (created_at, id);

-- A link gives access, so a removed parent removes the link and never leaves an open end.
CREATE TABLE account_groups (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    group_id   uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    PRIMARY KEY (account_id, group_id)
);
CREATE INDEX account_groups_by_group ON account_groups (group_id);

-- The revision outlives deletion, so the row stays and only the ciphertext goes.
CREATE TABLE account_credentials (
    account_id  uuid PRIMARY KEY REFERENCES accounts ON DELETE RESTRICT,
    kind        text NOT NULL CHECK (kind IN ('api_key', 'access_token')),
    sealed      bytea NOT NULL,
    key_version integer NOT NULL,
    expires_at  timestamptz,
    bound_hosts text[] NOT NULL DEFAULT '{}',
    status      text NOT NULL CHECK (status IN ('active', 'deleted')),
    revision    bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((status = 'active') = (length(sealed) > 0))
);

CREATE TABLE api_keys (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    group_id       uuid NOT NULL REFERENCES groups ON DELETE RESTRICT,
    name           text NOT NULL DEFAULT '',
    public_id      text NOT NULL UNIQUE CHECK (public_id <> ''),
    last4          text NOT NULL,
    key_hmac       bytea NOT NULL UNIQUE CHECK (length(key_hmac) = 32),
    pepper_version integer NOT NULL,
    status         text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    expires_at     timestamptz,
    last_used_at   timestamptz,
    revision       bigint NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_page ON api_keys (created_at, id);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at, id);
CREATE INDEX api_keys_by_group ON api_keys (group_id);

CREATE TABLE prices (
    id             uuid PRIMARY KEY,
    model          text NOT NULL CHECK (model <> ''),
    display_name   text NOT NULL DEFAULT '',
    provider       text NOT NULL CHECK (provider <> ''),
    effective_at   timestamptz NOT NULL,
    input          bigint NOT NULL CHECK (input >= 0),
    output         bigint NOT NULL CHECK (output >= 0),
    cache_read     bigint NOT NULL CHECK (cache_read >= 0),
    cache_write_5m bigint NOT NULL CHECK (cache_write_5m >= 0),
    cache_write_1h bigint NOT NULL CHECK (cache_write_1h >= 0),
    per_request    bigint NOT NULL CHECK (per_request >= 0),
    status         text NOT NULL CHECK (status IN ('active', 'deleted')),
    revision       bigint NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX prices_model_effective_at_key ON prices (model, effective_at) WHERE status <> 'deleted';
CREATE INDEX prices_page ON prices (created_at, id);

CREATE TABLE settings (
    id                       text PRIMARY KEY CHECK (id = 'settings'),
    max_body_bytes           bigint NOT NULL DEFAULT 0 CHECK (max_body_bytes >= 0),
    keepalive_seconds        integer NOT NULL DEFAULT 0 CHECK (keepalive_seconds >= 0),
    default_user_concurrency integer NOT NULL DEFAULT 0 CHECK (default_user_concurrency >= 0),
    revision                 bigint NOT NULL DEFAULT 1,
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now()
);
INSERT INTO settings (id) VALUES ('settings');

CREATE TABLE nodes (
    node_id           text PRIMARY KEY CHECK (node_id <> ''),
    boot_id           text NOT NULL,
    build             text NOT NULL,
    version_epoch     text NOT NULL,
    version_number    bigint NOT NULL,
    ready             boolean NOT NULL,
    draining          boolean NOT NULL,
    open_streams      bigint NOT NULL,
    journal_records   bigint NOT NULL,
    journal_oldest_ms bigint NOT NULL,
    rejections        jsonb NOT NULL DEFAULT '[]',
    last_seen         timestamptz NOT NULL,
    first_seen        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE admin_tokens (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    name         text NOT NULL DEFAULT '',
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) >= 32),
    last4        text NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX admin_tokens_page ON admin_tokens (created_at, id);
CREATE INDEX admin_tokens_by_user ON admin_tokens (user_id);

CREATE TABLE audit_log (
    id          uuid PRIMARY KEY,
    actor       text NOT NULL CHECK (actor <> ''),
    action      text NOT NULL CHECK (action <> ''),
    object_kind text NOT NULL,
    object_id   text NOT NULL,
    before      jsonb,
    after       jsonb,
    request_id  text NOT NULL DEFAULT '',
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_page ON audit_log (at, id);
CREATE INDEX audit_log_by_object ON audit_log (object_kind, object_id, at, id);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- One row. Its lock makes commit order the order of the numbers; a sequence would not.
CREATE TABLE config_version (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch      uuid NOT NULL,
    number     bigint NOT NULL,
    trimmed_to bigint NOT NULL
);
INSERT INTO config_version (epoch, number, trimmed_to) VALUES (gen_random_uuid(), 0, 0);

CREATE TABLE change_log (
    number    bigint PRIMARY KEY,
    kind      integer NOT NULL,
    object_id text NOT NULL,
    revision  bigint NOT NULL,
    state     integer NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
