#include "tests/fakes/anthropic/stream_writer.h"

#include <array>
#include <charconv>
#include <utility>

#include "tests/fakes/anthropic/citation.h"
#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

std::string chunk(std::string_view bytes) {
  char size[17];
  const auto [end, problem] = std::to_chars(size, size + sizeof size, bytes.size(), 16);
  return cat({{size, static_cast<std::size_t>(end - size)}, "\r\n", bytes, "\r\n"});
}

std::string event_text(std::string_view name, std::string_view data) {
  return cat({"event: ", name, "\ndata: ", data, "\n\n"});
}

std::string delta_data(std::size_t index, std::string_view fields) {
  return cat({R"({"type":"content_block_delta","index":)", std::to_string(index), ",\"delta\":{", fields, "}}"});
}

std::string word_fields(std::uint64_t n, bool thinking) {
  return thinking ? cat({R"("type":"thinking_delta","thinking":")", word(n), "\""})
                  : cat({R"("type":"text_delta","text":")", word(n), "\""});
}

// The chunks of the commonest events, made once: text pieces in the first two blocks.
std::string_view ready_word(std::size_t index, std::uint64_t n) {
  static const auto kReady = [] {
    std::array<std::array<std::string, kWords>, 2> made;
    for (std::size_t block = 0; block < made.size(); ++block) {
      for (std::uint64_t i = 0; i < kWords; ++i) {
        made[block][i] = chunk(event_text("content_block_delta", delta_data(block, word_fields(i, false))));
      }
    }
    return made;
  }();
  return kReady[index][n % kWords];
}

constexpr std::string_view kPing = R"({"type": "ping"})";

}  // namespace

StreamWriter::StreamWriter(const Answer& answer, const Steering& steering, Script& out)
    : answer_(answer), steering_(steering), out_(out) {
  if (steering.gzip) gzip_.emplace();
  strike_at_ = steering.after.value_or(static_cast<std::uint32_t>(answer.deltas / 2));
  faulty_ = steering.cut != Cut::kNone || !steering.error_event.empty() || steering.garbage;
}

void StreamWriter::write() {
  extra_delay_ms_ = steering_.first_delay_ms;
  if (steering_.garbage && !steering_.after) return strike();
  preamble();
  for (const Block& part : answer_.blocks) {
    block(part);
    ++index_;
  }
  ending();
}

void StreamWriter::preamble() {
  if (steering_.cut == Cut::kAfterHeaders) return strike();
  std::string start = cat({R"({"type":"message_start","message":{"model":)", json_string(answer_.model), R"(,"id":")",
                           answer_.id, R"(","type":"message","role":"assistant","content":[],"stop_reason":null,)",
                           R"("stop_sequence":null,"stop_details":null)"});
  if (!answer_.no_usage) start += cat({",\"usage\":", message_usage_json(answer_.usage, answer_.usage.output ? 1 : 0)});
  event("message_start", start + "}}");
  for (std::uint32_t i = 0; i < steering_.pings; ++i)
    event("ping", kPing, steering_.ping_delay_ms);
  if (steering_.cut == Cut::kAfterPreamble) return strike();
  if (steering_.stall_after == 0u && steering_.stall_for_ms == 0) {
    out_.end = End::kHold;
    struck_ = true;
  }
  if (!steering_.error_event.empty() && steering_.after == 0u) strike();
}

void StreamWriter::block(const Block& part) {
  if (struck_) return;
  const std::string start =
      cat({R"({"type":"content_block_start","index":)", std::to_string(index_), ",\"content_block\":"});
  if (part.kind == Block::Kind::kThinking) {
    event("content_block_start", start + R"({"type":"thinking","thinking":"","signature":""}})");
    words(part, true);
    delta(cat({R"("type":"signature_delta","signature":")", kSignature, "\""}));
  } else if (part.kind == Block::Kind::kToolUse) {
    event("content_block_start", cat({start, R"({"type":"tool_use","id":")", part.tool_id, R"(","name":)",
                                      json_string(part.tool.name), ",\"input\":{}}}"}));
    const std::string_view input = part.tool.input_json;
    event("content_block_delta", delta_data(index_, R"("type":"input_json_delta","partial_json":"")"));
    for (std::string_view half : {input.substr(0, input.size() / 2), input.substr(input.size() / 2)}) {
      delta(cat({R"("type":"input_json_delta","partial_json":)", json_string(half)}));
    }
  } else {
    const std::string_view citations = part.citation.empty() ? "" : R"("citations":[],)";
    event("content_block_start", cat({start, "{", citations, R"("type":"text","text":""}})"}));
    if (!part.citation.empty()) {
      delta(cat({R"("type":"citations_delta","citation":)", citation_json(part.citation)}));
    }
    if (!part.lead.empty()) delta(cat({R"("type":"text_delta","text":)", json_string(part.lead)}));
    words(part, false);
  }
  event("content_block_stop", cat({R"({"type":"content_block_stop","index":)", std::to_string(index_), "}"}));
}

void StreamWriter::words(const Block& part, bool thinking) {
  for (std::uint64_t i = 0; i < part.words && !struck_; ++i)
    word_delta(i, thinking);
}

void StreamWriter::ending() {
  if (faulty_ && !struck_) strike();
  std::string last = cat({R"({"type":"message_delta","delta":{"stop_reason":")", answer_.stop_reason,
                          R"(","stop_sequence":null,"stop_details":null})"});
  if (!answer_.no_usage) last += cat({",\"usage\":", delta_usage_json(answer_.usage)});
  event("message_delta", last + "}");
  event("message_stop", R"({"type":"message_stop"})");
  if (struck_) return;
  terminate();
  out_.complete = true;
}

void StreamWriter::event(std::string_view name, std::string_view data, std::uint32_t delay_ms, std::uint32_t deltas) {
  if (!struck_) bytes(event_text(name, data), delay_ms, deltas);
}

void StreamWriter::bytes(std::string_view text, std::uint32_t delay_ms, std::uint32_t deltas) {
  out_.add(chunk(gzip_ ? gzip_->add(text) : text), delay_ms + std::exchange(extra_delay_ms_, 0), deltas);
}

bool StreamWriter::before_delta() {
  if (struck_ || strikes_now()) return false;
  ++emitted_;
  return true;
}

void StreamWriter::delta(std::string_view fields) {
  if (before_delta()) event("content_block_delta", delta_data(index_, fields), steering_.token_delay_ms, 1);
}

void StreamWriter::word_delta(std::uint64_t n, bool thinking) {
  if (thinking || gzip_ || index_ > 1) return delta(word_fields(n, thinking));
  if (!before_delta()) return;
  const std::uint32_t delay_ms = steering_.token_delay_ms + std::exchange(extra_delay_ms_, 0);
  out_.add_static(ready_word(index_, n), delay_ms, 1);
}

// Whether a fault's place is reached; a stall that ends only delays what follows.
bool StreamWriter::strikes_now() {
  if (steering_.stall_after == emitted_) {
    if (steering_.stall_for_ms == 0) {
      out_.end = End::kHold;
      return struck_ = true;
    }
    extra_delay_ms_ += steering_.stall_for_ms;
  }
  if (faulty_ && emitted_ == strike_at_) strike();
  return struck_;
}

void StreamWriter::strike() {
  if (struck_) return;
  if (steering_.garbage) {
    bytes("\x01\x02<<not an event stream>>\ndata: {\"type\":\"content_blo\n\ndata: nonsense\n\n", 0, 0);
    terminate();
  } else if (!steering_.error_event.empty()) {
    event("error", cat({R"({"type":"error","error":{"details":null,"type":)", json_string(steering_.error_event),
                        R"(,"message":"Overloaded"},"request_id":")", make_id("req_"), "\"}"}));
    terminate();
  } else if (steering_.cut == Cut::kClean) {
    terminate();
  } else {
    if (steering_.cut == Cut::kMidEvent) {
      const std::string whole = event_text("content_block_delta", delta_data(index_, word_fields(0, false)));
      bytes(std::string_view(whole).substr(0, whole.size() - 12), steering_.token_delay_ms, 0);
    }
    out_.end = steering_.reset_connection ? End::kReset : End::kClose;
  }
  struck_ = true;
}

void StreamWriter::terminate() {
  if (gzip_) out_.add(chunk(gzip_->finish({})));
  out_.add_static("0\r\n\r\n");
}

}  // namespace sluice::fakes
