// The admin API's settings of signing in and registering.
#pragma once

#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/store/sign_in_settings.h"
#include "sluice/admin/v1/sign_in_settings.grpc.pb.h"

namespace sluice::api {

class SignInSettingsServiceImpl final : public admin::v1::SignInSettingsService::Service {
 public:
  SignInSettingsServiceImpl(const AdminContext& admin, const accounts::BaseUrlGuard& guard)
      : admin_(admin), guard_(guard) {}

  grpc::Status GetSignInSettings(grpc::ServerContext* context, const admin::v1::GetSignInSettingsRequest* request,
                                 admin::v1::GetSignInSettingsResponse* response) override;
  grpc::Status UpdateSignInSettings(grpc::ServerContext* context, const admin::v1::UpdateSignInSettingsRequest* request,
                                    admin::v1::UpdateSignInSettingsResponse* response) override;
  grpc::Status GetSignInOptions(grpc::ServerContext* context, const admin::v1::GetSignInOptionsRequest* request,
                                admin::v1::GetSignInOptionsResponse* response) override;

 private:
  [[nodiscard]] Result<> from_message(const admin::v1::SignInSettings& settings, store::SignInSettings& into) const;

  const AdminContext& admin_;
  const accounts::BaseUrlGuard& guard_;
};

}  // namespace sluice::api
