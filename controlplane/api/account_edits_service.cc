#include "controlplane/api/account_edits_service.h"

#include "common/base/uuid.h"
#include "common/resource/fields.h"
#include "controlplane/api/account_edit.h"
#include "controlplane/api/convert.h"
#include "controlplane/api/edit_accounts_job.h"
#include "controlplane/jobs/lease.h"
#include "controlplane/store/account_edits.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::size_t kPreviewed = 50;
constexpr int kMaxNamedIds = 10'000;

v1::AccountEditState shown(store::EditState state) {
  switch (state) {
    case store::EditState::kRunning:
      return v1::ACCOUNT_EDIT_STATE_RUNNING;
    case store::EditState::kDone:
      return v1::ACCOUNT_EDIT_STATE_DONE;
    case store::EditState::kCancelled:
      break;
  }
  return v1::ACCOUNT_EDIT_STATE_CANCELLED;
}

void to_message(const store::AccountEdit& row, v1::AccountEdit& into) {
  into.set_id(row.id);
  into.set_state(shown(row.state));
  into.set_actor(row.actor);
  into.set_selected(static_cast<std::int32_t>(row.account_ids.size()));
  into.set_changed(row.changed);
  into.set_unchanged(row.unchanged);
  into.set_failed(row.failed);
  for (const store::EditFailure& failure : row.failures) {
    v1::AccountEditFailure& one = *into.add_failures();
    one.set_account_id(failure.account_id);
    one.set_reason(failure.reason);
  }
  set_time(into.mutable_created_at(), row.created_at);
  if (row.ended_at) set_time(into.mutable_ended_at(), *row.ended_at);
}

Result<store::AccountSelection> selection_of(const v1::AccountSelector& selector) {
  store::AccountSelection out;
  store::AccountFilter& filter = out.filter;
  if (Result<> r = resource::check_uuids("selector.ids", selector.ids(), kMaxNamedIds); !r) {
    return std::unexpected(r.error());
  }
  if (!selector.ids().empty()) out.ids = std::vector<std::string>(selector.ids().begin(), selector.ids().end());
  if (!selector.group_id().empty()) filter.group_id = selector.group_id();
  if (!selector.provider().empty()) filter.provider = selector.provider();
  if (!selector.tag().empty()) filter.tag = selector.tag();
  filter.text = selector.query();
  if (selector.status() != v1::ACCOUNT_STATUS_UNSPECIFIED) {
    filter.status =
        selector.status() == v1::ACCOUNT_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  }
  const bool any = out.ids || filter.group_id || filter.provider || filter.tag || filter.status || !filter.text.empty();
  if (any || selector.all()) return out;
  return fail(ErrorCode::kInvalidArgument, "selector: say which accounts, or set all");
}

// What the first accounts would become; nothing of it stays.
Result<> preview(Call& call, const v1::CreateAccountEditRequest& request, const std::vector<std::string>& ids,
                 v1::CreateAccountEditResponse& response) {
  if (auto begun = call.tx.exec("SAVEPOINT preview"); !begun) return std::unexpected(begun.error());
  for (std::size_t i = 0; i < ids.size() && i < kPreviewed; ++i) {
    const Result<EditOutcome> outcome = edit_account(call, request, ids[i]);
    if (!outcome) return std::unexpected(outcome.error());
    v1::AccountEditPreview& one = *response.add_previews();
    one.set_account_id(ids[i]);
    one.set_name(outcome->name);
    one.mutable_fields()->Add(outcome->fields.begin(), outcome->fields.end());
    one.set_failure(outcome->failure);
  }
  if (auto undone = call.tx.exec("ROLLBACK TO SAVEPOINT preview"); !undone) return std::unexpected(undone.error());
  return {};
}

}  // namespace

grpc::Status AccountEditServiceImpl::CreateAccountEdit(grpc::ServerContext* context,
                                                       const v1::CreateAccountEditRequest* request,
                                                       v1::CreateAccountEditResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    if (Result<> valid = check_edit(*request); !valid) return valid;
    const auto selection = selection_of(request->selector());
    if (!selection) return std::unexpected(selection.error());
    auto ids = store::select_accounts(call.tx, *selection);
    if (!ids) return std::unexpected(ids.error());
    if (ids->empty()) return fail(ErrorCode::kFailedPrecondition, "selector: there is no such account");
    if (ids->size() > store::kMaxEdited) {
      return fail(ErrorCode::kInvalidArgument, "selector: at most 100,000 accounts at once");
    }
    if (Result<> shown = preview(call, *request, *ids, *response); !shown) return shown;
    store::AccountEdit row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    row.actor = call.actor;
    row.request = request->SerializeAsString();
    row.account_ids = std::move(*ids);
    const auto stored = store::insert_edit(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_account_edit());
    // Before the first replica has told of its jobs it is due anyway.
    const Result<> due = jobs::trigger_job(call.tx, kEditAccountsJob);
    if (!due && due.error().code != ErrorCode::kNotFound) return due;
    return call.audit("account_edit.create", "account_edit", stored->id, nullptr, request);
  });
}

grpc::Status AccountEditServiceImpl::ListAccountEdits(grpc::ServerContext* context,
                                                      const v1::ListAccountEditsRequest* request,
                                                      v1::ListAccountEditsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto page = store::list_edits(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const store::AccountEdit& row : page->rows)
      to_message(row, *response->add_account_edits());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status AccountEditServiceImpl::GetAccountEdit(grpc::ServerContext* context,
                                                    const v1::GetAccountEditRequest* request,
                                                    v1::GetAccountEditResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = store::get_edit(call.tx, request->id());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_account_edit());
    return {};
  });
}

grpc::Status AccountEditServiceImpl::CancelAccountEdit(grpc::ServerContext* context,
                                                       const v1::CancelAccountEditRequest* request,
                                                       v1::CancelAccountEditResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto row = store::cancel_edit(call.tx, request->id());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_account_edit());
    return call.audit("account_edit.cancel", "account_edit", row->id, nullptr, &response->account_edit());
  });
}

}  // namespace sluice::api
