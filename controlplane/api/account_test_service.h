// The admin API's live test of an account.
#pragma once

#include <atomic>

#include "controlplane/api/admin_call.h"
#include "controlplane/oauth/logins.h"
#include "sluice/admin/v1/account_test.grpc.pb.h"

namespace sluice::api {

// A test takes a thread of gRPC for a minute at most, and no database connection while it runs.
class AccountTestServiceImpl final : public admin::v1::AccountTestService::Service {
 public:
  // Tests at once in this process; more are refused.
  static constexpr int kMostTests = 8;

  // Both outlive it and the server.
  AccountTestServiceImpl(const AdminContext& admin, const oauth::VaultContext& oauth) : admin_(admin), oauth_(oauth) {}

  grpc::Status TestAccount(grpc::ServerContext* context, const admin::v1::TestAccountRequest* request,
                           grpc::ServerWriter<admin::v1::TestAccountResponse>* writer) override;

 private:
  const AdminContext& admin_;
  const oauth::VaultContext& oauth_;
  std::atomic<int> running_ = 0;
};

}  // namespace sluice::api
