#include "dataplane/pick/health.h"

#include <algorithm>
#include <cctype>

namespace sluice::pick {

namespace {

using std::chrono::seconds;
using Failure = Observation::Failure;
namespace v1 = config::v1;

constexpr std::size_t kBodyLookedAt = 64 * 1024;

// first, 2 x first, 4 x first ... up to most
seconds doubled(seconds first, unsigned times, seconds most) {
  return std::min<seconds>(most, first * (1LL << std::min(times, 16U)));
}

bool contains_any(std::string_view body, const std::vector<std::string>& keywords) {
  if (keywords.empty()) return true;
  std::string lower(body.substr(0, kBodyLookedAt));
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(keywords, [&](const std::string& word) { return lower.find(word) != lower.npos; });
}

// A second more is not worth telling, and no guess replaces what a vendor has stated.
bool extends(const Blocked& known, const Blocked& news, SystemTime now) {
  if (known.until <= now) return true;
  if (known.soft != news.soft) return known.soft;
  return news.until > known.until + seconds(1);
}

// Hard before soft, then the one that lasts longer.
bool weighs_more(const Blocked& a, const Blocked& b) {
  return a.soft != b.soft ? b.soft : a.until > b.until;
}

void model_key(std::string_view account_id, std::string_view model, std::string& into) {
  into.assign(account_id).append("|").append(model);
}

}  // namespace

std::optional<Blocked> Health::blocked(std::string_view account_id, std::string_view model,
                                       std::uint64_t credential_revision, SystemTime now) const {
  const std::optional<Blocked> whole = account_blocked(account_id, credential_revision, now);
  if (models_.empty()) return whole;
  model_key(account_id, model, wanted_);
  const auto found = models_.find(wanted_);
  if (found == models_.end() || found->second.until <= now) return whole;
  return whole && weighs_more(*whole, found->second) ? whole : found->second;
}

std::optional<Blocked> Health::account_blocked(std::string_view account_id, std::uint64_t credential_revision,
                                               SystemTime now) const {
  const auto found = accounts_.find(account_id);
  if (found == accounts_.end()) return std::nullopt;
  const Account& account = found->second;
  const bool renewed =
      account.block.reason == v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED && credential_revision > account.refused_revision;
  if (account.block.until > now && !renewed) return account.block;
  const SystemTime open_until = account.breaker.blocked_until(now);
  if (open_until <= now) return std::nullopt;
  return Blocked{.until = open_until, .soft = true, .reason = v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN};
}

void Health::started(std::string_view account_id, SystemTime now) {
  const auto found = accounts_.find(account_id);
  if (found != accounts_.end()) found->second.breaker.started(now);
}

// A healthy account that succeeds costs one lookup and leaves nothing behind.
void Health::succeeded(std::string_view account_id, SystemTime now) {
  const auto found = accounts_.find(account_id);
  if (found == accounts_.end()) return;
  Account& account = found->second;
  account.in_a_row = account.refusals = 0;
  if (account.block.soft) account.block = {};
  if (account.block.until <= now && account.breaker.idle(now)) {
    accounts_.erase(found);
  } else {
    account.breaker.succeeded(now);
  }
}

std::optional<Blocked> Health::rule_of(const Observation& seen, SystemTime now) const {
  for (const snapshot::PauseRule& rule : seen.account.pause_rules) {
    if (rule.status != seen.status || !contains_any(seen.body, rule.keywords)) continue;
    return Blocked{.until = now + rule.pause, .soft = false, .reason = v1::ACCOUNT_HEALTH_REASON_PAUSED_BY_RULE};
  }
  return std::nullopt;
}

std::optional<HealthNews> Health::block(const Observation& seen, Blocked block, bool model_only, SystemTime now) {
  HealthNews news{.account_id = seen.account.id,
                  .model = model_only ? std::string(seen.model) : std::string(),
                  .block = block,
                  .status = seen.status,
                  .credential_revision = seen.credential_revision};
  if (!merge(news, now)) return std::nullopt;
  return news;
}

std::optional<HealthNews> Health::observe(const Observation& seen, SystemTime now) {
  const bool good = seen.failure == Failure::kNone && seen.status >= 200 && seen.status < 400;
  if (!good) return failed(seen, now);
  succeeded(seen.account.id, now);
  if (!seen.limits.used_up || !seen.limits.retry_at) return std::nullopt;
  return block(seen, {.until = *seen.limits.retry_at, .soft = false, .reason = v1::ACCOUNT_HEALTH_REASON_QUOTA_USED_UP},
               seen.limits.model_only, now);
}

// What a vendor states is a fact; what we guess is soft, and yields where there is no other account.
std::optional<HealthNews> Health::failed(const Observation& seen, SystemTime now) {
  if (const auto paused = rule_of(seen, now)) return block(seen, *paused, false, now);
  const bool rate_limited = seen.status == 429;
  const bool overloaded = seen.status == 529 || seen.status == 503;
  Account& account = accounts_[seen.account.id];
  if (rate_limited || overloaded) {
    const auto reason = rate_limited ? v1::ACCOUNT_HEALTH_REASON_RATE_LIMITED : v1::ACCOUNT_HEALTH_REASON_OVERLOADED;
    if (seen.limits.retry_at) {
      return block(seen, {.until = *seen.limits.retry_at, .soft = overloaded, .reason = reason}, seen.limits.model_only,
                   now);
    }
    // A burst of failures at once is one: only a failure after the last pause is a repetition.
    if (account.in_a_row > 0 && account.block.soft && account.block.until > now) return std::nullopt;
    const seconds pause = rate_limited ? doubled(seconds(30), account.in_a_row, seconds(300))
                                       : doubled(seconds(10), account.in_a_row, seconds(600));
    ++account.in_a_row;
    return block(seen, {.until = now + pause, .soft = true, .reason = reason}, seen.limits.model_only, now);
  }
  if (seen.status == 401 || seen.status == 402 || seen.status == 403) {
    // One 403 may be about the request; a second without a success between is about the account.
    if (++account.refusals < 2 && seen.status == 403) return std::nullopt;
    const seconds pause = doubled(seconds(60), account.refusals - 1, seconds(600));
    return block(seen, {.until = now + pause, .soft = true, .reason = v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED}, false,
                 now);
  }
  const bool own_fault =
      seen.failure == Failure::kNone && seen.status >= 400 && seen.status < 500 && seen.status != 408;
  if (own_fault || !account.breaker.failed(now)) return std::nullopt;
  return HealthNews{.account_id = seen.account.id,
                    .model = {},
                    .block = {.until = account.breaker.blocked_until(now),
                              .soft = true,
                              .reason = v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN},
                    .status = seen.status,
                    .credential_revision = seen.credential_revision};
}

bool Health::merge(const HealthNews& news, SystemTime now) {
  if (news.block.until <= now) return false;
  if (!news.model.empty()) {
    model_key(news.account_id, news.model, wanted_);
    Blocked& known = models_[wanted_];
    if (!extends(known, news.block, now)) return false;
    known = news.block;
    return true;
  }
  Account& account = accounts_[news.account_id];
  const bool renewed = account.block.reason == v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED &&
                       news.credential_revision > account.refused_revision;
  if (!renewed && !extends(account.block, news.block, now)) return false;
  account.block = news.block;
  if (news.block.reason == v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED) {
    account.refused_revision = std::max(account.refused_revision, news.credential_revision);
  }
  return true;
}

void Health::sweep(SystemTime now) {
  std::erase_if(models_, [&](const auto& entry) { return entry.second.until <= now; });
  std::erase_if(accounts_, [&](const auto& entry) {
    const Account& account = entry.second;
    // The counts of repetitions are worth as much as the longest pause they lead to.
    return account.block.until + std::chrono::minutes(10) <= now && account.breaker.idle(now);
  });
}

}  // namespace sluice::pick
