#include "controlplane/usage/events.h"
#include "tests/integration/billing/books.h"

namespace sluice::billing {

using testing::batch_of;
using testing::Books;
using testing::event_for;
using testing::value_of;

TEST_CASE("a stored event reads back as it was sent") {
  Books books;
  auto sent = event_for(books.add_user(), 12);
  sent.mutable_tokens()->set_cache_write_1h(3);
  sent.set_streaming(true);
  sent.set_upstream_status(200);
  sent.set_first_byte_us(123'456);
  sent.set_config_version(77);
  sent.mutable_started_at()->set_nanos(123'456'789);
  value_of(books.ingest().store("node-7", batch_of({sent})));
  const auto read = [&](const std::string& id) {
    return db::in_transaction(books.pool(), [&](db::Transaction& tx) { return usage::get_event(tx, id); });
  };
  const usage::Event event = value_of(read(sent.event_id()));
  CHECK(event.event_id == sent.event_id());
  CHECK(event.user_id == sent.user_id());
  CHECK(event.streaming);
  CHECK(event.outcome == usage::v1::OUTCOME_COMPLETE);
  CHECK(event.usage_state == usage::v1::USAGE_STATE_REPORTED);
  CHECK(event.output_tokens == 12);
  CHECK(event.cache_write_1h_tokens == 3);
  CHECK(event.raw_usage == sent.raw_usage());
  CHECK(event.price_id == sent.price_id());
  REQUIRE(event.lines.size() == 1);
  CHECK(event.lines[0].kind == usage::v1::LINE_KIND_OUTPUT);
  CHECK(event.lines[0].quantity == 12);
  CHECK(event.lines[0].unit_price == 15'000'000'000);
  CHECK(event.cost_nano_usd == sent.cost_nano_usd());
  CHECK(event.first_byte_us == 123'456);
  CHECK(event.config_version == 77);
  CHECK(event.node_id == "node-7");
  CHECK(event.started_at.time_since_epoch().count() % 1'000'000 == 123'456);

  CHECK(read(testing::new_id()).error().code == ErrorCode::kNotFound);
  CHECK(read("nonsense").error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("events are listed newest first, filtered, in pages without gaps or repeats") {
  Books books;
  const std::vector<std::string> users = {books.add_user(), books.add_user()};
  std::vector<usage::v1::UsageEvent> events;
  for (int i = 0; i < 25; ++i) {
    auto event = event_for(users[static_cast<std::size_t>(i % 2)], i);
    // Several start at the same moment.
    event.mutable_started_at()->set_seconds(event.started_at().seconds() - i / 3);
    events.push_back(event);
  }
  value_of(books.ingest().store("node", batch_of(events)));
  const auto all = [&](const usage::EventFilter& filter) {
    std::vector<usage::Event> found;
    store::PageRequest request{.size = 4};
    do {
      auto page = value_of(db::in_transaction(
          books.pool(), [&](db::Transaction& tx) { return usage::list_events(tx, request, filter); }));
      found.insert(found.end(), page.rows.begin(), page.rows.end());
      request.cursor = page.next;
    } while (!request.cursor.empty());
    return found;
  };
  const auto found = all({});
  REQUIRE(found.size() == 25);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ids.insert(found[i].event_id);
    if (i > 0) CHECK(found[i].started_at <= found[i - 1].started_at);
  }
  CHECK(ids.size() == 25);
  CHECK(all({.user_id = users[1]}).size() == 12);
  CHECK(all({.api_key_id = events[0].api_key_id()}).size() == 25);
  CHECK(all({.model = "another"}).empty());
  const SystemTime newest = found.front().started_at;
  CHECK(all({.from = newest}).size() == 3);
  CHECK(all({.until = newest}).size() == 22);
}

}  // namespace sluice::billing
