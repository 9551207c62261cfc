// The admin API's import from claude-relay-service.
#pragma once

#include "controlplane/api/account_messages.h"
#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/claude_relay_imports.grpc.pb.h"

namespace sluice::api {

class ClaudeRelayImportServiceImpl final : public admin::v1::ClaudeRelayImportService::Service {
 public:
  ClaudeRelayImportServiceImpl(const AdminContext& admin, const crypto::Vault& vault,
                               const accounts::BaseUrlGuard& guard)
      : admin_(admin), tools_{vault, guard} {}

  grpc::Status ImportClaudeRelayAccounts(grpc::ServerContext* context,
                                         const admin::v1::ImportClaudeRelayAccountsRequest* request,
                                         admin::v1::ImportClaudeRelayAccountsResponse* response) override;

 private:
  const AdminContext& admin_;
  const CredentialTools tools_;
};

}  // namespace sluice::api
