// What a node learns with an acknowledgement: money is never counted less than it was spent, and decisions get through.
#include <map>
#include <mutex>
#include <thread>

#include "tests/integration/billing/reporting.h"
#include "tests/support/eventually.h"

namespace sluice::billing {

namespace {

using sluice::testing::eventually;
using sluice::testing::kGenerous;
using sluice::testing::TempDir;
using testing::Books;
using testing::cost_of;
using testing::event_for;
using testing::new_id;
using testing::open_journal;
using testing::options;
using testing::Server;
using usage::Journal;
using usage::Uploader;

// What a node believes: newest balances, and costs that are not in them yet.
class Belief {
 public:
  void finish(const usage::v1::UsageEvent& event) {
    const std::lock_guard lock(mutex_);
    for (const std::string& purse : event.purses()) {
      purses_[purse].unacknowledged += event.cost_nano_usd();
      purses_[purse].spent += event.cost_nano_usd();
    }
  }
  void acknowledge(std::span<const usage::AckedCost> costs, std::span<const usage::PurseBalance> balances) {
    const std::lock_guard lock(mutex_);
    for (const usage::AckedCost& cost : costs)
      purses_[cost.purse].unacknowledged -= cost.cost_nano;
    for (const usage::PurseBalance& balance : balances) {
      One& one = purses_[balance.purse];
      if (balance.version < one.version) continue;
      one.version = balance.version;
      one.balance = balance.balance_nano;
    }
    for (const auto& [id, one] : purses_)
      undercounts_ += one.unacknowledged < 0 || one.balance - one.unacknowledged > -one.spent ? 1 : 0;
  }
  // After a restart: only what the journal says.
  void restart(const Journal& journal) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, one] : purses_)
      one.unacknowledged = 0;
    journal.for_each_unacknowledged([this](const usage::v1::UsageEvent& event) {
      for (const std::string& purse : event.purses())
        purses_[purse].unacknowledged += event.cost_nano_usd();
    });
  }
  [[nodiscard]] int undercounts() {
    const std::lock_guard lock(mutex_);
    return undercounts_;
  }
  // Whether every purse is known exactly, nothing unacknowledged.
  [[nodiscard]] bool exact() {
    const std::lock_guard lock(mutex_);
    return std::ranges::all_of(purses_, [](const auto& entry) {
      return entry.second.unacknowledged == 0 && entry.second.balance == -entry.second.spent;
    });
  }

 private:
  struct One {
    std::int64_t spent = 0, unacknowledged = 0, balance = 0;
    std::uint64_t version = 0;
  };
  std::mutex mutex_;
  std::map<std::string, One> purses_;
  int undercounts_ = 0;
};

usage::UploaderOptions telling(Belief& belief) {
  usage::UploaderOptions told = options();
  told.on_acknowledged = [&belief](auto costs, auto balances) { belief.acknowledge(costs, balances); };
  return told;
}

void spend(Journal& journal, Belief& belief, const std::string& user, const std::string& key, int count) {
  for (int i = 0; i < count; ++i) {
    auto event = event_for(user, i % 20);
    event.set_api_key_id(key);
    event.add_purses("user:" + user);
    event.add_purses("key:" + key + ":total");
    // Counted before anybody can report it, as a node does.
    belief.finish(event);
    if (!journal.intent(event) || !journal.final(event)) std::abort();
  }
}

usage::v1::DecisionRecord decision() {
  usage::v1::DecisionRecord record;
  record.set_request_id(new_id());
  record.set_status(429);
  return record;
}

}  // namespace

TEST_CASE("what a node believes of a purse is never more than is left, and exact in the end") {
  Books books;
  const std::string user = books.add_user();
  const std::string key = new_id();
  const TempDir dir;
  Server server(books, dir);
  Belief belief;
  auto journal = open_journal(dir);
  for (int round = 0; round < 3; ++round) {
    Uploader uploader(*journal, server.channel(), telling(belief));
    std::thread worker([&] { spend(*journal, belief, user, key, 700); });
    spend(*journal, belief, user, key, 300);
    // Acknowledgements get lost: the batches come again.
    server.stop();
    server.start();
    worker.join();
    if (round != 1) REQUIRE(uploader.flush(kGenerous));
  }
  Uploader uploader(*journal, server.channel(), telling(belief));
  REQUIRE(uploader.flush(kGenerous));
  REQUIRE(eventually(kGenerous, [&] { return belief.exact(); }));
  CHECK(belief.undercounts() == 0);
  CHECK(books.drift().empty());
}

TEST_CASE("a node that was killed finds in its journal what was not acknowledged") {
  Books books;
  const std::string user = books.add_user();
  const std::string key = new_id();
  const TempDir dir;
  Server server(books, dir);
  Belief belief;
  auto journal = open_journal(dir);
  spend(*journal, belief, user, key, 300);
  server.stop();
  {
    const Uploader nobody_listens(*journal, server.channel(), telling(belief));
  }
  journal.reset();
  journal = open_journal(dir);
  belief.restart(*journal);
  CHECK_FALSE(belief.exact());
  server.start();
  Uploader uploader(*journal, server.channel(), telling(belief));
  REQUIRE(uploader.flush(kGenerous));
  REQUIRE(eventually(kGenerous, [&] { return belief.exact(); }));
  CHECK(belief.undercounts() == 0);
}

TEST_CASE("decision records reach the control plane without any event, and leave the journal") {
  Books books;
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  usage::UploaderOptions small = options();
  small.batch_decisions = 7;
  Uploader uploader(*journal, server.channel(), small);
  for (int i = 0; i < 50; ++i)
    journal->decision(decision());
  const auto stored = [&] { return books.number("SELECT count(*) AS n FROM request_decisions"); };
  REQUIRE(eventually(kGenerous, [&] { return stored() == 50; }));
  REQUIRE(eventually(kGenerous, [&] { return journal->stats().decisions == 0; }));
  server.stop();
  for (int i = 0; i < 20; ++i)
    journal->decision(decision());
  CHECK(journal->stats().decisions == 20);
  server.start();
  REQUIRE(eventually(kGenerous, [&] { return journal->stats().decisions == 0; }));
  CHECK(stored() == 70);
  REQUIRE(eventually(kGenerous, [&] { return uploader.stats().decisions == 70; }));
  CHECK(journal->stats().decisions_lost == 0);
}

TEST_CASE("decision records that the database refuses hold up no event") {
  Books books;
  const std::string user = books.add_user();
  const TempDir dir;
  Server server(books, dir);
  auto journal = open_journal(dir);
  testing::value_of(books.try_sql("ALTER TABLE request_decisions RENAME TO elsewhere"));
  journal->decision(decision());
  const auto event = event_for(user, 5);
  REQUIRE(journal->final(event).has_value());
  Uploader uploader(*journal, server.channel(), options());
  REQUIRE(eventually(kGenerous, [&] { return books.events() == 1; }));
  REQUIRE(eventually(kGenerous, [&] { return journal->stats().decisions == 0; }));
}

}  // namespace sluice::billing
