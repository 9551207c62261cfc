#include "dataplane/request/stream_engine.h"

#include <catch2/catch.hpp>
#include <random>

#include "dataplane/protocol/anthropic/messages.h"

using sluice::request::StreamEngine;
namespace v1 = sluice::usage::v1;

namespace {

using Fault = StreamEngine::Fault;
using Phase = StreamEngine::Phase;

const std::string kStart =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,"
    "\"output_tokens\":1}}}\n\n";
const std::string kBlock =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
    "\"text\",\"text\":\"\"}}\n\n";
const std::string kTool =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
    "\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}}\n\n";
const std::string kPing = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
const std::string kContent = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n";
const std::string kDelta =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":5}}\n\n";
const std::string kStop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const std::string kError =
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";

StreamEngine make() {
  return StreamEngine(sluice::protocol::anthropic::Messages().open_answer());
}

StreamEngine engine_after(std::initializer_list<std::string> pieces) {
  StreamEngine engine = make();
  for (const std::string& piece : pieces)
    (void)engine.push(piece);
  return engine;
}

}  // namespace

TEST_CASE("a whole stream ends complete, whatever ends it after the terminal event") {
  const StreamEngine engine = engine_after({kStart, kContent, kDelta, kStop});
  for (const StreamEngine::End& end : {engine.on_end(), engine.on_cut(), engine.on_stall(), engine.on_client_gone(),
                                       engine.on_gateway_end(), engine.on_money_used_up()}) {
    CHECK(end.outcome == v1::OUTCOME_COMPLETE);
    CHECK(end.error.empty());
  }
  CHECK(engine.usage().output == 5);
}

TEST_CASE("the preamble is held until the first content and then goes out in front of it, without pings") {
  StreamEngine engine = make();
  CHECK(engine.push(kStart).forward.empty());
  CHECK(engine.push(kPing + ": a comment\n\n" + kBlock).forward.empty());
  CHECK(engine.phase() == Phase::kPreamble);
  const StreamEngine::Step step = engine.push(kContent);
  CHECK(step.committed);
  CHECK(step.forward == kStart + kBlock + kContent);
  CHECK(engine.phase() == Phase::kContent);
  const std::string more = kPing + kContent;
  const StreamEngine::Step later = engine.push(more);
  CHECK_FALSE(later.committed);
  CHECK(later.forward == kPing + kContent);
}

TEST_CASE("a tool call is content by itself") {
  StreamEngine engine = make();
  CHECK(engine.push(kStart + kTool).forward == kStart + kTool);
}

TEST_CASE("an error event before any content is a fault and nothing is forwarded") {
  StreamEngine engine = make();
  const StreamEngine::Step step = engine.push(kStart + kBlock + kError);
  CHECK(step.fault == Fault::kErrorEvent);
  CHECK(step.forward.empty());
  CHECK(engine.upstream_error().status == 529);
  CHECK(engine.upstream_error().message == "busy");
}

TEST_CASE("an answer without content is a fault that can still be passed on as it came") {
  StreamEngine engine = make();
  const StreamEngine::Step step = engine.push(kStart + kDelta + kStop);
  CHECK(step.fault == Fault::kEmpty);
  CHECK(step.forward.empty());
  CHECK(engine.give_up_holding() == kStart + kDelta + kStop);
  CHECK(engine.usage().output == 5);
}

TEST_CASE("an error event after content goes through once and ends the stream") {
  StreamEngine engine = engine_after({kStart, kContent});
  const std::string events = kError + kContent;
  const StreamEngine::Step step = engine.push(events);
  CHECK(step.terminal);
  CHECK(step.forward == kError);
  CHECK(engine.on_end().error.empty());
  CHECK(engine.on_end().outcome == v1::OUTCOME_UPSTREAM_CUT);
}

TEST_CASE("nothing behind the terminal event is passed on or believed") {
  StreamEngine engine = engine_after({kStart, kContent});
  const std::string late =
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":999}}\n\n";
  const std::string events = kDelta + kStop + kStop + late;
  const StreamEngine::Step step = engine.push(events);
  CHECK(step.terminal);
  CHECK(step.forward == kDelta + kStop);
  CHECK(engine.push(kStart + kContent + late).forward.empty());
  CHECK(engine.usage().output == 5);
}

TEST_CASE("a second beginning is never passed on") {
  StreamEngine engine = engine_after({kStart});
  const std::string events = kContent + kStart + kContent;
  const StreamEngine::Step step = engine.push(events);
  CHECK(step.broken);
  CHECK(step.forward == kStart + kContent);
  StreamEngine held = engine_after({kStart});
  CHECK(held.push(kStart).fault == Fault::kGarbage);
}

TEST_CASE("a clean end without the terminal event is a cut, never an end") {
  const StreamEngine::End end = engine_after({kStart, kContent}).on_end();
  CHECK(end.outcome == v1::OUTCOME_UPSTREAM_CUT);
  CHECK_FALSE(end.error.empty());
}

TEST_CASE("what was relayed is billed, an answer without content is not") {
  CHECK(engine_after({kStart}).on_cut().outcome == v1::OUTCOME_UPSTREAM_ERROR);
  CHECK(engine_after({kStart, kContent}).on_cut().outcome == v1::OUTCOME_UPSTREAM_CUT);
  CHECK(engine_after({kStart, kContent}).on_stall().status == 504);
  CHECK(engine_after({}).on_end().outcome == v1::OUTCOME_UPSTREAM_ERROR);
}

TEST_CASE("what does not begin like the protocol is garbage, comments and later unknown events are not") {
  StreamEngine engine = make();
  CHECK(engine.push(": hello\n\n").fault == Fault::kNone);
  CHECK(engine.push("data: nonsense\n\n").fault == Fault::kGarbage);
  StreamEngine good = make();
  CHECK(good.push(kStart).fault == Fault::kNone);
  CHECK(good.push("event: x_future\ndata: {}\n\n").fault == Fault::kNone);
  CHECK(good.push(kContent).forward == kStart + "event: x_future\ndata: {}\n\n" + kContent);
}

TEST_CASE("an event of several megabytes is passed on in pieces and counts as content") {
  StreamEngine engine = make();
  (void)engine.push(kStart);
  const std::string huge =
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"" +
      std::string(3 * 1024 * 1024, 'x') + "\"}}\n\n";
  std::string seen;
  for (std::size_t at = 0; at < huge.size(); at += 60'000)
    seen += engine.push(std::string_view(huge).substr(at, 60'000)).forward;
  seen += engine.push(kDelta + kStop).forward;
  CHECK(seen == kStart + huge + kDelta + kStop);
  CHECK(engine.on_end().outcome == v1::OUTCOME_COMPLETE);
  CHECK(engine.usage().output_seen > 500'000);
}

TEST_CASE("endless pings never commit and are not collected") {
  StreamEngine engine = make();
  (void)engine.push(kStart);
  for (int i = 0; i < 10'000; ++i)
    REQUIRE(engine.push(kPing).forward.empty());
  CHECK(engine.push(kContent).forward == kStart + kContent);
}

TEST_CASE("cut at every byte: only whole events were forwarded and the cut is seen") {
  const std::string stream = kStart + kBlock + kContent + kDelta + kStop;
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    StreamEngine engine = make();
    const std::string forwarded(engine.push(std::string_view(stream).substr(0, cut)).forward);
    CHECK(sluice::sse::end_of_last_event(forwarded) == forwarded.size());
    CHECK(engine.on_cut().outcome != v1::OUTCOME_COMPLETE);
    CHECK(engine.at_boundary());
  }
}

TEST_CASE("however the bytes are cut into reads, the client sees the same") {
  const std::string stream = kStart + kPing + kBlock + kContent + kPing + kContent + kDelta + kStop + kStop;
  const std::string expected = kStart + kBlock + kContent + kPing + kContent + kDelta + kStop;
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    StreamEngine engine = make();
    std::string seen;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = 1 + random() % 97;
      seen += engine.push(std::string_view(stream).substr(at, size)).forward;
      at += size;
    }
    REQUIRE(seen == expected);
    REQUIRE(engine.phase() == Phase::kEnded);
  }
}
