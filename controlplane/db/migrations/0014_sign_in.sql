-- How people sign in. A row of users without user_passwords cannot.
CREATE TABLE user_passwords (
    user_id    uuid PRIMARY KEY REFERENCES users (id),
    hash       text NOT NULL CHECK (hash LIKE '$argon2id$%'),
    changed_at timestamptz NOT NULL
);

-- The token is in the browser alone: here is its hash.
CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id),
    token_hash    text NOT NULL UNIQUE CHECK (length(token_hash) = 64),
    second_factor boolean NOT NULL,
    network       text NOT NULL,
    user_agent    text NOT NULL,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at DESC, id DESC);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- confirmed_at is null until a first code was right. last_step: the time step of the last code that was taken.
CREATE TABLE user_totp (
    user_id      uuid PRIMARY KEY REFERENCES users (id),
    sealed       bytea NOT NULL,
    key_version  integer NOT NULL,
    confirmed_at timestamptz,
    last_step    bigint NOT NULL DEFAULT 0
);
CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users (id),
    code_hash text NOT NULL CHECK (length(code_hash) = 64),
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Attempts to sign in, by account and by network. An attempt moves empty_at by what it costs; beyond a limit in the
-- future there is no attempt.
CREATE TABLE login_attempts (
    key      text PRIMARY KEY,
    empty_at timestamptz NOT NULL
);
CREATE INDEX login_attempts_by_time ON login_attempts (empty_at);

-- At most one row: the first owner was made.
CREATE TABLE first_setup (
    done    boolean PRIMARY KEY CHECK (done),
    user_id uuid NOT NULL REFERENCES users (id),
    at      timestamptz NOT NULL
);
