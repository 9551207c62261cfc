// The numbered history of config changes that the publisher reads. Every change of a pushed table is recorded in the
// same transaction as the row, by the functions of this folder; callers never do it themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "controlplane/db/transaction.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::store {

// NOTIFY goes here after each commit that changed config: a hint to look at current_version().
inline constexpr std::string_view kConfigChannel = "sluice_config";

struct ConfigVersion {
  // A UUID; new after a restore of the database: numbers of another epoch mean nothing.
  std::string epoch = {};
  // 0 before the first change; then one more per change, in commit order, without gaps.
  std::int64_t number = 0;
  bool operator==(const ConfigVersion&) const = default;
};

struct Change {
  std::int64_t number = 0;
  config::v1::Kind kind = config::v1::KIND_UNSPECIFIED;
  std::string object_id = {};
  std::int64_t revision = 0;
  config::v1::State state = config::v1::STATE_UNSPECIFIED;
  SystemTime at = {};
};

struct Changes {
  // False if changes after the asked number were trimmed, or if it lies in the future: send a snapshot instead.
  bool complete = false;
  // By number, ascending, at most `limit`.
  std::vector<Change> rows;
};

// Takes the next number and writes the change. Holds the version row until the transaction ends, so keep what follows
// short. Returns the number.
Result<std::int64_t> record_change(db::Transaction& tx, config::v1::Kind kind, std::string_view object_id,
                                   std::int64_t revision, config::v1::State state);

[[nodiscard]] Result<ConfigVersion> current_version(db::Transaction& tx);

// The changes with a number above `number`.
[[nodiscard]] Result<Changes> changes_since(db::Transaction& tx, std::int64_t number, int limit);

// Drops changes that are both older than `before` and not among the newest `keep`. Returns how many were dropped.
Result<std::int64_t> trim_change_log(db::Transaction& tx, std::int64_t keep, SystemTime before);

// After a restore from backup: a new epoch, so that every node asks for a snapshot.
Result<> start_new_epoch(db::Transaction& tx);

}  // namespace sluice::store
