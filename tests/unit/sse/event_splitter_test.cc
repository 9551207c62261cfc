#include "common/sse/event_splitter.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace sluice::sse;

namespace {

std::vector<std::string> events_of(std::string_view bytes) {
  std::vector<std::string> events;
  for (std::string_view event = take_event(bytes); !event.empty(); event = take_event(bytes))
    events.emplace_back(event);
  return events;
}

const std::string kStreams[] = {
    "event: a\ndata: 1\n\nevent: b\ndata: 2\n\n",
    "event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\n\r\n",
    ": comment\n\ndata:1\n\n\ndata: x\ndata: y\n\n",
    "\n: comment\r\n\r\ndata: 1\r\n: mixed\n\rdata: 2\n\n\n\n",
};

}  // namespace

TEST_CASE("a stream cut at any byte comes out whole and only in whole events") {
  for (const std::string& stream : kStreams) {
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      EventSplitter splitter;
      std::string out(splitter.push(std::string_view(stream).substr(0, cut)));
      // Whether a lone CR at the end is a whole line end is told by what follows.
      if (!out.empty()) CHECK(end_of_last_event(out + ":") == out.size());
      out += splitter.push(std::string_view(stream).substr(cut));
      CHECK(out == stream);
      CHECK_FALSE(splitter.holds_partial());
    }
  }
}

TEST_CASE("byte by byte gives the same events as at once") {
  for (const std::string& stream : kStreams) {
    EventSplitter splitter;
    std::string out;
    for (char c : stream)
      out += splitter.push(std::string_view(&c, 1));
    CHECK(events_of(out) == events_of(stream));
  }
}

TEST_CASE("lone CRs end lines, also the last one of what was handed on") {
  CHECK(events_of("data: 1\r\rdata: 2\r\r") == std::vector<std::string>{"data: 1\r\r", "data: 2\r\r"});
}

TEST_CASE("an unfinished event is held back") {
  EventSplitter splitter;
  CHECK(splitter.push("data: 1\n\ndata: 2") == "data: 1\n\n");
  CHECK(splitter.holds_partial());
  CHECK(splitter.at_boundary());
  CHECK(splitter.push("\n\n") == "data: 2\n\n");
  CHECK_FALSE(splitter.holds_partial());
}

TEST_CASE("an oversized event is streamed, and the boundary behind it is found") {
  EventSplitter splitter(64);
  std::string out(splitter.push("data: " + std::string(40, 'x')));
  CHECK(out.empty());
  std::string second(40, 'y');
  out += splitter.push(second);
  CHECK(out.size() == 86);
  CHECK_FALSE(splitter.at_boundary());
  std::string third(100, 'z');
  out += splitter.push(third);
  CHECK(out.size() == 186);
  CHECK_FALSE(splitter.at_boundary());
  CHECK(splitter.push("\n\ndata: 2\n\nda") == "\n\ndata: 2\n\n");
  CHECK(splitter.at_boundary());
  CHECK(splitter.holds_partial());
}

TEST_CASE("fields are read with and without the space, comments are passed over") {
  Event event = parse_event("event: message_start\ndata: {\"a\":1}\n\n");
  CHECK(event.name == "message_start");
  CHECK(event.data == "{\"a\":1}");
  CHECK_FALSE(event.more_data);
  event = parse_event(": note\r\ndata:one\r\ndata: two\r\nid: 4\r\n\r\n");
  CHECK(event.name.empty());
  CHECK(event.data == "one");
  CHECK(event.more_data);
}
