#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "common/sse/event_splitter.h"
#include "dataplane/protocol/anthropic/messages.h"

using namespace sluice::protocol;

namespace {

auto read_call(std::string body) {
  body.reserve(body.size() + 64);
  return anthropic::Messages().read_call(body);
}

const std::string kStart =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":1203,"
    "\"cache_creation_input_tokens\":975,\"cache_read_input_tokens\":8888,\"cache_creation\":{"
    "\"ephemeral_5m_input_tokens\":321,\"ephemeral_1h_input_tokens\":654},\"output_tokens\":1}}}\n\n";
const std::string kContent =
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
    "\"text\":\"message_stop\"}}\n\n";
const std::string kDelta =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"input_tokens\":1203,"
    "\"cache_creation_input_tokens\":975,\"output_tokens\":457}}\n\n";
const std::string kStop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

}  // namespace

TEST_CASE("a call is read, with stream absent meaning false") {
  auto call = read_call(R"({"model":"claude-x","max_tokens":10,"messages":[]})");
  REQUIRE(call);
  CHECK(call->model == "claude-x");
  CHECK_FALSE(call->stream);
  CHECK(call->max_tokens == 10);
}

TEST_CASE("wrong types of deciding members are refused") {
  for (const char* body : {R"({"max_tokens":1})", R"({"model":7})", R"({"model":""})", R"({"model":"a","stream":1})",
                           R"({"model":"a","stream":null})", R"({"model":"a","max_tokens":"100"})",
                           R"({"model":"a","max_tokens":1e3})", R"({"model":"a","max_tokens":-1})"}) {
    INFO(body);
    CHECK_FALSE(read_call(body));
  }
}

TEST_CASE("usage of a stream: last present value wins and the cache split survives message_delta") {
  auto reader = anthropic::Messages().open_answer();
  auto first = reader->read_events(kStart);
  CHECK(first.usage);
  CHECK_FALSE(first.content);
  CHECK(reader->usage().output == 1);
  auto content = reader->read_events(kContent);
  CHECK(content.content);
  CHECK_FALSE(content.terminal);
  auto end = reader->read_events(kDelta + kDelta + kStop);
  CHECK(end.terminal);
  const Usage& usage = reader->usage();
  CHECK(usage.input == 1203);
  CHECK(usage.output == 457);
  CHECK(usage.cache_read == 8888);
  CHECK(usage.cache_write_5m == 321);
  CHECK(usage.cache_write_1h == 654);
  CHECK(usage.reported());
  CHECK(usage.raw.find("\"output_tokens\":457") != std::string::npos);
  CHECK(usage.raw.find("ephemeral_1h_input_tokens") != std::string::npos);
}

TEST_CASE("cache writes without a split count as 5 minute writes") {
  auto reader = anthropic::Messages().open_answer();
  CHECK(reader->read_body(R"({"usage":{"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":30}})"));
  CHECK(reader->usage().cache_write_5m == 30);
  CHECK_FALSE(reader->usage().cache_write_1h.has_value());
}

TEST_CASE("absent, partial and explicit zero usage are told apart") {
  auto reader = anthropic::Messages().open_answer();
  CHECK(reader->usage().absent());
  CHECK(reader->read_body(R"({"usage":{"input_tokens":0,"output_tokens":0}})"));
  CHECK(reader->usage().reported());
  auto other = anthropic::Messages().open_answer();
  CHECK(other->read_body(R"({"usage":{"input_tokens":5,"output_tokens":-3}})"));
  CHECK_FALSE(other->usage().reported());
  CHECK_FALSE(other->usage().absent());
  CHECK_FALSE(other->read_body("<html>"));
}

TEST_CASE("events without event: lines are understood") {
  auto reader = anthropic::Messages().open_answer();
  auto signals = reader->read_events("data:{\"type\":\"message_stop\"}\r\n\r\n");
  CHECK(signals.terminal);
  CHECK(reader->read_events("data: {\"type\":\"error\",\"error\":{}}\n\n").error);
}

TEST_CASE("errors are valid JSON in the protocol's shape and exactly one event, whatever the text") {
  anthropic::Messages protocol;
  const std::string nasty = "a\n\ndata: x\r\n\"quoted\" \xE2\x80\xA8 \x01";
  ApiError error{.status = 429, .message = nasty, .retry_after = 1};
  auto body = boost::json::parse(protocol.error_body(error, "req-1")).as_object();
  CHECK(body["type"].as_string() == "error");
  CHECK(body["error"].as_object()["type"].as_string() == "rate_limit_error");
  CHECK(std::string_view(body["error"].as_object()["message"].as_string()) == nasty);
  CHECK(body["request_id"].as_string() == "req-1");
  const std::string event = protocol.error_event(error, "req-1");
  std::string_view rest = event;
  CHECK(sluice::sse::take_event(rest).size() == event.size());
  CHECK(event.find('\r') == std::string::npos);
}
