-- The fleet's own certificate authorities, tokens that buy a certificate, and the certificates of nodes.

CREATE TABLE certificate_authorities (
    id uuid PRIMARY KEY,
    -- active: signs and is believed; trusted: is believed; retired: neither.
    state text NOT NULL CHECK (state IN ('active', 'trusted', 'retired')),
    certificate_pem text NOT NULL,
    -- Its private key.
    sealed bytea NOT NULL,
    key_version integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX certificate_authorities_active ON certificate_authorities (state) WHERE state = 'active';

CREATE TABLE enrolment_tokens (
    id uuid PRIMARY KEY,
    node_id text NOT NULL CHECK (length(node_id) BETWEEN 1 AND 64),
    -- SHA-256, hex.
    token_hash text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    -- Hash of the public key that it was used for: the same node may ask again.
    used_key text,
    revoked_at timestamptz,
    CHECK ((used_at IS NULL) = (used_key IS NULL))
);
CREATE INDEX enrolment_tokens_node ON enrolment_tokens (node_id);

CREATE TABLE node_certificates (
    -- Lower-case hex.
    serial text PRIMARY KEY,
    node_id text NOT NULL,
    authority_id uuid NOT NULL REFERENCES certificate_authorities (id),
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX node_certificates_node ON node_certificates (node_id, issued_at);
CREATE INDEX node_certificates_revoked ON node_certificates (expires_at) WHERE revoked_at IS NOT NULL;

-- Every replica looks again at once.
CREATE FUNCTION notify_enrolment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('sluice_enrolment', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER certificate_authorities_notify AFTER INSERT OR UPDATE OF state ON certificate_authorities
    FOR EACH STATEMENT EXECUTE FUNCTION notify_enrolment();
CREATE TRIGGER node_certificates_notify AFTER UPDATE OF revoked_at ON node_certificates
    FOR EACH STATEMENT EXECUTE FUNCTION notify_enrolment();
