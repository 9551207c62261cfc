#include "dataplane/pick/health.h"

#include <algorithm>

namespace sluice::pick {

namespace {

namespace v1 = config::v1;

// A second more is not worth telling, and no guess replaces what a vendor has stated. health_scripts.cc says the same
// in Lua.
bool extends(const Blocked& known, const Blocked& news, SystemTime now) {
  if (known.until <= now) return true;
  if (known.soft != news.soft) return known.soft;
  return news.until > known.until + std::chrono::seconds(1);
}

// Hard before soft, then the one that lasts longer.
bool weighs_more(const Blocked& a, const Blocked& b) {
  return a.soft != b.soft ? b.soft : a.until > b.until;
}

void model_key(std::string_view account_id, std::string_view model, std::string& into) {
  into.assign(account_id).append("|").append(model);
}

bool is_refusal(const Blocked& block) {
  return block.reason == v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED;
}

}  // namespace

std::optional<Blocked> Health::blocked(std::string_view account_id, std::string_view model,
                                       std::uint64_t credential_revision, SystemTime now) const {
  const std::optional<Blocked> whole = account_blocked(account_id, credential_revision, now);
  if (models_.empty()) return whole;
  model_key(account_id, model, wanted_);
  const auto found = models_.find(wanted_);
  if (found == models_.end() || found->second.block.until <= now) return whole;
  return whole && weighs_more(*whole, found->second.block) ? whole : found->second.block;
}

std::optional<Blocked> Health::account_blocked(std::string_view account_id, std::uint64_t credential_revision,
                                               SystemTime now) const {
  const auto found = accounts_.find(account_id);
  if (found == accounts_.end()) return std::nullopt;
  const Account& account = found->second;
  const Blocked& block = account.known.block;
  const bool renewed = is_refusal(block) && credential_revision > account.refused_revision;
  if (block.until > now && !renewed) return block;
  const SystemTime open_until = account.breaker.blocked_until(now);
  if (open_until <= now) return std::nullopt;
  return Blocked{.until = open_until, .soft = true, .reason = v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN};
}

void Health::started(std::string_view account_id, SystemTime now) {
  const auto found = accounts_.find(account_id);
  if (found != accounts_.end()) found->second.breaker.started(now);
}

// A healthy account that succeeds costs one lookup, two if there are limits of models, and leaves nothing behind.
void Health::succeeded(const Observation& seen, SystemTime now, std::vector<HealthEnd>& ended) {
  if (!models_.empty()) model_succeeded(seen, now, ended);
  const auto found = accounts_.find(seen.account.id);
  if (found == accounts_.end()) return;
  Account& account = found->second;
  const bool quiet = account.breaker.idle(now);
  const SystemTime open_until = account.breaker.succeeded(now, seen.began);
  Blocked end;
  if (open_until > now) end = {.until = open_until, .reason = v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN};
  Blocked& block = account.known.block;
  const bool of_older = is_refusal(block) && seen.credential_revision < account.refused_revision;
  if (seen.began >= account.known.since && !of_older) {
    account.in_a_row = 0;
    account.refusals = {};
    if (block.soft) {
      if (block.until > now) end = {.until = std::max(block.until, end.until), .reason = block.reason};
      block = {};
    }
  }
  if (end.until > now) {
    ended.push_back({.account_id = seen.account.id,
                     .model = {},
                     .until = end.until,
                     .reason = end.reason,
                     .credential_revision = seen.credential_revision});
  }
  if (quiet && block.until <= now && seen.began >= account.known.since) accounts_.erase(found);
}

void Health::model_succeeded(const Observation& seen, SystemTime now, std::vector<HealthEnd>& ended) {
  model_key(seen.account.id, seen.model, wanted_);
  const auto found = models_.find(wanted_);
  if (found == models_.end() || !found->second.block.soft || seen.began < found->second.since) return;
  const Blocked block = found->second.block;
  models_.erase(found);
  if (block.until <= now) return;
  ended.push_back({.account_id = seen.account.id,
                   .model = std::string(seen.model),
                   .until = block.until,
                   .reason = block.reason,
                   .credential_revision = seen.credential_revision});
}

bool Health::merge(const HealthNews& news, SystemTime now) {
  if (news.block.until <= now) return false;
  if (!news.model.empty()) {
    model_key(news.account_id, news.model, wanted_);
    Known& known = models_[wanted_];
    if (!extends(known.block, news.block, now)) return false;
    known = {news.block, now};
    return true;
  }
  Account& account = accounts_[news.account_id];
  const Blocked& known = account.known.block;
  const bool of_older = is_refusal(news.block) && news.credential_revision < account.refused_revision;
  const bool renewed = is_refusal(known) && news.credential_revision > account.refused_revision;
  if (of_older || (!renewed && !extends(known, news.block, now))) return false;
  account.known = {news.block, now};
  if (is_refusal(news.block)) account.refused_revision = news.credential_revision;
  return true;
}

void Health::merge(const HealthEnd& end) {
  if (!end.model.empty()) {
    model_key(end.account_id, end.model, wanted_);
    const auto found = models_.find(wanted_);
    if (found != models_.end() && found->second.block.soft && found->second.block.until <= end.until) {
      models_.erase(found);
    }
    return;
  }
  const auto found = accounts_.find(end.account_id);
  if (found == accounts_.end()) return;
  Account& account = found->second;
  account.breaker.ended(end.until);
  Blocked& block = account.known.block;
  const bool of_older = is_refusal(block) && end.credential_revision < account.refused_revision;
  if (!block.soft || block.until > end.until || of_older) return;
  account.in_a_row = 0;
  account.refusals = {};
  block = {};
}

void Health::sweep(SystemTime now) {
  std::erase_if(models_, [&](const auto& entry) { return entry.second.block.until <= now; });
  std::erase_if(accounts_, [&](const auto& entry) {
    const Account& account = entry.second;
    // The counts of repetitions are worth as much as the longest pause they lead to.
    const SystemTime kept = std::max(account.known.block.until, account.known.since) + Refusals::kWindow;
    return kept <= now && account.refusals.idle(now) && account.breaker.idle(now);
  });
}

}  // namespace sluice::pick
