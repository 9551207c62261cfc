// What a Messages API request asks for, read from its JSON body. Plain data; reading is thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fakes {

struct ToolCall {
  std::string name;
  std::string input_json;  // smallest value that fits the tool's input_schema
};

struct Call {
  std::string model;
  bool stream = false;
  std::uint64_t max_tokens = 0;
  bool thinking = false;          // thinking.type is enabled or adaptive
  bool thinking_omitted = false;  // thinking.display is omitted: the block comes without its text
  bool tool_forced = false;       // tool_choice is any or tool
  std::vector<ToolCall> tools;    // callable tools; the one named by tool_choice first
  bool has_tool_result = false;   // the last message answers a tool call
  std::string tool_result;        // its text, shortened
  std::string document_text;      // start of the last document's text, for citations
  // Input tokens by formula: every run of string values in tools, system and messages, in that order, is
  // ceil(bytes / 4) tokens. A cache_control ends a run and puts it to the cache writes of its ttl.
  std::uint64_t input_tokens = 0;  // not in any cache
  std::uint64_t cache_5m_tokens = 0;
  std::uint64_t cache_1h_tokens = 0;
};

// An empty string, or what the vendor's invalid_request_error would say. `needs_max_tokens`: /v1/messages but not
// count_tokens.
std::string read_call(std::string_view body, bool needs_max_tokens, Call& out);

}  // namespace sluice::fakes
