#include "controlplane/api/problem.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace sluice::api {

namespace {

bool has(const http::WholeAnswer& reply, const std::string& name, const std::string& value) {
  return std::find(reply.fields.begin(), reply.fields.end(), http::OwnedField{name, value}) != reply.fields.end();
}

}  // namespace

TEST_CASE("gRPC codes have their HTTP statuses") {
  const std::pair<grpc::StatusCode, unsigned> cases[] = {
      {grpc::StatusCode::INVALID_ARGUMENT, 400},  {grpc::StatusCode::UNAUTHENTICATED, 401},
      {grpc::StatusCode::PERMISSION_DENIED, 403}, {grpc::StatusCode::NOT_FOUND, 404},
      {grpc::StatusCode::ALREADY_EXISTS, 409},    {grpc::StatusCode::FAILED_PRECONDITION, 409},
      {grpc::StatusCode::ABORTED, 412},           {grpc::StatusCode::RESOURCE_EXHAUSTED, 429},
      {grpc::StatusCode::UNIMPLEMENTED, 501},     {grpc::StatusCode::UNAVAILABLE, 503},
      {grpc::StatusCode::DEADLINE_EXCEEDED, 504}, {grpc::StatusCode::INTERNAL, 500},
      {grpc::StatusCode::UNKNOWN, 500},           {grpc::StatusCode::DATA_LOSS, 500},
      {grpc::StatusCode::CANCELLED, 503},
  };
  for (const auto& [code, status] : cases) {
    INFO(code);
    CHECK(problem_of(grpc::Status(code, "why")).status == status);
  }
}

TEST_CASE("a problem answer is problem+json with every member") {
  const auto reply = answer(problem_of(grpc::Status(grpc::StatusCode::NOT_FOUND, "no \"user\"")), "r-1");
  CHECK(reply.status == 404);
  const auto body = boost::json::parse(reply.body);
  CHECK(body.at("type") == "urn:sluice:problem:not-found");
  CHECK(body.at("title") == "There is no such object");
  CHECK(body.at("status") == 404);
  CHECK(body.at("detail") == "no \"user\"");
  CHECK(body.at("request_id") == "r-1");
  CHECK_FALSE(body.as_object().contains("errors"));
  CHECK(has(reply, "content-type", "application/problem+json"));
  CHECK(has(reply, "cache-control", "no-store"));
  CHECK(has(reply, "x-content-type-options", "nosniff"));
  CHECK(has(reply, "x-request-id", "r-1"));
}

TEST_CASE("a problem with a field names it apart from the text") {
  const grpc::Status status(grpc::StatusCode::INVALID_ARGUMENT, "user.models[1]: must be a text");
  const auto body = boost::json::parse(answer(problem_of(status), "r").body);
  CHECK(body.at("detail") == "user.models[1]: must be a text");
  REQUIRE(body.at("errors").as_array().size() == 1);
  CHECK(body.at("errors").at(0).at("field") == "user.models[1]");
  CHECK(body.at("errors").at(0).at("detail") == "must be a text");
  for (const char* text : {"the body is not valid JSON: x", "no colon", ": x", "", "a:b"}) {
    INFO(text);
    CHECK(problem_of(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, text)).errors.empty());
  }
  CHECK(problem_of(grpc::Status(grpc::StatusCode::UNAVAILABLE, "database: away")).errors.empty());
}

TEST_CASE("statuses of HTTP itself have problems too") {
  for (const unsigned status : {400U, 404U, 405U, 408U, 413U, 415U, 431U, 504U}) {
    const Problem problem = problem_of(status, "x");
    CHECK(problem.status == status);
    CHECK(problem.type.starts_with("urn:sluice:problem:"));
    CHECK_FALSE(problem.title.empty());
  }
}

TEST_CASE("answers say what the client can do next") {
  const auto unauthenticated = answer(problem_of(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "")), "r");
  CHECK(has(unauthenticated, "www-authenticate", "Bearer"));
  CHECK(has(answer(problem_of(grpc::Status(grpc::StatusCode::UNAVAILABLE, "")), "r"), "retry-after", "1"));
  CHECK(has(answer(problem_of(503, "not ready"), "r"), "retry-after", "1"));
  CHECK_FALSE(has(answer(problem_of(500, ""), "r"), "retry-after", "1"));
}

}  // namespace sluice::api
