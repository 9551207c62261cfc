// A decision as a message.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/observe/utf8.h"
#include "dataplane/pick/decision.h"

namespace sluice::pick {

namespace {

std::string_view name(config::v1::AccountHealthReason reason) {
  switch (reason) {
    case config::v1::ACCOUNT_HEALTH_REASON_RATE_LIMITED:
      return "rate_limited";
    case config::v1::ACCOUNT_HEALTH_REASON_OVERLOADED:
      return "overloaded";
    case config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED:
      return "auth_failed";
    case config::v1::ACCOUNT_HEALTH_REASON_BREAKER_OPEN:
      return "breaker_open";
    case config::v1::ACCOUNT_HEALTH_REASON_PAUSED_BY_RULE:
      return "paused_by_rule";
    case config::v1::ACCOUNT_HEALTH_REASON_QUOTA_USED_UP:
      return "quota_used_up";
    default:
      return "blocked";
  }
}

// With the day where it is another one.
std::string until_text(SystemTime until, SystemTime started) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(until);
  const auto days = std::chrono::floor<std::chrono::days>(until);
  const std::time_t time = seconds.time_since_epoch().count();
  if (days == std::chrono::floor<std::chrono::days>(started)) return fmt::format("{:%H:%M:%S}Z", fmt::gmtime(time));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(time));
}

}  // namespace

class RecordWriter {
 public:
  explicit RecordWriter(const Decision& decision) : decision_(decision) {}

  [[nodiscard]] usage::v1::DecisionRecord write() const {
    usage::v1::DecisionRecord out;
    write_head(out);
    for (const Looked& looked : decision_.looked_)
      write(looked, *out.add_candidates());
    for (const Attempt& attempt : decision_.attempts_)
      write(attempt, *out.add_attempts());
    for (const Decision::Wait& wait : decision_.waits_)
      write(wait, *out.add_waits());
    return out;
  }

 private:
  using Looked = Decision::Looked;
  using Attempt = Decision::Attempt;

  void write_head(usage::v1::DecisionRecord& out) const {
    out.set_request_id(std::string(decision_.request_id_.view()));
    const std::int64_t micros = decision_.started_.time_since_epoch().count();
    out.mutable_started_at()->set_seconds(micros / 1'000'000);
    out.mutable_started_at()->set_nanos(static_cast<std::int32_t>(micros % 1'000'000) * 1000);
    out.set_user_id(std::string(decision_.user_id_.view()));
    out.set_api_key_id(std::string(decision_.key_id_.view()));
    out.set_group_id(std::string(decision_.group_id_.view()));
    out.set_requested_model(observe::valid_utf8(decision_.model_));
    out.set_status(decision_.status_);
    out.set_outcome(observe::valid_utf8(decision_.outcome_.view()));
    out.set_others(decision_.others_);
    out.set_total_us(decision_.total_us_);
  }

  void write(const Looked& looked, usage::v1::DecisionCandidate& out) const {
    out.set_account_id(std::string(looked.account_id.view()));
    out.set_priority(looked.priority);
    out.set_running(looked.running);
    out.set_waiting(looked.waiting);
    out.set_concurrency(looked.concurrency);
    out.set_skipped(skipped(looked));
  }

  static void write(const Attempt& attempt, usage::v1::DecisionAttempt& out) {
    out.set_account_id(std::string(attempt.account_id.view()));
    out.set_chosen_by(std::string(attempt.chosen_by));
    out.set_status(attempt.status);
    out.set_started_us(attempt.started_us);
    out.set_first_byte_us(attempt.first_byte_us);
    out.set_ended_us(attempt.ended_us);
    out.set_failure(observe::valid_utf8(attempt.failure.view()));
    out.set_egress_proxy(observe::valid_utf8(attempt.egress.view()));
  }

  static void write(const Decision::Wait& wait, usage::v1::DecisionWait& out) {
    out.set_scope(std::string(wait.scope));
    out.set_started_us(wait.started_us);
    out.set_waited_us(wait.waited_us);
    out.set_ended(std::string(wait.ended));
  }

  // The last attempt's account served if the attempt did not fail.
  [[nodiscard]] bool won(const Looked& looked) const {
    if (decision_.attempts_.empty()) return false;
    const Attempt& last = decision_.attempts_.back();
    return last.failure.empty() && last.account_id.view() == looked.account_id.view();
  }
  [[nodiscard]] bool attempted(const Looked& looked) const {
    return std::ranges::any_of(decision_.attempts_,
                               [&](const Attempt& one) { return one.account_id.view() == looked.account_id.view(); });
  }

  // Empty for the account that served.
  [[nodiscard]] std::string skipped(const Looked& looked) const {
    if (won(looked)) return looked.last_resort ? "soft-blocked, used as last resort" : "";
    if (attempted(looked)) return "tried";
    switch (looked.skip) {
      case Skip::kNone:
        return is_full({looked.running, looked.waiting}, looked.concurrency) ? "full" : "not_needed";
      case Skip::kBlocked:
      case Skip::kSoftBlocked:
        return fmt::format("{} until {}", name(looked.reason), until_text(looked.blocked_until, decision_.started_));
      default:
        return std::string(name(looked.skip));
    }
  }

  const Decision& decision_;
};

usage::v1::DecisionRecord to_proto(const Decision& decision) {
  return RecordWriter(decision).write();
}

}  // namespace sluice::pick
