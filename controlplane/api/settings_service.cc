#include "controlplane/api/settings_service.h"

#include "controlplane/api/convert.h"
#include "controlplane/store/settings.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

// Between a part of the settings as it is pushed and as the API shows it: fields of the same names, int32 there and
// uint32 here (checked before). The schemas are fixed, so there is nothing to fail at.
void copy_fields(const google::protobuf::Message& from, google::protobuf::Message& into) {
  using google::protobuf::FieldDescriptor;
  for (int i = 0; i < from.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& source = *from.GetDescriptor()->field(i);
    const FieldDescriptor& target = *into.GetDescriptor()->FindFieldByName(source.name());
    const auto& read = *from.GetReflection();
    const auto& write = *into.GetReflection();
    if (source.is_repeated()) {
      for (int n = 0; n < read.FieldSize(from, &source); ++n)
        write.AddString(&into, &target, read.GetRepeatedString(from, &source, n));
    } else if (source.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      write.SetString(&into, &target, read.GetString(from, &source));
    } else if (source.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      write.SetInt32(&into, &target, static_cast<std::int32_t>(read.GetUInt32(from, &source)));
    } else {
      write.SetUInt32(&into, &target, static_cast<std::uint32_t>(read.GetInt32(from, &source)));
    }
  }
}

void to_message(const store::Settings& row, v1::Settings& into) {
  const config::v1::Settings& value = row.value;
  into.set_max_body_bytes(static_cast<std::int64_t>(value.max_body_bytes()));
  into.set_keepalive_seconds(static_cast<std::int32_t>(value.keepalive_seconds()));
  into.set_default_user_concurrency(static_cast<std::int32_t>(value.default_user_concurrency()));
  into.set_billing_time_zone(value.billing_time_zone());
  copy_fields(value.waiting(), *into.mutable_waiting());
  copy_fields(value.stickiness(), *into.mutable_stickiness());
  copy_fields(value.failover(), *into.mutable_failover());
  for (const config::v1::LocalReply& reply : value.local_replies())
    copy_fields(reply, *into.add_local_replies());
  const bool refuse = value.money_without_redis() == config::v1::OUTAGE_POLICY_REFUSE;
  into.set_money_without_redis(refuse ? v1::SETTINGS_OUTAGE_POLICY_REFUSE : v1::SETTINGS_OUTAGE_POLICY_LOCAL_SHARE);
  into.set_decision_sample_ppm(static_cast<std::int32_t>(value.decision_sample_ppm()));
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> require_numbers(const v1::Settings& settings) {
  const v1::SettingsWaiting& waiting = settings.waiting();
  const v1::SettingsStickiness& sticky = settings.stickiness();
  const v1::SettingsFailover& failover = settings.failover();
  return require_not_negative({{"max_body_bytes", settings.max_body_bytes()},
                               {"keepalive_seconds", settings.keepalive_seconds()},
                               {"default_user_concurrency", settings.default_user_concurrency()},
                               {"waiting.per_user", waiting.per_user()},
                               {"waiting.per_account", waiting.per_account()},
                               {"waiting.limit_ms", waiting.limit_ms()},
                               {"waiting.first_keepalive_ms", waiting.first_keepalive_ms()},
                               {"stickiness.ttl_seconds", sticky.ttl_seconds()},
                               {"stickiness.waiting", sticky.waiting()},
                               {"stickiness.wait_ms", sticky.wait_ms()},
                               {"failover.attempts", failover.attempts()},
                               {"failover.deadline_ms", failover.deadline_ms()},
                               {"failover.first_content_ms", failover.first_content_ms()},
                               {"decision_sample_ppm", settings.decision_sample_ppm()}});
}

Result<> from_message(const v1::Settings& settings, store::Settings& into) {
  if (Result<> fine = require_numbers(settings); !fine) return fine;
  config::v1::Settings value;
  value.set_max_body_bytes(static_cast<std::uint64_t>(settings.max_body_bytes()));
  value.set_keepalive_seconds(static_cast<std::uint32_t>(settings.keepalive_seconds()));
  value.set_default_user_concurrency(static_cast<std::uint32_t>(settings.default_user_concurrency()));
  value.set_billing_time_zone(settings.billing_time_zone());
  copy_fields(settings.waiting(), *value.mutable_waiting());
  copy_fields(settings.stickiness(), *value.mutable_stickiness());
  copy_fields(settings.failover(), *value.mutable_failover());
  for (const v1::SettingsLocalReply& reply : settings.local_replies())
    copy_fields(reply, *value.add_local_replies());
  if (settings.money_without_redis() == v1::SETTINGS_OUTAGE_POLICY_REFUSE) {
    value.set_money_without_redis(config::v1::OUTAGE_POLICY_REFUSE);
  }
  value.set_decision_sample_ppm(static_cast<std::uint32_t>(settings.decision_sample_ppm()));
  into.value = std::move(value);
  return check_pushed(into.value);
}

}  // namespace

grpc::Status SettingsServiceImpl::GetSettings(grpc::ServerContext* context, const v1::GetSettingsRequest* request,
                                              v1::GetSettingsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto row = store::get_settings(call.tx);
    if (!row) return std::unexpected(row.error());
    to_message(*row, *response->mutable_settings());
    return {};
  });
}

grpc::Status SettingsServiceImpl::UpdateSettings(grpc::ServerContext* context, const v1::UpdateSettingsRequest* request,
                                                 v1::UpdateSettingsResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
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
