#include "controlplane/oidc/exchange.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <utility>
#include <vector>

#include "controlplane/oauth/texts.h"

namespace sluice::oidc {

namespace {

namespace json = boost::json;

constexpr const char* kAgain = "; start a new sign-in";

json::object object_in(std::string_view text) {
  boost::system::error_code bad;
  json::value value = json::parse(text, bad);
  if (bad || !value.is_object()) return {};
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// RFC 6749 section 5.2: the words are codes; whatever else it says is not for strangers.
std::string error_code(const json::object& answer) {
  const std::string code = text_of(answer, "error");
  const bool word = code.size() <= 64 &&
                    std::ranges::all_of(code, [](unsigned char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return word ? code : std::string();
}

// RFC 6749 section 2.3.1: both are form-encoded first.
std::string basic(const std::string& id, const Secret& secret) {
  const auto encoded = [](std::string_view text) {
    const std::vector<std::pair<std::string, std::string>> field{{"x", std::string(text)}};
    return oauth::form(field).substr(2);
  };
  const std::string pair = encoded(id) + ":" + encoded(secret.reveal());
  std::string out(sodium_base64_encoded_len(pair.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(pair.data()), pair.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.resize(out.size() - 1);  // its terminating zero
  return "Authorization: Basic " + out;
}

}  // namespace

Result<Secret> exchange_code(Issuers& issuers, const Issuer& issuer, const CodeGrant& grant) {
  std::vector<std::pair<std::string, std::string>> fields{{"grant_type", "authorization_code"},
                                                          {"code", std::string(grant.code.reveal())},
                                                          {"redirect_uri", grant.redirect_url},
                                                          {"code_verifier", std::string(grant.verifier.reveal())}};
  oauth::FetchRequest request;
  request.url = issuer.token_endpoint;
  request.content_type = "application/x-www-form-urlencoded";
  if (!grant.client_secret.empty() && issuer.basic_auth) {
    request.fields.push_back(basic(grant.client_id, grant.client_secret));
  } else {
    fields.emplace_back("client_id", grant.client_id);
    if (!grant.client_secret.empty()) fields.emplace_back("client_secret", grant.client_secret.reveal());
  }
  request.body = Secret(oauth::form(fields));
  const auto answer = issuers.ask(request);
  if (!answer) return fail(ErrorCode::kUnavailable, "the sign-in provider: " + answer.error().message + kAgain);
  const json::object body = object_in(answer->body.reveal());
  if (answer->status != 200) {
    const bool away = answer->status == 429 || answer->status >= 500;
    const std::string code = error_code(body);
    return fail(away ? ErrorCode::kUnavailable : ErrorCode::kFailedPrecondition,
                fmt::format("the provider's token endpoint answered {}{}{}{}", answer->status, code.empty() ? "" : " ",
                            code, kAgain));
  }
  std::string token = text_of(body, "id_token");
  if (token.empty()) {
    return fail(ErrorCode::kFailedPrecondition, "the provider gave no ID token: its client needs the scope openid");
  }
  return Secret(std::move(token));
}

Result<Person> read_id_token(Issuers& issuers, const Issuer& issuer, const Secret& token, const Expected& expected,
                             SystemTime now) {
  const auto parsed = parse_token(token.reveal());
  if (!parsed) return std::unexpected(parsed.error());
  auto keys = issuers.keys(issuer, false);
  if (!keys) return std::unexpected(keys.error());
  const PublicKey* key = key_for(*parsed, **keys);
  if (key == nullptr) {
    keys = issuers.keys(issuer, true);
    if (!keys) return std::unexpected(keys.error());
    key = key_for(*parsed, **keys);
  }
  if (key == nullptr) {
    return fail(ErrorCode::kUnauthenticated, "the provider's ID token is signed with a key that it does not publish");
  }
  if (!verify(*parsed, *key)) {
    return fail(ErrorCode::kUnauthenticated, "the provider's ID token has a wrong signature");
  }
  return check_claims(parsed->claims, expected, now);
}

}  // namespace sluice::oidc
