// The admin API's subscriptions.
#pragma once

#include "controlplane/api/admin_call.h"
#include "sluice/admin/v1/subscriptions.grpc.pb.h"

namespace sluice::api {

class SubscriptionServiceImpl final : public admin::v1::SubscriptionService::Service {
 public:
  explicit SubscriptionServiceImpl(const AdminContext& admin) : admin_(admin) {}

  grpc::Status ListSubscriptions(grpc::ServerContext* context, const admin::v1::ListSubscriptionsRequest* request,
                                 admin::v1::ListSubscriptionsResponse* response) override;
  grpc::Status GetSubscription(grpc::ServerContext* context, const admin::v1::GetSubscriptionRequest* request,
                               admin::v1::GetSubscriptionResponse* response) override;
  grpc::Status AssignSubscriptions(grpc::ServerContext* context, const admin::v1::AssignSubscriptionsRequest* request,
                                   admin::v1::AssignSubscriptionsResponse* response) override;
  grpc::Status ExtendSubscriptions(grpc::ServerContext* context, const admin::v1::ExtendSubscriptionsRequest* request,
                                   admin::v1::ExtendSubscriptionsResponse* response) override;
  grpc::Status RevokeSubscriptions(grpc::ServerContext* context, const admin::v1::RevokeSubscriptionsRequest* request,
                                   admin::v1::RevokeSubscriptionsResponse* response) override;

 private:
  const AdminContext& admin_;
};

}  // namespace sluice::api
