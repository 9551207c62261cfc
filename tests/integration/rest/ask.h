// Requests and checks of answers, for tests of REST.
#pragma once

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "tests/conformance/raw_client.h"
#include "tests/integration/rest/user_server.h"

namespace sluice::api {

using http::RawAnswer;
using http::RawClient;

inline std::string request(const std::string& method, const std::string& target, const std::string& body = {},
                           const std::string& token = kToken, const std::string& more = {}) {
  std::string text = method + " " + target + " HTTP/1.1\r\nhost: sluice\r\n" + more;
  if (!token.empty()) text += "authorization: " + token + "\r\n";
  if (!body.empty()) text += "content-length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

inline RawAnswer ask(RawClient& client, const std::string& method, const std::string& target,
                     const std::string& body = {}, const std::string& token = kToken, const std::string& more = {}) {
  client.send(request(method, target, body, token, more));
  return client.read_answer(method == "HEAD");
}

inline bool has(const RawAnswer& answer, const std::string& field) {
  return answer.head.find("\r\n" + field + "\r\n") != std::string::npos;
}

inline boost::json::value problem(const RawAnswer& answer, unsigned status) {
  INFO(answer.head << answer.body);
  REQUIRE(answer.status == status);
  CHECK(has(answer, "content-type: application/problem+json"));
  const boost::json::value body = boost::json::parse(answer.body);
  CHECK(body.at("status") == status);
  CHECK(has(answer, "x-request-id: " + std::string(body.at("request_id").as_string())));
  return body;
}

inline boost::json::value user_of(const RawAnswer& answer) {
  INFO(answer.head << answer.body);
  REQUIRE(answer.status == 200);
  CHECK(has(answer, "content-type: application/json"));
  CHECK(has(answer, "x-content-type-options: nosniff"));
  CHECK(has(answer, "cache-control: no-store"));
  return boost::json::parse(answer.body).at("user");
}

}  // namespace sluice::api
