// Registering, proving an e-mail address, and a new password for a forgotten one. Passwords are hashed outside of any
// transaction: they take long.
#pragma once

#include <string>

#include "controlplane/api/admin_call.h"
#include "controlplane/api/human_check.h"
#include "controlplane/identity/passwords.h"
#include "controlplane/store/email_tokens.h"
#include "controlplane/store/sign_in_settings.h"
#include "sluice/admin/v1/registration.grpc.pb.h"

namespace sluice::api {

class RegistrationServiceImpl final : public admin::v1::RegistrationService::Service {
 public:
  RegistrationServiceImpl(const AdminContext& admin, const identity::PasswordHasher& hasher, const HumanCheck& human)
      : admin_(admin), hasher_(hasher), human_(human) {}

  grpc::Status Register(grpc::ServerContext* context, const admin::v1::RegisterRequest* request,
                        admin::v1::RegisterResponse* response) override;
  grpc::Status FinishRegistration(grpc::ServerContext* context, const admin::v1::FinishRegistrationRequest* request,
                                  admin::v1::FinishRegistrationResponse* response) override;
  grpc::Status RequestPasswordReset(grpc::ServerContext* context, const admin::v1::RequestPasswordResetRequest* request,
                                    admin::v1::RequestPasswordResetResponse* response) override;
  grpc::Status FinishPasswordReset(grpc::ServerContext* context, const admin::v1::FinishPasswordResetRequest* request,
                                   admin::v1::FinishPasswordResetResponse* response) override;
  grpc::Status RequestEmailVerification(grpc::ServerContext* context,
                                        const admin::v1::RequestEmailVerificationRequest* request,
                                        admin::v1::RequestEmailVerificationResponse* response) override;
  grpc::Status VerifyEmail(grpc::ServerContext* context, const admin::v1::VerifyEmailRequest* request,
                           admin::v1::VerifyEmailResponse* response) override;

 private:
  // Somebody whose address is proven, or does not have to be.
  [[nodiscard]] Result<std::string> make_user(Call& call, const store::EmailToken& person, bool proven) const;
  [[nodiscard]] Result<> queue_registration(Call& call, const store::EmailToken& person,
                                            const store::SignInSettings& settings) const;
  [[nodiscard]] Result<> queue_reset(Call& call, const std::string& email, const store::SignInSettings& settings) const;

  const AdminContext& admin_;
  const identity::PasswordHasher& hasher_;
  const HumanCheck& human_;
};

}  // namespace sluice::api
