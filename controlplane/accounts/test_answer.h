// Reads a provider's stream, event by event: what the model says, what it cost, how it ended. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/accounts/test_request.h"

namespace sluice::accounts {

// What has been read so far.
struct TestAnswer {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::string stop_reason;
  // The provider's last word has come.
  bool ended = false;
  // It ended with an error instead: its type and message.
  std::string error_type;
  std::string error;
};

// Takes one event's data and returns the text in it. What is no JSON or of no known shape says nothing.
[[nodiscard]] std::string read_event(Dialect dialect, std::string_view data, TestAnswer& answer);

// Type and message of an error body or event; both empty if it is none. At most 500 bytes of each.
struct ErrorWords {
  std::string type;
  std::string message;
};
[[nodiscard]] ErrorWords error_words(std::string_view body);

}  // namespace sluice::accounts
