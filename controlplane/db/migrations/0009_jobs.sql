-- Jobs that run once in the fleet. A replica holds a job by a lease; the fence rises with every lease, and each step of
-- a job checks it in its own transaction: who lost the lease changes nothing any more. All times are the database's.

CREATE TABLE jobs (
    name             text PRIMARY KEY CHECK (name <> ''),
    next_run_at      timestamptz NOT NULL DEFAULT now(),
    triggered_at     timestamptz,
    owner            text,                                  -- none: nobody runs it
    lease_until      timestamptz,
    fence            bigint NOT NULL DEFAULT 0,
    last_started_at  timestamptz,
    last_ended_at    timestamptz,
    last_duration_us bigint NOT NULL DEFAULT 0 CHECK (last_duration_us >= 0),
    last_outcome     text NOT NULL DEFAULT 'never' CHECK (last_outcome IN ('never', 'done', 'failed', 'stopped')),
    last_error       text NOT NULL DEFAULT '',
    last_rows        bigint NOT NULL DEFAULT 0 CHECK (last_rows >= 0),
    CHECK ((owner IS NULL) = (lease_until IS NULL))
);
