#include "tests/fakes/anthropic/answer.h"
#include "tests/fakes/anthropic/citation.h"
#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

std::string details(const Usage& usage) {
  std::string out;
  if (usage.thinking > 0) {
    out += cat({",\"output_tokens_details\":{\"thinking_tokens\":", std::to_string(usage.thinking), "}"});
  }
  if (usage.searches > 0) {
    out += cat({",\"server_tool_use\":{\"web_search_requests\":", std::to_string(usage.searches),
                ",\"web_fetch_requests\":0}"});
  }
  return out;
}

std::string number(const std::string& raw, std::uint64_t value) {
  return raw.empty() ? std::to_string(value) : raw;
}

std::string block_json(const Block& block) {
  switch (block.kind) {
    case Block::Kind::kThinking:
      return cat({R"({"type":"thinking","thinking":)", json_string(block.full_text()), R"(,"signature":")", kSignature,
                  "\"}"});
    case Block::Kind::kToolUse:
      return cat({R"({"type":"tool_use","id":")", block.tool_id, R"(","name":)", json_string(block.tool.name),
                  ",\"input\":", block.tool.input_json, "}"});
    case Block::Kind::kText:
      break;
  }
  std::string out = cat({R"({"type":"text","text":)", json_string(block.full_text())});
  if (!block.citation.empty()) out += cat({",\"citations\":[", citation_json(block.citation), "]"});
  return out + "}";
}

}  // namespace

std::string message_usage_json(const Answer& answer, std::uint64_t output_tokens) {
  const Usage& usage = answer.usage;
  return cat({"{\"input_tokens\":", number(answer.raw_input, usage.input),
              ",\"cache_creation_input_tokens\":", std::to_string(usage.cache_5m + usage.cache_1h),
              ",\"cache_read_input_tokens\":", std::to_string(usage.cache_read),
              ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":", std::to_string(usage.cache_5m),
              ",\"ephemeral_1h_input_tokens\":", std::to_string(usage.cache_1h),
              "},\"output_tokens\":", number(answer.raw_output, output_tokens), details(usage),
              R"(,"service_tier":"standard","inference_geo":"not_available"})"});
}

std::string delta_usage_json(const Answer& answer) {
  const Usage& usage = answer.usage;
  return cat({"{\"input_tokens\":", number(answer.raw_input, usage.input),
              ",\"cache_creation_input_tokens\":", std::to_string(usage.cache_5m + usage.cache_1h),
              ",\"cache_read_input_tokens\":", std::to_string(usage.cache_read),
              ",\"output_tokens\":", number(answer.raw_output, usage.output), details(usage), "}"});
}

std::string message_json(const Answer& answer) {
  std::string out = cat({R"({"model":)", json_string(answer.model), R"(,"id":")", answer.id,
                         R"(","type":"message","role":"assistant","content":[)"});
  for (std::size_t i = 0; i < answer.blocks.size(); ++i) {
    if (i > 0) out += ',';
    out += block_json(answer.blocks[i]);
  }
  out += cat({R"(],"stop_reason":")", answer.stop_reason, R"(","stop_sequence":null,"stop_details":null)"});
  if (!answer.no_usage) out += cat({",\"usage\":", message_usage_json(answer, answer.usage.output)});
  return out + "}";
}

}  // namespace sluice::fakes
