#include <catch2/catch.hpp>

#include "dataplane/protocol/anthropic/messages.h"

namespace {

sluice::protocol::Call read(std::string body) {
  body.reserve(body.size() + 64);
  return sluice::protocol::anthropic::Messages().read_call(body).value();
}

}  // namespace

TEST_CASE("the session of coding agents, in both forms") {
  CHECK(read(R"({"model":"m","metadata":{"user_id":"user_ab_account_cd_session_12-34"}})").session == "12-34");
  CHECK(read(R"({"model":"m","metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"56-78\"}"}})").session ==
        "56-78");
  CHECK(read(R"({"model":"m","metadata":{"user_id":"somebody"}})").session.empty());
  CHECK(read(R"({"model":"m","metadata":{"user_id":"{broken"}})").session.empty());
  CHECK(read(R"({"model":"m","metadata":7})").session.empty());
}

TEST_CASE("without a session the beginning of the prompt names the conversation, however it grows") {
  const auto first = read(R"({"model":"m","system":"You are","messages":[{"role":"user","content":"hello"}]})");
  const auto later = read(
      R"({"model":"m","system":[{"type":"text","text":"You are"}],"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]},{"role":"assistant","content":"hi"}]})");
  CHECK_FALSE(first.prefix.empty());
  CHECK(first.prefix == later.prefix);
  CHECK(read(R"({"model":"m","system":"You are","messages":[{"role":"user","content":"bye"}]})").prefix !=
        first.prefix);
  CHECK(read(R"({"model":"m","system":"You arehello","messages":[]})").prefix != first.prefix);
  CHECK(read(R"({"model":"m","messages":[]})").prefix.empty());
}

TEST_CASE("a long prompt is cut, not copied") {
  const std::string text(100'000, 'x');
  const auto call =
      read(R"({"model":"m","system":")" + text + R"(","messages":[{"role":"user","content":")" + text + "\"}]}");
  CHECK(call.prefix.size() < 2'100);
}
