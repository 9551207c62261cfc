#include "controlplane/oauth/refresher.h"

#include <algorithm>

#include "common/base/uuid.h"
#include "common/observe/log.h"
#include "controlplane/oauth/keep.h"
#include "controlplane/oauth/outcome.h"
#include "controlplane/oauth/service_account.h"
#include "controlplane/store/credentials.h"

namespace sluice::oauth {

namespace {

using observe::Level;

constexpr std::size_t kMostReports = 10'000;
constexpr std::chrono::milliseconds kStorePause{200};

bool is_due(const std::optional<SystemTime>& at, SystemTime now) {
  return at && *at <= now;
}

TokenResult present_key(const TokenEndpoint& endpoint, const Secret& key_json, const std::vector<std::string>& scopes,
                        SystemTime now) {
  const auto assertion = service_account_assertion(endpoint.client, key_json, scopes, now);
  if (!assertion) return std::unexpected(TokenFailure{TokenFailure::Kind::kRefused, assertion.error().message});
  return present(endpoint, *assertion);
}

}  // namespace

struct Refresher::Work {
  store::OAuthGrant grant;
  Route route;
};

Refresher::Refresher(const VaultContext& vault, RefresherOptions options) : vault_(vault), options_(options) {
  options_.google.stopping = &stopping_;
  for (int i = 0; i < options_.threads; ++i)
    threads_.emplace_back([this] { run(); });
}

Refresher::~Refresher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

void Refresher::credential_refused(const std::string& account_id, std::uint64_t revision) {
  if (!Uuid::parse(account_id) || revision > INT64_MAX) return;
  const std::pair report(account_id, static_cast<std::int64_t>(revision));
  {
    const std::lock_guard lock(mutex_);
    if (reports_.size() == kMostReports || std::ranges::find(reports_, report) != reports_.end()) return;
    reports_.push_back(report);
    ++wakes_;
  }
  changed_.notify_all();
}

void Refresher::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  changed_.notify_all();
}

void Refresher::run() {
  std::uint64_t seen = 0;
  while (!stopping_) {
    write_reports();
    if (work_once()) continue;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, options_.poll, [&] { return stopping_ || wakes_ != seen; });
    seen = wakes_;
  }
}

void Refresher::write_reports() {
  std::deque<std::pair<std::string, std::int64_t>> reports;
  {
    const std::lock_guard lock(mutex_);
    reports.swap(reports_);
  }
  // One that cannot be written is dropped: nodes report again.
  for (const auto& [account_id, revision] : reports) {
    const Result<bool> noted = db::in_transaction(vault_.pool, [&](db::Transaction& tx) {
      return store::note_refused(tx, account_id, revision, vault_.clock.now());
    });
    if (noted && *noted) observe::log(Level::kInfo, "oauth_early_refresh", {{"account_id", account_id}});
  }
}

bool Refresher::work_once() {
  const SystemTime now = vault_.clock.now();
  const std::string lease = Uuid::generate(now).to_string();
  auto claimed = db::in_transaction(
      vault_.pool, [&](db::Transaction& tx) { return store::claim_oauth_grant(tx, lease, now, options_.lease); });
  if (!claimed || !*claimed) return false;
  const std::string account_id = (*claimed)->account_id;
  auto route = db::in_transaction(vault_.pool, [&](db::Transaction& tx) {
    return read_route(tx, vault_.vault, (*claimed)->client_id, account_id);
  });
  Work work{std::move(**claimed), route ? std::move(*route) : Route()};
  if (!route) {
    note_failure(work, {TokenFailure::Kind::kRefused, route.error().message});
  } else {
    if (is_due(work.grant.refresh_at, now)) refresh_tokens(work);
    if (is_due(work.grant.facts_due_at, now)) read_facts(work);
  }
  (void)db::in_transaction(
      vault_.pool, [&](db::Transaction& tx) -> Result<> { return store::release_oauth_grant(tx, account_id, lease); });
  return true;
}

void Refresher::refresh_tokens(Work& work) {
  const store::OAuthGrant& grant = work.grant;
  const auto token = vault_.vault.open("oauth_grants|" + grant.account_id + "|sealed", grant.sealed);
  if (!token) return note_failure(work, {TokenFailure::Kind::kRefused, token.error().message});
  const TokenEndpoint endpoint{work.route.client, work.route.client_secret, work.route.proxies, vault_.fetch};
  const TokenResult tokens = is_service_account(*token)
                                 ? present_key(endpoint, *token, work.grant.scopes, vault_.clock.now())
                                 : refresh(endpoint, *token);
  if (!tokens) return note_failure(work, tokens.error());
  keep(work, *tokens);
}

// The answer may hold the only refresh token that is still good, so it is not given up while the database is away.
void Refresher::keep(const Work& work, const Tokens& tokens) {
  const SystemTime now = vault_.clock.now();
  for (;;) {
    const Result<bool> kept = db::in_transaction(vault_.pool, [&](db::Transaction& tx) {
      return keep_refreshed(tx, vault_.vault, now, work.grant.account_id, work.grant.generation, tokens);
    });
    if (kept) {
      observe::log(*kept ? Level::kInfo : Level::kWarn, *kept ? "oauth_refreshed" : "oauth_refreshed_elsewhere",
                   {{"account_id", work.grant.account_id}});
      return;
    }
    const bool away =
        kept.error().code == ErrorCode::kUnavailable || kept.error().code == ErrorCode::kResourceExhausted;
    observe::log(Level::kError, "oauth_tokens_not_stored",
                 {{"account_id", work.grant.account_id}, {"cause", kept.error().message}});
    if (!away || stopping_) return;
    std::this_thread::sleep_for(kStorePause);
  }
}

void Refresher::note_failure(const Work& work, const TokenFailure& failure) {
  const Result<FailureNoted> noted = db::in_transaction(vault_.pool, [&](db::Transaction& tx) {
    return note_refresh_failure(tx, vault_.clock.now(), work.grant, failure, options_.second_look);
  });
  if (!noted || *noted == FailureNoted::kOverlooked) return;
  const bool dead = *noted == FailureNoted::kNeedsLogin;
  observe::log(dead ? Level::kError : Level::kWarn, dead ? "oauth_needs_login" : "oauth_refresh_failed",
               {{"account_id", work.grant.account_id}, {"cause", failure.reason}});
}

Result<Secret> Refresher::access_token_of(const std::string& account_id) {
  auto row =
      db::in_transaction(vault_.pool, [&](db::Transaction& tx) { return store::get_credential(tx, account_id); });
  if (!row) return std::unexpected(row.error());
  return vault_.vault.open("account_credentials|" + account_id + "|sealed", row->sealed);
}

void Refresher::read_facts(const Work& work) {
  const auto token = access_token_of(work.grant.account_id);
  const Result<GoogleFacts> facts =
      token ? read_google_facts(work.route, *token, vault_.fetch, options_.google) : std::unexpected(token.error());
  const Result<> noted = db::in_transaction(
      vault_.pool, [&](db::Transaction& tx) { return note_facts(tx, vault_.clock.now(), work.grant, facts); });
  if (!facts || !noted) {
    observe::log(
        Level::kWarn, "oauth_facts_not_read",
        {{"account_id", work.grant.account_id}, {"cause", facts ? noted.error().message : facts.error().message}});
  }
}

}  // namespace sluice::oauth
