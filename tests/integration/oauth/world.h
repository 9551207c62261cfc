// A provider, a database, and replicas of the control plane's OAuth vault, for tests.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/uuid.h"
#include "controlplane/oauth/keep.h"
#include "controlplane/oauth/outcome.h"
#include "controlplane/oauth/refresher.h"
#include "controlplane/store/accounts.h"
#include "controlplane/store/change_log.h"
#include "controlplane/store/credentials.h"
#include "controlplane/store/egress_proxies.h"
#include "tests/integration/oauth/provider.h"
#include "tests/support/eventually.h"
#include "tests/support/migrated_database.h"

namespace sluice::testing {

inline std::string new_id() {
  return Uuid::generate(RealClock().now()).to_string();
}

inline crypto::Vault first_vault() {
  return crypto::Vault({{1, Secret(std::string(32, 'v'))}});
}

// What one control-plane process has; the threads of its refresher start when told to.
struct Replica {
  explicit Replica(const std::string& conninfo, std::chrono::milliseconds lease = std::chrono::seconds(60))
      : pool(db::PoolOptions{.conninfo = Secret(conninfo), .size = 8, .acquire_limit = kGenerous}) {
    options.poll = std::chrono::milliseconds(20);
    options.lease = lease;
    options.second_look = std::chrono::milliseconds(50);
    options.google.onboard_pause = std::chrono::milliseconds(10);
    context.fetch.allowed_networks = networks;
    context.fetch.user_agent = "Sluice/test";
  }
  void start() { refresher.emplace(context, options); }
  void stop() { refresher.reset(); }

  template <class Fn>
  auto must(Fn&& fn) {
    auto result = db::in_transaction(pool, std::forward<Fn>(fn));
    INFO((result ? std::string() : result.error().message));
    REQUIRE(result.has_value());
    if constexpr (!std::is_void_v<typename decltype(result)::value_type>) return *std::move(result);
  }

  db::Pool pool;
  RealClock clock;
  crypto::Vault vault = first_vault();
  std::vector<Network> networks{*parse_network("127.0.0.0/8")};
  accounts::BaseUrlGuard guard{networks};
  oauth::VaultContext context{pool, clock, vault, guard, {}};
  oauth::RefresherOptions options;
  std::optional<oauth::Refresher> refresher;
};

struct World {
  explicit World(std::chrono::milliseconds lease = std::chrono::seconds(60)) : a(conninfo, lease), b(conninfo, lease) {
    client.id = new_id();
    client.name = "client";
    client.authorize_url = provider.url("/authorize");
    client.token_url = provider.url("/token");
    client.redirect_url = "http://localhost:1455/callback";
    client.client_id = "our-id";
    client.sealed = a.vault.seal("oauth_clients|" + client.id + "|sealed", Secret("our-secret"));
    client.scopes = {"a", "b"};
    client = a.must([&](db::Transaction& tx) { return store::insert_oauth_client(tx, client); });
    account = add_account();
  }

  std::string add_account() {
    store::Account row{.id = new_id(), .name = "account", .provider = "anthropic", .base_url = provider.url("")};
    return a.must([&](db::Transaction& tx) { return store::insert_account(tx, row); }).id;
  }
  void change_client(const std::function<void(store::OAuthClient&)>& change) {
    change(client);
    client = a.must([&](db::Transaction& tx) { return store::update_oauth_client(tx, client); });
  }

  oauth::StartedLogin begin(Replica& at) {
    return at.must(
        [&](db::Transaction& tx) { return oauth::start_login(at.context, tx, client.id, account, "tester"); });
  }
  // Finishes it with what was pasted.
  Result<store::OAuthGrant> finish(Replica& at, const std::string& login_id, const std::string& pasted) {
    auto returned = oauth::parse_pasted(pasted);
    if (!returned) return std::unexpected(returned.error());
    auto login = db::in_transaction(
        at.pool, [&](db::Transaction& tx) { return oauth::take_login(at.context, tx, login_id, *returned); });
    if (!login) return std::unexpected(login.error());
    auto tokens = oauth::exchange(at.context, *login, returned->code);
    if (!tokens) return std::unexpected(tokens.error());
    return db::in_transaction(
        at.pool, [&](db::Transaction& tx) { return oauth::finish_login(at.context, tx, login->route, *tokens); });
  }
  store::OAuthGrant log_in() {
    const auto login = begin(a);
    auto grant = finish(b, login.id, provider.agree(login.authorize_url));
    INFO((grant ? std::string() : grant.error().message));
    REQUIRE(grant.has_value());
    return *grant;
  }

  store::OAuthGrant grant() {
    return a.must([&](db::Transaction& tx) { return store::get_oauth_grant(tx, account); });
  }
  void make_due() {
    (void)a.must([&](db::Transaction& tx) { return store::make_refresh_due(tx, account, a.clock.now()); });
  }
  // The access token that nodes are given, and its revision.
  std::string pushed() {
    const auto row = a.must([&](db::Transaction& tx) { return store::get_credential(tx, account); });
    auto secret = a.vault.open("account_credentials|" + account + "|sealed", row.sealed);
    REQUIRE(secret.has_value());
    return std::string(secret->reveal());
  }
  // The refresh token that is stored.
  std::string stored_refresh() {
    auto secret = a.vault.open("oauth_grants|" + account + "|sealed", grant().sealed);
    REQUIRE(secret.has_value());
    return std::string(secret->reveal());
  }

  Provider provider;
  std::string conninfo = migrated_database();
  Replica a, b;
  store::OAuthClient client;
  std::string account;
};

}  // namespace sluice::testing
