// Signing in: with a password and perhaps a second factor, out again, and what people do with their own sessions,
// passwords and second factors. Passwords are hashed outside of any transaction: they take long.
#pragma once

#include "common/base/secret.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/api/begin_session.h"
#include "controlplane/api/human_check.h"
#include "controlplane/identity/login_limits.h"
#include "controlplane/identity/passwords.h"
#include "controlplane/identity/sessions.h"
#include "sluice/admin/v1/auth.grpc.pb.h"

namespace sluice::api {

class AuthServiceImpl final : public admin::v1::AuthService::Service {
 public:
  // `setup_token`: empty if there is none.
  AuthServiceImpl(const AdminContext& admin, const identity::PasswordHasher& hasher, Secret setup_token,
                  const HumanCheck& human)
      : admin_(admin), hasher_(hasher), setup_token_(std::move(setup_token)), human_(human) {}

  grpc::Status Login(grpc::ServerContext* context, const admin::v1::LoginRequest* request,
                     admin::v1::LoginResponse* response) override;
  grpc::Status GetSetup(grpc::ServerContext* context, const admin::v1::GetSetupRequest* request,
                        admin::v1::GetSetupResponse* response) override;
  grpc::Status Setup(grpc::ServerContext* context, const admin::v1::SetupRequest* request,
                     admin::v1::SetupResponse* response) override;
  grpc::Status Logout(grpc::ServerContext* context, const admin::v1::LogoutRequest* request,
                      admin::v1::LogoutResponse* response) override;
  grpc::Status GetSession(grpc::ServerContext* context, const admin::v1::GetSessionRequest* request,
                          admin::v1::GetSessionResponse* response) override;
  grpc::Status ListSessions(grpc::ServerContext* context, const admin::v1::ListSessionsRequest* request,
                            admin::v1::ListSessionsResponse* response) override;
  grpc::Status RevokeSession(grpc::ServerContext* context, const admin::v1::RevokeSessionRequest* request,
                             admin::v1::RevokeSessionResponse* response) override;
  grpc::Status ChangePassword(grpc::ServerContext* context, const admin::v1::ChangePasswordRequest* request,
                              admin::v1::ChangePasswordResponse* response) override;
  grpc::Status BeginTotp(grpc::ServerContext* context, const admin::v1::BeginTotpRequest* request,
                         admin::v1::BeginTotpResponse* response) override;
  grpc::Status ConfirmTotp(grpc::ServerContext* context, const admin::v1::ConfirmTotpRequest* request,
                           admin::v1::ConfirmTotpResponse* response) override;
  grpc::Status DisableTotp(grpc::ServerContext* context, const admin::v1::DisableTotpRequest* request,
                           admin::v1::DisableTotpResponse* response) override;

 private:
  // Who wants to sign in, his attempt counted.
  struct Applicant {
    std::string user_id;
    bool active = false;
    std::string hash;
    identity::Attempt attempt;
  };

  [[nodiscard]] Result<Applicant> count_applicant(const std::string& email, const std::string& network) const;
  // begin_session(), if the password is still the one that was right.
  [[nodiscard]] Result<SignedIn> sign_in(Call& call, const Applicant& applicant, const std::string& code,
                                         const identity::ClientInfo& client) const;
  [[nodiscard]] Result<> make_owner(Call& call, const admin::v1::SetupRequest& request, const std::string& hash,
                                    admin::v1::SetupResponse& response) const;

  const AdminContext& admin_;
  const identity::PasswordHasher& hasher_;
  const Secret setup_token_;
  const HumanCheck& human_;
};

}  // namespace sluice::api
