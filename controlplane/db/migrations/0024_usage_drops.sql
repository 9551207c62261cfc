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

-- The UTC day in a UUIDv7 (RFC 9562 section 5.7), which is the day of the event with this id.
CREATE FUNCTION day_of_uuid(id uuid) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) AT TIME ZONE 'UTC')::date
$$;
