-- Edits of many accounts at once, worked off by a job.
CREATE TABLE account_edits (
    id          uuid PRIMARY KEY,
    actor       text NOT NULL,
    state       text NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
    request     bytea NOT NULL,                                  -- sluice.admin.v1.CreateAccountEditRequest
    account_ids uuid[] NOT NULL,                                 -- those that were selected, in order
    next        integer NOT NULL DEFAULT 0,                      -- so many are through
    changed     integer NOT NULL DEFAULT 0,
    unchanged   integer NOT NULL DEFAULT 0,
    failed      integer NOT NULL DEFAULT 0,
    failures    jsonb NOT NULL DEFAULT '[]',                     -- [{"account_id": ..., "reason": ...}], the first ones
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
CREATE INDEX account_edits_page ON account_edits (created_at, id);
CREATE INDEX account_edits_running ON account_edits (created_at, id) WHERE state = 'running';
