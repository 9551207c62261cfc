// What an answer, or the lack of one, says about an account. What a vendor states is a fact; what we guess is soft, and
// yields where there is no other account.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "dataplane/pick/health.h"

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

std::optional<Blocked> rule_of(const Observation& seen, SystemTime now) {
  for (const snapshot::PauseRule& rule : seen.account.pause_rules) {
    if (rule.status != seen.status || !contains_any(seen.body, rule.keywords)) continue;
    return Blocked{.until = now + rule.pause, .soft = false, .reason = v1::ACCOUNT_HEALTH_REASON_PAUSED_BY_RULE};
  }
  return std::nullopt;
}

std::string detail_of(const provider::LimitSignal& limits) {
  std::string out;
  for (const provider::QuotaWindow& window : limits.windows) {
    if (window.name.empty()) continue;
    fmt::format_to(std::back_inserter(out), "{}{:.0f} % of the {} window used", out.empty() ? "" : ", ",
                   window.used * 100, window.name);
  }
  return out;
}

}  // namespace

std::optional<HealthNews> Health::block(const Observation& seen, Blocked block, bool model_only, SystemTime now) {
  HealthNews news{.account_id = seen.account.id,
                  .model = model_only ? std::string(seen.model) : std::string(),
                  .block = block,
                  .status = seen.status,
                  .credential_revision = seen.credential_revision};
  if (!merge(news, now)) return std::nullopt;
  news.detail = detail_of(seen.limits);
  return news;
}

Lesson Health::observe(const Observation& seen, SystemTime now) {
  Lesson lesson;
  const bool good = seen.failure == Failure::kNone && seen.status >= 200 && seen.status < 400;
  if (!good) {
    const std::optional<Blocked> rule = rule_of(seen, now);
    lesson.by_rule = rule.has_value();
    lesson.blocked = rule ? block(seen, *rule, false, now) : failed(seen, now);
    return lesson;
  }
  succeeded(seen, now, lesson.ended);
  if (seen.limits.used_up && seen.limits.retry_at) {
    const Blocked used_up{
        .until = *seen.limits.retry_at, .soft = false, .reason = v1::ACCOUNT_HEALTH_REASON_QUOTA_USED_UP};
    lesson.blocked = block(seen, used_up, seen.limits.model_only, now);
  }
  return lesson;
}

std::optional<HealthNews> Health::failed(const Observation& seen, SystemTime now) {
  const bool about_limits = seen.status == 429 || seen.status == 503 || seen.status == 529;
  const bool about_credential = seen.status == 401 || seen.status == 402 || seen.status == 403;
  const bool about_request =
      seen.failure == Failure::kNone && seen.status >= 400 && seen.status < 500 && seen.status != 408;
  if (about_request && !about_limits && !about_credential) return std::nullopt;
  Account& account = accounts_[seen.account.id];
  if (about_limits) return limited(seen, account, now);
  return about_credential ? refused(seen, account, now) : broken(seen, account, now);
}

std::optional<HealthNews> Health::limited(const Observation& seen, Account& account, SystemTime now) {
  const bool overloaded = seen.status != 429;
  const auto reason = overloaded ? v1::ACCOUNT_HEALTH_REASON_OVERLOADED : v1::ACCOUNT_HEALTH_REASON_RATE_LIMITED;
  if (seen.limits.retry_at) {
    const Blocked stated{.until = *seen.limits.retry_at, .soft = overloaded, .reason = reason};
    return block(seen, stated, seen.limits.model_only, now);
  }
  // A burst of failures at once is one: only a failure after the last pause is a repetition.
  const Blocked& known = account.known.block;
  if (known.until > now && (account.in_a_row > 0 || !known.soft)) return std::nullopt;
  const seconds pause = overloaded ? doubled(seconds(10), account.in_a_row, seconds(600))
                                   : doubled(seconds(30), account.in_a_row, seconds(300));
  ++account.in_a_row;
  return block(seen, {.until = now + pause, .soft = true, .reason = reason}, false, now);
}

std::optional<HealthNews> Health::refused(const Observation& seen, Account& account, SystemTime now) {
  if (seen.status == 403 && !account.refusals.forbidden(now)) return std::nullopt;
  // Here, too, a burst is one; a refusal of a newer credential is another.
  const Blocked& known = account.known.block;
  const bool same =
      known.reason == v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED && seen.credential_revision <= account.refused_revision;
  if (known.until > now && (same || !known.soft)) return std::nullopt;
  const Blocked refusal{
      .until = now + account.refusals.pause(), .soft = true, .reason = v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED};
  return block(seen, refusal, false, now);
}

std::optional<HealthNews> Health::broken(const Observation& seen, Account& account, SystemTime now) {
  if (!account.breaker.failed(now)) return std::nullopt;
  const Blocked open{
      .until = account.breaker.blocked_until(now), .soft = true, .reason = v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN};
  return HealthNews{.account_id = seen.account.id,
                    .model = {},
                    .block = open,
                    .status = seen.status,
                    .credential_revision = seen.credential_revision};
}

}  // namespace sluice::pick
