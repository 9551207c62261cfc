#include "dataplane/provider/anthropic/anthropic.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/provider/anthropic/limits.h"

namespace sluice::provider::anthropic {

namespace {

// What clients send that an Anthropic server can use: docs/protocols in words, exact names and prefixes in lower case.
constexpr std::string_view kToUpstream[] = {"accept",      "content-type", "user-agent", "x-app",
                                            "traceparent", "tracestate",   "baggage",    "x-client-request-id"};
constexpr std::string_view kToUpstreamPrefixes[] = {"anthropic-", "x-claude-code-", "x-stainless-"};
// Organisation and workspace ids name the operator's account, cookies and HSTS are the vendor's: none of them pass.
constexpr std::string_view kToClient[] = {"content-type",   "retry-after", "retry-after-ms",
                                          "x-should-retry", "request-id",  "server-timing"};
constexpr std::string_view kToClientPrefixes[] = {"anthropic-ratelimit-"};

bool starts_with_name(std::string_view field, std::string_view prefix) {
  return field.size() > prefix.size() && http::same_name(field.substr(0, prefix.size()), prefix);
}

bool listed(std::string_view field, std::span<const std::string_view> names,
            std::span<const std::string_view> prefixes) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view n) { return http::same_name(field, n); }) ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return starts_with_name(field, p); });
}

// A client may present its key as ?key=; it must not travel on.
std::string query_without_key(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (part.starts_with("key=")) continue;
    kept += kept.empty() ? '?' : '&';
    kept += part;
  }
  return kept;
}

}  // namespace

Result<> Anthropic::build(const http::RequestHead& head, const snapshot::AccountEntry& account,
                          const snapshot::CredentialEntry& credential, UpstreamRequest& into) const {
  const std::string host = account.base.origin.host_and_port();
  if (std::find(credential.bound_hosts.begin(), credential.bound_hosts.end(), host) == credential.bound_hosts.end()) {
    return fail(ErrorCode::kPermissionDenied,
                fmt::format("the credential of account {} may not be sent to {}", account.id, host));
  }
  into.origin = &account.base.origin;
  into.target = account.base.path_prefix + std::string(head.path) + query_without_key(head.query);
  into.fields.clear();
  into.fields.reserve(head.fields.size() + 3);
  for (const http::Field& field : head.fields) {
    if (listed(field.name, kToUpstream, kToUpstreamPrefixes)) into.fields.push_back(field);
  }
  // Bytes are passed through, so the answer must come in an encoding that every client reads.
  into.fields.push_back({"accept-encoding", "identity"});
  into.fields.push_back({"via", "1.1 sluice"});
  if (credential.kind == config::v1::CREDENTIAL_KIND_ACCESS_TOKEN) {
    into.credential_value = Secret("Bearer " + std::string(credential.secret.reveal()));
    into.fields.push_back({"authorization", into.credential_value.reveal()});
  } else {
    into.credential_value = credential.secret;
    into.fields.push_back({"x-api-key", into.credential_value.reveal()});
  }
  return {};
}

LimitSignal Anthropic::read_limits(const http::ResponseHead& head, std::string_view body, SystemTime now) const {
  return anthropic::read_limits(head, body, now);
}

bool Anthropic::forwards_to_client(std::string_view field) const {
  return listed(field, kToClient, kToClientPrefixes);
}

}  // namespace sluice::provider::anthropic
