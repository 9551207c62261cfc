#include "controlplane/api/oauth_client_messages.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "controlplane/api/convert.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::size_t kMaxText = 2'000;
constexpr int kMaxList = 50;
constexpr std::array<std::pair<v1::OAuthGoogleKind, std::string_view>, 4> kGoogleKinds{{
    {v1::OAUTH_GOOGLE_KIND_UNSPECIFIED, ""},
    {v1::OAUTH_GOOGLE_KIND_AI_STUDIO, "ai_studio"},
    {v1::OAUTH_GOOGLE_KIND_CODE_ASSIST, "code_assist"},
    {v1::OAUTH_GOOGLE_KIND_GOOGLE_ONE, "google_one"},
}};
// Made by us for every login.
constexpr std::array<std::string_view, 8> kReserved{"response_type", "client_id",      "redirect_uri",          "scope",
                                                    "state",         "code_challenge", "code_challenge_method", ""};

Result<> check_text(std::string_view field, const std::string& text, bool required) {
  const bool printable = std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (text.size() <= kMaxText && printable && (!required || !text.empty())) return {};
  return fail(ErrorCode::kInvalidArgument,
              std::string(field) + ": up to 2000 printable ASCII characters without blanks");
}

Result<> check_url(std::string_view field, const std::string& url, bool required) {
  if (Result<> text = check_text(field, url, required); !text || url.empty()) return text;
  const bool web = url.starts_with("https://") || url.starts_with("http://");
  if (web && url.find('#') == std::string::npos && url.find('@') == std::string::npos) return {};
  return fail(ErrorCode::kInvalidArgument,
              std::string(field) + ": must be a http or https URL without user and fragment");
}

Result<> check_lists(const v1::OAuthClient& client) {
  if (client.scopes_size() > kMaxList || client.authorize_params_size() > kMaxList) {
    return fail(ErrorCode::kInvalidArgument, "scopes, authorize_params: at most 50 each");
  }
  for (const std::string& scope : client.scopes()) {
    if (Result<> valid = check_text("scopes", scope, true); !valid) return valid;
  }
  for (const std::string& pair : client.authorize_params()) {
    if (Result<> valid = check_text("authorize_params", pair, true); !valid) return valid;
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || std::ranges::find(kReserved, pair.substr(0, equals)) != kReserved.end()) {
      return fail(ErrorCode::kInvalidArgument, "authorize_params: must be name=value, and none that every login sets");
    }
  }
  return {};
}

Result<> check_google(const store::OAuthClient& client) {
  if (client.google_kind == "code_assist" && client.code_assist_url.empty()) {
    return fail(ErrorCode::kInvalidArgument, "code_assist_url: required for this google_kind");
  }
  if (client.google_kind == "google_one" && client.drive_url.empty()) {
    return fail(ErrorCode::kInvalidArgument, "drive_url: required for this google_kind");
  }
  return {};
}

struct Preset {
  std::string_view name, authorize_url, token_url;
  v1::OAuthTokenFormat format;
  v1::OAuthGoogleKind google;
  std::vector<std::string_view> scopes;
};

std::vector<Preset> presets() {
  constexpr std::string_view kGoogle = "https://accounts.google.com/o/oauth2/v2/auth";
  constexpr std::string_view kGoogleToken = "https://oauth2.googleapis.com/token";
  constexpr std::string_view kCloud = "https://www.googleapis.com/auth/cloud-platform";
  constexpr std::string_view kEmail = "https://www.googleapis.com/auth/userinfo.email";
  return {{"Anthropic",
           "https://claude.ai/oauth/authorize",
           "https://console.anthropic.com/v1/oauth/token",
           v1::OAUTH_TOKEN_FORMAT_JSON,
           v1::OAUTH_GOOGLE_KIND_UNSPECIFIED,
           {"user:profile", "user:inference"}},
          {"OpenAI",
           "https://auth.openai.com/oauth/authorize",
           "https://auth.openai.com/oauth/token",
           v1::OAUTH_TOKEN_FORMAT_FORM,
           v1::OAUTH_GOOGLE_KIND_UNSPECIFIED,
           {"openid", "profile", "email", "offline_access"}},
          {"Google AI Studio",
           kGoogle,
           kGoogleToken,
           v1::OAUTH_TOKEN_FORMAT_FORM,
           v1::OAUTH_GOOGLE_KIND_AI_STUDIO,
           {kCloud, "https://www.googleapis.com/auth/generative-language.retriever"}},
          {"Google Code Assist",
           kGoogle,
           kGoogleToken,
           v1::OAUTH_TOKEN_FORMAT_FORM,
           v1::OAUTH_GOOGLE_KIND_CODE_ASSIST,
           {kCloud, kEmail}},
          {"Google One",
           kGoogle,
           kGoogleToken,
           v1::OAUTH_TOKEN_FORMAT_FORM,
           v1::OAUTH_GOOGLE_KIND_GOOGLE_ONE,
           {kCloud, kEmail, "https://www.googleapis.com/auth/drive.metadata.readonly"}}};
}

}  // namespace

void to_message(const store::OAuthClient& row, v1::OAuthClient& into) {
  into.set_id(row.id);
  into.set_name(row.name);
  into.set_authorize_url(row.authorize_url);
  into.set_token_url(row.token_url);
  into.set_redirect_url(row.redirect_url);
  into.set_client_id(row.client_id);
  into.set_has_client_secret(!row.sealed.empty());
  into.mutable_scopes()->Add(row.scopes.begin(), row.scopes.end());
  into.mutable_authorize_params()->Add(row.authorize_params.begin(), row.authorize_params.end());
  into.set_token_format(row.token_format == "json" ? v1::OAUTH_TOKEN_FORMAT_JSON : v1::OAUTH_TOKEN_FORMAT_FORM);
  for (const auto& [kind, text] : kGoogleKinds) {
    if (row.google_kind == text) into.set_google_kind(kind);
  }
  into.set_code_assist_url(row.code_assist_url);
  into.set_projects_url(row.projects_url);
  into.set_drive_url(row.drive_url);
  into.set_status(row.status == store::Status::kActive ? v1::OAUTH_CLIENT_STATUS_ACTIVE
                                                       : v1::OAUTH_CLIENT_STATUS_DISABLED);
  into.set_etag(etag_of(row.revision));
  set_time(into.mutable_created_at(), row.created_at);
  set_time(into.mutable_updated_at(), row.updated_at);
}

Result<> read_oauth_client(const v1::OAuthClient& client, store::OAuthClient& into) {
  if (Result<> given = require("name", client.name()); !given) return given;
  if (client.name().size() > 200) return fail(ErrorCode::kInvalidArgument, "name: at most 200 characters");
  if (Result<> valid = check_text("client_id", client.client_id(), true); !valid) return valid;
  if (Result<> valid = check_url("authorize_url", client.authorize_url(), true); !valid) return valid;
  if (Result<> valid = check_url("token_url", client.token_url(), true); !valid) return valid;
  if (Result<> valid = check_url("redirect_url", client.redirect_url(), true); !valid) return valid;
  if (Result<> valid = check_url("code_assist_url", client.code_assist_url(), false); !valid) return valid;
  if (Result<> valid = check_url("projects_url", client.projects_url(), false); !valid) return valid;
  if (Result<> valid = check_url("drive_url", client.drive_url(), false); !valid) return valid;
  if (Result<> valid = check_lists(client); !valid) return valid;
  into.name = client.name();
  into.authorize_url = client.authorize_url();
  into.token_url = client.token_url();
  into.redirect_url = client.redirect_url();
  into.client_id = client.client_id();
  into.scopes.assign(client.scopes().begin(), client.scopes().end());
  into.authorize_params.assign(client.authorize_params().begin(), client.authorize_params().end());
  into.token_format = client.token_format() == v1::OAUTH_TOKEN_FORMAT_JSON ? "json" : "form";
  for (const auto& [kind, text] : kGoogleKinds) {
    if (client.google_kind() == kind) into.google_kind = text;
  }
  into.code_assist_url = client.code_assist_url();
  into.projects_url = client.projects_url();
  into.drive_url = client.drive_url();
  into.status = client.status() == v1::OAUTH_CLIENT_STATUS_DISABLED ? store::Status::kDisabled : store::Status::kActive;
  return check_google(into);
}

Result<> check_endpoints(const store::OAuthClient& client, const accounts::BaseUrlGuard& guard) {
  const std::array<std::pair<std::string_view, const std::string*>, 4> endpoints{
      {{"token_url", &client.token_url},
       {"code_assist_url", &client.code_assist_url},
       {"projects_url", &client.projects_url},
       {"drive_url", &client.drive_url}}};
  for (const auto& [field, url] : endpoints) {
    if (url->empty()) continue;
    auto host = guard.check(url->substr(0, url->find('?')));
    if (!host) return fail(field, host.error());
  }
  return {};
}

void add_presets(v1::ListOAuthPresetsResponse& into) {
  for (const Preset& preset : presets()) {
    v1::OAuthClient& client = *into.add_presets();
    client.set_name(std::string(preset.name));
    client.set_authorize_url(std::string(preset.authorize_url));
    client.set_token_url(std::string(preset.token_url));
    client.set_token_format(preset.format);
    client.set_google_kind(preset.google);
    for (const std::string_view scope : preset.scopes)
      client.add_scopes(std::string(scope));
    if (preset.google == v1::OAUTH_GOOGLE_KIND_UNSPECIFIED) continue;
    client.add_authorize_params("access_type=offline");
    client.add_authorize_params("prompt=consent");
    if (preset.google == v1::OAUTH_GOOGLE_KIND_AI_STUDIO) continue;
    client.set_code_assist_url("https://cloudcode-pa.googleapis.com");
    client.set_projects_url("https://cloudresourcemanager.googleapis.com/v1/projects");
    if (preset.google == v1::OAUTH_GOOGLE_KIND_GOOGLE_ONE) client.set_drive_url("https://www.googleapis.com");
  }
}

}  // namespace sluice::api
