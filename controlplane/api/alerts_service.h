// Alert rules, alerts and the delivery log in the admin API.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/alerts.grpc.pb.h"

namespace sluice::api {

class AlertServiceImpl final : public admin::v1::AlertService::Service {
 public:
  explicit AlertServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListAlertMetrics(grpc::ServerContext* context, const admin::v1::ListAlertMetricsRequest* request,
                                admin::v1::ListAlertMetricsResponse* response) override;
  grpc::Status ListAlertRules(grpc::ServerContext* context, const admin::v1::ListAlertRulesRequest* request,
                              admin::v1::ListAlertRulesResponse* response) override;
  grpc::Status GetAlertRule(grpc::ServerContext* context, const admin::v1::GetAlertRuleRequest* request,
                            admin::v1::GetAlertRuleResponse* response) override;
  grpc::Status CreateAlertRule(grpc::ServerContext* context, const admin::v1::CreateAlertRuleRequest* request,
                               admin::v1::CreateAlertRuleResponse* response) override;
  grpc::Status UpdateAlertRule(grpc::ServerContext* context, const admin::v1::UpdateAlertRuleRequest* request,
                               admin::v1::UpdateAlertRuleResponse* response) override;
  grpc::Status DeleteAlertRule(grpc::ServerContext* context, const admin::v1::DeleteAlertRuleRequest* request,
                               admin::v1::DeleteAlertRuleResponse* response) override;
  grpc::Status ListAlerts(grpc::ServerContext* context, const admin::v1::ListAlertsRequest* request,
                          admin::v1::ListAlertsResponse* response) override;
  grpc::Status AcknowledgeAlert(grpc::ServerContext* context, const admin::v1::AcknowledgeAlertRequest* request,
                                admin::v1::AcknowledgeAlertResponse* response) override;
  grpc::Status ListAlertDeliveries(grpc::ServerContext* context, const admin::v1::ListAlertDeliveriesRequest* request,
                                   admin::v1::ListAlertDeliveriesResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
