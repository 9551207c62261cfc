#include "controlplane/accounts/claude_relay_export.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace sluice::accounts {

namespace {

namespace v1 = admin::v1;
namespace json = boost::json;

struct Kind {
  std::string_view list;
  std::string_view provider;
  std::string_view secret;    // the field of the credentials
  std::string_view base_url;  // where the export names none
};
constexpr std::array<Kind, 4> kKinds{{{"claudeAccounts", "anthropic", "access_token", "https://api.anthropic.com"},
                                      {"claudeConsoleAccounts", "anthropic", "api_key", "https://api.anthropic.com"},
                                      {"openaiOAuthAccounts", "openai", "access_token", "https://api.openai.com"},
                                      {"openaiResponsesAccounts", "openai", "api_key", "https://api.openai.com"}}};

const json::value* find(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string text(const json::object& object, std::string_view field) {
  const json::value* value = find(object, field);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int32_t number(const json::object& object, std::string_view field) {
  const json::value* value = find(object, field);
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code error;
  const auto parsed = value->to_number<std::int32_t>(error);
  return error ? 0 : std::max(0, parsed);
}

bool is_true(const json::object& object, std::string_view field) {
  const json::value* value = find(object, field);
  return value != nullptr && value->is_bool() && value->as_bool();
}

const json::object& object_at(const json::object& object, std::string_view field) {
  static const json::object kNone;
  const json::value* value = find(object, field);
  return value != nullptr && value->is_object() ? value->as_object() : kNone;
}

// Ours ends before the version; theirs may name the whole endpoint.
std::string base_url(std::string url) {
  for (const std::string_view tail : {"/", "/messages", "/responses", "/v1"}) {
    if (url.ends_with(tail)) url.resize(url.size() - tail.size());
  }
  return url;
}

// The name of the proxy in the bundle, or empty.
std::string add_proxy(const json::object& proxy, RelayExport& out) {
  std::string scheme = text(proxy, "protocol");
  if (scheme.starts_with("socks5")) scheme = "socks5h";
  if (scheme == "https") scheme = "http";
  const std::string host = text(proxy, "host");
  if (scheme.empty() || host.empty()) return {};
  RelayProxy made{.name = {},
                  .url = fmt::format("{}://{}:{}", scheme, host, number(proxy, "port")),
                  .username = text(proxy, "username"),
                  .password = Secret(text(proxy, "password"))};
  made.name = made.username.empty() ? made.url : fmt::format("{} as {}", made.url, made.username);
  if (std::ranges::find(out.proxies, made.name, &RelayProxy::name) == out.proxies.end()) {
    out.proxies.push_back(std::move(made));
    return out.proxies.back().name;
  }
  return made.name;
}

void read_models(const json::object& credentials, v1::Account& account) {
  for (const auto& [from, to] : object_at(credentials, "model_mapping")) {
    if (!to.is_string()) continue;
    const std::string upstream(to.as_string());
    // A name that stands for itself is a model that is served, and no mapping.
    if (upstream == from)
      account.add_models(upstream);
    else
      (*account.mutable_model_mapping())[std::string(from)] = upstream;
  }
}

void read_token(const json::object& row, const json::object& credentials, v1::BundledAccount& into, RelayExport& out) {
  into.mutable_credential()->set_kind(v1::ACCOUNT_CREDENTIAL_KIND_ACCESS_TOKEN);
  if (text(row, "authType") == "setup-token") return;
  google::protobuf::Timestamp ends;
  if (google::protobuf::util::TimeUtil::FromString(text(credentials, "expires_at"), &ends)) {
    *into.mutable_credential()->mutable_expires_at() = ends;
  }
  out.notes[{into.account().provider(), into.account().name()}] =
      "its log-in was made by another OAuth client and cannot be refreshed here: log it in anew before the token ends";
}

Result<> read_account(const Kind& kind, const json::object& row, RelayExport& out) {
  const json::object& credentials = object_at(row, "credentials");
  v1::BundledAccount& into = *out.bundle.add_accounts();
  v1::Account& account = *into.mutable_account();
  account.set_name(text(row, "name"));
  account.set_note(text(row, "description"));
  account.set_provider(std::string(kind.provider));
  const std::string url = text(credentials, "base_url");
  account.set_base_url(base_url(url.empty() ? std::string(kind.base_url) : url));
  const bool works = is_true(row, "isActive") && is_true(row, "schedulable");
  account.set_status(works ? v1::ACCOUNT_STATUS_ACTIVE : v1::ACCOUNT_STATUS_DISABLED);
  account.set_priority(number(row, "priority"));
  account.set_concurrency(number(row, "maxConcurrentTasks"));
  account.add_tags("claude-relay-service");
  read_models(credentials, account);
  const std::string secret = text(credentials, kind.secret);
  if (secret.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("export_json: {} of {} has no {}: export with include_secrets=true", account.name(),
                            kind.list, kind.secret));
  }
  into.mutable_credential()->set_kind(v1::ACCOUNT_CREDENTIAL_KIND_API_KEY);
  into.mutable_credential()->set_secret(secret);
  if (kind.secret == "access_token") read_token(row, credentials, into, out);
  if (const std::string proxy = add_proxy(object_at(row, "proxy"), out); !proxy.empty()) {
    into.add_egress_proxy_names(proxy);
  }
  return {};
}

}  // namespace

Result<RelayExport> read_claude_relay_export(std::string_view text_of_export, std::size_t most) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text_of_export, error);
  if (error || !parsed.is_object()) return fail(ErrorCode::kInvalidArgument, "export_json: is not a JSON object");
  const json::object& whole = parsed.as_object();
  const json::object& data = whole.contains("data") ? object_at(whole, "data") : whole;
  RelayExport out;
  bool any = false;
  for (const Kind& kind : kKinds) {
    const json::value* list = find(data, kind.list);
    if (list == nullptr || !list->is_array()) continue;
    any = true;
    for (const json::value& row : list->as_array()) {
      if (!row.is_object()) return fail(ErrorCode::kInvalidArgument, fmt::format("export_json: {}", kind.list));
      if (Result<> read = read_account(kind, row.as_object(), out); !read) return std::unexpected(read.error());
    }
  }
  if (!any) return fail(ErrorCode::kInvalidArgument, "export_json: is not an export of claude-relay-service");
  if (static_cast<std::size_t>(out.bundle.accounts_size()) <= most) return out;
  return fail(ErrorCode::kInvalidArgument, fmt::format("export_json: at most {} accounts at once", most));
}

}  // namespace sluice::accounts
