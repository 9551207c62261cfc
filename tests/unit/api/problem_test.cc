#include "controlplane/api/problem.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace sluice::api {

TEST_CASE("gRPC codes have their HTTP statuses") {
  const std::pair<grpc::StatusCode, unsigned> cases[] = {
      {grpc::StatusCode::INVALID_ARGUMENT, 400},  {grpc::StatusCode::UNAUTHENTICATED, 401},
      {grpc::StatusCode::PERMISSION_DENIED, 403}, {grpc::StatusCode::NOT_FOUND, 404},
      {grpc::StatusCode::ALREADY_EXISTS, 409},    {grpc::StatusCode::FAILED_PRECONDITION, 409},
      {grpc::StatusCode::ABORTED, 412},           {grpc::StatusCode::RESOURCE_EXHAUSTED, 429},
      {grpc::StatusCode::UNIMPLEMENTED, 501},     {grpc::StatusCode::UNAVAILABLE, 503},
      {grpc::StatusCode::DEADLINE_EXCEEDED, 504}, {grpc::StatusCode::INTERNAL, 500},
      {grpc::StatusCode::UNKNOWN, 500},           {grpc::StatusCode::DATA_LOSS, 500},
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
  using Field = http::OwnedField;
  CHECK(std::find(reply.fields.begin(), reply.fields.end(), Field{"content-type", "application/problem+json"}) !=
        reply.fields.end());
  CHECK(std::find(reply.fields.begin(), reply.fields.end(), Field{"x-request-id", "r-1"}) != reply.fields.end());
}

TEST_CASE("statuses of HTTP itself have problems too") {
  for (const unsigned status : {400U, 404U, 405U, 408U, 413U, 415U, 431U, 504U}) {
    const Problem problem = problem_of(status, "x");
    CHECK(problem.status == status);
    CHECK(problem.type.starts_with("urn:sluice:problem:"));
    CHECK_FALSE(problem.title.empty());
  }
  const auto fields = answer(problem_of(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "")), "r").fields;
  CHECK(std::find(fields.begin(), fields.end(), http::OwnedField{"www-authenticate", "Bearer"}) != fields.end());
}

}  // namespace sluice::api
