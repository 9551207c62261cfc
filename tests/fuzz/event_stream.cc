// Whatever an upstream streams, the client sees the same however the bytes are cut into reads; only whole events go
// out, at most one of them ends the stream, and a stream without its end never counts as complete.
#include <cstdlib>
#include <string>

#include "dataplane/protocol/anthropic/messages.h"
#include "dataplane/request/stream_engine.h"

namespace {

using sluice::request::StreamEngine;

struct Relayed {
  std::string seen;
  StreamEngine::Fault fault = StreamEngine::Fault::kNone;
  bool ended = false;
  bool boundary = false;
  sluice::usage::v1::Outcome cut = sluice::usage::v1::OUTCOME_UNSPECIFIED;
};

void require(bool held) {
  if (!held) std::abort();
}

Relayed relay(std::string_view wire, std::size_t piece) {
  StreamEngine engine(sluice::protocol::anthropic::Messages().open_answer());
  Relayed relayed;
  for (std::size_t at = 0; at < wire.size() && relayed.fault == StreamEngine::Fault::kNone; at += piece) {
    const std::string read(wire.substr(at, piece));
    const StreamEngine::Step step = engine.push(read);
    require(!(relayed.ended && !step.forward.empty()));
    relayed.seen += step.forward;
    relayed.fault = step.fault;
    relayed.ended = relayed.ended || step.terminal;
    if (step.broken) break;
  }
  relayed.boundary = engine.at_boundary();
  relayed.cut = engine.on_cut().outcome;
  return relayed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Relayed whole = relay(wire, wire.size() + 1);
  const Relayed cut = relay(wire, 1 + data[0] % 32);
  require(whole.seen == cut.seen && whole.fault == cut.fault && whole.ended == cut.ended);
  require(whole.ended || whole.cut != sluice::usage::v1::OUTCOME_COMPLETE);
  // Whether a lone CR at the end is a whole line end is told by what follows.
  if (whole.boundary) require(sluice::sse::end_of_last_event(whole.seen + ":") == whole.seen.size());
  return 0;
}
