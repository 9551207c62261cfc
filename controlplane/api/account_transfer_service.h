// The admin API's sealed export and import of accounts.
#pragma once

#include "controlplane/api/account_messages.h"
#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/account_transfer.grpc.pb.h"

namespace sluice::api {

class AccountTransferServiceImpl final : public admin::v1::AccountTransferService::Service {
 public:
  static constexpr int kMostAccounts = 200;

  AccountTransferServiceImpl(const AdminContext& admin, const crypto::Vault& vault, const accounts::BaseUrlGuard& guard)
      : admin_(admin), tools_{vault, guard} {}

  grpc::Status ExportAccounts(grpc::ServerContext* context, const admin::v1::ExportAccountsRequest* request,
                              admin::v1::ExportAccountsResponse* response) override;
  grpc::Status ImportAccounts(grpc::ServerContext* context, const admin::v1::ImportAccountsRequest* request,
                              admin::v1::ImportAccountsResponse* response) override;

 private:
  const AdminContext& admin_;
  const CredentialTools tools_;
};

}  // namespace sluice::api
