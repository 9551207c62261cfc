#include "dataplane/snapshot/make_entry.h"

#include <cstdlib>

namespace sluice::snapshot {

namespace {

SystemTime time_of(const google::protobuf::Timestamp& value) {
  return SystemTime(std::chrono::seconds(value.seconds()) +
                    std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(value.nanos())));
}

// The bytes of a decoded field are in the payload as they are: viewing them there keeps a key row small.
std::string_view view_in(const std::string& payload, const std::string& field) {
  const std::size_t at = payload.find(field);
  if (at == std::string::npos) std::abort();
  return std::string_view(payload).substr(at, field.size());
}

std::vector<std::string> strings(google::protobuf::RepeatedPtrField<std::string>* from) {
  return {std::make_move_iterator(from->begin()), std::make_move_iterator(from->end())};
}

}  // namespace

Result<> fill(Row<SettingsEntry>& row, config::v1::Settings message) {
  row.entry.value = std::move(message);
  return {};
}

Result<> fill(Row<UserEntry>& row, config::v1::User message) {
  row.entry.concurrency = message.concurrency();
  row.entry.multiplier_ppm = message.multiplier_ppm();
  row.entry.balance_nano_usd = message.balance_nano_usd();
  return {};
}

Result<> fill(Row<KeyEntry>& row, config::v1::ApiKey message) {
  row.entry.user_id = view_in(row.payload, message.user_id());
  row.entry.group_id = view_in(row.payload, message.group_id());
  row.entry.hmac = view_in(row.payload, message.key_hmac());
  if (message.has_expires_at()) row.entry.expires_at = time_of(message.expires_at());
  return {};
}

Result<> fill(Row<GroupEntry>& row, config::v1::Group message) {
  row.entry.multiplier_ppm = message.multiplier_ppm();
  row.entry.interruption_policy = message.interruption_policy();
  return {};
}

Result<> fill(Row<AccountEntry>& row, config::v1::Account message) {
  Result<http::BaseUrl> base = http::parse_base_url(message.base_url());
  if (!base) return std::unexpected(std::move(base.error()));
  row.entry.name = std::move(*message.mutable_display_name());
  row.entry.provider = std::move(*message.mutable_provider());
  row.entry.base = std::move(*base);
  row.entry.base.origin.ca_pem = std::move(*message.mutable_ca_pem());
  row.entry.group_ids = strings(message.mutable_group_ids());
  row.entry.concurrency = message.concurrency();
  row.entry.priority = message.priority();
  row.entry.models = strings(message.mutable_models());
  return {};
}

Result<> fill(Row<CredentialEntry>& row, config::v1::Credential message) {
  row.entry.kind = message.kind();
  row.entry.secret = Secret(std::move(*message.mutable_secret()));
  if (message.has_expires_at()) row.entry.expires_at = time_of(message.expires_at());
  row.entry.bound_hosts = strings(message.mutable_bound_hosts());
  row.entry.revision = row.revision;
  return {};
}

Result<> fill(Row<EgressProxyEntry>& row, config::v1::EgressProxy message) {
  row.entry.url = std::move(*message.mutable_url());
  return {};
}

Result<> fill(Row<PriceEntry>& row, config::v1::Price message) {
  row.entry.revision = row.revision;
  row.entry.model = std::move(*message.mutable_model());
  row.entry.display_name = std::move(*message.mutable_display_name());
  row.entry.provider = std::move(*message.mutable_provider());
  row.entry.effective_at = time_of(message.effective_at());
  row.entry.input = message.input();
  row.entry.output = message.output();
  row.entry.cache_read = message.cache_read();
  row.entry.cache_write_5m = message.cache_write_5m();
  row.entry.cache_write_1h = message.cache_write_1h();
  row.entry.per_request = message.per_request();
  return {};
}

}  // namespace sluice::snapshot
