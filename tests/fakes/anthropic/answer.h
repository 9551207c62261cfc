// The content of one good answer, before it becomes JSON or events. Decided by the request and its steering only:
// the same request always gets the same text and the same token counts. Plain data; composing is thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/anthropic/call.h"
#include "tests/fakes/anthropic/script.h"
#include "tests/fakes/anthropic/steering.h"

namespace sluice::fakes {

struct Block {
  enum class Kind : std::uint8_t { kText, kThinking, kToolUse };
  Kind kind = Kind::kText;
  std::string lead;         // text: a first piece before the words
  std::uint64_t words = 0;  // text and thinking: pieces from word()
  std::string citation;     // text: the text cited
  ToolCall tool;
  std::string tool_id;
  bool omitted = false;  // thinking: without its text

  std::string full_text() const;
};

struct Answer {
  std::string id;
  std::string model;
  std::vector<Block> blocks;
  std::string stop_reason;
  Usage usage;
  std::uint64_t deltas = 0;  // content pieces in the stream, all blocks

  bool no_usage = false;
  std::string raw_input, raw_output;  // instead of the numbers in `usage`, if not empty
};

inline constexpr std::uint64_t kThinkingTokens = 8;
inline constexpr std::string_view kSignature = "EqQBCgIYAhIkZmFrZS1zaWduYXR1cmUtb2YtYS1mYWtlLXRoaW5raW5nLWJsb2Nr";

// The n-th piece of text an answer is made of; plain ASCII that needs no escaping in JSON, n may be any number.
std::string_view word(std::uint64_t n);
inline constexpr std::uint64_t kWords = 16;

// Text pieces: steering tokens, else 16 + input tokens % 17, never above max_tokens (then stop_reason max_tokens).
// Output tokens: one per text piece, 8 for thinking, 10 + ceil(bytes / 4) for a tool call; or steering output.
Answer compose(const Call& call, const Steering& steering);

// JSON of the usage object: of the message (or message_start), and of message_delta.
std::string message_usage_json(const Answer& answer, std::uint64_t output_tokens);
std::string delta_usage_json(const Answer& answer);
// The whole message object: what a request without streaming gets.
std::string message_json(const Answer& answer);

}  // namespace sluice::fakes
