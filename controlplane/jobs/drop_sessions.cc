#include <algorithm>

#include "controlplane/jobs/job.h"
#include "controlplane/mail/outbox.h"
#include "controlplane/store/email_tokens.h"
#include "controlplane/store/login_attempts.h"
#include "controlplane/store/oidc_logins.h"
#include "controlplane/store/sessions.h"

namespace sluice::jobs {

namespace {

constexpr int kAtOnce = 5'000;
// Their networks are what lets a person in while somebody else tries his password (identity/login_limits.h).
constexpr std::chrono::hours kKept{90 * 24};
constexpr std::chrono::hours kMailsKept{30 * 24};

Result<Step> drop(db::Transaction& tx, SystemTime now) {
  const auto sessions = store::drop_sessions(tx, now - kKept, kAtOnce);
  if (!sessions) return std::unexpected(sessions.error());
  const auto attempts = store::drop_login_attempts(tx, now, kAtOnce);
  if (!attempts) return std::unexpected(attempts.error());
  const auto links = store::drop_email_tokens(tx, now, kAtOnce);
  if (!links) return std::unexpected(links.error());
  const auto mails = mail::drop_mails(tx, now - kMailsKept, kAtOnce);
  if (!mails) return std::unexpected(mails.error());
  const auto logins = store::drop_oidc_logins(tx, now, kAtOnce);
  if (!logins) return std::unexpected(logins.error());
  return Step{.rows = *sessions + *attempts + *links + *mails + *logins,
              .more = std::max({*sessions, *attempts, *links, *mails, *logins}) == kAtOnce};
}

}  // namespace

Job drop_sessions_job() {
  return {.name = "drop_sessions", .every = std::chrono::hours(1), .step = drop};
}

}  // namespace sluice::jobs
