// Why a live test failed, in words that tell what to do. Pure; any thread.
#pragma once

#include <string_view>

#include "controlplane/accounts/test_answer.h"
#include "sluice/admin/v1/account_test.pb.h"

namespace sluice::accounts {

enum class TestCause {
  kInternalAddress,
  kName,
  kProxy,
  kConnect,
  kTls,
  kTimeout,
  kCut,
  kTooLarge,
  kCredential,
  kModel,
  kRequest,
  kRateLimit,
  kUpstream,
  kNotAStream,
};

// `status`: of the answer, 0 if there was none.
[[nodiscard]] admin::v1::AccountTestFailed test_failed(TestCause cause, std::string_view message, int status = 0);

// Of an answer that is an error, or an error event in a stream (status 200).
[[nodiscard]] TestCause cause_of(int status, const ErrorWords& words);

}  // namespace sluice::accounts
