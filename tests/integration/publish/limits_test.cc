// Limits, what keys spent, proxies and settings on their way from the database to a node.
#include <catch2/catch.hpp>

#include "common/money/window.h"
#include "controlplane/publish/row_loader.h"
#include "controlplane/store/egress_proxies.h"
#include "controlplane/store/settings.h"
#include "controlplane/store/subscription_plans.h"
#include "controlplane/store/subscriptions.h"
#include "tests/integration/publish/world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;

std::array<std::uint8_t, 32> hmac(char fill) {
  std::array<std::uint8_t, 32> out;
  out.fill(static_cast<std::uint8_t>(fill));
  return out;
}

struct World {
  World() : control(migrated_database()) {
    control.write([&](db::Transaction& tx) -> Result<> {
      if (auto done = store::insert_user(tx, user); !done) return std::unexpected(done.error());
      if (auto done = store::insert_group(tx, group); !done) return std::unexpected(done.error());
      return {};
    });
  }
  store::EgressProxy add_proxy(const std::string& sealed_for = "") {
    store::EgressProxy proxy{.id = new_id(), .name = "out", .url = "socks5h://proxy:1080", .username = "me"};
    proxy.sealed = control.vault().seal("egress_proxies|" + (sealed_for.empty() ? proxy.id : sealed_for) + "|sealed",
                                        Secret("word"));
    return control.write([&](db::Transaction& tx) { return store::insert_egress_proxy(tx, proxy); });
  }
  store::Account account() {
    return {.id = new_id(), .name = "first", .provider = "anthropic", .base_url = "https://api.anthropic.com"};
  }
  void set_spent(const std::string& key_id, const std::string& window_id, std::int64_t amount) {
    control.write([&](db::Transaction& tx) -> Result<> {
      auto done = tx.exec(
          "INSERT INTO key_spending AS s (api_key_id, window_id, spent_nano_usd, version) VALUES ($1, $2, $3, 1) "
          "ON CONFLICT (api_key_id, window_id) DO UPDATE SET spent_nano_usd = $3, version = s.version + 1",
          key_id, window_id, amount);
      if (!done) return std::unexpected(done.error());
      return store::touch_api_keys(tx, {key_id});
    });
  }

  store::User user = new_user();
  store::Group group = new_group();
  ControlPlane control;
};

TEST_CASE("a key comes with its limits, its budgets and what it spent in the windows of today") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  store::ApiKey key = new_key(world.user.id, world.group.id, 'a');
  key.concurrency = 1;
  key.requests_per_minute = 2;
  key.tokens_per_minute = 3;
  key.budgets = {{store::BudgetWindow::kMonth, 40}, {store::BudgetWindow::kTotal, 50}};
  world.control.write([&](db::Transaction& tx) { return store::insert_api_key(tx, key); });
  const SystemTime now = real_clock().now();
  const std::string month = money::window_at(store::BudgetWindow::kMonth, now, "")->id;
  world.set_spent(key.id, "month:2001-01", 9);
  world.set_spent(key.id, month, 4);
  world.set_spent(key.id, "total", 5);
  const auto spent_is = [&](std::int64_t in_month, std::int64_t in_total) {
    const auto config = node.config();
    const snapshot::KeyEntry* found = config->find_key(hmac('a'));
    return found != nullptr && found->spending.size() == 2 && found->spending[0].window_id == month &&
           found->spending[0].spent_nano_usd == in_month && found->spending[1].window_id == "total" &&
           found->spending[1].spent_nano_usd == in_total;
  };
  REQUIRE(eventually(kGenerous, [&] { return spent_is(4, 5); }));
  const auto config = node.config();
  const snapshot::KeyEntry& found = *config->find_key(hmac('a'));
  CHECK(found.concurrency == 1);
  CHECK(found.requests_per_minute == 2);
  CHECK(found.tokens_per_minute == 3);
  REQUIRE(found.budgets.size() == 2);
  CHECK(found.budgets[0].window == config::v1::BUDGET_WINDOW_MONTH);
  CHECK(found.budgets[0].limit_nano_usd == 40);
  CHECK(found.spending[0].version == 1);

  world.set_spent(key.id, month, 6);
  REQUIRE(eventually(kGenerous, [&] { return spent_is(6, 5); }));
  CHECK(node.config()->find_key(hmac('a'))->spending[0].version == 2);
  // The same after a restart, which loads everything anew.
  world.control.stop();
  world.control.start();
  NodeProcess fresh(world.control.address(), "node-2");
  REQUIRE(eventually(kGenerous, [&] { return fresh.config()->find_key(hmac('a')) != nullptr; }));
  CHECK(fresh.config()->find_key(hmac('a'))->spending.size() == 2);
}

TEST_CASE("a user comes with subscriptions and what they spent, and loses them when they are revoked") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  const SystemTime now = real_clock().now();
  const std::string month = money::window_at(store::BudgetWindow::kMonth, now, "")->id;
  store::SubscriptionPlan plan{.id = new_id(), .group_id = world.group.id, .name = "p", .month = 70};
  world.control.write([&](db::Transaction& tx) { return store::insert_plan(tx, plan); });
  const auto subscription = world.control.write([&](db::Transaction& tx) {
    return store::assign_subscription(tx, {.user_id = world.user.id, .plan_id = plan.id}, now);
  });
  const std::string id = subscription.id;
  world.control.write([&](db::Transaction& tx) -> Result<> {
    auto done = tx.exec("INSERT INTO subscription_spending VALUES ($1, $2, 30, 4)", id, month);
    if (!done) return std::unexpected(done.error());
    return store::touch_users(tx, {world.user.id});
  });
  std::shared_ptr<const snapshot::Snapshot> config;  // of what found() answers
  const auto found = [&]() -> const snapshot::SubscriptionEntry* {
    config = node.config();
    const snapshot::UserEntry* user = config->user(world.user.id);
    return user == nullptr ? nullptr : user->subscription(world.group.id, now);
  };
  REQUIRE(eventually(kGenerous, [&] { return found() != nullptr && !found()->spending.empty(); }));
  CHECK(found()->id == id);
  REQUIRE(found()->budgets.size() == 1);
  CHECK(found()->budgets[0].window == config::v1::BUDGET_WINDOW_MONTH);
  CHECK(found()->budgets[0].limit_nano_usd == 70);
  CHECK(found()->spending[0].window_id == month);
  CHECK(found()->spending[0].spent_nano_usd == 30);
  CHECK(found()->spending[0].version == 4);
  world.control.write([&](db::Transaction& tx) { return store::revoke_subscription(tx, id); });
  REQUIRE(eventually(kGenerous, [&] { return found() == nullptr; }));
}

TEST_CASE("an account comes with its rules, and its proxies with their passwords") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  const store::EgressProxy first = world.add_proxy();
  const store::EgressProxy second = world.add_proxy();
  store::Account account = world.account();
  account.egress_proxy_ids = {second.id, first.id};
  account.model_mapping = {{"b", "2"}, {"a", "1"}, {"c", "3"}};
  config::v1::PauseRule& rule = account.pause_rules.emplace_back();
  rule.set_status(400);
  rule.add_keywords("Disabled");
  rule.set_minutes(5);
  account = world.control.write([&](db::Transaction& tx) { return store::insert_account(tx, account); });
  REQUIRE(eventually(kGenerous, [&] { return node.config()->account(account.id) != nullptr; }));
  auto config = node.config();
  const snapshot::AccountEntry* entry = config->account(account.id);
  CHECK(entry->egress_proxy_ids == std::vector{second.id, first.id});
  CHECK(entry->model_mapping.size() == 3);
  REQUIRE(entry->pause_rules.size() == 1);
  CHECK(entry->pause_rules[0].keywords == std::vector<std::string>{"disabled"});
  const snapshot::EgressProxyEntry* proxy = config->egress_proxy(first.id);
  REQUIRE(proxy != nullptr);
  CHECK(proxy->proxy.username == "me");
  CHECK(proxy->proxy.password.reveal() == "word");

  account.egress_proxy_ids = {first.id};
  world.control.write([&](db::Transaction& tx) { return store::update_account(tx, account); });
  world.control.write([&](db::Transaction& tx) { return store::delete_egress_proxy(tx, second.id); });
  REQUIRE(eventually(kGenerous, [&] { return node.config()->egress_proxy(second.id) == nullptr; }));
  CHECK(node.config()->account(account.id)->egress_proxy_ids == std::vector{first.id});
  CHECK(node.client().status().rejected == 0);
}

TEST_CASE("a mapping has the same bytes whenever it is read") {
  World world;
  store::Account account = world.account();
  for (int i = 0; i < 50; ++i)
    account.model_mapping["model-" + std::to_string(i)] = std::to_string(i);
  world.control.write([&](db::Transaction& tx) { return store::insert_account(tx, account); });
  const auto payload = [&] {
    for (const config::v1::Resource& one : world.control.write(
             [&](db::Transaction& tx) { return publish::load_all(tx, world.control.vault(), real_clock().now()); })) {
      if (one.id() == account.id) return one.payload();
    }
    return std::string();
  };
  const std::string once = payload();
  REQUIRE_FALSE(once.empty());
  for (int i = 0; i < 10; ++i)
    CHECK(payload() == once);
}

TEST_CASE("a proxy whose password cannot be opened is refused alone") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  const store::EgressProxy good = world.add_proxy();
  const store::EgressProxy bad = world.add_proxy(new_id());
  REQUIRE(eventually(kGenerous, [&] { return node.client().status().rejected == 1; }));
  CHECK(node.config()->egress_proxy(good.id) != nullptr);
  CHECK(node.config()->egress_proxy(bad.id) == nullptr);
}

TEST_CASE("settings of queues and failover reach the node") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  world.control.write([&](db::Transaction& tx) -> Result<> {
    auto settings = store::get_settings(tx);
    if (!settings) return std::unexpected(settings.error());
    settings->value.mutable_waiting()->set_per_user(7);
    settings->value.set_billing_time_zone("Asia/Shanghai");
    config::v1::LocalReply& reply = *settings->value.add_local_replies();
    reply.set_name("hi");
    reply.set_text_equals("hi");
    reply.set_reply("Hello.");
    auto updated = store::update_settings(tx, *settings);
    if (!updated) return std::unexpected(updated.error());
    return {};
  });
  REQUIRE(eventually(kGenerous, [&] { return node.config()->settings().waiting().per_user() == 7; }));
  CHECK(node.config()->settings().billing_time_zone() == "Asia/Shanghai");
  CHECK(node.config()->settings().local_replies_size() == 1);
  CHECK(node.client().status().rejected == 0);
}

}  // namespace
