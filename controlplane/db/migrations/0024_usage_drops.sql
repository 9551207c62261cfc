-- What was dropped by the policy, so that the books still add up without it.

-- Of the days (UTC, of the ids) whose events are gone. Their ledger transactions stay.
CREATE TABLE usage_dropped_days (
    day           date PRIMARY KEY,
    dropped_at    timestamptz NOT NULL,
    events        bigint NOT NULL,
    cost_nano_usd numeric NOT NULL
);
-- For limits of money that count from the beginning.
CREATE TABLE usage_dropped_keys (
    api_key_id    uuid PRIMARY KEY,
    cost_nano_usd bigint NOT NULL
);

-- The days that have a partition. CASE, because a planner may look at names before it looks whose they are.
CREATE FUNCTION usage_event_days() RETURNS SETOF date LANGUAGE sql STABLE AS $$
    SELECT day FROM (SELECT CASE WHEN c.relname ~ '^usage_events_[0-9]{8}$'
        THEN to_date(right(c.relname, 8), 'YYYYMMDD') END AS day
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'usage_events'::regclass) days
    WHERE day IS NOT NULL
$$;

-- The UTC day in a UUIDv7 (RFC 9562 section 5.7), which is the day of the event with this id.
CREATE FUNCTION day_of_uuid(id uuid) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) AT TIME ZONE 'UTC')::date
$$;
