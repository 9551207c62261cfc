-- Exports of usage events as files, made piece by piece by a job and dropped after a day.
CREATE TABLE usage_exports (
    id          uuid PRIMARY KEY,
    actor       text NOT NULL,
    owner_id    uuid,                                    -- the user who asked for what is his; none: staff
    state       text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    request     bytea NOT NULL,                          -- sluice.admin.v1.CreateUsageExportRequest
    whole       boolean NOT NULL,                        -- with what users do not see
    cursor      text NOT NULL DEFAULT '',                -- of the next page of events
    chunks      integer NOT NULL DEFAULT 0,
    rows        bigint NOT NULL DEFAULT 0,
    bytes       bigint NOT NULL DEFAULT 0,
    error       text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE INDEX usage_exports_page ON usage_exports (created_at, id);
CREATE INDEX usage_exports_running ON usage_exports (created_at, id) WHERE state = 'running';

CREATE TABLE usage_export_chunks (
    export_id uuid NOT NULL REFERENCES usage_exports ON DELETE CASCADE,
    number    integer NOT NULL CHECK (number >= 0),
    data      text NOT NULL,
    PRIMARY KEY (export_id, number)
);
