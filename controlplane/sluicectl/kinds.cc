#include "controlplane/sluicectl/kinds.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace sluice::sluicectl {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::MethodDescriptor;

std::span<const Kind> kinds() {
  static const std::vector<Kind> all{
      {"egress_proxies", "proxies", "EgressProxy", "EgressProxies", "egress_proxy", {"name"}, "password"},
      {"groups", "", "Group", "Groups", "group", {"name"}, ""},
      {"users", "", "User", "Users", "user", {"email"}, ""},
      {"subscription_plans", "plans", "SubscriptionPlan", "SubscriptionPlans", "subscription_plan", {"name"}, ""},
      {"accounts", "", "Account", "Accounts", "account", {"name"}, "credential"},
      {"api_keys", "keys", "ApiKey", "ApiKeys", "api_key", {"user_id", "name"}, "secret"},
      {"prices", "", "Price", "Prices", "price", {"model", "effective_at"}, ""},
      {"settings", "", "Settings", "", "settings", {}, ""},
  };
  return all;
}

const Kind* find_kind(std::string_view word) {
  const auto found = std::ranges::find_if(
      kinds(), [&](const Kind& kind) { return kind.section == word || (!kind.alias.empty() && kind.alias == word); });
  return found == kinds().end() ? nullptr : &*found;
}

namespace {

constexpr std::array kReferences = std::to_array<Reference>({
    {"group", "group_id", "groups"},
    {"groups", "group_ids", "groups"},
    {"user", "user_id", "users"},
    {"egress_proxies", "egress_proxy_ids", "egress_proxies"},
    {"proxies", "egress_proxy_ids", "egress_proxies"},
});

std::string prefix_of(const EnumDescriptor& type) {
  std::string prefix = snake(type.name()) + "_";
  std::ranges::transform(prefix, prefix.begin(), [](unsigned char c) { return std::toupper(c); });
  return prefix;
}

}  // namespace

const Reference* find_reference(std::string_view key, const Descriptor& message) {
  const auto found = std::ranges::find_if(kReferences, [&](const Reference& reference) {
    return reference.key == key && message.FindFieldByName(std::string(reference.field)) != nullptr;
  });
  return found == kReferences.end() ? nullptr : &*found;
}

const Reference* reference_of(std::string_view field) {
  const auto found = std::ranges::find(kReferences, field, &Reference::field);
  return found == kReferences.end() ? nullptr : &*found;
}

std::string folded(std::string_view field, std::string_view name) {
  std::string out(name);
  if (field == "email") std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string reference_to(std::string_view section, std::string_view name) {
  return "@" + std::string(section) + "/" + folded(section == "users" ? "email" : "", name);
}

const MethodDescriptor* find_method(const api::Schema& schema, std::string_view name) {
  for (const auto* service : schema.services()) {
    if (const MethodDescriptor* method = service->FindMethodByName(std::string(name))) return method;
  }
  return nullptr;
}

const Descriptor* message_of(const api::Schema& schema, const Kind& kind) {
  const MethodDescriptor* method = find_method(schema, "Update" + std::string(kind.message));
  if (method == nullptr) return nullptr;
  const auto* field = method->input_type()->FindFieldByName(std::string(kind.field));
  return field == nullptr ? nullptr : field->message_type();
}

bool is_read_only(std::string_view field) {
  constexpr std::array kNames = std::to_array<std::string_view>(
      {"id", "etag", "created_at", "updated_at", "has_credential", "has_password", "balance_usd", "public_id", "last4",
       "last_used_at", "previous_until", "spent_usd"});
  return std::ranges::find(kNames, field) != kNames.end();
}

bool is_decimal(std::string_view field) {
  constexpr std::array kNames = std::to_array<std::string_view>(
      {"multiplier", "input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "per_request"});
  return field.ends_with("_usd") || std::ranges::find(kNames, field) != kNames.end();
}

std::string short_enum(const EnumDescriptor& type, std::string_view value) {
  const std::string prefix = prefix_of(type);
  if (!value.starts_with(prefix)) return std::string(value);
  std::string out(value.substr(prefix.size()));
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::optional<std::string> long_enum(const EnumDescriptor& type, std::string_view word) {
  for (int i = 1; i < type.value_count(); ++i) {
    const std::string& name = type.value(i)->name();
    if (name == word || short_enum(type, name) == word) return name;
  }
  return std::nullopt;
}

std::string enum_words(const EnumDescriptor& type) {
  std::string out;
  for (int i = 1; i < type.value_count(); ++i)
    out += (out.empty() ? "" : ", ") + short_enum(type, type.value(i)->name());
  return out;
}

std::string snake(std::string_view camel) {
  std::string out;
  for (std::size_t i = 0; i < camel.size(); ++i) {
    const auto c = static_cast<unsigned char>(camel[i]);
    const bool starts = std::isupper(c) != 0 && i > 0 &&
                        (std::islower(static_cast<unsigned char>(camel[i - 1])) != 0 ||
                         (i + 1 < camel.size() && std::islower(static_cast<unsigned char>(camel[i + 1])) != 0));
    if (starts) out += '_';
    out += static_cast<char>(std::tolower(c));
  }
  // One word, though spelled with two capitals.
  if (const std::size_t at = out.find("o_auth"); at != std::string::npos) out.erase(at + 1, 1);
  return out;
}

}  // namespace sluice::sluicectl
