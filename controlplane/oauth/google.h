// Facts about Google accounts behind a login: the Code Assist project and tier, and the Google One tier as the size of
// the Drive storage tells it. Blocking; any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/oauth/route.h"

namespace sluice::oauth {

struct GoogleFacts {
  std::string project;  // empty if there is none
  std::string tier;
  std::int64_t drive_limit_bytes = 0;
  std::int64_t drive_used_bytes = 0;
};

// 1 GB = 2^30 bytes.
[[nodiscard]] std::string_view tier_of_drive(std::int64_t limit_bytes);

struct GoogleOptions {
  int onboard_tries = 5;
  std::chrono::milliseconds onboard_pause{2'000};
  const std::atomic<bool>* stopping = nullptr;  // ends the waiting
};

// For clients of the kinds "code_assist" and "google_one".
[[nodiscard]] Result<GoogleFacts> read_google_facts(const Route& route, const Secret& access_token,
                                                    const FetchOptions& fetch, const GoogleOptions& options);

}  // namespace sluice::oauth
