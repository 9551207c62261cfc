// Stores batches of usage events and posts them to the ledger: one transaction per batch, exactly once per event id
// however often a batch comes. Thread-safe, blocking.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/billing/event_row.h"
#include "controlplane/billing/purse.h"
#include "controlplane/db/pool.h"
#include "controlplane/db/transaction.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::billing {

struct BatchResult {
  std::uint32_t stored = 0;
  std::uint32_t duplicates = 0;
  std::uint32_t quarantined = 0;
  // Every purse that the events name, as it is after this batch; without those of quarantined events.
  Purses purses = {};
};

class Ingest {
 public:
  using Events = google::protobuf::RepeatedPtrField<usage::v1::UsageEvent>;

  // Both outlive this.
  Ingest(db::Pool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

  // Once it returns a result, every event is durable: stored now, stored before, or in quarantine with the reason. An
  // error (the database is away or full) means that nothing may be acknowledged; storing the same batch again is
  // harmless.
  [[nodiscard]] Result<BatchResult> store(const std::string& node_id, const Events& events);

 private:
  struct Rejected {
    const usage::v1::UsageEvent* event;
    std::string reason;
  };
  using Rows = std::vector<EventRow>;

  Result<> ensure_partitions(const Rows& rows);
  Result<BatchResult> store_or_split(const std::string& node_id, Rows rows);
  Result<BatchResult> store_in(db::Transaction& tx, const std::string& node_id, const Rows& rows);
  Result<> quarantine(const std::string& node_id, const std::vector<Rejected>& rejected);

  db::Pool& pool_;
  const Clock& clock_;
  std::mutex mutex_;
  std::set<std::chrono::sys_days> days_;  // whose partitions are there
};

}  // namespace sluice::billing
