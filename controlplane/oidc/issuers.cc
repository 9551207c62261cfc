#include "controlplane/oidc/issuers.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <utility>

#include "common/http/client_pool.h"

namespace sluice::oidc {

namespace {

namespace json = boost::json;

constexpr std::size_t kLongestUrl = 500;
constexpr std::string_view kWellKnown = "/.well-known/openid-configuration";

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool lists(const json::object& object, std::string_view key, std::string_view word) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() && std::ranges::any_of(value->get_array(), [&](const json::value& one) {
           return one.is_string() && one.get_string() == word;
         });
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

std::unexpected<Error> bad_document(const std::string& issuer, std::string_view why) {
  return fail(ErrorCode::kUnavailable, fmt::format("the discovery document of {} {}", issuer, why));
}

}  // namespace

Result<> check_url(std::string_view field, std::string_view url) {
  const auto refused = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", field, why));
  };
  if (url.size() > kLongestUrl) return refused("at most 500 characters");
  if (!std::ranges::all_of(url, [](unsigned char c) { return c > 0x20 && c < 0x7f; }) ||
      url.find_first_of("#\\\"<>") != std::string_view::npos) {
    return refused("must be a URL without a fragment");
  }
  const auto parsed = http::parse_base_url(url.substr(0, url.find('?')));
  if (!parsed) return refused(parsed.error().message);
  if (!parsed->origin.tls && !is_loopback(parsed->origin.host)) return refused("https is required");
  return {};
}

Result<Issuer> parse_discovery(std::string_view text, const std::string& issuer) {
  boost::system::error_code bad;
  const json::value value = json::parse(text, bad);
  if (bad || !value.is_object()) return bad_document(issuer, "is no JSON object");
  const json::object& document = value.get_object();
  if (text_of(document, "issuer") != issuer) {
    return bad_document(issuer, "is of another issuer: the configured one must be exactly the same");
  }
  Issuer out{.name = issuer,
             .authorization_endpoint = text_of(document, "authorization_endpoint"),
             .token_endpoint = text_of(document, "token_endpoint"),
             .keys_url = text_of(document, "jwks_uri")};
  for (const auto& [field, url] :
       {std::pair<std::string_view, const std::string&>{"authorization_endpoint", out.authorization_endpoint},
        {"token_endpoint", out.token_endpoint},
        {"jwks_uri", out.keys_url}}) {
    if (Result<> fine = check_url(field, url); !fine) {
      return bad_document(issuer, "has a bad field: " + fine.error().message);
    }
  }
  constexpr const char* kMethods = "token_endpoint_auth_methods_supported";
  out.basic_auth = !document.contains(kMethods) || lists(document, kMethods, "client_secret_basic") ||
                   !lists(document, kMethods, "client_secret_post");
  const json::value* names = document.if_contains("authorization_response_iss_parameter_supported");
  out.names_itself = names != nullptr && names->is_bool() && names->get_bool();
  return out;
}

Issuers::Issuers(oauth::FetchOptions fetch, const Clock& clock)
    : fetch_([&] {
        fetch.limits = kLimits;
        return std::move(fetch);
      }()),
      clock_(clock) {}

Result<oauth::FetchAnswer> Issuers::ask(const oauth::FetchRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    if (asking_ == kMostAtOnce) {
      return fail(ErrorCode::kResourceExhausted, "too many sign-ins wait for their providers: try again in a moment");
    }
    ++asking_;
  }
  auto answer = oauth::fetch(request, fetch_);
  const std::lock_guard lock(mutex_);
  --asking_;
  if (!answer) return fail(ErrorCode::kUnavailable, answer.error().message);
  return answer;
}

Result<std::string> Issuers::get(const std::string& url) {
  const auto answer = ask({.url = url});
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) return fail(ErrorCode::kUnavailable, fmt::format("{} answered {}", url, answer->status));
  return std::string(answer->body.reveal());
}

template <class T, class Read>
Result<T> Issuers::remembered(std::map<std::string, Remembered<T>>& memory, const std::string& name, bool anew,
                              Read read) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(memory, [now = clock_.steady()](const auto& entry) { return entry.second.until <= now; });
    const auto found = memory.find(name);
    if (found != memory.end() && (!anew || !found->second.value)) return found->second.value;
  }
  Result<T> value = read();
  // That we are busy says nothing about the issuer.
  if (!value && value.error().code == ErrorCode::kResourceExhausted) return value;
  const std::lock_guard lock(mutex_);
  const SteadyTime until = clock_.steady() + (value ? std::chrono::seconds(kRemembered) : kPause);
  memory.insert_or_assign(name, Remembered<T>{value, until});
  return value;
}

Result<Issuer> Issuers::find(const std::string& issuer, bool anew) {
  return remembered(issuers_, issuer, anew, [&]() -> Result<Issuer> {
    const std::string base = issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer;
    const auto document = get(base + std::string(kWellKnown));
    if (!document) return fail("the sign-in provider cannot be reached", document.error());
    return parse_discovery(*document, issuer);
  });
}

Result<Keys> Issuers::keys(const Issuer& issuer, bool anew) {
  return remembered(keys_, issuer.keys_url, anew, [&]() -> Result<Keys> {
    const auto text = get(issuer.keys_url);
    if (!text) return fail("the sign-in provider's keys cannot be read", text.error());
    auto keys = parse_keys(*text);
    if (!keys) return fail(ErrorCode::kUnavailable, issuer.keys_url + ": " + keys.error().message);
    return std::make_shared<const std::vector<PublicKey>>(std::move(*keys));
  });
}

}  // namespace sluice::oidc
