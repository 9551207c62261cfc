// Webhooks of alerts in the admin API.
#pragma once

#include "common/crypto/vault.h"
#include "controlplane/accounts/base_url_guard.h"
#include "controlplane/alerts/rules.h"
#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/alert_webhooks.grpc.pb.h"

namespace sluice::api {

class AlertWebhookServiceImpl final : public admin::v1::AlertWebhookService::Service {
 public:
  AlertWebhookServiceImpl(const AdminContext& admin, const accounts::BaseUrlGuard& guard)
      : admin_(admin), guard_(guard) {}

  grpc::Status ListAlertWebhooks(grpc::ServerContext* context, const admin::v1::ListAlertWebhooksRequest* request,
                                 admin::v1::ListAlertWebhooksResponse* response) override;
  grpc::Status CreateAlertWebhook(grpc::ServerContext* context, const admin::v1::CreateAlertWebhookRequest* request,
                                  admin::v1::CreateAlertWebhookResponse* response) override;
  grpc::Status UpdateAlertWebhook(grpc::ServerContext* context, const admin::v1::UpdateAlertWebhookRequest* request,
                                  admin::v1::UpdateAlertWebhookResponse* response) override;
  grpc::Status DeleteAlertWebhook(grpc::ServerContext* context, const admin::v1::DeleteAlertWebhookRequest* request,
                                  admin::v1::DeleteAlertWebhookResponse* response) override;
  grpc::Status TestAlertWebhook(grpc::ServerContext* context, const admin::v1::TestAlertWebhookRequest* request,
                                admin::v1::TestAlertWebhookResponse* response) override;

 private:
  [[nodiscard]] Result<> from_message(const admin::v1::AlertWebhook& webhook, alerts::Webhook& into) const;

  const AdminContext& admin_;
  const accounts::BaseUrlGuard& guard_;
};

}  // namespace sluice::api
