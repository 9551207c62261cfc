#include <catch2/catch.hpp>

#include "tests/unit/snapshot/resources.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using snapshot::Builder;
using snapshot::Snapshot;

SystemTime at(std::int64_t seconds) {
  return SystemTime(std::chrono::seconds(seconds));
}

// Applies the change to model and node alike.
SnapshotPtr apply(Model& model, const SnapshotPtr& current, const std::vector<v1::Resource>& changes,
                  std::vector<v1::Rejection>* rejections = nullptr) {
  for (const v1::Resource& change : changes)
    model.put(change);
  Builder builder(current, Builder::Base::kCurrent);
  const Result<> applied = builder.apply(list(changes));
  REQUIRE(applied);
  if (rejections != nullptr) *rejections = builder.rejections();
  const Result<SnapshotPtr> built = builder.finish(model.version());
  REQUIRE(built);
  return *built;
}

TEST_CASE("every object is found after a snapshot") {
  Model model;
  const SnapshotPtr now = apply(model, Snapshot::empty(),
                                {user(1, 1), group(1, 1), key(1, 1, 1, 1), account(1, 1, {1}), credential(1, 3),
                                 price(1, 1, "claude", 100, 5), price(2, 1, "claude", 200, 7)});
  const snapshot::KeyEntry* found = now->find_key(hmac(1));
  REQUIRE(found != nullptr);
  CHECK(found->id == uuid(3, 1));
  CHECK(found->active);
  REQUIRE(now->user(found->user_id) != nullptr);
  CHECK(now->user(found->user_id)->balance_nano_usd == 1'000);
  REQUIRE(now->group(found->group_id) != nullptr);
  CHECK(now->group(found->group_id)->interruption_policy == v1::INTERRUPTION_POLICY_DRAIN);
  CHECK(now->find_key(hmac(2)) == nullptr);
  REQUIRE(now->accounts_of_group(found->group_id).size() == 1);
  const snapshot::AccountEntry& one = *now->accounts_of_group(found->group_id)[0];
  CHECK(one.base.origin.host == "api.anthropic.com");
  CHECK(one.base.path_prefix == "/prefix");
  REQUIRE(now->credential(one.id) != nullptr);
  CHECK(now->credential(one.id)->secret.reveal() == "sk-1-3");
  CHECK(now->credential(one.id)->revision == 3);
  CHECK(now->version_number() == 7);
  CHECK(now->epoch() == "e1");
}

TEST_CASE("limits and what a key has spent come with it") {
  v1::User limited;
  limited.set_requests_per_minute(60);
  limited.set_tokens_per_minute(1'000);
  v1::User wallet;
  wallet.set_balance_nano_usd(5);
  wallet.set_balance_version(9);
  v1::Resource owner = raw(v1::KIND_USER, uuid(1, 1), 1, v1::STATE_ACTIVE, limited.SerializeAsString());
  owner.set_moment(wallet.SerializeAsString());

  v1::Resource first = key(1, 1, 1, 1);
  v1::ApiKey message;
  REQUIRE(message.ParseFromString(first.payload()));
  message.set_concurrency(2);
  message.set_requests_per_minute(30);
  message.set_tokens_per_minute(500);
  v1::Budget& budget = *message.add_budgets();
  budget.set_window(v1::BUDGET_WINDOW_MONTH);
  budget.set_limit_nano_usd(70);
  first.set_payload(message.SerializeAsString());
  v1::ApiKey moment;
  v1::Spending& spent = *moment.add_spending();
  spent.set_window_id("month:2026-11");
  spent.set_spent_nano_usd(7);
  spent.set_version(3);
  first.set_moment(moment.SerializeAsString());

  Model model;
  const SnapshotPtr now = apply(model, Snapshot::empty(), {owner, group(1, 1), first});
  const snapshot::UserEntry* user = now->user(uuid(1, 1));
  REQUIRE(user != nullptr);
  CHECK(user->requests_per_minute == 60);
  CHECK(user->tokens_per_minute == 1'000);
  CHECK(user->balance_nano_usd == 5);
  CHECK(user->balance_version == 9);
  const snapshot::KeyEntry* found = now->find_key(hmac(1));
  REQUIRE(found != nullptr);
  CHECK(found->concurrency == 2);
  CHECK(found->requests_per_minute == 30);
  CHECK(found->tokens_per_minute == 500);
  REQUIRE(found->budgets.size() == 1);
  CHECK(found->budgets[0].window == v1::BUDGET_WINDOW_MONTH);
  CHECK(found->budgets[0].limit_nano_usd == 70);
  REQUIRE(found->spending.size() == 1);
  CHECK(found->spending[0].window_id == "month:2026-11");
  CHECK(found->spending[0].spent_nano_usd == 7);
  CHECK(found->spending[0].version == 3);
}

TEST_CASE("an account's proxies, rules and mapping come with it") {
  v1::Resource one = account(1, 1, {1});
  v1::Account message;
  REQUIRE(message.ParseFromString(one.payload()));
  message.add_egress_proxy_ids(uuid(6, 2));
  message.add_egress_proxy_ids(uuid(6, 1));
  (*message.mutable_model_mapping())["small"] = "claude-haiku";
  v1::PauseRule& rule = *message.add_pause_rules();
  rule.set_status(400);
  rule.add_keywords("Organization DISABLED");
  rule.set_minutes(90);
  one.set_payload(message.SerializeAsString());
  v1::EgressProxy way;
  way.set_url("socks5h://[::1]:1080");
  way.set_username("me");
  way.set_password("word");

  Model model;
  const SnapshotPtr now =
      apply(model, Snapshot::empty(),
            {one, raw(v1::KIND_EGRESS_PROXY, uuid(6, 1), 1, v1::STATE_ACTIVE, way.SerializeAsString())});
  REQUIRE(now->accounts_of_group(uuid(2, 1)).size() == 1);
  const snapshot::AccountEntry& found = *now->accounts_of_group(uuid(2, 1))[0];
  CHECK(found.egress_proxy_ids == std::vector{uuid(6, 2), uuid(6, 1)});
  REQUIRE(found.model_mapping.contains("small"));
  CHECK(found.model_mapping.find("small")->second == "claude-haiku");
  REQUIRE(found.pause_rules.size() == 1);
  CHECK(found.pause_rules[0].status == 400);
  CHECK(found.pause_rules[0].keywords == std::vector<std::string>{"organization disabled"});
  CHECK(found.pause_rules[0].pause == std::chrono::minutes(90));
  const snapshot::EgressProxyEntry* proxy = now->egress_proxy(uuid(6, 1));
  REQUIRE(proxy != nullptr);
  CHECK(proxy->active);
  CHECK(proxy->proxy.kind == io::Proxy::Kind::kSocks5);
  CHECK(proxy->proxy.host == "::1");
  CHECK(proxy->proxy.port == 1080);
  CHECK(proxy->proxy.username == "me");
  CHECK(proxy->proxy.password.reveal() == "word");
}

TEST_CASE("the newest effective price is used") {
  Model model;
  SnapshotPtr now =
      apply(model, Snapshot::empty(), {price(1, 1, "m", 100, 5), price(2, 1, "m", 200, 7), price(3, 1, "n", 300, 1)});
  CHECK(now->price("m", at(99)) == nullptr);
  CHECK(now->price("m", at(100))->input == 5);
  CHECK(now->price("m", at(250))->input == 7);
  CHECK(now->price("other", at(250)) == nullptr);
  CHECK(now->models(at(250)).size() == 1);
  CHECK(now->models(at(300)).size() == 2);
  now = apply(model, now, {price(2, 2, "m", 200, 7, v1::STATE_DISABLED)});
  CHECK(now->price("m", at(250))->input == 5);
  now = apply(model, now, {raw(v1::KIND_PRICE, uuid(5, 1), 2, v1::STATE_DELETED)});
  CHECK(now->price("m", at(250)) == nullptr);
}

TEST_CASE("accounts follow their groups and their priority") {
  Model model;
  SnapshotPtr now =
      apply(model, Snapshot::empty(), {account(1, 1, {1, 2}, 5), account(2, 1, {1}, 1), account(3, 1, {1}, 5)});
  const auto ids = [&](int group_number) {
    std::vector<std::string> out;
    for (const auto* entry : now->accounts_of_group(uuid(2, group_number)))
      out.push_back(entry->id);
    return out;
  };
  CHECK(ids(1) == std::vector{uuid(4, 2), uuid(4, 1), uuid(4, 3)});
  CHECK(ids(2) == std::vector{uuid(4, 1)});
  const SnapshotPtr before = now;
  now = apply(model, now, {account(1, 2, {3}), raw(v1::KIND_ACCOUNT, uuid(4, 2), 2, v1::STATE_DELETED)});
  CHECK(ids(1) == std::vector{uuid(4, 3)});
  CHECK(ids(2).empty());
  CHECK(ids(3) == std::vector{uuid(4, 1)});
  CHECK(before->accounts_of_group(uuid(2, 1)).size() == 3);
}

TEST_CASE("a refused active resource keeps its last good revision, a refused new one is absent") {
  Model model;
  SnapshotPtr now = apply(model, Snapshot::empty(), {user(1, 1), group(1, 1), key(1, 1, 1, 1)});
  std::vector<v1::Rejection> rejections;
  now = apply(model, now,
              {raw(v1::KIND_API_KEY, uuid(3, 1), 2, v1::STATE_ACTIVE, "\xff bad"),
               raw(v1::KIND_API_KEY, uuid(3, 2), 1, v1::STATE_ACTIVE, "\xff bad"), user(2, 1)},
              &rejections);
  REQUIRE(rejections.size() == 2);
  CHECK(rejections[0].id() == uuid(3, 1));
  CHECK(rejections[0].revision() == 2);
  CHECK_FALSE(rejections[0].reason().empty());
  REQUIRE(now->find_key(hmac(1)) != nullptr);
  CHECK(now->find_key(hmac(1))->active);
  CHECK(now->user(uuid(1, 2)) != nullptr);
  CHECK(now->tables().rejected->size() == 2);
  CHECK(now->size() == 5);

  SECTION("also when it comes in a snapshot") {
    Builder builder(now, Builder::Base::kEmpty);
    REQUIRE(builder.apply(model.all()));
    const Result<SnapshotPtr> full = builder.finish(model.version());
    REQUIRE(full);
    CHECK((*full)->find_key(hmac(1)) != nullptr);
    CHECK((*full)->tables().rejected->size() == 2);
  }
  SECTION("a good revision ends it") {
    now = apply(model, now, {key(1, 3, 1, 1), raw(v1::KIND_API_KEY, uuid(3, 2), 2, v1::STATE_DELETED)});
    CHECK(now->tables().rejected->empty());
    CHECK(now->tables().keys.find(uuid(3, 1))->revision == 3);
  }
  SECTION("DISABLED is obeyed although the payload is unreadable") {
    now = apply(model, now, {raw(v1::KIND_API_KEY, uuid(3, 1), 3, v1::STATE_DISABLED, "\xff bad")});
    REQUIRE(now->find_key(hmac(1)) != nullptr);
    CHECK_FALSE(now->find_key(hmac(1))->active);
    now = apply(model, now, {raw(v1::KIND_API_KEY, uuid(3, 1), 4, v1::STATE_ACTIVE, "\xff bad")});
    CHECK_FALSE(now->find_key(hmac(1))->active);
  }
  SECTION("DELETED is obeyed although the payload is unreadable") {
    now = apply(model, now, {raw(v1::KIND_API_KEY, uuid(3, 1), 3, v1::STATE_DELETED, "\xff bad")});
    CHECK(now->find_key(hmac(1)) == nullptr);
  }
}

TEST_CASE("a kind of a newer control plane is counted, named and otherwise ignored") {
  Model model;
  std::vector<v1::Rejection> rejections;
  SnapshotPtr now = apply(model, Snapshot::empty(),
                          {user(1, 1), raw(static_cast<v1::Kind>(77), "x", 1, v1::STATE_ACTIVE, "new")}, &rejections);
  CHECK(rejections.size() == 1);
  now = apply(model, now, {raw(static_cast<v1::Kind>(77), "x", 2, v1::STATE_DELETED)}, &rejections);
  CHECK(rejections.empty());
  CHECK(now->size() == 1);
}

TEST_CASE("a second key with the same HMAC is refused") {
  Model model;
  v1::Resource twin = key(1, 1, 2, 2);
  twin.set_id(uuid(3, 9));
  std::vector<v1::Rejection> rejections;
  const SnapshotPtr now = apply(model, Snapshot::empty(), {key(1, 1, 1, 1), twin}, &rejections);
  REQUIRE(rejections.size() == 1);
  CHECK(rejections[0].id() == uuid(3, 9));
  CHECK(now->find_key(hmac(1))->id == uuid(3, 1));
}

TEST_CASE("a wrong digest or an older revision changes nothing") {
  Model model;
  const SnapshotPtr now = apply(model, Snapshot::empty(), {user(1, 5)});
  Builder wrong(now, Builder::Base::kCurrent);
  REQUIRE(wrong.apply(list({user(2, 1)})));
  const Result<SnapshotPtr> built = wrong.finish(model.version());
  REQUIRE_FALSE(built);
  CHECK(built.error().code == ErrorCode::kDataLoss);

  Builder back(now, Builder::Base::kCurrent);
  const Result<> applied = back.apply(list({user(1, 4)}));
  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ErrorCode::kFailedPrecondition);
  CHECK(now->user(uuid(1, 1)) != nullptr);
}

}  // namespace
