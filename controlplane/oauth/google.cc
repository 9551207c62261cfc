#include "controlplane/oauth/google.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <thread>

namespace sluice::oauth {

namespace {

namespace json = boost::json;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

struct Caller {
  const Route& route;
  const Secret& token;
  const FetchOptions& options;

  [[nodiscard]] Result<json::object> call(std::string url, const json::object* body) const {
    FetchRequest request;
    request.url = std::move(url);
    request.bearer = token;
    request.proxies = route.proxies;
    request.content_type = "application/json";
    if (body != nullptr) request.body = Secret(json::serialize(*body));
    const Result<FetchAnswer> answer = fetch(request, options);
    if (!answer) return std::unexpected(answer.error());
    const std::string path = request.url.substr(0, request.url.find('?'));
    if (answer->status != 200) {
      return fail(ErrorCode::kUnavailable, fmt::format("{} answered {}", path, answer->status));
    }
    boost::system::error_code bad;
    json::value value = json::parse(answer->body.reveal(), bad);
    if (bad || !value.is_object()) return fail(ErrorCode::kDataLoss, path + " answered no JSON object");
    return std::move(value.get_object());
  }
};

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

// Some calls name a project by its id, others as {"id": ...}.
std::string project_in(const json::object& object) {
  const json::object* named = object_in(object, "cloudaicompanionProject");
  return named != nullptr ? text_of(*named, "id") : text_of(object, "cloudaicompanionProject");
}

std::string default_tier(const json::object& answer) {
  const json::value* tiers = answer.if_contains("allowedTiers");
  if (tiers == nullptr || !tiers->is_array()) return "LEGACY";
  for (const json::value& tier : tiers->get_array()) {
    if (!tier.is_object()) continue;
    const json::value* chosen = tier.get_object().if_contains("isDefault");
    if (chosen == nullptr || !chosen->is_bool() || !chosen->get_bool()) continue;
    const std::string id = text_of(tier.get_object(), "id");
    const bool fine = !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](unsigned char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '/' ||
             c == '-';
    });
    if (fine) return id;
  }
  return "LEGACY";
}

bool contains_word(std::string text, std::string_view word) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text.find(word) != std::string::npos;
}

int rank_of(const json::object& project) {
  const std::string both = text_of(project, "projectId") + " " + text_of(project, "name");
  if (contains_word(both, "cloudaicompanion") || contains_word(both, "code-assist") ||
      contains_word(both, "codeassist") || contains_word(both, "code assist")) {
    return 0;
  }
  return contains_word(both, "default") ? 1 : 2;
}

Result<std::string> listed_project(const Caller& caller) {
  if (caller.route.client.projects_url.empty()) return std::string();
  auto answer = caller.call(caller.route.client.projects_url, nullptr);
  if (!answer) return std::unexpected(answer.error());
  const json::value* projects = answer->if_contains("projects");
  if (projects == nullptr || !projects->is_array()) return std::string();
  std::string found;
  int best = 3;
  for (const json::value& one : projects->get_array()) {
    if (!one.is_object() || text_of(one.get_object(), "lifecycleState") != "ACTIVE") continue;
    const int rank = rank_of(one.get_object());
    if (rank >= best) continue;
    best = rank;
    found = text_of(one.get_object(), "projectId");
  }
  return found;
}

void pause(const GoogleOptions& options) {
  const auto end = std::chrono::steady_clock::now() + options.onboard_pause;
  while (std::chrono::steady_clock::now() < end && (options.stopping == nullptr || !*options.stopping))
    std::this_thread::sleep_for(std::min(options.onboard_pause, std::chrono::milliseconds(50)));
}

// A long-running operation: asked again until it is done.
Result<std::string> onboard(const Caller& caller, const std::string& tier, const GoogleOptions& options,
                            const json::object& metadata) {
  const json::object body{{"tierId", tier}, {"metadata", metadata}};
  for (int i = 0; i < options.onboard_tries; ++i) {
    if (i > 0) pause(options);
    if (options.stopping != nullptr && *options.stopping) break;
    auto answer = caller.call(caller.route.client.code_assist_url + "/v1internal:onboardUser", &body);
    if (!answer) return std::unexpected(answer.error());
    const json::value* done = answer->if_contains("done");
    if (done == nullptr || !done->is_bool() || !done->get_bool()) continue;
    const json::object* response = object_in(*answer, "response");
    return response == nullptr ? std::string() : project_in(*response);
  }
  return std::string();
}

Result<GoogleFacts> code_assist(const Caller& caller, const GoogleOptions& options) {
  // We are no IDE and say so.
  const json::object metadata{
      {"ideType", "IDE_UNSPECIFIED"}, {"platform", "PLATFORM_UNSPECIFIED"}, {"pluginType", "PLUGIN_UNSPECIFIED"}};
  const json::object body{{"metadata", metadata}};
  auto answer = caller.call(caller.route.client.code_assist_url + "/v1internal:loadCodeAssist", &body);
  if (!answer) return std::unexpected(answer.error());
  GoogleFacts facts;
  facts.tier = default_tier(*answer);
  facts.project = project_in(*answer);
  if (!facts.project.empty()) return facts;
  auto onboarded = onboard(caller, facts.tier, options, metadata);
  if (onboarded && !onboarded->empty()) {
    facts.project = std::move(*onboarded);
    return facts;
  }
  auto listed = listed_project(caller);
  if (!listed) return onboarded ? std::unexpected(listed.error()) : std::unexpected(onboarded.error());
  facts.project = std::move(*listed);
  return facts;
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const std::string text = text_of(object, key);  // 64-bit numbers are texts in Google's JSON
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && rest == text.data() + text.size() ? std::max<std::int64_t>(number, 0) : 0;
}

}  // namespace

std::string_view tier_of_drive(std::int64_t limit) {
  if (limit > 100 * 1024 * kGiB) return "GOOGLE_ONE_UNLIMITED";
  if (limit >= 2 * 1024 * kGiB) return "AI_PREMIUM";
  if (limit >= 200 * kGiB) return "GOOGLE_ONE_STANDARD";
  if (limit >= 100 * kGiB) return "GOOGLE_ONE_BASIC";
  return limit >= 15 * kGiB ? "FREE" : "GOOGLE_ONE_UNKNOWN";
}

Result<GoogleFacts> read_google_facts(const Route& route, const Secret& access_token, const FetchOptions& fetch,
                                      const GoogleOptions& options) {
  const Caller caller{route, access_token, fetch};
  auto assist = route.client.code_assist_url.empty() ? Result<GoogleFacts>() : code_assist(caller, options);
  if (route.client.google_kind != "google_one") return assist;
  // A project is good to have there and not needed.
  GoogleFacts facts = assist ? std::move(*assist) : GoogleFacts();
  auto answer = caller.call(route.client.drive_url + "/drive/v3/about?fields=storageQuota", nullptr);
  if (!answer) return std::unexpected(answer.error());
  const json::object* quota = object_in(*answer, "storageQuota");
  if (quota != nullptr) {
    facts.drive_limit_bytes = number_of(*quota, "limit");
    facts.drive_used_bytes = number_of(*quota, "usage");
  }
  facts.tier = tier_of_drive(facts.drive_limit_bytes);
  return facts;
}

}  // namespace sluice::oauth
