// Reads usage and the end of a Messages answer as it passes. Counts are cumulative: the last value that is present
// wins, nothing is ever added up (docs/billing.md). One per answer; no I/O.
#pragma once

#include "dataplane/protocol/protocol.h"

namespace sluice::protocol::anthropic {

class MessagesReader final : public AnswerReader {
 public:
  Signals read_events(std::string_view events) override;
  Result<> read_body(const std::string& body) override;
  [[nodiscard]] const Usage& usage() const override { return usage_; }

 private:
  void read_event(std::string_view name, std::string_view data, Signals& signals);

  Usage usage_;
  std::string start_usage_;  // verbatim, from message_start
};

}  // namespace sluice::protocol::anthropic
