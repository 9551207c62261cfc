#include "controlplane/api/problem.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>

#include "controlplane/api/http_answer.h"

namespace sluice::api {

namespace {

struct Kind {
  unsigned status;
  std::string_view name;
  std::string_view title;
};

Kind kind_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return {400, "invalid-argument", "The request is not valid"};
    case grpc::StatusCode::UNAUTHENTICATED:
      return {401, "unauthenticated", "A valid token is needed"};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {403, "permission-denied", "The token does not allow this"};
    case grpc::StatusCode::NOT_FOUND:
      return {404, "not-found", "There is no such object"};
    case grpc::StatusCode::ALREADY_EXISTS:
      return {409, "already-exists", "There is such an object already"};
    case grpc::StatusCode::FAILED_PRECONDITION:
      return {409, "conflict", "The present state does not allow this"};
    case grpc::StatusCode::ABORTED:
      return {412, "changed-meanwhile", "The object was changed meanwhile"};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {429, "resource-exhausted", "A limit is used up"};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {501, "unimplemented", "The server does not know this method"};
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED:  // only we cancel calls, when stopping
      return {503, "unavailable", "The service is away for now"};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {504, "deadline-exceeded", "It took too long"};
    default:
      return {500, "internal", "The server failed"};
  }
}

Kind kind_of(unsigned status) {
  switch (status) {
    case 404:
      return {404, "no-such-path", "There is no such path"};
    case 405:
      return {405, "method-not-allowed", "The path does not have this method"};
    case 408:
      return {408, "request-timeout", "The request came too slowly"};
    case 413:
      return {413, "too-large", "The request is too large"};
    case 415:
      return {415, "unsupported-media-type", "The body must be JSON"};
    case 503:
      return kind_of(grpc::StatusCode::UNAVAILABLE);
    case 504:
      return kind_of(grpc::StatusCode::DEADLINE_EXCEEDED);
    default:
      if (status >= 500) return {status, "internal", "The server failed"};
      return {status, "bad-request", "The request cannot be read"};
  }
}

Problem make(const Kind& kind, std::string detail) {
  return {kind.status, "urn:sluice:problem:" + std::string(kind.name), std::string(kind.title), std::move(detail), {}};
}

bool is_field_path(std::string_view text) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !text.empty() && fits(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return fits(c) || c == '.' || c == '[' || c == ']'; });
}

}  // namespace

Problem problem_of(const grpc::Status& status) {
  Problem problem = make(kind_of(status.error_code()), status.error_message());
  const std::size_t colon = problem.detail.find(": ");
  if (problem.status == 400 && colon != std::string::npos && is_field_path(problem.detail.substr(0, colon))) {
    problem.errors.push_back({problem.detail.substr(0, colon), problem.detail.substr(colon + 2)});
  }
  return problem;
}

Problem problem_of(unsigned http_status, std::string detail) {
  return make(kind_of(http_status), std::move(detail));
}

http::WholeAnswer answer(const Problem& problem, const std::string& request_id) {
  boost::json::object body{{"type", problem.type},
                           {"title", problem.title},
                           {"status", problem.status},
                           {"detail", problem.detail},
                           {"request_id", request_id}};
  boost::json::array errors;
  for (const FieldProblem& error : problem.errors)
    errors.push_back(boost::json::object{{"field", error.field}, {"detail", error.detail}});
  if (!errors.empty()) body["errors"] = std::move(errors);
  auto out = make_answer(problem.status, "application/problem+json", boost::json::serialize(body), request_id);
  if (problem.status == 401) out.fields.emplace_back("www-authenticate", "Bearer");
  if (problem.status == 503 || problem.status == 429) out.fields.emplace_back("retry-after", "1");
  return out;
}

}  // namespace sluice::api
