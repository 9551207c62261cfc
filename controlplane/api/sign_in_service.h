// What staff do about the sign-in of others. Blocking; gRPC's threads.
#pragma once

#include "controlplane/api/admin_call.h"
#include "controlplane/identity/passwords.h"
#include "controlplane/store/users.h"
#include "sluice/admin/v1/sign_in.grpc.pb.h"

namespace sluice::api {

class SignInServiceImpl final : public admin::v1::SignInService::Service {
 public:
  SignInServiceImpl(const AdminContext& admin, const identity::PasswordHasher& hasher)
      : admin_(admin), hasher_(hasher) {}

  grpc::Status SetUserPassword(grpc::ServerContext* context, const admin::v1::SetUserPasswordRequest* request,
                               admin::v1::SetUserPasswordResponse* response) override;
  grpc::Status ResetSecondFactor(grpc::ServerContext* context, const admin::v1::ResetSecondFactorRequest* request,
                                 admin::v1::ResetSecondFactorResponse* response) override;
  grpc::Status ListUserSessions(grpc::ServerContext* context, const admin::v1::ListUserSessionsRequest* request,
                                admin::v1::ListUserSessionsResponse* response) override;
  grpc::Status RevokeUserSessions(grpc::ServerContext* context, const admin::v1::RevokeUserSessionsRequest* request,
                                  admin::v1::RevokeUserSessionsResponse* response) override;

 private:
  const AdminContext& admin_;
  const identity::PasswordHasher& hasher_;
};

}  // namespace sluice::api
