// The fleet's settings.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/settings.grpc.pb.h"

namespace sluice::api {

class SettingsServiceImpl final : public admin::v1::SettingsService::Service {
 public:
  explicit SettingsServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status GetSettings(grpc::ServerContext* context, const admin::v1::GetSettingsRequest* request,
                           admin::v1::GetSettingsResponse* response) override;
  grpc::Status UpdateSettings(grpc::ServerContext* context, const admin::v1::UpdateSettingsRequest* request,
                              admin::v1::UpdateSettingsResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
