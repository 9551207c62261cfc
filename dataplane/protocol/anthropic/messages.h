// The Anthropic Messages protocol (docs.anthropic.com, "Messages" and "Streaming messages").
#pragma once

#include "dataplane/protocol/protocol.h"

namespace sluice::protocol::anthropic {

class Messages final : public Protocol {
 public:
  [[nodiscard]] std::string_view name() const override { return "anthropic"; }
  [[nodiscard]] Result<Call> read_call(const std::string& body) const override;
  [[nodiscard]] std::unique_ptr<AnswerReader> open_answer() const override;
  [[nodiscard]] std::optional<UpstreamError> read_error(const std::string& body, unsigned status) const override;
  [[nodiscard]] std::string error_body(const ApiError& error, std::string_view request_id) const override;
  [[nodiscard]] std::string error_event(const ApiError& error, std::string_view request_id) const override;
  [[nodiscard]] std::string_view keepalive_event() const override {
    return "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  }
  [[nodiscard]] std::string last_user_text(const std::string& body) const override;
  [[nodiscard]] std::string local_answer(const Call& call, std::string_view text,
                                         std::string_view request_id) const override;
};

// "authentication_error" for 401 and so on.
[[nodiscard]] std::string_view error_type(unsigned status);

}  // namespace sluice::protocol::anthropic
