#include "controlplane/oauth/outcome.h"

#include "common/base/uuid.h"
#include "controlplane/oauth/plan.h"
#include "controlplane/store/audit.h"

namespace sluice::oauth {

namespace {

constexpr std::chrono::hours kFactsEvery{24};

Result<> audit_end(db::Transaction& tx, SystemTime now, const std::string& account_id) {
  store::AuditRecord record;
  record.id = Uuid::generate(now).to_string();
  record.actor = "system";
  record.action = "oauth_grant.needs_login";
  record.object_kind = "account";
  record.object_id = account_id;
  return store::append_audit(tx, record);
}

}  // namespace

Result<FailureNoted> note_refresh_failure(db::Transaction& tx, SystemTime now, const store::OAuthGrant& tried,
                                          const TokenFailure& failure, std::chrono::milliseconds second_look) {
  using Kind = TokenFailure::Kind;
  auto row = store::get_oauth_grant(tx, tried.account_id, true);
  if (!row) return std::unexpected(row.error());
  if (row->generation != tried.generation || row->state != store::GrantState::kActive) {
    return FailureNoted::kOverlooked;
  }
  const std::string earlier = row->last_error;
  ++row->failures;
  row->last_error = failure.reason;
  row->last_error_at = now;
  FailureNoted noted = FailureNoted::kRetry;
  if (failure.kind != Kind::kInvalidGrant) {
    row->invalid_grants = 0;
    if (failure.kind == Kind::kLost) row->last_error = "the answer was lost: " + failure.reason;
    row->refresh_at = now + retry_pause(row->failures, failure.retry_after);
  } else if (++row->invalid_grants == 1) {
    row->refresh_at = now + second_look;
    if (!earlier.empty()) row->last_error += "; before that: " + earlier;
  } else {
    noted = FailureNoted::kNeedsLogin;
    row->state = store::GrantState::kNeedsLogin;
    row->last_error = earlier;
    row->refresh_at.reset();
    row->facts_due_at.reset();
    if (Result<> audited = audit_end(tx, now, tried.account_id); !audited) return std::unexpected(audited.error());
  }
  auto written = store::write_oauth_grant(tx, *row, false);
  if (!written) return std::unexpected(written.error());
  return noted;
}

Result<> note_facts(db::Transaction& tx, SystemTime now, const store::OAuthGrant& tried,
                    const Result<GoogleFacts>& facts) {
  auto row = store::get_oauth_grant(tx, tried.account_id, true);
  if (!row) return std::unexpected(row.error());
  if (!row->facts_due_at) return {};
  if (facts) {
    row->google_project = facts->project;
    row->google_tier = facts->tier;
    row->drive_limit_bytes = facts->drive_limit_bytes;
    row->drive_used_bytes = facts->drive_used_bytes;
    row->facts_at = now;
    row->facts_failures = 0;
    row->facts_error.clear();
    row->facts_due_at = now + kFactsEvery;
  } else {
    ++row->facts_failures;
    row->facts_error = facts.error().message;
    row->facts_due_at = now + retry_pause(row->facts_failures, std::nullopt);
  }
  auto written = store::write_oauth_grant(tx, *row, false);
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace sluice::oauth
