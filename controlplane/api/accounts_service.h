// The admin API's upstream accounts. Secrets are sealed before they are stored and never read back.
#pragma once

#include "common/crypto/vault.h"
#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/accounts.grpc.pb.h"

namespace sluice::api {

class AccountServiceImpl final : public admin::v1::AccountService::Service {
 public:
  explicit AccountServiceImpl(const AdminContext& admin, const crypto::Vault& vault,
                              const accounts::BaseUrlGuard& guard)
      : admin_(admin), vault_(vault), guard_(guard) {}

  grpc::Status ListAccounts(grpc::ServerContext* context, const admin::v1::ListAccountsRequest* request,
                            admin::v1::ListAccountsResponse* response) override;
  grpc::Status GetAccount(grpc::ServerContext* context, const admin::v1::GetAccountRequest* request,
                          admin::v1::GetAccountResponse* response) override;
  grpc::Status CreateAccount(grpc::ServerContext* context, const admin::v1::CreateAccountRequest* request,
                             admin::v1::CreateAccountResponse* response) override;
  grpc::Status UpdateAccount(grpc::ServerContext* context, const admin::v1::UpdateAccountRequest* request,
                             admin::v1::UpdateAccountResponse* response) override;
  grpc::Status DeleteAccount(grpc::ServerContext* context, const admin::v1::DeleteAccountRequest* request,
                             admin::v1::DeleteAccountResponse* response) override;
  grpc::Status SetAccountCredential(grpc::ServerContext* context, const admin::v1::SetAccountCredentialRequest* request,
                                    admin::v1::SetAccountCredentialResponse* response) override;

 private:
  const AdminContext& admin_;
  const crypto::Vault& vault_;
  const accounts::BaseUrlGuard& guard_;

  Result<> put_credential(Call& call, const std::string& account_id, const std::string& base_url,
                          const admin::v1::AccountCredential& credential);
};

}  // namespace sluice::api
