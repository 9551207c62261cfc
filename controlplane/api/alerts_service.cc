#include "controlplane/api/alerts_service.h"

#include "common/base/uuid.h"
#include "controlplane/api/alert_messages.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace v1 = admin::v1;

grpc::Status AlertServiceImpl::ListAlertMetrics(grpc::ServerContext* context,
                                                const v1::ListAlertMetricsRequest* request,
                                                v1::ListAlertMetricsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call&) -> Result<> {
    for (const alerts::Metric& metric : alerts::metrics()) {
      v1::AlertMetric& added = *response->add_alert_metrics();
      added.set_name(std::string(metric.name));
      added.set_unit(std::string(metric.unit));
      added.set_about(std::string(metric.about));
    }
    return {};
  });
}

grpc::Status AlertServiceImpl::ListAlertRules(grpc::ServerContext* context, const v1::ListAlertRulesRequest* request,
                                              v1::ListAlertRulesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto page = alerts::list_rules(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const alerts::Rule& row : page->rows)
      to_message(row, *response->add_alert_rules());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status AlertServiceImpl::GetAlertRule(grpc::ServerContext* context, const v1::GetAlertRuleRequest* request,
                                            v1::GetAlertRuleResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(alerts::get_rule(call.tx, request->id()), "alert rule");
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_alert_rule());
    return {};
  });
}

grpc::Status AlertServiceImpl::CreateAlertRule(grpc::ServerContext* context, const v1::CreateAlertRuleRequest* request,
                                               v1::CreateAlertRuleResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    alerts::Rule row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->alert_rule(), row); !valid) return valid;
    auto stored = alerts::insert_rule(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_alert_rule());
    return call.audit("alert_rule.create", "alert_rule", stored->id, nullptr, &response->alert_rule());
  });
}

grpc::Status AlertServiceImpl::UpdateAlertRule(grpc::ServerContext* context, const v1::UpdateAlertRuleRequest* request,
                                               v1::UpdateAlertRuleResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(alerts::get_rule(call.tx, request->alert_rule().id()), "alert rule");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->alert_rule().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::AlertRule before;
    to_message(*row, before);
    v1::AlertRule wanted = before;
    if (Result<> merged = merge(request->alert_rule(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = alerts::update_rule(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_alert_rule());
    return call.audit("alert_rule.update", "alert_rule", stored->id, &before, &response->alert_rule());
  });
}

grpc::Status AlertServiceImpl::DeleteAlertRule(grpc::ServerContext* context, const v1::DeleteAlertRuleRequest* request,
                                               v1::DeleteAlertRuleResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(alerts::get_rule(call.tx, request->id()), "alert rule");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::AlertRule before;
    to_message(*row, before);
    auto deleted = alerts::delete_rule(call.tx, request->id(), call.clock.now(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("alert_rule.delete", "alert_rule", request->id(), &before, nullptr);
  });
}

grpc::Status AlertServiceImpl::ListAlerts(grpc::ServerContext* context, const v1::ListAlertsRequest* request,
                                          v1::ListAlertsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    alerts::AlertFilter filter{.state = state_of(request->state())};
    if (!request->rule_id().empty()) filter.rule_id = request->rule_id();
    auto page = alerts::list_alerts(call.tx, page_of(*request), filter);
    if (!page) return std::unexpected(page.error());
    for (const alerts::Alert& row : page->rows)
      to_message(row, *response->add_alerts());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status AlertServiceImpl::AcknowledgeAlert(grpc::ServerContext* context,
                                                const v1::AcknowledgeAlertRequest* request,
                                                v1::AcknowledgeAlertResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = alerts::acknowledge_alert(call.tx, request->id(), call.actor, call.clock.now());
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_alert());
    return call.audit("alert.acknowledge", "alert", row->id, nullptr, &response->alert());
  });
}

grpc::Status AlertServiceImpl::ListAlertDeliveries(grpc::ServerContext* context,
                                                   const v1::ListAlertDeliveriesRequest* request,
                                                   v1::ListAlertDeliveriesResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const auto alert = request->alert_id().empty() ? std::nullopt : std::optional(request->alert_id());
    auto page = alerts::list_deliveries(call.tx, page_of(*request), alert);
    if (!page) return std::unexpected(page.error());
    for (const alerts::Delivery& row : page->rows)
      to_message(row, *response->add_alert_deliveries());
    response->set_next_page_token(page->next);
    return {};
  });
}

}  // namespace sluice::api
