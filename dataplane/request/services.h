// What one worker's requests share: made once by bootstrap, used on the worker's thread only.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/crypto/api_key.h"
#include "common/http/client_pool.h"
#include "common/http/server_connection.h"
#include "common/io/worker.h"
#include "dataplane/limit/limiter.h"
#include "dataplane/pick/candidates.h"
#include "dataplane/pick/decision_ring.h"
#include "dataplane/pick/health_share.h"
#include "dataplane/pick/sticky.h"
#include "dataplane/request/decision_rate.h"
#include "dataplane/request/metrics.h"
#include "dataplane/request/overload.h"
#include "dataplane/request/retry_budget.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/usage/journal.h"

namespace sluice::request {

class Sessions;

// Where the snapshot's settings say nothing.
inline constexpr std::chrono::milliseconds kFirstKeepalive{10'000};
inline constexpr std::chrono::milliseconds kLongestWait{30'000};

// Limits that come from the node's config file; the fleet's come with the snapshot.
struct Settings {
  http::ServerLimits server;
  http::ClientLimits client;
  std::size_t max_body_bytes = 32 * 1024 * 1024;         // where the snapshot's settings say nothing
  std::size_t max_answer_bytes = 64 * 1024 * 1024;       // of an answer that is not a stream
  std::chrono::milliseconds first_byte{300'000};         // upstream's head
  std::chrono::milliseconds stream_idle{120'000};        // between two reads of a stream
  std::chrono::milliseconds total{1'800'000};            // a whole request
  std::chrono::milliseconds drain_after_client{60'000};  // reading on for billing once the client left
  std::chrono::seconds keepalive{15};                    // where the snapshot's settings say nothing
  std::vector<Network> trusted_proxies;                  // whose x-forwarded-for is believed
};

// An upstream refused a credential of this revision. Thread-safe, never blocks.
using ReportCredential =
    std::function<void(const std::string& account_id, std::uint64_t revision, unsigned upstream_status)>;

struct Services {
  io::Worker& worker;
  const Clock& clock;
  const Settings& settings;
  const std::string& node_id;
  const crypto::ApiKeyHasher& key_hasher;
  snapshot::SnapshotHolder& snapshots;
  limit::Limiter& limiter;
  pick::Chooser& chooser;
  pick::StickyMemory& conversations;
  pick::HealthShare& health;
  pick::DecisionRing& decisions;
  usage::Journal& journal;
  http::ClientPool& upstreams;
  Sessions& sessions;
  RetryBudget& retries;
  DecisionRate& decision_rate;
  const ReportCredential& report_credential;
  Overload& overload;
  Metrics& metrics;
};

}  // namespace sluice::request
