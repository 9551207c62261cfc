-- People who sign in through an OpenID provider of their own organisation.

CREATE TABLE oidc_providers (
    id                    uuid PRIMARY KEY,
    slug                  text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    display_name          text NOT NULL CHECK (display_name <> ''),
    -- Never changes: identities are subjects of this issuer.
    issuer                text NOT NULL CHECK (issuer <> ''),
    client_id             text NOT NULL CHECK (client_id <> ''),
    -- The client secret; empty for a public client.
    sealed                bytea NOT NULL DEFAULT '',
    key_version           integer NOT NULL DEFAULT 1,
    scopes                text[] NOT NULL,
    create_users          boolean NOT NULL DEFAULT false,
    allowed_email_domains text[] NOT NULL DEFAULT '{}',    -- empty: all
    status                text NOT NULL CHECK (status IN ('active', 'disabled', 'deleted')),
    revision              bigint NOT NULL DEFAULT 1,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX oidc_providers_slug_key ON oidc_providers (slug) WHERE status <> 'deleted';
CREATE INDEX oidc_providers_page ON oidc_providers (created_at, id);

CREATE TABLE oidc_identities (
    id           uuid PRIMARY KEY,
    provider_id  uuid NOT NULL REFERENCES oidc_providers ON DELETE RESTRICT,
    subject      text NOT NULL CHECK (subject <> ''),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    email        text NOT NULL,                             -- as the provider said last; empty: it did not
    -- Who tied it to the user: a verified e-mail address, the user himself, or it made the user. He may end it: then
    -- the row stays, so that his address does not tie it again.
    linked_by    text NOT NULL CHECK (linked_by IN ('email', 'self', 'created', 'unlinked')),
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    UNIQUE (provider_id, subject)
);
CREATE INDEX oidc_identities_user ON oidc_identities (user_id, created_at, id);

-- Sign-ins that wait for their redirect, or for a second factor.
CREATE TABLE oidc_logins (
    id           uuid PRIMARY KEY,
    state_hash   text NOT NULL UNIQUE CHECK (length(state_hash) = 64),
    binding_hash text NOT NULL CHECK (length(binding_hash) = 64),
    provider_id  uuid NOT NULL REFERENCES oidc_providers ON DELETE RESTRICT,
    purpose      text NOT NULL CHECK (purpose IN ('sign_in', 'link')),
    user_id      uuid REFERENCES users ON DELETE CASCADE,  -- who links
    redirect_url text NOT NULL,
    stage        text NOT NULL CHECK (stage IN ('begun', 'asked', 'verified')),
    -- The nonce and the PKCE verifier; in the stage 'verified' what the provider said.
    sealed       bytea NOT NULL,
    key_version  integer NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CHECK ((user_id IS NULL) = (purpose = 'sign_in'))
);
CREATE INDEX oidc_logins_end ON oidc_logins (expires_at);
