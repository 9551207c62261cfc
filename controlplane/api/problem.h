// Errors as HTTP answers: problem details (RFC 9457). Pure; any thread.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "common/http/message_server.h"

namespace sluice::api {

// What is wrong with one field or parameter of the request.
struct FieldProblem {
  std::string field;  // "user.email"
  std::string detail;
};

struct Problem {
  unsigned status = 500;
  std::string type;   // "urn:sluice:problem:not-found"
  std::string title;  // the same for every problem of the type
  std::string detail;
  std::vector<FieldProblem> errors;
};

// An INVALID_ARGUMENT that starts with a field ("user.email: must be ...") is about that field. ABORTED is what
// services answer to a stale etag: 412.
[[nodiscard]] Problem problem_of(const grpc::Status& status);
// For what no RPC saw: 400, 404, 405, 408, 413, ...
[[nodiscard]] Problem problem_of(unsigned http_status, std::string detail);

// A 401 says how to authenticate, a 503 or 429 when to come back.
[[nodiscard]] http::WholeAnswer answer(const Problem& problem, const std::string& request_id);

}  // namespace sluice::api
