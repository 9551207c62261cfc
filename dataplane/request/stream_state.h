// What a streamed answer has come to, and what each thing that can happen to it means: event in, decision out, no I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "common/sse/event_splitter.h"
#include "dataplane/protocol/protocol.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::request {

class StreamState {
 public:
  explicit StreamState(std::unique_ptr<protocol::AnswerReader> reader) : reader_(std::move(reader)) {}

  // How the stream ends, with what the client is told. `error` is empty where the end is the upstream's own.
  struct End {
    sluice::usage::v1::Outcome outcome;
    std::string_view error;
    unsigned status = 502;
  };

  // Takes upstream bytes; returns those that may go to the client now (valid until the next call).
  struct Step {
    std::string_view forward;
    bool usage = false;
    bool terminal = false;  // settle before `forward` goes out
    bool garbage = false;   // the stream began with something that is not of this protocol
  };
  [[nodiscard]] Step push(std::string_view bytes);

  // The body's framing ended cleanly / the connection broke / it was silent for too long.
  [[nodiscard]] End on_end() const;
  [[nodiscard]] End on_cut() const;
  [[nodiscard]] End on_stall() const;
  [[nodiscard]] End on_garbage() const;
  // The client left. After the terminal event that is a success.
  [[nodiscard]] End on_client_gone() const;
  // The gateway ends it: drain limit.
  [[nodiscard]] End on_gateway_end() const;

  // True between two events: only there may a keepalive or an error event be put.
  [[nodiscard]] bool at_boundary() const { return splitter_.at_boundary(); }
  [[nodiscard]] bool terminal() const { return terminal_; }
  [[nodiscard]] const protocol::Usage& usage() const { return reader_->usage(); }

 private:
  [[nodiscard]] End broken(std::string_view why, unsigned status) const;

  std::unique_ptr<protocol::AnswerReader> reader_;
  sse::EventSplitter splitter_;
  bool content_ = false;
  bool terminal_ = false;
  bool error_ = false;
  bool known_ = false;  // an event of the protocol was seen
};

}  // namespace sluice::request
