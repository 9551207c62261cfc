// The admin API's users.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/users.grpc.pb.h"

namespace sluice::api {

class UserServiceImpl final : public admin::v1::UserService::Service {
 public:
  explicit UserServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListUsers(grpc::ServerContext* context, const admin::v1::ListUsersRequest* request,
                         admin::v1::ListUsersResponse* response) override;
  grpc::Status GetUser(grpc::ServerContext* context, const admin::v1::GetUserRequest* request,
                       admin::v1::GetUserResponse* response) override;
  grpc::Status CreateUser(grpc::ServerContext* context, const admin::v1::CreateUserRequest* request,
                          admin::v1::CreateUserResponse* response) override;
  grpc::Status UpdateUser(grpc::ServerContext* context, const admin::v1::UpdateUserRequest* request,
                          admin::v1::UpdateUserResponse* response) override;
  grpc::Status DeleteUser(grpc::ServerContext* context, const admin::v1::DeleteUserRequest* request,
                          admin::v1::DeleteUserResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
