// The job that works off edits of many accounts.
#pragma once

#include "controlplane/jobs/job.h"

namespace sluice::api {

inline constexpr const char* kEditAccountsJob = "edit_accounts";

// Some accounts of the oldest edit a step, with the count of what is through in the same transaction: a replica that
// dies leaves no account changed twice, and none out.
[[nodiscard]] jobs::Job edit_accounts_job(const Clock& clock);

}  // namespace sluice::api
