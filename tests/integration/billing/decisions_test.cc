#include "controlplane/usage/decisions.h"

#include "tests/integration/billing/books.h"

namespace sluice::usage {

namespace {

using billing::testing::Books;
using billing::testing::new_id;
using billing::testing::value_of;

v1::DecisionRecord decision(const std::string& id, std::uint32_t status = 429) {
  v1::DecisionRecord record;
  record.set_request_id(id);
  record.set_user_id(new_id());
  record.mutable_started_at()->set_seconds(1'780'000'000);
  record.set_status(status);
  record.add_candidates()->set_skipped("full");
  return record;
}

DecisionStore::Records records_of(const std::vector<v1::DecisionRecord>& records) {
  return {records.begin(), records.end()};
}

std::optional<Decision> find(Books& books, const std::string& id) {
  return value_of(db::in_transaction(books.pool(), [&](db::Transaction& tx) { return find_decision(tx, id); }));
}

}  // namespace

TEST_CASE("a decision record is kept as it first came") {
  Books books;
  const std::string id = new_id();
  const v1::DecisionRecord first = decision(id);
  value_of(books.decisions().store("node-1", records_of({first, decision(new_id(), 503)})));
  value_of(books.decisions().store("node-2", records_of({decision(id, 200)})));
  const auto found = find(books, id);
  REQUIRE(found.has_value());
  CHECK(found->node_id == "node-1");
  CHECK(found->record.SerializeAsString() == first.SerializeAsString());
  CHECK_FALSE(find(books, new_id()).has_value());
  CHECK(books.number("SELECT count(*) AS n FROM request_decisions WHERE status IN (429, 503)") == 2);
}

TEST_CASE("what is no decision record is passed over, also when it comes twice in one batch") {
  Books books;
  const std::string id = new_id();
  v1::DecisionRecord nobody = decision(new_id());
  nobody.clear_user_id();
  nobody.clear_started_at();
  value_of(books.decisions().store(
      std::string("n\0de", 4),
      records_of({decision("x"), decision("7b7e63d2-9bcd-4f0e-8d5a-0a4e6f6a3c11"), decision(id), decision(id),
                  decision("01000000-0000-7000-8000-000000000000"), nobody, v1::DecisionRecord()})));
  CHECK(books.number("SELECT count(*) AS n FROM request_decisions") == 2);
  CHECK(find(books, id)->node_id == "n?de");
  CHECK(find(books, nobody.request_id()).has_value());
}

TEST_CASE("decision records of more than a week ago go") {
  Books books;
  value_of(
      books.try_sql("INSERT INTO request_decisions (day, request_id, node_id, started_at, status, record) "
                    "SELECT current_date - n, gen_random_uuid(), 'n', now(), 200, '' FROM generate_series(1, 20) n"));
  const auto old = [&] {
    return books.number("SELECT count(*) AS n FROM request_decisions WHERE day < current_date - 8");
  };
  REQUIRE(old() == 12);
  value_of(books.decisions().store("node", records_of({decision(new_id())})));
  CHECK(old() == 0);
  // Those of the last days stay.
  CHECK(books.number("SELECT count(*) AS n FROM request_decisions WHERE day >= current_date - 6") == 7);
}

}  // namespace sluice::usage
