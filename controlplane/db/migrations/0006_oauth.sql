-- The OAuth vault: the operator's clients, logins that wait for their redirect, and what the logins gave.

CREATE TABLE oauth_clients (
    id               uuid PRIMARY KEY,
    name             text NOT NULL CHECK (name <> ''),
    authorize_url    text NOT NULL CHECK (authorize_url <> ''),
    token_url        text NOT NULL CHECK (token_url <> ''),
    redirect_url     text NOT NULL CHECK (redirect_url <> ''),
    client_id        text NOT NULL CHECK (client_id <> ''),
    -- The client secret; empty for a public client.
    sealed           bytea NOT NULL DEFAULT '',
    key_version      integer NOT NULL,
    scopes           text[] NOT NULL DEFAULT '{}',
    -- "name=value", added to the authorize URL.
    authorize_params text[] NOT NULL DEFAULT '{}',
    token_format     text NOT NULL CHECK (token_format IN ('form', 'json')),
    google_kind      text NOT NULL DEFAULT '' CHECK (google_kind IN ('', 'ai_studio', 'code_assist', 'google_one')),
    code_assist_url  text NOT NULL DEFAULT '',
    projects_url     text NOT NULL DEFAULT '',
    drive_url        text NOT NULL DEFAULT '',
    status           text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    revision         bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX oauth_clients_name_key ON oauth_clients (name) WHERE status <> 'deleted';
CREATE INDEX oauth_clients_page ON oauth_clients (created_at, id);

CREATE TABLE oauth_logins (
    id          uuid PRIMARY KEY,
    -- SHA-256 of the state parameter.
    state_hash  text NOT NULL UNIQUE,
    client_id   uuid NOT NULL REFERENCES oauth_clients ON DELETE RESTRICT,
    account_id  uuid NOT NULL REFERENCES accounts ON DELETE RESTRICT,
    -- The state and the PKCE verifier.
    sealed      bytea NOT NULL,
    key_version integer NOT NULL,
    actor       text NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX oauth_logins_by_end ON oauth_logins (expires_at);

CREATE TABLE oauth_grants (
    account_id          uuid PRIMARY KEY REFERENCES accounts ON DELETE RESTRICT,
    client_id           uuid NOT NULL REFERENCES oauth_clients ON DELETE RESTRICT,
    -- The refresh token; empty if the provider gave none.
    sealed              bytea NOT NULL DEFAULT '',
    key_version         integer NOT NULL,
    -- Rises with every answer that is stored: of two writers one loses.
    generation          bigint NOT NULL DEFAULT 1,
    -- Of the account's credential as this login stored it; another one means that somebody replaced it.
    credential_revision bigint NOT NULL,
    -- The only "host:port" that access tokens may be sent to.
    bound_host          text NOT NULL,
    scopes              text[] NOT NULL DEFAULT '{}',
    state               text NOT NULL CHECK (state IN ('active', 'unrefreshable', 'needs_login', 'replaced')),
    access_expires_at   timestamptz,
    refresh_at          timestamptz,
    refreshed_at        timestamptz,
    lease_id            uuid,
    lease_until         timestamptz,
    failures            integer NOT NULL DEFAULT 0,
    -- How often in a row the provider called the refresh token invalid.
    invalid_grants      integer NOT NULL DEFAULT 0,
    last_error          text NOT NULL DEFAULT '',
    last_error_at       timestamptz,
    -- Newest revision of the credential that an upstream refused.
    refused_revision    bigint NOT NULL DEFAULT 0,
    facts_due_at        timestamptz,
    facts_at            timestamptz,
    facts_failures      integer NOT NULL DEFAULT 0,
    facts_error         text NOT NULL DEFAULT '',
    google_project      text NOT NULL DEFAULT '',
    google_tier         text NOT NULL DEFAULT '',
    drive_limit_bytes   bigint NOT NULL DEFAULT 0,
    drive_used_bytes    bigint NOT NULL DEFAULT 0,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX oauth_grants_due ON oauth_grants (LEAST(refresh_at, facts_due_at)) WHERE state IN ('active', 'unrefreshable');
CREATE INDEX oauth_grants_by_client ON oauth_grants (client_id);
