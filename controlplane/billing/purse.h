// Names of purses, as events carry them. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/uuid.h"

namespace sluice::billing {

[[nodiscard]] std::string wallet_purse(const Uuid& user_id);
[[nodiscard]] std::string budget_purse(const Uuid& api_key_id, std::string_view window_id);
[[nodiscard]] std::string subscription_purse(const Uuid& subscription_id, std::string_view window_id);

// In the form of common/money/window.h; whether there is such a day is not asked.
[[nodiscard]] bool is_window_id(std::string_view text);

// The state of one purse at one moment.
struct PurseValue {
  std::int64_t nano_usd = 0;  // a budget's is minus what was spent
  std::int64_t version = 0;   // 0: nothing has ever moved
};
// By purse id.
using Purses = std::map<std::string, PurseValue>;

// Keeps the newer of two values of one purse.
void keep_newest(Purses& into, const Purses& more);

}  // namespace sluice::billing
