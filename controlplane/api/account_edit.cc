#include "controlplane/api/account_edit.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <array>

#include "controlplane/api/account_messages.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/accounts.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

using Ids = google::protobuf::RepeatedPtrField<std::string>;

// Neither what tells accounts apart nor what a secret is bound to.
constexpr std::array<std::string_view, 12> kEditable{"status",    "priority",      "concurrency", "weight",
                                                     "models",    "model_mapping", "pause_rules", "egress_proxy_ids",
                                                     "group_ids", "tags",          "note",        "hybrid_scheduling"};

void add_and_remove(const Ids& add, const Ids& remove, Ids& into) {
  for (const std::string& one : add) {
    if (std::ranges::find(into, one) == into.end()) *into.Add() = one;
  }
  const auto removed = std::ranges::remove_if(
      into, [&](const std::string& one) { return std::ranges::find(remove, one) != remove.end(); });
  into.erase(removed.begin(), removed.end());
}

std::vector<std::string> changed_fields(const v1::Account& before, const v1::Account& after) {
  using google::protobuf::util::FieldMaskUtil;
  std::vector<std::string> out;
  for (const std::string_view name : kEditable) {
    google::protobuf::FieldMask mask;
    mask.add_paths(std::string(name));
    v1::Account old, now;
    FieldMaskUtil::MergeMessageTo(before, mask, {}, &old);
    FieldMaskUtil::MergeMessageTo(after, mask, {}, &now);
    if (!google::protobuf::util::MessageDifferencer::Equals(old, now)) out.emplace_back(name);
  }
  return out;
}

Result<EditOutcome> change(Call& call, const v1::CreateAccountEditRequest& edit, const std::string& account_id) {
  auto row = live(store::get_account(call.tx, account_id), "account");
  if (!row) return std::unexpected(row.error());
  v1::Account before;
  if (Result<> filled = to_message(call, *row, before); !filled) return std::unexpected(filled.error());
  v1::Account wanted = before;
  if (Result<> merged = merge(edit.account(), edit.update_mask(), wanted); !merged) {
    return std::unexpected(merged.error());
  }
  add_and_remove(edit.add_group_ids(), edit.remove_group_ids(), *wanted.mutable_group_ids());
  add_and_remove(edit.add_tags(), edit.remove_tags(), *wanted.mutable_tags());
  EditOutcome out{.name = row->name, .fields = changed_fields(before, wanted), .failure = {}};
  if (out.fields.empty()) return out;
  if (Result<> valid = from_message(wanted, *row); !valid) return std::unexpected(valid.error());
  const auto stored = store::update_account(call.tx, *row);
  if (!stored) return std::unexpected(stored.error());
  v1::Account after;
  if (Result<> filled = to_message(call, *stored, after); !filled) return std::unexpected(filled.error());
  if (Result<> noted = call.audit("account.edit", "account", account_id, &before, &after); !noted) {
    return std::unexpected(noted.error());
  }
  return out;
}

}  // namespace

Result<> check_edit(const v1::CreateAccountEditRequest& edit) {
  const google::protobuf::FieldMask mask = mask_or_set_fields(edit.update_mask(), edit.account());
  for (const std::string& path : mask.paths()) {
    if (std::ranges::find(kEditable, path) == kEditable.end()) {
      return fail(ErrorCode::kInvalidArgument, "update_mask: " + path + " cannot be changed in many accounts at once");
    }
  }
  const bool any = !mask.paths().empty() || !edit.add_group_ids().empty() || !edit.remove_group_ids().empty() ||
                   !edit.add_tags().empty() || !edit.remove_tags().empty();
  if (!any) return fail(ErrorCode::kInvalidArgument, "account: name at least one field to change");
  return {};
}

Result<EditOutcome> edit_account(Call& call, const v1::CreateAccountEditRequest& edit, const std::string& account_id) {
  if (auto begun = call.tx.exec("SAVEPOINT account_edit"); !begun) return std::unexpected(begun.error());
  Result<EditOutcome> outcome = change(call, edit, account_id);
  if (!outcome && call.tx.worth_retrying()) return outcome;
  if (!outcome) {
    if (auto undone = call.tx.exec("ROLLBACK TO SAVEPOINT account_edit"); !undone) {
      return std::unexpected(undone.error());
    }
    outcome = EditOutcome{.failure = outcome.error().message};
  }
  if (auto ended = call.tx.exec("RELEASE SAVEPOINT account_edit"); !ended) return std::unexpected(ended.error());
  return outcome;
}

}  // namespace sluice::api
