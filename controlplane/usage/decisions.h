// Decision records of requests: why each went where it went. Kept for a week. Blocking, any thread.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/pool.h"
#include "controlplane/db/transaction.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::usage {

// How long a record is kept, counted in whole days of the request id.
inline constexpr std::chrono::days kDecisionsKept{7};

struct Decision {
  v1::DecisionRecord record;
  std::string node_id;
};

// Nothing if it was not kept (any more). kInvalidArgument if `request_id` is no UUID.
[[nodiscard]] Result<std::optional<Decision>> find_decision(db::Transaction& tx, std::string_view request_id);

class DecisionStore {
 public:
  using Records = google::protobuf::RepeatedPtrField<v1::DecisionRecord>;

  // Both outlive this.
  DecisionStore(db::Pool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

  // Keeps the first record of each request; passes over what is malformed or older than kDecisionsKept. Also drops some
  // of what is older, until nothing is left for the day.
  [[nodiscard]] Result<> store(const std::string& node_id, const Records& records);

 private:
  Result<> trim(std::chrono::sys_days today);

  db::Pool& pool_;
  const Clock& clock_;
  std::mutex mutex_;
  std::chrono::sys_days trimmed_{};  // the day on which nothing was left to drop
};

}  // namespace sluice::usage
