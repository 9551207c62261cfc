// The one small streaming request that a live test sends, by the account's provider. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/accounts/test_target.h"

namespace sluice::accounts {

// How a provider's stream is written. Code Assist wraps Gemini's, for antigravity accounts, too.
enum class Dialect : std::uint8_t { kAnthropic, kOpenAi, kResponses, kGemini, kCodeAssist };

struct TestRequest {
  Dialect dialect = Dialect::kAnthropic;
  std::string url;
  std::vector<Secret> fields;  // "name: value"
  std::string body;            // JSON
};

inline constexpr std::size_t kLongestPrompt = 4'000;

// `prompt`: empty for a greeting. kInvalidArgument: the prompt; kFailedPrecondition: no live test for this provider.
[[nodiscard]] Result<TestRequest> test_request(const TestTarget& target, std::string_view prompt);

}  // namespace sluice::accounts
