// A database with users, and usage events for them.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/base/uuid.h"
#include "controlplane/billing/ingest.h"
#include "controlplane/billing/ledger.h"
#include "controlplane/db/pool.h"
#include "controlplane/store/users.h"
#include "controlplane/usage/decisions.h"
#include "tests/support/migrated_database.h"

namespace sluice::billing::testing {

template <class T>
T value_of(Result<T> result) {
  if (!result) FAIL(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::string new_id() {
  return Uuid::generate(RealClock().now()).to_string();
}

// What an event of `output` tokens costs below.
constexpr std::int64_t cost_of(std::int64_t output) {
  return output * 15'000;
}

inline usage::v1::UsageEvent event_for(const std::string& user_id, std::int64_t output) {
  static const std::string other = new_id();
  usage::v1::UsageEvent event;
  event.set_event_id(new_id());
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(RealClock().now().time_since_epoch()).count();
  event.mutable_started_at()->set_seconds(now);
  event.mutable_ended_at()->set_seconds(now + 1);
  event.set_user_id(user_id);
  event.set_api_key_id(other);
  event.set_group_id(other);
  event.set_account_id(other);
  event.set_price_id(other);
  event.set_protocol("anthropic");
  event.set_requested_model("claude-sonnet-4-5");
  event.set_served_model("claude-sonnet-4-5-20250929");
  event.set_outcome(usage::v1::OUTCOME_COMPLETE);
  event.set_usage_state(usage::v1::USAGE_STATE_REPORTED);
  event.mutable_tokens()->set_output(output);
  event.set_raw_usage("{\"output_tokens\": 1}");
  auto* line = event.add_lines();
  line->set_kind(usage::v1::LINE_KIND_OUTPUT);
  line->set_quantity(output);
  line->set_unit_price(15'000'000'000);
  event.set_multiplier_ppm(1'000'000);
  event.set_cost_nano_usd(cost_of(output));
  return event;
}

inline Ingest::Events batch_of(const std::vector<usage::v1::UsageEvent>& events) {
  return {events.begin(), events.end()};
}

// One database, with everything that the tests ask it.
class Books {
 public:
  explicit Books(std::string conninfo = sluice::testing::migrated_database(), std::size_t connections = 8)
      : pool_({.conninfo = Secret(std::move(conninfo)), .size = connections}),
        ingest_(pool_, clock_),
        decisions_(pool_, clock_) {}

  [[nodiscard]] std::string add_user() {
    store::User user;
    user.id = new_id();
    user.email = user.id + "@example.com";
    return value_of(db::in_transaction(pool_, [&](db::Transaction& tx) { return store::insert_user(tx, user); })).id;
  }
  [[nodiscard]] Adjusted top_up(const std::string& user, std::int64_t amount, const std::string& external_id) {
    return value_of(try_adjust({.user_id = user, .amount_nano_usd = amount, .external_id = external_id}));
  }
  [[nodiscard]] Result<Adjusted> try_adjust(const Adjustment& adjustment) {
    return db::in_transaction(pool_, [&](db::Transaction& tx) { return adjust(tx, adjustment, clock_.now()); });
  }
  [[nodiscard]] Balance balance_of(const std::string& user) {
    return value_of(db::in_transaction(pool_, [&](db::Transaction& tx) { return balance(tx, user); }));
  }
  [[nodiscard]] std::int64_t revision_of(const std::string& user) {
    return value_of(db::in_transaction(pool_, [&](db::Transaction& tx) { return store::get_user(tx, user); })).revision;
  }
  [[nodiscard]] std::vector<Drift> drift() {
    return value_of(db::in_transaction(pool_, [&](db::Transaction& tx) { return check(tx); }));
  }
  // The one number that the statement selects as n.
  [[nodiscard]] std::int64_t number(const std::string& sql) {
    auto rows = value_of(db::in_transaction(pool_, [&](db::Transaction& tx) { return tx.exec(sql); }));
    return rows.front().get<std::int64_t>("n");
  }
  [[nodiscard]] std::int64_t events() { return number("SELECT count(*) AS n FROM usage_events"); }
  [[nodiscard]] Result<db::Rows> try_sql(const std::string& sql) {
    return db::in_transaction(pool_, [&](db::Transaction& tx) { return tx.exec(sql); });
  }
  [[nodiscard]] Ingest& ingest() { return ingest_; }
  [[nodiscard]] usage::DecisionStore& decisions() { return decisions_; }
  [[nodiscard]] db::Pool& pool() { return pool_; }

 private:
  RealClock clock_;
  db::Pool pool_;
  Ingest ingest_;
  usage::DecisionStore decisions_;
};

}  // namespace sluice::billing::testing
