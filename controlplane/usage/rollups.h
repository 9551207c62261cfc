// Sums of usage events by minute, quarter of an hour and UTC day (0021_usage_rollups.sql): the SQL that writes them,
// for whoever stores events and for whoever makes them anew. Rows of one bucket and the same dimensions add up.
#pragma once

#include "controlplane/usage/error_class.h"

// What SLUICE_ROLL_UP needs of usage_events beside user_id, api_key_id and cost_nano_usd.
#define SLUICE_ROLLED_UP_COLUMNS                                                                          \
  "started_at, ended_at, group_id, account_id, requested_model, outcome, upstream_status, input_tokens, " \
  "output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, purchase_nano_usd, "   \
  "first_byte_us "

#define SLUICE_ROLLUP_COLUMNS                                                                       \
  "bucket, user_id, api_key_id, group_id, account_id, model, error_class, requests, input_tokens, " \
  "output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nano_usd, " \
  "purchase_nano_usd, duration, first_byte"

#define SLUICE_ROLL_UP_INTO(name, table, bucket)                                                     \
  name " AS (INSERT INTO " table " (" SLUICE_ROLLUP_COLUMNS ") SELECT " bucket                       \
       ", user_id, api_key_id, group_id, account_id, requested_model, error_class, count(*), "       \
       "sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), " \
       "sum(cache_write_1h_tokens), sum(cost_nano_usd), coalesce(sum(purchase_nano_usd), 0), "       \
       "pack_histogram(array_agg(duration)), pack_histogram(array_agg(first_byte)) FROM classed "    \
       "GROUP BY 1, 2, 3, 4, 5, 6, 7)"

// Parts of a WITH. First the rows of `events`, a part before them, with class and latency buckets; then the levels.
#define SLUICE_CLASSED(events)                                                                      \
  "classed AS (SELECT *, " SLUICE_ERROR_CLASS                                                       \
  " AS error_class, latency_bucket((extract(epoch FROM ended_at - started_at) * 1000000)::bigint) " \
  "AS duration, latency_bucket(first_byte_us) AS first_byte FROM " events ")"
#define SLUICE_IN_MINUTES SLUICE_ROLL_UP_INTO("in_minutes", "usage_minutes", "date_trunc('minute', started_at, 'UTC')")
#define SLUICE_IN_QUARTERS                             \
  SLUICE_ROLL_UP_INTO("in_quarters", "usage_quarters", \
                      "date_bin('15 minutes', started_at, timestamptz '2000-01-01 00:00:00Z')")
#define SLUICE_IN_DAYS SLUICE_ROLL_UP_INTO("in_days", "usage_days", "date_trunc('day', started_at, 'UTC')")
