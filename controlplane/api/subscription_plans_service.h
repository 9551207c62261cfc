// The admin API's plans of subscriptions.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/subscription_plans.grpc.pb.h"

namespace sluice::api {

class SubscriptionPlanServiceImpl final : public admin::v1::SubscriptionPlanService::Service {
 public:
  explicit SubscriptionPlanServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListSubscriptionPlans(grpc::ServerContext* context,
                                     const admin::v1::ListSubscriptionPlansRequest* request,
                                     admin::v1::ListSubscriptionPlansResponse* response) override;
  grpc::Status GetSubscriptionPlan(grpc::ServerContext* context, const admin::v1::GetSubscriptionPlanRequest* request,
                                   admin::v1::GetSubscriptionPlanResponse* response) override;
  grpc::Status CreateSubscriptionPlan(grpc::ServerContext* context,
                                      const admin::v1::CreateSubscriptionPlanRequest* request,
                                      admin::v1::CreateSubscriptionPlanResponse* response) override;
  grpc::Status UpdateSubscriptionPlan(grpc::ServerContext* context,
                                      const admin::v1::UpdateSubscriptionPlanRequest* request,
                                      admin::v1::UpdateSubscriptionPlanResponse* response) override;
  grpc::Status DeleteSubscriptionPlan(grpc::ServerContext* context,
                                      const admin::v1::DeleteSubscriptionPlanRequest* request,
                                      admin::v1::DeleteSubscriptionPlanResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
