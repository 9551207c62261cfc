// What a streamed answer has come to, and what each thing that can happen to it means: event in, decision out, no I/O.
// The same for every protocol.
//
//   preamble --first content--> content --terminal or error event--> ended
//      |                           |
//      | fault: another account    | cut, stall, client gone: the end says so, nothing is ever spliced
//      v may be tried              v
//
// The preamble (message_start, role chunks ...) is held back: until the first content nothing has reached the client,
// and a failure is nobody's business but ours.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/sse/event_splitter.h"
#include "dataplane/protocol/protocol.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::request {

class StreamEngine {
 public:
  enum class Phase : std::uint8_t { kPreamble, kContent, kEnded };
  // Why an answer was none, before its first content.
  enum class Fault : std::uint8_t { kNone, kErrorEvent, kGarbage, kEmpty };

  explicit StreamEngine(std::unique_ptr<protocol::AnswerReader> reader) : reader_(std::move(reader)) {}

  // Takes upstream bytes; returns those that may go to the client now (valid until the next call).
  struct Step {
    std::string_view forward;
    bool committed = false;  // this step reached the first content
    bool usage = false;
    bool progress = false;  // anything but keepalives came
    bool broken = false;    // nothing behind `forward` belongs to this answer
    bool terminal = false;  // settle before `forward` goes out
    Fault fault = Fault::kNone;
  };
  [[nodiscard]] Step push(std::string_view bytes);
  // After a fault that nobody can mend: the held answer goes to the client as it is.
  [[nodiscard]] std::string_view give_up_holding();

  // How the stream ends, with what the client is told. `error` is empty where the end is the upstream's own.
  struct End {
    sluice::usage::v1::Outcome outcome;
    std::string_view error;
    unsigned status = 502;
  };
  // The body's framing ended cleanly / the connection broke / it was silent for too long.
  [[nodiscard]] End on_end() const;
  [[nodiscard]] End on_cut() const;
  [[nodiscard]] End on_stall() const;
  // The client left. After the terminal event that is a success.
  [[nodiscard]] End on_client_gone() const;
  // The gateway ends it: drain limit, money used up.
  [[nodiscard]] End on_gateway_end() const;
  [[nodiscard]] End on_money_used_up() const;

  [[nodiscard]] Phase phase() const { return phase_; }
  // True between two events: only there may a keepalive or an error event be put.
  [[nodiscard]] bool at_boundary() const { return splitter_.at_boundary(); }
  [[nodiscard]] const protocol::Usage& usage() const { return reader_->usage(); }
  // The upstream's own error event, if there was one.
  [[nodiscard]] bool failed_upstream() const { return error_; }
  [[nodiscard]] const protocol::UpstreamError& upstream_error() const { return reader_->error(); }

 private:
  [[nodiscard]] Step in_preamble(std::string_view events);
  [[nodiscard]] Step in_content(std::string_view events);
  void take(const protocol::Signals& signals, Step& step);
  [[nodiscard]] End broken(std::string_view why, unsigned status) const;

  std::unique_ptr<protocol::AnswerReader> reader_;
  sse::EventSplitter splitter_;
  std::string held_;  // the preamble, without pings
  Phase phase_ = Phase::kPreamble;
  bool content_ = false;
  bool error_ = false;
  bool known_ = false;  // an event of the protocol was seen
};

}  // namespace sluice::request
