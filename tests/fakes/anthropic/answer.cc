#include "tests/fakes/anthropic/answer.h"

#include <algorithm>
#include <array>

#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

std::string_view word(std::uint64_t n) {
  static constexpr std::array<std::string_view, kWords> kText{
      "The ",   "water ", "runs ", "through ", "a ",     "narrow ", "gate ", "and ",
      "turns ", "the ",   "old ",  "mill ",    "wheel ", "all ",    "day ",  "long. "};
  return kText[n % kWords];
}

std::string Block::full_text() const {
  if (omitted) return {};
  std::string out = lead;
  for (std::uint64_t i = 0; i < words; ++i)
    out += word(i);
  return out;
}

namespace {

bool calls_tools(const Call& call, const Steering& steering) {
  return !call.tools.empty() && !call.has_tool_result && (steering.tools > 0 || call.tool_forced);
}

Block text_block(const Call& call, const Steering& steering, std::uint64_t words) {
  Block block;
  block.words = words;
  if (call.has_tool_result) block.lead = cat({"The tool said: ", call.tool_result, " "});
  if (steering.huge_event > 0) block.lead += std::string(steering.huge_event, 'x');
  if (steering.citations) block.citation = call.document_text.empty() ? "a narrow gate" : call.document_text;
  return block;
}

void add_thinking(const Call& call, Answer& out) {
  Block block;
  block.kind = Block::Kind::kThinking;
  block.omitted = call.thinking_omitted;
  block.words = block.omitted ? 0 : kThinkingTokens;
  out.usage.thinking = kThinkingTokens;
  out.usage.output += kThinkingTokens;
  out.deltas += block.words + 1;
  out.blocks.push_back(std::move(block));
}

void add_tools(const Call& call, std::uint32_t count, Answer& out) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Block block;
    block.kind = Block::Kind::kToolUse;
    block.tool = call.tools[i % call.tools.size()];
    block.tool_id = make_id("toolu_");
    out.usage.output += 10 + (block.tool.input_json.size() + 3) / 4;
    out.deltas += 2;
    out.blocks.push_back(std::move(block));
  }
}

void set_input_usage(const Call& call, const Steering& steering, Usage& usage) {
  usage.input = steering.input.value_or(call.input_tokens);
  usage.cache_read = steering.cache_read.value_or(0);
  usage.cache_5m = steering.cache_5m.value_or(call.cache_5m_tokens);
  usage.cache_1h = steering.cache_1h.value_or(call.cache_1h_tokens);
  usage.searches = steering.searches;
}

}  // namespace

Answer compose(const Call& call, const Steering& steering) {
  Answer out;
  out.id = make_id("msg_");
  out.model = call.model;
  out.no_usage = steering.no_usage;
  out.raw_input = steering.raw_input;
  out.raw_output = steering.raw_output;
  set_input_usage(call, steering, out.usage);
  if (steering.empty) {
    out.usage.output = steering.output.value_or(1);
    out.stop_reason = steering.stop_reason.empty() ? "end_turn" : steering.stop_reason;
    return out;
  }
  const std::uint64_t prompt = call.input_tokens + call.cache_5m_tokens + call.cache_1h_tokens;
  const bool tools = calls_tools(call, steering);
  std::uint64_t words = steering.tokens.value_or(tools ? 6 : 16 + prompt % 17);
  const bool too_long = call.max_tokens < words;
  words = std::min(words, call.max_tokens);
  if (call.thinking || steering.thinking) add_thinking(call, out);
  Block text = text_block(call, steering, words);
  out.usage.output += words;
  out.deltas += words + (text.lead.empty() ? 0 : 1) + (text.citation.empty() ? 0 : 1);
  out.blocks.push_back(std::move(text));
  if (tools) add_tools(call, std::max(steering.tools, 1u), out);
  out.usage.output = steering.output.value_or(out.usage.output);
  out.stop_reason = !steering.stop_reason.empty() ? steering.stop_reason
                    : tools                       ? "tool_use"
                    : too_long                    ? "max_tokens"
                                                  : "end_turn";
  return out;
}

}  // namespace sluice::fakes
