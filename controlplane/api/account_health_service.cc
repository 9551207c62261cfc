#include "controlplane/api/account_health_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/store/account_health.h"
#include "controlplane/store/accounts.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

// The same reasons by the same numbers.
static_assert(static_cast<int>(v1::HEALTH_REASON_AUTH_FAILED) ==
              static_cast<int>(config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED));
static_assert(v1::HealthReason_MAX == static_cast<int>(config::v1::AccountHealthReason_MAX));

void to_message(const store::AccountHealth& row, SystemTime now, v1::AccountHealth& into) {
  into.set_reason(static_cast<v1::HealthReason>(row.reason));
  into.set_model(row.model);
  set_time(into.mutable_until(), row.until);
  into.set_active(row.until > now);
  into.set_upstream_status(row.upstream_status);
  into.set_detail(row.detail);
  into.set_node_id(row.node_id);
  set_time(into.mutable_seen_at(), row.seen_at);
}

}  // namespace

grpc::Status AccountHealthServiceImpl::ListAccountHealth(grpc::ServerContext* context,
                                                         const v1::ListAccountHealthRequest* request,
                                                         v1::ListAccountHealthResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto account = live(store::get_account(call.tx, request->account_id()), "account");
    if (!account) return std::unexpected(account.error());
    const auto rows = store::list_account_health(call.tx, request->account_id());
    if (!rows) return std::unexpected(rows.error());
    for (const store::AccountHealth& row : *rows)
      to_message(row, call.clock.now(), *response->add_health());
    return {};
  });
}

grpc::Status AccountHealthServiceImpl::ListAccountHealthHistory(grpc::ServerContext* context,
                                                                const v1::ListAccountHealthHistoryRequest* request,
                                                                v1::ListAccountHealthHistoryResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    response->Clear();
    const auto account = live(store::get_account(call.tx, request->account_id()), "account");
    if (!account) return std::unexpected(account.error());
    const auto page = store::list_health_episodes(call.tx, page_of(*request), account->id);
    if (!page) return std::unexpected(page.error());
    for (const store::HealthEpisode& row : page->rows) {
      v1::AccountHealthEpisode& one = *response->add_episodes();
      one.set_reason(static_cast<v1::HealthReason>(row.health.reason));
      one.set_model(row.health.model);
      set_time(one.mutable_began_at(), row.began_at);
      set_time(one.mutable_until(), row.health.until);
      one.set_upstream_status(row.health.upstream_status);
      one.set_detail(row.health.detail);
      one.set_node_id(row.health.node_id);
      one.set_reports(row.reports);
    }
    response->set_next_page_token(page->next);
    return {};
  });
}

}  // namespace sluice::api
