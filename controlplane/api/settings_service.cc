#include "controlplane/api/settings_service.h"

#include "common/resource/validate.h"
#include "controlplane/api/convert.h"
#include "controlplane/store/settings.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

void to_message(const store::Settings& row, v1::Settings& into) {
  into.set_max_body_bytes(row.max_body_bytes);
  into.set_keepalive_seconds(row.keepalive_seconds);
  into.set_default_user_concurrency(row.default_user_concurrency);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> from_message(const v1::Settings& settings, store::Settings& into) {
  if (settings.max_body_bytes() < 0 || settings.keepalive_seconds() < 0 || settings.default_user_concurrency() < 0) {
    return fail(ErrorCode::kInvalidArgument,
                "max_body_bytes, keepalive_seconds, default_user_concurrency: must be 0 or more");
  }
  into.max_body_bytes = settings.max_body_bytes();
  into.keepalive_seconds = settings.keepalive_seconds();
  into.default_user_concurrency = settings.default_user_concurrency();
  config::v1::Settings pushed;
  pushed.set_max_body_bytes(static_cast<std::uint64_t>(into.max_body_bytes));
  pushed.set_keepalive_seconds(static_cast<std::uint32_t>(into.keepalive_seconds));
  pushed.set_default_user_concurrency(static_cast<std::uint32_t>(into.default_user_concurrency));
  return resource::check(pushed);
}

}  // namespace

grpc::Status SettingsServiceImpl::GetSettings(grpc::ServerContext* context, const v1::GetSettingsRequest* /*request*/,
                                              v1::GetSettingsResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = store::get_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_settings());
    return {};
  });
}

grpc::Status SettingsServiceImpl::UpdateSettings(grpc::ServerContext* context, const v1::UpdateSettingsRequest* request,
                                                 v1::UpdateSettingsResponse* response) {
  return run(admin_, context, [&](Call& call) -> Result<> {
    auto row = store::get_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    auto revision = revision_of(request->settings().etag());
    if (!revision) return std::unexpected(revision.error());
    v1::Settings before;
    to_message(*row, before);
    v1::Settings wanted = before;
    if (Result<> merged = merge(request->settings(), request->update_mask(), wanted); !merged) return merged;
    if (Result<> valid = from_message(wanted, *row); !valid) return valid;
    row->revision = revision->value_or(row->revision);
    auto stored = store::update_settings(call.tx, *row);
    if (!stored) return std::unexpected(stored.error());
    to_message(*stored, *response->mutable_settings());
    return call.audit("settings.update", "settings", "settings", &before, &response->settings());
  });
}

}  // namespace sluice::api
