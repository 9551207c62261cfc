// Errors as HTTP answers: problem details (RFC 9457). Pure; any thread.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "common/http/message_server.h"

namespace sluice::api {

struct Problem {
  unsigned status = 500;
  std::string type;   // "urn:sluice:problem:not-found"
  std::string title;  // the same for every problem of the type
  std::string detail;
};

[[nodiscard]] Problem problem_of(const grpc::Status& status);
// For what no RPC saw: 400, 404, 405, 408, 413, ...
[[nodiscard]] Problem problem_of(unsigned http_status, std::string detail);

// With content-type and x-request-id; a 401 says how to authenticate.
[[nodiscard]] http::WholeAnswer answer(const Problem& problem, const std::string& request_id);

}  // namespace sluice::api
