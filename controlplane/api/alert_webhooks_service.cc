#include "controlplane/api/alert_webhooks_service.h"

#include "common/base/random.h"
#include "common/base/uuid.h"
#include "controlplane/alerts/deliveries.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr std::size_t kMaxName = 200;
constexpr std::size_t kKeyLength = 43;  // base62: 256 bits

void to_message(const alerts::Webhook& row, v1::AlertWebhook& into) {
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_url(row.url);
  into.set_status(row.status == store::Status::kActive ? v1::ALERT_WEBHOOK_STATUS_ACTIVE
                                                       : v1::ALERT_WEBHOOK_STATUS_DISABLED);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

}  // namespace

Result<> AlertWebhookServiceImpl::from_message(const v1::AlertWebhook& webhook, alerts::Webhook& into) const {
  if (Result<> given = require("name", webhook.name()); !given) return given;
  if (webhook.name().size() > kMaxName) return fail(ErrorCode::kInvalidArgument, "name: at most 200 characters");
  if (webhook.url() != into.url) {
    // Checked again where it is dialed.
    if (const auto checked = guard_.check(webhook.url()); !checked) return fail("url", checked.error());
  }
  into.name = webhook.name();
  into.url = webhook.url();
  into.status =
      webhook.status() == v1::ALERT_WEBHOOK_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  return {};
}

grpc::Status AlertWebhookServiceImpl::ListAlertWebhooks(grpc::ServerContext* context,
                                                        const v1::ListAlertWebhooksRequest* request,
                                                        v1::ListAlertWebhooksResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto page = alerts::list_webhooks(call.tx, page_of(*request));
    if (!page) return std::unexpected(page.error());
    for (const alerts::Webhook& row : page->rows)
      to_message(row, *response->add_alert_webhooks());
    response->set_next_page_token(page->next);
    return {};
  });
}

grpc::Status AlertWebhookServiceImpl::CreateAlertWebhook(grpc::ServerContext* context,
                                                         const v1::CreateAlertWebhookRequest* request,
                                                         v1::CreateAlertWebhookResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    alerts::Webhook row;
    row.id = Uuid::generate(call.clock.now()).to_string();
    if (Result<> valid = from_message(request->alert_webhook(), row); !valid) return valid;
    const Secret key("whsec-" + random_base62(kKeyLength));
    row.sealed = admin_.vault.seal("alert_webhooks|" + row.id + "|sealed", key);
    row.key_version = static_cast<std::int32_t>(admin_.vault.newest_version());
    auto stored = alerts::insert_webhook(call.tx, row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_alert_webhook());
    response->set_secret(std::string(key.reveal()));
    return call.audit("alert_webhook.create", "alert_webhook", stored->id, nullptr, &response->alert_webhook());
  });
}

grpc::Status AlertWebhookServiceImpl::UpdateAlertWebhook(grpc::ServerContext* context,
                                                         const v1::UpdateAlertWebhookRequest* request,
                                                         v1::UpdateAlertWebhookResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(alerts::get_webhook(call.tx, request->alert_webhook().id()), "webhook");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->alert_webhook().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::AlertWebhook before;
    to_message(*row, before);
    v1::AlertWebhook wanted = before;
    if (Result<> merged = merge(request->alert_webhook(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = alerts::update_webhook(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_alert_webhook());
    return call.audit("alert_webhook.update", "alert_webhook", stored->id, &before, &response->alert_webhook());
  });
}

grpc::Status AlertWebhookServiceImpl::DeleteAlertWebhook(grpc::ServerContext* context,
                                                         const v1::DeleteAlertWebhookRequest* request,
                                                         v1::DeleteAlertWebhookResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(alerts::get_webhook(call.tx, request->id()), "webhook");
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->etag());
    if (!revision) return std::unexpected(revision.error());
    v1::AlertWebhook before;
    to_message(*row, before);
    auto deleted = alerts::delete_webhook(call.tx, request->id(), *revision);
    if (!deleted) return std::unexpected(deleted.error());
    return call.audit("alert_webhook.delete", "alert_webhook", request->id(), &before, nullptr);
  });
}

grpc::Status AlertWebhookServiceImpl::TestAlertWebhook(grpc::ServerContext* context,
                                                       const v1::TestAlertWebhookRequest* request,
                                                       v1::TestAlertWebhookResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = live(alerts::get_webhook(call.tx, request->id()), "webhook");
    if (!row) return std::unexpected(row.error());
    auto delivery = alerts::store_test(call.tx, *row, call.clock.now());
    if (!delivery) return std::unexpected(delivery.error());
    response->set_delivery_id(delivery->id);
    return call.audit("alert_webhook.test", "alert_webhook", row->id, nullptr, nullptr);
  });
}

}  // namespace sluice::api
