// What an edit does to one account; the service and the job share it. Blocking; any thread.
#pragma once

#include <string>
#include <vector>

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/account_edits.pb.h"

namespace sluice::api {

struct EditOutcome {
  std::string name = {};
  // Names of the fields that changed; empty: it was as wanted, or it failed.
  std::vector<std::string> fields = {};
  // Why it could not be changed; else empty.
  std::string failure = {};
};

// kInvalidArgument if it edits nothing, or what may only be changed in one account at a time.
[[nodiscard]] Result<> check_edit(const admin::v1::CreateAccountEditRequest& edit);

// Changes the account and leaves an audit record, or leaves it whole and says why. An error is of the database, and the
// transaction is lost.
[[nodiscard]] Result<EditOutcome> edit_account(Call& call, const admin::v1::CreateAccountEditRequest& edit,
                                               const std::string& account_id);

}  // namespace sluice::api
