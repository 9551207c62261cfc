-- Sums of usage events by minute, quarter of an hour and UTC day. Whoever stores events appends the sums of what is new
-- of them in the same statement: no two writers wait for each other. Rows of the same bucket and dimensions add up; a
-- job makes one of many later. docs/usage.md explains. Amounts are nano-USD.

-- A histogram is a list of (bucket << 40 | count), ascending by bucket. Four buckets an octave of microseconds: the
-- borders of bucket b are 2^(b/4) and 2^((b+1)/4), and their geometric middle is at most 9.1 % off any value inside.
CREATE FUNCTION latency_bucket(us bigint) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN us IS NULL OR us <= 0 THEN NULL ELSE least(floor(4 * ln(us::double precision) / ln(2::double precision) + 1e-9), 160)::smallint END
$$;
CREATE FUNCTION latency_of_bucket(bucket integer) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT round(power(2::double precision, (bucket + 0.5) / 4))::bigint
$$;
CREATE FUNCTION pack_histogram(buckets smallint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(b::bigint << 40 | n ORDER BY b), '{}')
    FROM (SELECT b, count(*) AS n FROM unnest(buckets) AS b WHERE b IS NOT NULL GROUP BY b) AS counts
$$;

-- All three alike. Partitioned, so that what is too old goes at once.
CREATE TABLE usage_minutes (
    bucket        timestamptz NOT NULL,
    user_id       uuid NOT NULL,
    api_key_id    uuid NOT NULL,
    group_id      uuid NOT NULL,
    account_id    uuid NOT NULL,
    model         text NOT NULL,                      -- as requested
    error_class   text NOT NULL,
    requests      bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens     bigint NOT NULL,
    cache_write_5m_tokens bigint NOT NULL,
    cache_write_1h_tokens bigint NOT NULL,
    cost_nano_usd     bigint NOT NULL,
    purchase_nano_usd bigint NOT NULL,                -- as far as known
    duration      bigint[] NOT NULL,
    first_byte    bigint[] NOT NULL                   -- of requests that relayed one
) PARTITION BY RANGE (bucket);
CREATE TABLE usage_quarters (LIKE usage_minutes) PARTITION BY RANGE (bucket);
CREATE TABLE usage_days (LIKE usage_minutes) PARTITION BY RANGE (bucket);
CREATE INDEX usage_minutes_by_bucket ON usage_minutes (bucket);
CREATE INDEX usage_quarters_by_bucket ON usage_quarters (bucket);
CREATE INDEX usage_quarters_by_user ON usage_quarters (user_id, bucket);
CREATE INDEX usage_days_by_bucket ON usage_days (bucket);
CREATE INDEX usage_days_by_user ON usage_days (user_id, bucket);

-- What lies in no other partition: what comes very late, or too early.
CREATE TABLE usage_minutes_rest PARTITION OF usage_minutes DEFAULT;
CREATE TABLE usage_quarters_rest PARTITION OF usage_quarters DEFAULT;
CREATE TABLE usage_days_rest PARTITION OF usage_days DEFAULT;

-- Minutes by day, quarters by month, days by year. What has come too early moves in.
CREATE FUNCTION ensure_rollup_partition(parent text, unit text, the_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first timestamp := date_trunc(unit, the_day::timestamp);
    lower timestamptz := first AT TIME ZONE 'UTC';
    upper timestamptz := (first + ('1 ' || unit)::interval) AT TIME ZONE 'UTC';
    part  text := parent || '_' || to_char(first, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent);
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS)', part, parent);
    EXECUTE format('WITH early AS (DELETE FROM %I WHERE bucket >= %L AND bucket < %L RETURNING *) '
                   'INSERT INTO %I SELECT * FROM early', parent || '_rest', lower, upper, part);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, lower, upper);
END
$$;
SELECT ensure_rollup_partition('usage_minutes', 'day', (now() AT TIME ZONE 'UTC')::date + n) FROM generate_series(-1, 7) n;
SELECT ensure_rollup_partition('usage_quarters', 'month', (now() AT TIME ZONE 'UTC')::date + n) FROM generate_series(-1, 31, 32) n;
SELECT ensure_rollup_partition('usage_days', 'year', (now() AT TIME ZONE 'UTC')::date + n) FROM generate_series(-1, 31, 32) n;

-- How long things are kept, in days; 0: for ever. Minutes and quarters are kept as long as reports read them
-- (controlplane/usage/sources.h). Events come in up to 400 days late, so until then none may be forgotten.
CREATE TABLE usage_retention (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    days_days       integer NOT NULL DEFAULT 0 CHECK (days_days >= 0),
    events_days     integer NOT NULL DEFAULT 0 CHECK (events_days = 0 OR events_days > 400),
    quarantine_days integer NOT NULL DEFAULT 400 CHECK (quarantine_days >= 0),
    -- Sums stay at least as long as what they are sums of.
    CHECK (days_days = 0 OR (events_days > 0 AND days_days >= events_days)),
    revision        bigint NOT NULL DEFAULT 1,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
INSERT INTO usage_retention DEFAULT VALUES;

-- Days (UTC, of the start) whose sums agree with their events, and what was found when they were last compared.
CREATE TABLE usage_rollup_days (
    day         date PRIMARY KEY,
    compared_at timestamptz NOT NULL,
    rebuilt     integer NOT NULL DEFAULT 0
);

-- Rows before that are one for each bucket and dimensions, but for what came late.
CREATE TABLE usage_compaction (
    rollup          text PRIMARY KEY,
    compacted_until timestamptz NOT NULL
);
INSERT INTO usage_compaction SELECT unnest('{usage_minutes,usage_quarters,usage_days}'::text[]), '2000-01-01 00:00:00Z';
