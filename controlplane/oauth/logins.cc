#include "controlplane/oauth/logins.h"

#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/oauth/keep.h"
#include "controlplane/oauth/service_account.h"

namespace sluice::oauth {

namespace {

constexpr std::chrono::minutes kLoginLife{15};

std::string context_of(const std::string& login_id) {
  return "oauth_logins|" + login_id + "|sealed";
}

// Neither holds a blank.
Secret joined(const std::string& state, const std::string& verifier) {
  return Secret(state + " " + verifier);
}

ErrorCode code_of(const TokenFailure& failure) {
  const bool theirs = failure.kind == TokenFailure::Kind::kBusy || failure.kind == TokenFailure::Kind::kLost;
  return theirs ? ErrorCode::kUnavailable : ErrorCode::kFailedPrecondition;
}

}  // namespace

Result<StartedLogin> start_login(const VaultContext& vault, db::Transaction& tx, const std::string& client_id,
                                 const std::string& account_id, const std::string& actor) {
  auto route = read_route(tx, vault.vault, client_id, account_id);
  if (!route) return std::unexpected(route.error());
  const SystemTime now = vault.clock.now();
  const std::string state = random_text();
  const std::string verifier = random_text();
  store::OAuthLogin row;
  row.id = Uuid::generate(now).to_string();
  row.state_hash = crypto::token_hash(state);
  row.client_id = route->client.id;
  row.account_id = route->account.id;
  row.sealed = vault.vault.seal(context_of(row.id), joined(state, verifier));
  row.key_version = static_cast<std::int32_t>(vault.vault.newest_version());
  row.actor = actor;
  row.expires_at = now + kLoginLife;
  if (Result<> stored = store::insert_oauth_login(tx, row, now); !stored) return std::unexpected(stored.error());
  return StartedLogin{row.id, authorize_url(route->client, state, pkce_challenge(verifier)), row.expires_at};
}

Result<TakenLogin> take_login(const VaultContext& vault, db::Transaction& tx, const std::string& login_id,
                              const Returned& returned) {
  const SystemTime now = vault.clock.now();
  auto row = returned.state.empty() ? store::take_oauth_login_by_id(tx, login_id, now)
                                    : store::take_oauth_login(tx, crypto::token_hash(returned.state.reveal()), now);
  if (!row) return std::unexpected(row.error());
  if (!login_id.empty() && row->id != login_id) {
    return fail(ErrorCode::kInvalidArgument,
                "pasted: this is the answer to another login: paste the one of this login");
  }
  auto opened = vault.vault.open(context_of(row->id), row->sealed);
  if (!opened) return fail("the stored login", opened.error());
  const std::string_view both = opened->reveal();
  const std::size_t blank = both.find(' ');
  if (blank == std::string_view::npos)
    return fail(ErrorCode::kDataLoss, "the stored login is damaged: start a new one");
  auto route = read_route(tx, vault.vault, row->client_id, row->account_id);
  if (!route) return std::unexpected(route.error());
  return TakenLogin{std::move(*row), Secret(std::string(both.substr(0, blank))),
                    Secret(std::string(both.substr(blank + 1))), std::move(*route)};
}

Result<Tokens> exchange(const VaultContext& vault, const TakenLogin& login, const Secret& code) {
  const TokenEndpoint endpoint{login.route.client, login.route.client_secret, login.route.proxies, vault.fetch};
  TokenResult tokens = exchange_code(endpoint, code, login.state, login.verifier);
  if (tokens) return std::move(*tokens);
  return fail(code_of(tokens.error()), tokens.error().reason + "; start a new login");
}

Result<Tokens> present_service_account(const VaultContext& vault, const Route& route, const Secret& key_json) {
  const auto assertion = service_account_assertion(route.client, key_json, {}, vault.clock.now());
  if (!assertion) return std::unexpected(assertion.error());
  const TokenEndpoint endpoint{route.client, route.client_secret, route.proxies, vault.fetch};
  TokenResult tokens = present(endpoint, *assertion);
  if (!tokens) return fail(code_of(tokens.error()), tokens.error().reason);
  tokens->refresh = Secret(std::string(key_json.reveal()));
  return std::move(*tokens);
}

Result<store::OAuthGrant> finish_login(const VaultContext& vault, db::Transaction& tx, const Route& route,
                                       const Tokens& tokens) {
  // As it is now: the token must go to no host that it was not given for.
  auto account = store::get_account(tx, route.account.id);
  if (!account) return std::unexpected(account.error());
  auto host = vault.guard.check(account->base_url);
  if (!host) return std::unexpected(host.error());
  return keep_login(tx, vault.vault, vault.clock.now(), route.client, account->id, *host, tokens);
}

}  // namespace sluice::oauth
