#include "controlplane/oauth/token_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "controlplane/oauth/texts.h"

namespace sluice::oauth {

namespace {

using Kind = TokenFailure::Kind;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::int64_t kLongestLifetime = std::int64_t{400} * 24 * 3600;
constexpr std::size_t kLongestToken = 16 * 1024;

boost::json::object object_of(std::string_view text) {
  boost::system::error_code bad;
  boost::json::value value = boost::json::parse(text, bad);
  if (bad || !value.is_object()) return {};
  return std::move(value.get_object());
}

std::string text_of(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// A provider's words, short and on one line; they are shown to the operator.
std::string quoted(std::string text) {
  if (text.size() > 200) text.resize(200);
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c > 0x7e; }, ' ');
  return text;
}

// RFC 6749: {"error":"invalid_grant","error_description":"..."}; some wrap it:
// {"error":{"type":"...","message":"..."}}.
std::pair<std::string, std::string> error_in(const boost::json::object& answer) {
  const boost::json::value* error = answer.if_contains("error");
  if (error != nullptr && error->is_object()) {
    return {quoted(text_of(error->get_object(), "type")), quoted(text_of(error->get_object(), "message"))};
  }
  return {quoted(text_of(answer, "error")), quoted(text_of(answer, "error_description"))};
}

TokenFailure failure_of(const FetchAnswer& answer) {
  const auto [error, description] = error_in(object_of(answer.body.reveal()));
  TokenFailure failure;
  failure.reason = fmt::format("the token endpoint answered {}{}{}{}{}", answer.status, error.empty() ? "" : " ", error,
                               description.empty() ? "" : ": ", description);
  failure.retry_after = answer.retry_after;
  if (error == "invalid_grant")
    failure.kind = Kind::kInvalidGrant;
  else if (answer.status == 429 || answer.status == 408 || answer.status >= 500)
    failure.kind = Kind::kBusy;
  else
    failure.kind = Kind::kRefused;
  return failure;
}

TokenResult tokens_of(const FetchAnswer& answer) {
  const boost::json::object object = object_of(answer.body.reveal());
  Tokens tokens;
  tokens.access = Secret(text_of(object, "access_token"));
  tokens.refresh = Secret(text_of(object, "refresh_token"));
  if (tokens.access.empty() ||
      std::max(tokens.access.reveal().size(), tokens.refresh.reveal().size()) > kLongestToken) {
    return std::unexpected(TokenFailure{Kind::kLost, "the token endpoint answered without a usable access_token"});
  }
  const boost::json::value* lifetime = object.if_contains("expires_in");
  std::int64_t seconds = 0;
  if (lifetime != nullptr && lifetime->is_number()) seconds = static_cast<std::int64_t>(lifetime->to_number<double>());
  if (seconds > 0) tokens.lifetime = std::chrono::seconds(std::min(seconds, kLongestLifetime));
  std::string scopes = text_of(object, "scope");
  for (std::size_t from = 0; from < scopes.size();) {
    const std::size_t end = std::min(scopes.find(' ', from), scopes.size());
    if (end > from) tokens.scopes.push_back(scopes.substr(from, end - from));
    from = end + 1;
  }
  return tokens;
}

TokenResult ask(const TokenEndpoint& endpoint, const Fields& fields) {
  FetchRequest request;
  request.url = endpoint.client.token_url;
  request.proxies = endpoint.proxies;
  if (endpoint.client.token_format == "json") {
    boost::json::object body;
    for (const auto& [key, value] : fields)
      body[key] = value;
    request.content_type = "application/json";
    request.body = Secret(boost::json::serialize(body));
  } else {
    request.content_type = "application/x-www-form-urlencoded";
    request.body = Secret(form(fields));
  }
  const Result<FetchAnswer> answer = fetch(request, endpoint.options);
  if (!answer) {
    const ErrorCode code = answer.error().code;
    const bool lost = code == ErrorCode::kClosed || code == ErrorCode::kResourceExhausted;
    const bool refused = code == ErrorCode::kInvalidArgument;
    return std::unexpected(
        TokenFailure{lost ? Kind::kLost : (refused ? Kind::kRefused : Kind::kBusy), answer.error().message});
  }
  if (answer->status != 200) return std::unexpected(failure_of(*answer));
  return tokens_of(*answer);
}

TokenResult ask_as_client(const TokenEndpoint& endpoint, Fields fields) {
  fields.emplace_back("client_id", endpoint.client.client_id);
  if (!endpoint.client_secret.empty()) fields.emplace_back("client_secret", endpoint.client_secret.reveal());
  return ask(endpoint, fields);
}

}  // namespace

TokenResult exchange_code(const TokenEndpoint& endpoint, const Secret& code, const Secret& state,
                          const Secret& verifier) {
  Fields fields{{"grant_type", "authorization_code"},
                {"code", std::string(code.reveal())},
                {"redirect_uri", endpoint.client.redirect_url},
                {"code_verifier", std::string(verifier.reveal())}};
  // Providers that take JSON ask for the state again; others refuse what the RFC does not name.
  if (endpoint.client.token_format == "json") fields.emplace_back("state", state.reveal());
  return ask_as_client(endpoint, std::move(fields));
}

TokenResult refresh(const TokenEndpoint& endpoint, const Secret& refresh_token) {
  return ask_as_client(endpoint,
                       {{"grant_type", "refresh_token"}, {"refresh_token", std::string(refresh_token.reveal())}});
}

// The assertion says who asks: no client beside it.
TokenResult present(const TokenEndpoint& endpoint, const Secret& assertion) {
  return ask(endpoint, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                        {"assertion", std::string(assertion.reveal())}});
}

}  // namespace sluice::oauth
