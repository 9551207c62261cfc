// Reads usage, content and the end of a Messages answer as it passes. Counts are cumulative: the last value that is
// present wins, nothing is ever added up (docs/billing.md). One per answer; no I/O.
#pragma once

#include "dataplane/protocol/protocol.h"

namespace sluice::protocol::anthropic {

class MessagesReader final : public AnswerReader {
 public:
  Signals read_events(std::string_view events) override;
  void read_oversized(std::string_view piece) override;
  Result<Body> read_body(const std::string& body) override;
  [[nodiscard]] const Usage& usage() const override { return usage_; }
  [[nodiscard]] const UpstreamError& error() const override { return error_; }

 private:
  void read_event(std::string_view name, std::string_view data, Signals& signals);
  void read_block_start(std::string_view data, Signals& signals);
  void read_usage_event(bool start, std::string_view data, Signals& signals);

  Usage usage_;
  std::string start_usage_;  // verbatim, from message_start
  std::size_t bytes_seen_ = 0;
  bool started_ = false;      // message_start was seen
  bool solid_block_ = false;  // the open block is content by itself, such as a tool call
  UpstreamError error_;
};

// {"type":"error","error":{"type","message"}}; nothing if the JSON is anything else.
[[nodiscard]] std::optional<UpstreamError> read_error_object(std::string_view json, unsigned default_status);

}  // namespace sluice::protocol::anthropic
