-- Mail that is to be sent, who may register, and the links that go by mail.

CREATE TABLE mail_settings (
    id           uuid PRIMARY KEY,
    singleton    boolean NOT NULL UNIQUE DEFAULT true CHECK (singleton),
    enabled      boolean NOT NULL DEFAULT false,
    host         text NOT NULL DEFAULT '',
    port         integer NOT NULL DEFAULT 587 CHECK (port BETWEEN 1 AND 65535),
    security     text NOT NULL DEFAULT 'starttls' CHECK (security IN ('starttls', 'tls', 'none')),
    username     text NOT NULL DEFAULT '',
    sealed       bytea NOT NULL DEFAULT '',                 -- the password
    key_version  integer NOT NULL DEFAULT 1,
    from_address text NOT NULL DEFAULT '',
    from_name    text NOT NULL DEFAULT '',
    revision     bigint NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO mail_settings (id) VALUES (gen_random_uuid());

-- What was said to whom. The text is sealed, since it may hold a link that signs in, and is emptied when it was sent.
CREATE TABLE mails (
    id              uuid PRIMARY KEY,
    recipient       text NOT NULL,
    subject         text NOT NULL,
    sealed          bytea NOT NULL,
    key_version     integer NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    last_error      text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz
);
CREATE INDEX mails_page ON mails (created_at, id);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE state = 'waiting';

CREATE TABLE sign_in_settings (
    id                      uuid PRIMARY KEY,
    singleton               boolean NOT NULL UNIQUE DEFAULT true CHECK (singleton),
    public_url              text NOT NULL DEFAULT '',       -- where people open the web UI; links in mails lead there
    registration_open       boolean NOT NULL DEFAULT false,
    verify_email            boolean NOT NULL DEFAULT true,
    allowed_email_domains   text[] NOT NULL DEFAULT '{}',   -- empty: all
    new_user_concurrency    integer NOT NULL DEFAULT 0 CHECK (new_user_concurrency >= 0),
    new_user_credit_nano_usd bigint NOT NULL DEFAULT 0 CHECK (new_user_credit_nano_usd >= 0),
    turnstile_site_key      text NOT NULL DEFAULT '',       -- empty: nobody is asked
    turnstile_url           text NOT NULL DEFAULT '',       -- of a compatible service; empty: Cloudflare's
    sealed                  bytea NOT NULL DEFAULT '',      -- Turnstile's secret
    key_version             integer NOT NULL DEFAULT 1,
    revision                bigint NOT NULL DEFAULT 1,
    updated_at              timestamptz NOT NULL DEFAULT now()
);
INSERT INTO sign_in_settings (id) VALUES (gen_random_uuid());

-- Links that went by mail, known by the hash of their token. Used once: then the row is gone.
CREATE TABLE email_tokens (
    token_hash    text PRIMARY KEY,
    purpose       text NOT NULL CHECK (purpose IN ('register', 'verify', 'reset')),
    email         text NOT NULL,
    user_id       uuid REFERENCES users ON DELETE CASCADE,  -- none: somebody who registers
    password_hash text NOT NULL DEFAULT '',                 -- of somebody who registers
    display_name  text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    CHECK ((user_id IS NULL) = (purpose = 'register'))
);
CREATE INDEX email_tokens_user ON email_tokens (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX email_tokens_email ON email_tokens (lower(email)) WHERE user_id IS NULL;
CREATE INDEX email_tokens_end ON email_tokens (expires_at);

-- The address that the user has proven; it counts while it is the user's address.
ALTER TABLE users ADD COLUMN verified_email text NOT NULL DEFAULT '';
