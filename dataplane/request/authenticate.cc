#include "dataplane/request/authenticate.h"

#include "dataplane/request/client_address.h"

namespace sluice::request {

namespace {

constexpr std::size_t kMaxKeyLength = 512;

std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() <= kScheme.size() || !http::same_name(value.substr(0, kScheme.size()), kScheme)) return {};
  value.remove_prefix(kScheme.size());
  while (value.starts_with(' '))
    value.remove_prefix(1);
  return value;
}

// The vendors' SDKs use any of these; the newest Anthropic SDK sends a bearer token, older ones x-api-key.
std::string_view presented_key(const http::RequestHead& head) {
  if (auto value = http::find(head.fields, "x-api-key"); value && !value->empty()) return *value;
  if (auto value = http::find(head.fields, "authorization")) return bearer_token(*value);
  if (auto value = http::find(head.fields, "x-goog-api-key")) return *value;
  return {};
}

std::unexpected<protocol::ApiError> refuse(unsigned status, std::string message) {
  return std::unexpected(protocol::ApiError{.status = status, .message = std::move(message)});
}

bool may_come(const Exchange& exchange, const snapshot::KeyEntry& key) {
  if (key.rules == nullptr || (key.rules->allow_networks.empty() && key.rules->deny_networks.empty())) return true;
  const std::optional<Address> address =
      client_address(exchange.client.stream().peer_address(), exchange.client.head().fields,
                     exchange.services.settings.trusted_proxies);
  if (!address || contains(key.rules->deny_networks, *address)) return false;
  return key.rules->allow_networks.empty() || contains(key.rules->allow_networks, *address);
}

// The group is a hard boundary: what a key once could use is no reason.
Step check_group(const snapshot::UserEntry& user, const snapshot::GroupEntry& group, SystemTime at) {
  if (!group.exclusive && !group.needs_subscription) return {};
  if (user.subscription(group.id, at) != nullptr) return {};
  if (group.needs_subscription)
    return refuse(403, "the group of this API key needs a subscription, and none is active");
  if (user.grant(group.id) != nullptr) return {};
  return refuse(403, "the group of this API key is not open to its user");
}

}  // namespace

Step authenticate(Exchange& exchange) {
  const std::string_view presented = presented_key(exchange.client.head());
  if (presented.empty()) return refuse(401, "an API key is required, as x-api-key or as a bearer token");
  if (presented.size() > kMaxKeyLength) return refuse(401, "this API key is not known");

  const crypto::ApiKeyHash hash = exchange.services.key_hasher.hash(presented);
  const snapshot::KeyEntry* key = exchange.snapshot->find_key(hash);
  if (key == nullptr) key = exchange.snapshot->find_successor(hash, exchange.arrived);
  if (key == nullptr) return refuse(401, "this API key is not known");
  if (!key->active) return refuse(401, "this API key is disabled");
  if (key->expires_at && *key->expires_at <= exchange.arrived) return refuse(401, "this API key has expired");

  const snapshot::UserEntry* user = exchange.snapshot->user(key->user_id);
  if (user == nullptr || !user->active) return refuse(403, "the user of this API key is disabled");
  const snapshot::GroupEntry* group = exchange.snapshot->group(key->group_id);
  if (group == nullptr || !group->active) return refuse(403, "the group of this API key is disabled");
  if (!may_come(exchange, *key)) return refuse(403, "this API key may not be used from this address");
  if (Step step = check_group(*user, *group, exchange.arrived); !step) return step;

  exchange.caller = {key, user, group};
  return {};
}

}  // namespace sluice::request
