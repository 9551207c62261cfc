// The admin API's edits of many accounts at once.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/account_edits.grpc.pb.h"

namespace sluice::api {

class AccountEditServiceImpl final : public admin::v1::AccountEditService::Service {
 public:
  explicit AccountEditServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status CreateAccountEdit(grpc::ServerContext* context, const admin::v1::CreateAccountEditRequest* request,
                                 admin::v1::CreateAccountEditResponse* response) override;
  grpc::Status ListAccountEdits(grpc::ServerContext* context, const admin::v1::ListAccountEditsRequest* request,
                                admin::v1::ListAccountEditsResponse* response) override;
  grpc::Status GetAccountEdit(grpc::ServerContext* context, const admin::v1::GetAccountEditRequest* request,
                              admin::v1::GetAccountEditResponse* response) override;
  grpc::Status CancelAccountEdit(grpc::ServerContext* context, const admin::v1::CancelAccountEditRequest* request,
                                 admin::v1::CancelAccountEditResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
