// The rate-limit headers of an answer, sorted. For limits.cc. Plain value; views into the head.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "common/http/head.h"

namespace sluice::provider::anthropic {

// One of a subscription's windows: anthropic-ratelimit-unified-<name>-<...>.
struct UnifiedWindow {
  std::string_view name;  // "5h", "7d", "7d_opus"; empty: none
  std::string_view status;
  std::string_view reset;
  std::string_view utilization;
};

// One of an API key's limits: anthropic-ratelimit-<name>-<...>.
struct ApiLimit {
  std::string_view name;  // "requests", "tokens", "input-tokens", "output-tokens"; empty: none
  std::string_view remaining;
  std::string_view reset;
};

struct LimitHeaders {
  bool any = false;
  bool unified = false;
  std::string_view status;  // of all windows together
  std::string_view claim;   // which of them decides
  std::string_view reset;
  // Further ones than there is room for are passed over.
  std::array<UnifiedWindow, 6> windows;
  std::array<ApiLimit, 8> limits;
};

[[nodiscard]] LimitHeaders sort_headers(const http::ResponseHead& head);

}  // namespace sluice::provider::anthropic
