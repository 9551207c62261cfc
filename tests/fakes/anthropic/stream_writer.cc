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

// What a reader of event streams must pass over.
constexpr std::array<std::string_view, 6> kJunk{
    ": a comment\n\n",
    "id: 7\nretry: 100\n\n",
    "event: vendor_news\ndata: {\"type\":\"vendor_news\",\"news\":[1,{\"deep\":null}]}\n\n",
    "a line of nonsense\n\n",
    "data: {\"type\":\"nameless_future_event\"}\n\n",
    "\n\n:\n",
};

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

}  // namespace

StreamWriter::StreamWriter(const Answer& answer, const Steering& steering, Script& out)
    : answer_(answer), steering_(steering), out_(out) {
  if (steering.gzip) gzip_.emplace();
  strike_at_ = steering.after.value_or(static_cast<std::uint32_t>(answer.deltas / 2));
  faulty_ = steering.cut != Cut::kNone || !steering.error_event.empty() || steering.garbage || steering.stall ||
            steering.endless != Endless::kNone;
  if (steering.at_event) strike_at_ = static_cast<std::uint64_t>(-1);
  ordinary_ = !steering.gzip && !steering.crlf && !steering.junk && !steering.until_close;
}

void StreamWriter::write() {
  extra_delay_ms_ = steering_.first_delay_ms;
  if (steering_.garbage && !steering_.after && !steering_.at_event) return strike();
  preamble();
  for (const Block& part : answer_.blocks) {
    block(part);
    ++index_;
  }
  ending();
}

void StreamWriter::message_start() {
  std::string start = cat({R"({"type":"message_start","message":{"model":)", json_string(answer_.model), R"(,"id":")",
                           answer_.id, R"(","type":"message","role":"assistant","content":[],"stop_reason":null,)",
                           R"("stop_sequence":null,"stop_details":null)"});
  if (!answer_.no_usage) start += cat({",\"usage\":", message_usage_json(answer_, answer_.usage.output ? 1 : 0)});
  event("message_start", start + "}}");
}

void StreamWriter::preamble() {
  if (steering_.cut == Cut::kAfterHeaders) return strike();
  message_start();
  for (std::uint32_t i = 0; i < steering_.pings; ++i)
    event("ping", kPing, steering_.ping_delay_ms);
  if (steering_.cut == Cut::kAfterPreamble) return strike();
  if (steering_.stall_after == 0u && steering_.stall_for_ms == 0) {
    out_.end = End::kHold;
    struck_ = true;
  }
  if (faulty_ && steering_.cut == Cut::kNone && steering_.after == 0u) strike();
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
  if (faulty_ && !steering_.at_event) strike();
  std::string last = cat({R"({"type":"message_delta","delta":{"stop_reason":")", answer_.stop_reason,
                          R"(","stop_sequence":null,"stop_details":null})"});
  if (!answer_.no_usage) last += cat({",\"usage\":", delta_usage_json(answer_)});
  event("message_delta", last + "}");
  event("message_stop", R"({"type":"message_stop"})");
  const bool delivered = !struck_;
  if (steering_.double_end) event("message_stop", R"({"type":"message_stop"})");
  if (steering_.late_usage) {
    event("message_delta",
          R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":999999}})");
  }
  if (faulty_) strike();  // behind the last event
  out_.complete = delivered;
  if (!struck_) terminate();
}

void StreamWriter::event(std::string_view name, std::string_view data, std::uint32_t delay_ms, std::uint32_t deltas) {
  if (faulty_ && steering_.at_event == events_) strike();
  if (struck_) return;
  ++events_;
  if (steering_.junk) junk();
  emit(name, data, delay_ms, deltas);
}

void StreamWriter::junk() {
  bytes(framed(kJunk[events_ % kJunk.size()]), 0, 0);
}

void StreamWriter::emit(std::string_view name, std::string_view data, std::uint32_t delay_ms, std::uint32_t deltas) {
  bytes(framed(event_text(name, data)), delay_ms, deltas);
}

std::string StreamWriter::framed(std::string_view text) const {
  return steering_.crlf ? with_crlf(text) : std::string(text);
}

void StreamWriter::bytes(std::string_view text, std::uint32_t delay_ms, std::uint32_t deltas) {
  std::string sent = gzip_ ? gzip_->add(text) : std::string(text);
  if (!steering_.until_close) sent = chunk(sent);
  out_.add(std::move(sent), delay_ms + std::exchange(extra_delay_ms_, 0), deltas);
}

bool StreamWriter::before_delta() {
  if (struck_ || strikes_now()) return false;
  ++emitted_;
  return true;
}

void StreamWriter::delta(std::string_view fields) {
  if (!before_delta()) return;
  event("content_block_delta", delta_data(index_, fields), steering_.token_delay_ms, 1);
  if (steering_.double_start && emitted_ == 1) message_start();
}

void StreamWriter::word_delta(std::uint64_t n, bool thinking) {
  if (thinking || !ordinary_ || steering_.double_start || index_ > 1) return delta(word_fields(n, thinking));
  if (!before_delta()) return;
  if (faulty_ && steering_.at_event == events_) return strike();
  ++events_;
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
  if (std::exchange(struck_, true)) return;
  if (steering_.garbage) {
    bytes("\x01\x02<<not an event stream>>\ndata: {\"type\":\"content_blo\n\ndata: nonsense\n\n", 0, 0);
    terminate();
  } else if (!steering_.error_event.empty()) {
    const std::string_view said = steering_.message.empty() ? "Overloaded" : std::string_view(steering_.message);
    emit("error",
         cat({R"({"type":"error","error":{"details":null,"type":)", json_string(steering_.error_event),
              ",\"message\":", json_string(said), R"(},"request_id":")", make_id("req_"), "\"}"}),
         0, 0);
    terminate();
  } else if (steering_.endless != Endless::kNone) {
    go_on_forever();
  } else if (steering_.stall) {
    out_.end = End::kHold;
  } else if (steering_.cut == Cut::kClean) {
    terminate();
  } else {
    if (steering_.cut == Cut::kMidEvent) {
      const std::string whole = event_text("content_block_delta", delta_data(index_, word_fields(0, false)));
      bytes(std::string_view(whole).substr(0, whole.size() - 12), steering_.token_delay_ms, 0);
    }
    if (steering_.cut == Cut::kBadChunk) out_.add_static("so much\r\nfor chunks\r\n");
    out_.end = steering_.reset_connection ? End::kReset : End::kClose;
  }
}

void StreamWriter::go_on_forever() {
  const std::uint32_t pace_ms = steering_.token_delay_ms > 0 ? steering_.token_delay_ms : 10;
  out_.repeat_from(out_.steps().size());
  if (steering_.endless == Endless::kPings) emit("ping", kPing, pace_ms, 0);
  if (steering_.endless == Endless::kComments) bytes(framed(": still there\n\n"), pace_ms, 0);
  if (steering_.endless == Endless::kText) {
    emit("content_block_delta", delta_data(index_, word_fields(0, false)), pace_ms, 1);
  }
}

void StreamWriter::terminate() {
  if (gzip_) {
    const std::string rest = gzip_->finish({});
    out_.add(steering_.until_close ? rest : chunk(rest));
  }
  if (!steering_.until_close) out_.add_static("0\r\n\r\n");
}

}  // namespace sluice::fakes
