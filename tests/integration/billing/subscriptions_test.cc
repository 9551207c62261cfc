#include "controlplane/store/subscriptions.h"

#include <chrono>
#include <random>

#include "common/money/window.h"
#include "controlplane/billing/subscription_windows.h"
#include "controlplane/store/settings.h"
#include "controlplane/store/subscription_spending.h"
#include "tests/integration/billing/subscribed.h"

namespace sluice::billing {

using std::chrono::days;
using std::chrono::hours;
using namespace testing;

namespace {

std::int64_t spent(Books& books, const std::string& id, const std::string& window) {
  return books.number(
      "SELECT coalesce(sum(spent_nano_usd), 0)::bigint AS n FROM subscription_spending "
      "WHERE subscription_id = '" +
      id + "' AND window_id = '" + window + "'");
}

ErrorCode code_of(const Result<store::Subscription>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

SystemTime at(int year, unsigned month, unsigned day, int hour = 12) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) + hours(hour);
}

}  // namespace

TEST_CASE("a subscription pays instead of the wallet, once however often its batches come") {
  Books books;
  const std::string user = books.add_user();
  static_cast<void>(books.top_up(user, 1'000'000, "payment"));
  const auto subscription = assign(books, user, add_plan(books));
  std::vector<usage::v1::UsageEvent> events;
  for (int i = 1; i <= 20; ++i)
    events.push_back(i % 4 == 0 ? event_for(user, i) : subscribed_event(subscription, i));
  std::mt19937 random(7);
  for (int round = 0; round < 4; ++round) {
    std::ranges::shuffle(events, random);
    for (std::size_t i = 0; i < events.size(); i += 6) {
      const std::size_t end = std::min(events.size(), i + 6);
      const auto begin = events.begin() + static_cast<std::ptrdiff_t>(i);
      const auto done =
          value_of(books.ingest().store("node", batch_of({begin, events.begin() + static_cast<std::ptrdiff_t>(end)})));
      CHECK(done.quarantined == 0);
    }
  }
  // 4 + 8 + 12 + 16 + 20 from the wallet, the rest of 210 from the subscription.
  CHECK(books.balance_of(user).nano_usd == 1'000'000 - cost_of(60));
  CHECK(spent(books, subscription.id, "day:2026-11-23") == cost_of(150));
  CHECK(spent(books, subscription.id, "month:2026-11") == cost_of(150));
  CHECK(books.number("SELECT sum(amount_nano_usd)::bigint AS n FROM ledger_lines WHERE account = 'revenue'") ==
        cost_of(210));
  CHECK(books.events() == 20);
  CHECK(books.drift().empty());
}

TEST_CASE("the acknowledgement names what a subscription has spent") {
  Books books;
  const auto subscription = assign(books, books.add_user(), add_plan(books));
  const auto event = subscribed_event(subscription, 3);
  const std::string purse = "sub:" + subscription.id + ":day:2026-11-23";
  for (int i = 0; i < 2; ++i) {
    const auto done = value_of(books.ingest().store("node", batch_of({event})));
    REQUIRE(done.purses.contains(purse));
    CHECK(done.purses.at(purse).nano_usd == -cost_of(3));
    CHECK(done.purses.at(purse).version == 1);
  }
}

TEST_CASE("nobody spends another's subscription") {
  Books books;
  const auto subscription = assign(books, books.add_user(), add_plan(books));
  auto stolen = subscribed_event(subscription, 3);
  stolen.set_user_id(books.add_user());
  auto both = subscribed_event(subscription, 4);
  both.add_purses("user:" + subscription.user_id);
  auto unknown = event_for(subscription.user_id, 5);
  unknown.add_purses("sub:" + new_id() + ":day:2026-11-23");
  const auto done = value_of(books.ingest().store("node", batch_of({stolen, both, unknown})));
  CHECK(done.quarantined == 3);
  CHECK(spent(books, subscription.id, "day:2026-11-23") == 0);
  CHECK(books.drift().empty());
}

TEST_CASE("subscriptions are assigned once, extended, taken up again and revoked") {
  Books books;
  const std::string user = books.add_user();
  const auto plan = add_plan(books);
  const SystemTime start = now();
  const auto revision = books.revision_of(user);
  const auto first = assign(books, user, plan, start);
  CHECK(first.expires_at == start + days(30));
  CHECK(books.revision_of(user) == revision + 1);
  const store::Assignment again{.user_id = user, .plan_id = plan.id, .days = 10, .note = "n"};
  CHECK(code_of(in_tx(books, [&](db::Transaction& tx) { return store::assign_subscription(tx, again, start); })) ==
        ErrorCode::kAlreadyExists);
  const auto longer =
      value_of(in_tx(books, [&](db::Transaction& tx) { return store::assign_or_extend(tx, again, start); }));
  CHECK(longer.id == first.id);
  CHECK(longer.expires_at == start + days(40));
  const SystemTime later = start + days(100);
  const auto revived =
      value_of(in_tx(books, [&](db::Transaction& tx) { return store::assign_subscription(tx, again, later); }));
  CHECK(revived.id == first.id);
  CHECK(revived.starts_at == later);
  CHECK(revived.expires_at == later + days(10));
  const auto shorter = value_of(
      in_tx(books, [&](db::Transaction& tx) { return store::extend_subscription(tx, first.id, -300, later); }));
  CHECK(shorter.expires_at == later);
  CHECK(value_of(in_tx(books, [&](db::Transaction& tx) { return store::revoke_subscription(tx, first.id); })).revoked);
  CHECK(code_of(in_tx(books, [&](db::Transaction& tx) {
          return store::extend_subscription(tx, first.id, 1, later);
        })) == ErrorCode::kFailedPrecondition);
  CHECK(assign(books, user, plan, later).id != first.id);
}

TEST_CASE("a subscription is assigned once by many at the same time") {
  Books books;
  const std::string user = books.add_user();
  const auto plan = add_plan(books);
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto done = in_tx(books, [&](db::Transaction& tx) {
        return store::assign_subscription(tx, {.user_id = user, .plan_id = plan.id}, now());
      });
      if (done) ++made;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(made == 1);
  CHECK(books.number("SELECT count(*) AS n FROM subscriptions") == 1);
}

TEST_CASE("a plan in use is not deleted, and nodes hear of its limits") {
  Books books;
  const auto plan = add_plan(books);
  const auto subscription = assign(books, books.add_user(), plan);
  const auto remove = [&] {
    return in_tx(books, [&](db::Transaction& tx) { return store::delete_plan(tx, plan.id, std::nullopt, now()); });
  };
  CHECK(remove().error().code == ErrorCode::kFailedPrecondition);
  value_of(books.ingest().store("node", batch_of({subscribed_event(subscription, 3)})));
  const auto usable = value_of(
      in_tx(books, [&](db::Transaction& tx) { return store::usable_subscriptions(tx, std::nullopt, now(), ""); }));
  REQUIRE(usable.size() == 1);
  CHECK(usable[0].user_id == subscription.user_id);
  CHECK(usable[0].group_id == plan.group_id);
  CHECK(usable[0].budgets == std::vector<store::Budget>{{store::BudgetWindow::kDay, 1'000'000'000}});
  value_of(in_tx(books, [&](db::Transaction& tx) { return store::revoke_subscription(tx, subscription.id); }));
  CHECK(value_of(in_tx(books, [&](db::Transaction& tx) {
          return store::usable_subscriptions(tx, std::nullopt, now(), "");
        })).empty());
  CHECK(remove().has_value());
}

TEST_CASE("windows end where clocks change, in three zones") {
  struct Day {
    const char* zone;
    SystemTime noon;
    std::chrono::minutes length;
  };
  const Day test_days[] = {{"America/New_York", at(2026, 3, 8, 17), hours(23)},
                           {"America/New_York", at(2026, 11, 1, 17), hours(25)},
                           {"Europe/Berlin", at(2026, 3, 29), hours(23)},
                           {"Europe/Berlin", at(2026, 10, 25), hours(25)},
                           {"Australia/Lord_Howe", at(2026, 4, 5, 2), std::chrono::minutes(24 * 60 + 30)},
                           {"Australia/Lord_Howe", at(2026, 10, 4, 2), std::chrono::minutes(23 * 60 + 30)}};
  Books books;
  const auto subscription = assign(books, books.add_user(), add_plan(books), at(2026, 1, 1));
  for (const Day& day : test_days) {
    CAPTURE(day.zone, db::format_time(day.noon));
    value_of(books.try_sql("UPDATE settings SET billing_time_zone = '" + std::string(day.zone) + "'"));
    const auto use = [&](SystemTime moment) {
      return value_of(in_tx(books, [&](db::Transaction& tx) { return window_use(tx, subscription, moment); })).at(0);
    };
    const WindowUse whole = use(day.noon);
    CHECK(whole.span.to - whole.span.from == day.length);
    value_of(books.ingest().store("node", batch_of({subscribed_event(subscription, 7, whole.span.id)})));
    const std::int64_t counted = use(day.noon).spent_nano_usd;
    CHECK(counted >= cost_of(7));
    CHECK(use(whole.span.from).spent_nano_usd == counted);
    CHECK(use(whole.span.to - std::chrono::microseconds(1)).spent_nano_usd == counted);
    CHECK(use(whole.span.to).spent_nano_usd == 0);
    CHECK(use(whole.span.to).span.from == whole.span.to);
    CHECK(use(whole.span.from - std::chrono::microseconds(1)).span.to == whole.span.from);
  }
  CHECK(books.drift().empty());
}

TEST_CASE("when the billing time zone moves, windows are summed up anew and the books still agree") {
  Books books;
  const auto subscription = assign(books, books.add_user(), add_plan(books));
  const auto day = [&](const std::string& zone) {
    return value_of(money::window_at(money::Window::kDay, now(), zone)).id;
  };
  const auto move_to = [&](const std::string& zone) {
    value_of(in_tx(books, [&](db::Transaction& tx) -> Result<> {
      auto settings = store::get_settings(tx);
      if (!settings) return std::unexpected(settings.error());
      settings->value.set_billing_time_zone(zone);
      const auto updated = store::update_settings(tx, *settings);
      if (!updated) return std::unexpected(updated.error());
      return {};
    }));
  };
  value_of(books.ingest().store("node", batch_of({subscribed_event(subscription, 5, day(""))})));
  for (const char* zone : {"Pacific/Kiritimati", "Pacific/Niue", "Asia/Kolkata"}) {
    CAPTURE(zone);
    move_to(zone);
    CHECK(spent(books, subscription.id, day(zone)) == cost_of(5));  // it is of this moment
    CHECK(books.drift().empty());
  }
  value_of(books.ingest().store("node", batch_of({subscribed_event(subscription, 6, day("Asia/Kolkata"))})));
  CHECK(spent(books, subscription.id, day("Asia/Kolkata")) == cost_of(11));
  CHECK(books.drift().empty());
}

TEST_CASE("a budget that is set later counts what was before, and the books still agree") {
  Books books;
  const std::string user = books.add_user();
  const std::string group = add_plan(books).group_id;
  const std::string key = new_id();
  value_of(
      books.try_sql("INSERT INTO api_keys (id, user_id, group_id, public_id, last4, key_hmac, pepper_version, status) "
                    "VALUES ('" +
                    key + "', '" + user + "', '" + group + "', 'p', 'l', sha256('k'), 1, 'active')"));
  auto before = event_for(user, 4);
  before.set_api_key_id(key);
  value_of(books.ingest().store("node", batch_of({before})));
  value_of(books.try_sql("INSERT INTO api_key_budgets VALUES ('" + key + "', 'total', 1000)"));
  value_of(in_tx(books, [&](db::Transaction& tx) -> Result<> {
    if (auto owned = store::own_key_spending(tx); !owned) return owned;
    return store::sum_key_spending(tx, {key}, now(), "");
  }));
  auto after = event_for(user, 5);
  after.set_api_key_id(key);
  after.add_purses("key:" + key + ":total");
  value_of(books.ingest().store("node", batch_of({after})));
  CHECK(books.number("SELECT spent_nano_usd AS n FROM key_spending") == cost_of(9));
  CHECK(books.drift().empty());
}

TEST_CASE("a forecast says when a window is used up at the mean speed") {
  const SystemTime start = at(2026, 5, 1, 0);
  const SystemTime end = start + days(1);
  CHECK(forecast(50, 100, start, start + hours(6), end) == start + hours(12));
  CHECK(forecast(100, 100, start, start + hours(6), end) == start + hours(6));
  CHECK_FALSE(forecast(10, 100, start, start + hours(6), end).has_value());
  CHECK_FALSE(forecast(25, 100, start, start + hours(6), end).has_value());  // at the very end
  CHECK_FALSE(forecast(0, 100, start, start + hours(6), end).has_value());
  CHECK_FALSE(forecast(5, 100, start, start, end).has_value());
}

}  // namespace sluice::billing
