// The head of an answer that comes from an upstream: an allow-list of its fields and our request id.
#pragma once

#include <string>
#include <vector>

#include "dataplane/request/exchange.h"

namespace sluice::request {

// The fields view the strings here; `text` keeps what the upstream's buffer would not.
struct AnswerHead {
  std::vector<http::Field> fields;
  std::string text;
};

// Valid as long as the returned object and the exchange live, independent of the upstream's buffer.
[[nodiscard]] AnswerHead answer_head(const Exchange& exchange, const http::ResponseHead& head);

[[nodiscard]] bool is_event_stream(const http::ResponseHead& head);

// Whether a body is an error in the protocol's own shape: a JSON object with a member "error".
[[nodiscard]] bool is_error_object(const std::string& body);

}  // namespace sluice::request
