-- Every time that something kept an account out of the choice, as account_health shows the last one of each kind.
CREATE TABLE account_health_history (
    id              uuid PRIMARY KEY,
    account_id      uuid NOT NULL,
    model           text NOT NULL,
    reason          smallint NOT NULL CHECK (reason > 0),
    began_at        timestamptz NOT NULL,
    until           timestamptz NOT NULL,
    upstream_status integer NOT NULL,
    detail          text NOT NULL,
    node_id         text NOT NULL,
    reports         bigint NOT NULL DEFAULT 1
);
CREATE INDEX account_health_history_page ON account_health_history (account_id, began_at, id);
CREATE INDEX account_health_history_by_until ON account_health_history (until);
