// How requests failed, in a few words. docs/usage.md has the table.
#pragma once

// SQL: a request's error class, from the columns outcome (sluice.usage.v1.Outcome) and upstream_status.
#define SLUICE_ERROR_CLASS                                                                         \
  "CASE outcome WHEN 1 THEN 'none' WHEN 2 THEN 'client_gone' WHEN 3 THEN 'upstream_cut' "          \
  "WHEN 4 THEN CASE WHEN upstream_status = 429 THEN 'rate_limited' WHEN upstream_status = 0 THEN " \
  "'unreachable' WHEN upstream_status < 500 THEN 'refused' ELSE 'upstream_error' END "             \
  "WHEN 5 THEN 'node_crash' ELSE 'gateway_ended' END"
