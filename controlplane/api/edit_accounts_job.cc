#include "controlplane/api/edit_accounts_job.h"

#include "controlplane/api/account_edit.h"
#include "controlplane/store/account_edits.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::int32_t kAtOnce = 50;

Result<> edit_next(Call& call, const v1::CreateAccountEditRequest& request, store::AccountEdit& edit) {
  const std::string& id = edit.account_ids[static_cast<std::size_t>(edit.next++)];
  const Result<EditOutcome> outcome = edit_account(call, request, id);
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->failure.empty()) {
    ++(outcome->fields.empty() ? edit.unchanged : edit.changed);
    return {};
  }
  ++edit.failed;
  if (edit.failures.size() < store::kNamedFailures) edit.failures.push_back({id, outcome->failure});
  return {};
}

Result<jobs::Step> work(const Clock& clock, db::Transaction& tx, SystemTime now) {
  auto taken = store::take_running_edit(tx);
  if (!taken) return std::unexpected(taken.error());
  if (!*taken) return jobs::Step{};
  store::AccountEdit& edit = **taken;
  v1::CreateAccountEditRequest request;
  if (!request.ParseFromString(edit.request)) return fail(ErrorCode::kInternal, "an account edit is unreadable");
  Call call{.tx = tx, .clock = clock, .actor = edit.actor, .request_id = edit.id};
  const auto selected = static_cast<std::int32_t>(edit.account_ids.size());
  const std::int32_t until = std::min(selected, edit.next + kAtOnce);
  const std::int32_t changed = edit.changed;
  while (edit.next < until) {
    if (Result<> done = edit_next(call, request, edit); !done) return std::unexpected(done.error());
  }
  if (edit.next == selected) {
    edit.state = store::EditState::kDone;
    edit.ended_at = now;
  }
  if (auto saved = store::save_edit(tx, edit); !saved) return std::unexpected(saved.error());
  return jobs::Step{.rows = edit.changed - changed, .more = true};
}

}  // namespace

jobs::Job edit_accounts_job(const Clock& clock) {
  return {.name = kEditAccountsJob,
          .every = std::chrono::seconds(30),
          .step = [&clock](db::Transaction& tx, SystemTime now) { return work(clock, tx, now); }};
}

}  // namespace sluice::api
