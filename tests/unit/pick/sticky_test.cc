#include "dataplane/pick/sticky.h"

#include <catch2/catch.hpp>
#include <set>

using namespace sluice;
using namespace sluice::pick;
using std::chrono::milliseconds;

TEST_CASE("a session is taken from the headers that clients use, whatever their case") {
  CHECK(session_of({}).empty());
  CHECK(session_of({{"content-type", "application/json"}, {"session-id", ""}}).empty());
  for (const std::string_view name :
       {"X-Claude-Code-Session-Id", "session_id", "Session-Id", "conversation_id", "CONVERSATION-ID"}) {
    CHECK(session_of({{"host", "x"}, {name, "abc"}}) == "abc");
  }
  CHECK(session_of({{"session_id", "second"}, {"x-claude-code-session-id", "first"}}) == "first");
}

TEST_CASE("a conversation's key tells tenants, groups and hints apart") {
  CHECK(sticky_key("u", "g", "", "").empty());
  const std::string key = sticky_key("u", "g", "s", "");
  CHECK(key.size() == 32);
  CHECK(key == sticky_key("u", "g", "s", "whatever the prefix is"));
  const std::set<std::string> keys{key,
                                   sticky_key("u2", "g", "s", ""),
                                   sticky_key("u", "g2", "s", ""),
                                   sticky_key("u", "g", "s2", ""),
                                   sticky_key("u", "g", "", "s"),
                                   sticky_key("ug", "", "s", ""),
                                   sticky_key("", "ug", "s", ""),
                                   sticky_key("u", "gs", "", "x"),
                                   sticky_key("u", "g", "", "sx")};
  CHECK(keys.size() == 9);
}

TEST_CASE("conversations are remembered for their time, the newest of them") {
  StickyMemory memory(3);
  const SteadyTime now{std::chrono::hours(1)};
  memory.bind("a", "account 1", milliseconds(100), now);
  CHECK(memory.find("a", now + milliseconds(99)) == "account 1");
  CHECK(memory.find("a", now + milliseconds(100)).empty());
  CHECK(memory.size() == 0);

  memory.bind("", "nobody", milliseconds(100), now);
  CHECK(memory.find("", now).empty());
  for (const char* key : {"a", "b", "c"})
    memory.bind(key, key, milliseconds(100), now);
  memory.bind("a", "account 2", milliseconds(200), now);
  memory.bind("d", "d", milliseconds(100), now);
  CHECK(memory.size() == 3);
  CHECK(memory.find("b", now).empty());
  CHECK(memory.find("a", now + milliseconds(150)) == "account 2");
  memory.forget("a");
  CHECK(memory.find("a", now).empty());
}
