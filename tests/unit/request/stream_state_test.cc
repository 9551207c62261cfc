#include "dataplane/request/stream_state.h"

#include <catch2/catch.hpp>

#include "dataplane/protocol/anthropic/messages.h"

using sluice::request::StreamState;
namespace v1 = sluice::usage::v1;

namespace {

const std::string kStart =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,"
    "\"output_tokens\":1}}}\n\n";
const std::string kContent = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n";
const std::string kDelta =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":5}}\n\n";
const std::string kStop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const std::string kError = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";

StreamState state_after(std::initializer_list<std::string> pieces) {
  StreamState state(sluice::protocol::anthropic::Messages().open_answer());
  for (const std::string& piece : pieces)
    (void)state.push(piece);
  return state;
}

}  // namespace

TEST_CASE("a whole stream ends complete, whatever ends it after the terminal event") {
  const StreamState state = state_after({kStart, kContent, kDelta, kStop});
  for (const StreamState::End& end :
       {state.on_end(), state.on_cut(), state.on_stall(), state.on_client_gone(), state.on_gateway_end()}) {
    CHECK(end.outcome == v1::OUTCOME_COMPLETE);
    CHECK(end.error.empty());
  }
  CHECK(state.usage().output == 5);
}

TEST_CASE("a clean end without the terminal event is a cut, never an end") {
  const StreamState::End end = state_after({kStart, kContent}).on_end();
  CHECK(end.outcome == v1::OUTCOME_UPSTREAM_CUT);
  CHECK_FALSE(end.error.empty());
}

TEST_CASE("what was relayed is billed, an answer without content is not") {
  CHECK(state_after({kStart}).on_cut().outcome == v1::OUTCOME_UPSTREAM_ERROR);
  CHECK(state_after({kStart, kContent}).on_cut().outcome == v1::OUTCOME_UPSTREAM_CUT);
  CHECK(state_after({kStart, kContent}).on_stall().status == 504);
  CHECK(state_after({}).on_end().outcome == v1::OUTCOME_UPSTREAM_ERROR);
}

TEST_CASE("the upstream's own error event is not doubled") {
  const StreamState state = state_after({kStart, kContent, kError});
  CHECK(state.terminal());
  CHECK(state.on_end().error.empty());
  CHECK(state.on_end().outcome == v1::OUTCOME_UPSTREAM_CUT);
  CHECK(state_after({kError}).on_end().outcome == v1::OUTCOME_UPSTREAM_ERROR);
}

TEST_CASE("the terminal event is announced once, before its bytes go out") {
  StreamState state(sluice::protocol::anthropic::Messages().open_answer());
  CHECK_FALSE(state.push(kStart + kContent).terminal);
  const std::string end = kDelta + kStop;
  const StreamState::Step step = state.push(end);
  CHECK(step.terminal);
  CHECK(step.forward == end);
  CHECK_FALSE(state.push(kStop).terminal);
}

TEST_CASE("what does not begin like the protocol is garbage, comments and later unknown events are not") {
  StreamState state(sluice::protocol::anthropic::Messages().open_answer());
  CHECK_FALSE(state.push(": hello\n\n").garbage);
  CHECK(state.push("data: nonsense\n\n").garbage);
  CHECK(state.on_garbage().outcome == v1::OUTCOME_UPSTREAM_ERROR);
  StreamState good(sluice::protocol::anthropic::Messages().open_answer());
  CHECK_FALSE(good.push(kStart).garbage);
  CHECK_FALSE(good.push("event: x_future\ndata: {}\n\n").garbage);
}

TEST_CASE("a client that leaves, and a gateway that ends, before the terminal event") {
  const StreamState state = state_after({kStart, kContent});
  CHECK(state.on_client_gone().outcome == v1::OUTCOME_CLIENT_GONE);
  CHECK(state.on_gateway_end().outcome == v1::OUTCOME_GATEWAY_ENDED);
  CHECK_FALSE(state.on_gateway_end().error.empty());
}

TEST_CASE("cut at every byte: only whole events were forwarded and the cut is seen") {
  const std::string stream = kStart + kContent + kDelta + kStop;
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    StreamState state(sluice::protocol::anthropic::Messages().open_answer());
    const std::string forwarded(state.push(std::string_view(stream).substr(0, cut)).forward);
    CHECK(sluice::sse::end_of_last_event(forwarded) == forwarded.size());
    CHECK(state.on_cut().outcome != v1::OUTCOME_COMPLETE);
    CHECK(state.at_boundary());
  }
}
