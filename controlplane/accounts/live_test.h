// Sends one small request with an account's credential and tells what happens while it happens, with libcurl: through
// the account's proxies, no redirects, TLS verified, of bounded time and size, and directly never to an internal
// address unless the operator listed it. Blocking; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/base/network.h"
#include "controlplane/accounts/test_request.h"
#include "controlplane/accounts/test_target.h"
#include "sluice/admin/v1/account_test.pb.h"

namespace sluice::accounts {

struct LiveTestOptions {
  // Networks that may be used although they are internal, also over plain http: allow_private_upstreams.
  std::vector<Network> allowed_networks = {};
  std::string user_agent = "Sluice";
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds total{60'000};  // over all proxies tried
  std::size_t answer_bytes = std::size_t{1} << 20;
};

struct LiveTestCaller {
  // False: the caller is gone. Called on the testing thread.
  std::function<bool(const admin::v1::TestAccountResponse&)> tell;
  // Asked about every second, and whenever something comes.
  std::function<bool()> gone;
};

// From `started` to `done` or `failed`, unless the caller leaves. No event carries the credential.
void run_live_test(const TestTarget& target, const TestRequest& request, const LiveTestOptions& options,
                   const LiveTestCaller& caller);

}  // namespace sluice::accounts
