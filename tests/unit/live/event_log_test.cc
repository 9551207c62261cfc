// The overview as a row of events, and what a client that comes back is given.
#include "controlplane/live/event_log.h"

#include <catch2/catch.hpp>

#include "controlplane/live/overview.h"

namespace sluice::live {

namespace {

admin::v1::Overview with_nodes(const std::vector<std::pair<std::string, std::int64_t>>& nodes) {
  admin::v1::Overview out;
  for (const auto& [id, streams] : nodes) {
    admin::v1::LiveNode& node = *out.add_nodes();
    node.set_id(id);
    node.set_open_streams(streams);
  }
  return out;
}

}  // namespace

TEST_CASE("only what changed is in a difference") {
  const auto before = with_nodes({{"a", 1}, {"b", 1}, {"c", 1}});
  auto after = with_nodes({{"a", 1}, {"b", 2}, {"d", 1}});
  after.mutable_traffic()->set_tokens_per_minute(5);
  admin::v1::LiveAccount& account = *after.add_accounts();
  account.set_id("x");
  const auto delta = difference(before, after);
  REQUIRE(delta.nodes_size() == 2);
  CHECK(delta.nodes(0).id() == "b");
  CHECK(delta.nodes(0).open_streams() == 2);
  CHECK(delta.nodes(1).id() == "d");
  REQUIRE(delta.removed_node_ids_size() == 1);
  CHECK(delta.removed_node_ids(0) == "c");
  CHECK(delta.accounts_size() == 1);
  CHECK(delta.traffic().tokens_per_minute() == 5);
  CHECK_FALSE(is_empty(delta));
  const auto back = difference(after, before);
  REQUIRE(back.removed_account_ids_size() == 1);
  CHECK(back.removed_account_ids(0) == "x");
  CHECK(is_empty(difference(after, after)));
}

TEST_CASE("numbers rise with changes only") {
  EventLog log("s");
  CHECK(log.newest() == 0);
  CHECK(log.update(admin::v1::Overview()));
  CHECK(log.newest() == 1);
  CHECK_FALSE(log.update(admin::v1::Overview()));
  CHECK(log.update(with_nodes({{"a", 1}})));
  CHECK(log.newest() == 2);
}

TEST_CASE("who has seen an event gets the next ones, one by one") {
  EventLog log("s");
  for (int streams = 1; streams <= 5; ++streams)
    CHECK(log.update(with_nodes({{"a", streams}})));
  std::uint64_t seen = log.number_of("s-2");
  CHECK(seen == 2);
  for (int streams = 3; streams <= 5; ++streams) {
    const auto event = log.after(seen);
    seen = log.next(seen);
    REQUIRE(event.has_delta());
    CHECK(event.event_id() == "s-" + std::to_string(streams));
    CHECK(event.delta().nodes(0).open_streams() == streams);
  }
  CHECK(seen == log.newest());
}

TEST_CASE("who has seen nothing, too little, or events of another series gets everything") {
  EventLog log("s");
  const int all = static_cast<int>(EventLog::kKept) + 10;
  for (int streams = 1; streams <= all; ++streams)
    CHECK(log.update(with_nodes({{"a", streams}})));
  const std::string newest = "s-" + std::to_string(all);
  for (const std::uint64_t seen : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{9}}) {
    const auto event = log.after(seen);
    REQUIRE(event.has_snapshot());
    CHECK(event.event_id() == newest);
    CHECK(event.snapshot().nodes(0).open_streams() == all);
    CHECK(log.next(seen) == log.newest());
  }
  // The oldest that is kept.
  CHECK(log.after(10).has_delta());
  CHECK(log.after(10).event_id() == "s-11");
  for (const std::string id : {"", "s", "s-", "s-x", "s-1x", "t-1", "s--1", "s-99999", "s-99999999999999999999999"})
    CHECK(log.number_of(id) == 0);
  CHECK(log.number_of(newest) == log.newest());
}

}  // namespace sluice::live
