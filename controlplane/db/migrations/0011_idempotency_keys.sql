-- Answers to calls that carried an idempotency key, so that the same call again does nothing again. An answer may hold
-- what is shown once (a new API key), so it is sealed.
CREATE TABLE idempotency_keys (
    id             uuid PRIMARY KEY,
    actor          text NOT NULL CHECK (actor <> ''),
    key            text NOT NULL CHECK (key <> ''),
    request_sha256 bytea NOT NULL CHECK (length(request_sha256) = 32),
    sealed         bytea NOT NULL DEFAULT '',
    key_version    integer NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL
);
CREATE UNIQUE INDEX idempotency_keys_key ON idempotency_keys (actor, key);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
