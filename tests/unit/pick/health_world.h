// One account as a worker sees it, for tests of its health.
#pragma once

#include <optional>

#include "dataplane/pick/health.h"

namespace sluice::testing {

struct HealthWorld {
  static constexpr SystemTime kStart{std::chrono::hours(500'000)};

  snapshot::AccountEntry entry = [] {
    snapshot::AccountEntry account;
    account.id = "a";
    return account;
  }();
  pick::Health health;
  SystemTime now = kStart;

  pick::Lesson learn(unsigned status, provider::LimitSignal limits = {}, std::string_view body = {},
                     std::uint64_t revision = 1, SystemTime began = SystemTime::max(), std::string_view model = "m") {
    return health.observe({.account = entry,
                           .model = model,
                           .credential_revision = revision,
                           .began = began,
                           .status = status,
                           .body = body,
                           .limits = limits},
                          now);
  }
  std::optional<pick::HealthNews> see(unsigned status, provider::LimitSignal limits = {}, std::string_view body = {},
                                      std::uint64_t revision = 1) {
    return learn(status, limits, body, revision).blocked;
  }
  // A good answer; what it ended.
  std::vector<pick::HealthEnd> succeed(SystemTime began = SystemTime::max(), std::uint64_t revision = 1,
                                       std::string_view model = "m") {
    return learn(200, {}, {}, revision, began, model).ended;
  }
  [[nodiscard]] std::optional<pick::Blocked> blocked(std::string_view model = "m", std::uint64_t revision = 1) const {
    return health.blocked("a", model, revision, now);
  }
};

}  // namespace sluice::testing
