#include "controlplane/api/oidc_messages.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "common/observe/log.h"
#include "controlplane/api/convert.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr std::size_t kLongestSlug = 63;
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestClientId = 500;
constexpr int kMostScopes = 20;
constexpr std::size_t kLongestScope = 100;
constexpr int kMostDomains = 100;
constexpr std::size_t kLongestDomain = 253;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}

Result<> check_slug(const std::string& slug) {
  const bool fine = !slug.empty() && slug.size() <= kLongestSlug && is_lower_or_digit(slug.front()) &&
                    std::ranges::all_of(slug, [](char c) { return is_lower_or_digit(c) || c == '-'; });
  if (!fine) return invalid("slug: 1 to 63 lower-case letters, digits and hyphens, not a hyphen first");
  return {};
}

// RFC 6749 section 3.3.
bool is_scope(std::string_view text) {
  return !text.empty() && text.size() <= kLongestScope &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

bool is_domain(std::string_view text) {
  return text.size() <= kLongestDomain && text.find('.') != std::string_view::npos && is_lower_or_digit(text.front()) &&
         is_lower_or_digit(text.back()) && text.find("..") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '.' || c == '-'; });
}

Result<std::vector<std::string>> scopes_in(const v1::OidcProvider& provider) {
  if (provider.scopes_size() > kMostScopes) return invalid("scopes: at most 20");
  std::vector<std::string> scopes(provider.scopes().begin(), provider.scopes().end());
  if (!std::ranges::all_of(scopes, is_scope)) return invalid("scopes: words of at most 100 printable characters");
  if (scopes.empty()) scopes = {"openid", "email", "profile"};
  if (std::ranges::find(scopes, "openid") == scopes.end()) scopes.insert(scopes.begin(), "openid");
  return scopes;
}

Result<std::vector<std::string>> domains_in(const v1::OidcProvider& provider) {
  if (provider.allowed_email_domains_size() > kMostDomains) return invalid("allowed_email_domains: at most 100");
  std::vector<std::string> domains(provider.allowed_email_domains().begin(), provider.allowed_email_domains().end());
  for (std::string& domain : domains) {
    std::ranges::transform(domain, domain.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    if (domain.empty() || !is_domain(domain)) return invalid("allowed_email_domains: such as \"example.com\"");
  }
  return domains;
}

v1::IdentityLink shown(const std::string& linked_by) {
  if (linked_by == "self") return v1::IDENTITY_LINK_SELF;
  return linked_by == "created" ? v1::IDENTITY_LINK_CREATED : v1::IDENTITY_LINK_EMAIL;
}

}  // namespace

void to_message(const store::OidcProvider& row, const std::string& redirect_url, v1::OidcProvider& into) {
  into.set_id(row.id);
  into.set_slug(row.slug);
  into.set_display_name(row.display_name);
  into.set_issuer(row.issuer);
  into.set_client_id(row.client_id);
  into.set_has_client_secret(!row.sealed.empty());
  into.mutable_scopes()->Add(row.scopes.begin(), row.scopes.end());
  into.set_create_users(row.create_users);
  into.mutable_allowed_email_domains()->Add(row.allowed_email_domains.begin(), row.allowed_email_domains.end());
  into.set_status(row.status == store::Status::kActive ? v1::OIDC_PROVIDER_STATUS_ACTIVE
                                                       : v1::OIDC_PROVIDER_STATUS_DISABLED);
  into.set_redirect_url(redirect_url);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

void to_message(const store::OidcIdentity& row, v1::Identity& into) {
  into.set_id(row.id);
  into.set_user_id(row.user_id);
  into.set_provider_slug(row.provider_slug);
  into.set_provider_display_name(row.provider_name);
  into.set_subject(row.subject);
  into.set_email(row.email);
  into.set_link(shown(row.linked_by));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_last_used_at(), row.last_used_at);
}

Result<> read_oidc_provider(const v1::OidcProvider& provider, store::OidcProvider& into) {
  if (Result<> fine = check_slug(provider.slug()); !fine) return fine;
  if (Result<> given = require("display_name", provider.display_name()); !given) return given;
  if (provider.display_name().size() > kLongestName) return invalid("display_name: at most 100 bytes");
  if (Result<> given = require("client_id", provider.client_id()); !given) return given;
  if (provider.client_id().size() > kLongestClientId) return invalid("client_id: at most 500 bytes");
  auto scopes = scopes_in(provider);
  if (!scopes) return std::unexpected(scopes.error());
  auto domains = domains_in(provider);
  if (!domains) return std::unexpected(domains.error());
  into.slug = provider.slug();
  into.display_name = provider.display_name();
  into.client_id = provider.client_id();
  into.scopes = std::move(*scopes);
  into.create_users = provider.create_users();
  into.allowed_email_domains = std::move(*domains);
  into.status =
      provider.status() == v1::OIDC_PROVIDER_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  return {};
}

Error provider_failed(const std::string& slug, const Error& cause) {
  observe::log(observe::Level::kWarn, "oidc_provider_failed", {{"provider", slug}, {"cause", cause.message}});
  if (cause.code != ErrorCode::kUnavailable) return cause;
  return {ErrorCode::kUnavailable,
          "the sign-in provider does not work at the moment: start a new sign-in later, or tell the operator"};
}

}  // namespace sluice::api
