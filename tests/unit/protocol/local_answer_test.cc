#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "common/sse/event_splitter.h"
#include "dataplane/protocol/anthropic/messages.h"

using namespace sluice::protocol;

namespace {

Call call(bool stream) {
  Call call;
  call.model = "claude-x";
  call.stream = stream;
  return call;
}

std::string padded(std::string body) {
  body.reserve(body.size() + 64);
  return body;
}

}  // namespace

TEST_CASE("a local answer is a whole message, escaped by a serializer") {
  const auto body =
      boost::json::parse(anthropic::Messages().local_answer(call(false), "say \"hi\"\n", "r1")).as_object();
  CHECK(body.at("type") == "message");
  CHECK(body.at("content").at(0).at("text") == "say \"hi\"\n");
  CHECK(body.at("stop_reason") == "end_turn");
  CHECK(body.at("usage").at("output_tokens") == 0);
}

TEST_CASE("a streamed local answer has every event that clients need, in order") {
  const std::string stream = anthropic::Messages().local_answer(call(true), "New \"topic\"", "r1");
  std::string names;
  std::string text;
  std::string_view rest = stream;
  for (std::string_view bytes = sluice::sse::take_event(rest); !bytes.empty(); bytes = sluice::sse::take_event(rest)) {
    const sluice::sse::Event event = sluice::sse::parse_event(bytes);
    names += std::string(event.name) + " ";
    const auto data = boost::json::parse(std::string(event.data));
    CHECK(data.at("type").as_string() == boost::json::string_view(event.name.data(), event.name.size()));
    if (event.name == "content_block_delta") text = data.at("delta").at("text").as_string().c_str();
  }
  CHECK(rest.empty());
  CHECK(names ==
        "message_start content_block_start content_block_delta content_block_stop message_delta message_stop ");
  CHECK(text == "New \"topic\"");
}

TEST_CASE("the last user message's text, whatever its form") {
  const anthropic::Messages messages;
  CHECK(messages.last_user_text(padded(R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},
      {"role":"user","content":"Warmup"}]})")) == "Warmup");
  CHECK(
      messages.last_user_text(padded(
          R"({"messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image"},{"type":"text","text":"y"}]}]})")) ==
      "x\ny");
  CHECK(messages.last_user_text(padded(R"({"messages":[{"role":"assistant","content":"a"}]})")).empty());
  CHECK(messages.last_user_text(padded(R"({"messages":[]})")).empty());
  CHECK(messages.last_user_text(padded("nonsense")).empty());
}

TEST_CASE("an upstream's error is read in its own words") {
  const anthropic::Messages messages;
  const auto error =
      messages.read_error(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})", 429);
  REQUIRE(error);
  CHECK(error->status == 429);
  CHECK(error->type == "rate_limit_error");
  CHECK(error->message == "slow down");
  CHECK_FALSE(messages.read_error("<html>", 502));
  CHECK_FALSE(messages.read_error(R"({"detail":"x"})", 502));
}
