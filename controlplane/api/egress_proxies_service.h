// The admin API's egress proxies. Passwords are sealed before they are stored and never read back.
#pragma once

#include "common/crypto/vault.h"
#include "controlplane/api/admin_call.h"
#include "controlplane/store/egress_proxies.h"
#include "sluice/admin/v1/egress_proxies.grpc.pb.h"

namespace sluice::api {

class EgressProxyServiceImpl final : public admin::v1::EgressProxyService::Service {
 public:
  EgressProxyServiceImpl(const AdminContext& admin, const crypto::Vault& vault) : admin_(admin), vault_(vault) {}

  grpc::Status ListEgressProxies(grpc::ServerContext* context, const admin::v1::ListEgressProxiesRequest* request,
                                 admin::v1::ListEgressProxiesResponse* response) override;
  grpc::Status GetEgressProxy(grpc::ServerContext* context, const admin::v1::GetEgressProxyRequest* request,
                              admin::v1::GetEgressProxyResponse* response) override;
  grpc::Status CreateEgressProxy(grpc::ServerContext* context, const admin::v1::CreateEgressProxyRequest* request,
                                 admin::v1::CreateEgressProxyResponse* response) override;
  grpc::Status UpdateEgressProxy(grpc::ServerContext* context, const admin::v1::UpdateEgressProxyRequest* request,
                                 admin::v1::UpdateEgressProxyResponse* response) override;
  grpc::Status DeleteEgressProxy(grpc::ServerContext* context, const admin::v1::DeleteEgressProxyRequest* request,
                                 admin::v1::DeleteEgressProxyResponse* response) override;

 private:
  [[nodiscard]] Result<> from_message(const admin::v1::EgressProxy& proxy, store::EgressProxy& into) const;

  const AdminContext& admin_;
  const crypto::Vault& vault_;
};

}  // namespace sluice::api
