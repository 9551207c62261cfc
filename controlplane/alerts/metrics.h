// What an alert rule may watch. Each metric is one question to the database whose answer is the objects that are beyond
// the rule's threshold. Plain data; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"

namespace sluice::alerts {

struct Metric {
  std::string_view name;
  // Of the threshold: "percent", "seconds", "nano-USD"; empty: a number.
  std::string_view unit;
  std::string_view about;
  // Returns object_id, object_name, value. $1: threshold, $2: now, $3: window in seconds, $4: one object's id or "".
  std::string_view sql;
};

// By name.
[[nodiscard]] std::span<const Metric> metrics();
// nullptr if there is none of that name.
[[nodiscard]] const Metric* find_metric(std::string_view name);

// An object that is beyond the threshold.
struct Finding {
  std::string object_id = {};
  std::string object_name;
  std::int64_t value = 0;
};

// More are not looked at: what is wrong with 200 objects is wrong with something else.
inline constexpr std::size_t kMostFindings = 200;

struct Question {
  std::int64_t threshold = 0;
  std::int64_t window_seconds = 300;
  std::string object_id = {};
};
[[nodiscard]] Result<std::vector<Finding>> ask(db::Transaction& tx, const Metric& metric, const Question& question,
                                               SystemTime now);

}  // namespace sluice::alerts
