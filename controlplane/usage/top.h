// Who or what used most, and what there is to filter by. Blocking, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/usage/totals.h"

namespace sluice::usage {

enum class Dimension { kUser, kApiKey, kGroup, kAccount, kModel, kErrorClass };
enum class Metric { kCost, kRequests, kTokens };

inline constexpr int kMaxTop = 100;
inline constexpr int kMaxFacets = 50;  // of each dimension

struct TopRow {
  std::string value;
  Totals totals;
  double share = 0;  // of everything, 0 to 1
};

struct Top {
  std::vector<TopRow> rows;           // the most first
  std::optional<TopRow> others = {};  // all others together
  std::int64_t other_values = 0;
};

// `limit`: 1 to kMaxTop.
[[nodiscard]] Result<Top> top(db::Transaction& tx, const ReportFilter& filter, Dimension by, Metric metric, int limit);

struct Facet {
  Dimension dimension;
  std::string value;
  std::int64_t requests;
};

// The most requests first, dimension by dimension.
[[nodiscard]] Result<std::vector<Facet>> facets(db::Transaction& tx, const ReportFilter& filter);

}  // namespace sluice::usage
