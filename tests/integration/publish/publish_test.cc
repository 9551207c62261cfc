#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/integration/publish/world.h"

namespace {

using namespace sluice;
using namespace sluice::testing;

std::array<std::uint8_t, 32> hmac(char fill) {
  std::array<std::uint8_t, 32> out;
  out.fill(static_cast<std::uint8_t>(fill));
  return out;
}

bool has_key(NodeProcess& node, char fill) {
  const auto config = node.config();
  const snapshot::KeyEntry* key = config->find_key(hmac(fill));
  return key != nullptr && key->active;
}

struct World {
  World() : control(migrated_database()) {
    control.write([&](db::Transaction& tx) -> Result<> {
      if (auto done = store::insert_user(tx, user); !done) return std::unexpected(done.error());
      if (auto done = store::insert_group(tx, group); !done) return std::unexpected(done.error());
      return {};
    });
  }
  store::ApiKey add_key(char fill) {
    return control.write(
        [&](db::Transaction& tx) { return store::insert_api_key(tx, new_key(user.id, group.id, fill)); });
  }
  void delete_key(const store::ApiKey& key) {
    control.write([&](db::Transaction& tx) { return store::delete_api_key(tx, key.id); });
  }
  store::Account add_account() {
    return control.write([&](db::Transaction& tx) {
      return store::insert_account(tx, {.id = new_id(),
                                        .name = "first",
                                        .provider = "anthropic",
                                        .base_url = "https://api.anthropic.com",
                                        .group_ids = {group.id}});
    });
  }
  void put_credential(const std::string& account_id, const std::string& sealed) {
    control.write([&](db::Transaction& tx) {
      return store::put_credential(
          tx, {.account_id = account_id, .sealed = sealed, .bound_hosts = {"api.anthropic.com:443"}});
    });
  }

  store::User user = new_user();
  store::Group group = new_group();
  ControlPlane control;
};

TEST_CASE("a change reaches the node and is measured") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  REQUIRE(eventually(kGenerous, [&] { return node.client().status().has_config; }));
  std::vector<double> milliseconds;
  for (char fill = 'a'; fill < 'k'; ++fill) {
    const auto start = std::chrono::steady_clock::now();
    world.add_key(fill);
    REQUIRE(eventually(kGenerous, [&] { return has_key(node, fill); }));
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(milliseconds);
  fmt::print("change to node: median {:.1f} ms, slowest {:.1f} ms of {}\n", milliseconds[5], milliseconds.back(),
             milliseconds.size());
  const auto config = node.config();
  const snapshot::KeyEntry* key = config->find_key(hmac('a'));
  REQUIRE(config->user(key->user_id) != nullptr);
  CHECK(config->user(key->user_id)->active);
  REQUIRE(config->group(key->group_id) != nullptr);
}

TEST_CASE("an account comes with its opened credential, a user with its balance") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  const store::Account account = world.add_account();
  world.put_credential(
      account.id, world.control.vault().seal("account_credentials|" + account.id + "|sealed", Secret("sk-ant-test")));
  world.control.write([&](db::Transaction& tx) -> Result<> {
    auto wallet =
        tx.exec("INSERT INTO wallets (user_id, balance_nano_usd, version) VALUES ($1, 5000000000, 1)", world.user.id);
    if (!wallet) return std::unexpected(wallet.error());
    auto touched = store::touch_user(tx, world.user.id);
    if (!touched) return std::unexpected(touched.error());
    return {};
  });
  REQUIRE(eventually(kGenerous, [&] {
    const auto config = node.config();
    const snapshot::CredentialEntry* credential = config->credential(account.id);
    const snapshot::UserEntry* user = config->user(world.user.id);
    return credential != nullptr && credential->secret.reveal() == "sk-ant-test" && user != nullptr &&
           user->balance_nano_usd == 5'000'000'000 && config->accounts_of_group(world.group.id).size() == 1;
  }));
}

TEST_CASE("a credential that cannot be opened is refused alone and shown") {
  World world;
  NodeProcess node(world.control.address(), "node-1");
  const store::Account account = world.add_account();
  world.put_credential(account.id, "not sealed");
  world.add_key('a');
  REQUIRE(eventually(kGenerous, [&] { return has_key(node, 'a'); }));
  CHECK(node.config()->credential(account.id) == nullptr);
  CHECK(node.client().status().rejected == 1);
  REQUIRE(eventually(kGenerous, [&] {
    auto lease = world.control.pool().acquire();
    auto tx = db::Transaction::begin(**lease);
    const auto stored = store::get_node(*tx, "node-1");
    return stored && stored->rejections.find(account.id) != std::string::npos;
  }));

  // A good one ends it.
  world.put_credential(
      account.id, world.control.vault().seal("account_credentials|" + account.id + "|sealed", Secret("sk-ant-good")));
  REQUIRE(eventually(kGenerous, [&] {
    auto lease = world.control.pool().acquire();
    auto tx = db::Transaction::begin(**lease);
    const auto stored = store::get_node(*tx, "node-1");
    return stored && stored->rejections == "[]";
  }));
  CHECK(node.config()->credential(account.id)->secret.reveal() == "sk-ant-good");
}

TEST_CASE("a node that was away gets only what changed, deletions included") {
  World world;
  const store::ApiKey key = world.add_key('a');
  std::shared_ptr<const snapshot::Snapshot> held;
  {
    NodeProcess node(world.control.address(), "node-1");
    REQUIRE(eventually(kGenerous, [&] { return has_key(node, 'a'); }));
    held = node.config();
  }
  REQUIRE(eventually(kGenerous, [&] { return world.control.service().live_nodes() == 0; }));
  world.delete_key(key);
  world.add_key('b');
  const std::uint64_t snapshots = world.control.service().counters().snapshots;
  NodeProcess node(world.control.address(), "node-1", "node-token", held);
  REQUIRE(eventually(kGenerous, [&] { return has_key(node, 'b'); }));
  CHECK_FALSE(has_key(node, 'a'));
  CHECK(world.control.service().counters().snapshots == snapshots);
}

TEST_CASE("a restart of the control plane costs no snapshot, and changes go on") {
  World world;
  world.add_key('a');
  NodeProcess first(world.control.address(), "node-1");
  NodeProcess second(world.control.address(), "node-2");
  REQUIRE(eventually(kGenerous, [&] { return has_key(first, 'a') && has_key(second, 'a'); }));
  world.control.stop();
  REQUIRE(eventually(kGenerous, [&] { return !first.client().status().connected; }));
  CHECK(has_key(first, 'a'));
  world.control.start();
  world.add_key('b');
  REQUIRE(eventually(kGenerous, [&] { return has_key(first, 'b') && has_key(second, 'b'); }));
  CHECK(world.control.service().counters().snapshots == 0);
  CHECK(first.config()->digest() == second.config()->digest());
  REQUIRE(eventually(kGenerous, [&] { return first.client().live_nodes() == 2; }));
}

TEST_CASE("a new epoch gives every node a snapshot") {
  World world;
  world.add_key('a');
  NodeProcess node(world.control.address(), "node-1");
  REQUIRE(eventually(kGenerous, [&] { return has_key(node, 'a'); }));
  const std::string before(node.config()->epoch());
  world.control.write([](db::Transaction& tx) { return store::start_new_epoch(tx); });
  REQUIRE(eventually(kGenerous, [&] { return node.config()->epoch() != before; }));
  CHECK(has_key(node, 'a'));
}

TEST_CASE("a wrong token gets nothing") {
  World world;
  world.add_key('a');
  NodeProcess stranger(world.control.address(), "node-1", "another-token");
  NodeProcess node(world.control.address(), "node-2");
  REQUIRE(eventually(kGenerous, [&] { return has_key(node, 'a'); }));
  CHECK_FALSE(stranger.client().status().has_config);
  CHECK(world.control.service().live_nodes() == 1);
}

TEST_CASE("streams stay up while PostgreSQL is away, and changes go on when it is back") {
  PostgresServer server;
  ControlPlane control(migrated_database(server));
  const store::User user = new_user();
  control.write([&](db::Transaction& tx) { return store::insert_user(tx, user); });
  NodeProcess node(control.address(), "node-1");
  REQUIRE(eventually(kGenerous, [&] { return node.config()->user(user.id) != nullptr; }));
  server.kill9();
  REQUIRE(eventually(kGenerous, [&] { return control.publisher().failures() > 0; }));
  CHECK(node.client().status().connected);
  NodeProcess newcomer(control.address(), "node-2");
  REQUIRE(eventually(kGenerous, [&] { return newcomer.config()->user(user.id) != nullptr; }));
  server.restart();
  const store::User later = new_user();
  REQUIRE(eventually(kGenerous, [&] {
    return db::in_transaction(control.pool(), [&](db::Transaction& tx) { return store::insert_user(tx, later); })
        .has_value();
  }));
  REQUIRE(eventually(kGenerous, [&] { return node.config()->user(later.id) != nullptr; }));
}

}  // namespace
