// A real gRPC server with the UserService of the admin API over a map, and REST in front of it. It stands in for the
// control plane's services, so that REST is tested alone: with their failures and with calls that take as long as a
// test wants.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/clock.h"
#include "controlplane/api/rest_server.h"
#include "sluice/admin/v1/users.grpc.pb.h"

namespace sluice::api {

namespace v1 = admin::v1;

inline constexpr const char* kToken = "Bearer test-token";

// The user id "held" holds GetUser until release() or the end of the call; the id "unavailable" and the like fail with
// that status.
class UserStore final : public v1::UserService::Service {
 public:
  grpc::Status ListUsers(grpc::ServerContext* context, const v1::ListUsersRequest* request,
                         v1::ListUsersResponse* response) override;
  grpc::Status GetUser(grpc::ServerContext* context, const v1::GetUserRequest* request,
                       v1::GetUserResponse* response) override;
  grpc::Status CreateUser(grpc::ServerContext* context, const v1::CreateUserRequest* request,
                          v1::CreateUserResponse* response) override;
  grpc::Status UpdateUser(grpc::ServerContext* context, const v1::UpdateUserRequest* request,
                          v1::UpdateUserResponse* response) override;
  grpc::Status DeleteUser(grpc::ServerContext* context, const v1::DeleteUserRequest* request,
                          v1::DeleteUserResponse* response) override;

  // Calls held now.
  [[nodiscard]] int held();
  void release();
  // The x-request-id of the last call.
  [[nodiscard]] std::string last_request_id();

 private:
  grpc::Status enter(const grpc::ServerContext& context);
  void hold(const grpc::ServerContext& context);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, v1::User> users_;
  std::string last_request_id_;
  int held_ = 0;
  bool released_ = false;
};

class UserServer {
 public:
  explicit UserServer(std::chrono::milliseconds call_time = std::chrono::seconds(30));
  UserServer(const UserServer&) = delete;
  UserServer& operator=(const UserServer&) = delete;
  ~UserServer();

  [[nodiscard]] std::uint16_t port() const { return rest_->port(); }
  [[nodiscard]] RestServer& rest() { return *rest_; }
  void stop_rest() { rest_.reset(); }
  [[nodiscard]] UserStore& store() { return store_; }
  void set_not_ready(std::string why);

 private:
  const RealClock clock_;
  UserStore store_;
  std::mutex mutex_;
  std::string not_ready_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<RestServer> rest_;
};

}  // namespace sluice::api
