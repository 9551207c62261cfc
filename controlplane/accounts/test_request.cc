#include "controlplane/accounts/test_request.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>

#include "common/http/client_pool.h"

namespace sluice::accounts {

namespace json = boost::json;

namespace {

constexpr int kMostTokens = 128;
constexpr std::string_view kGreeting = "Say hello in one short sentence.";

std::optional<Dialect> dialect_of(const TestTarget& target) {
  const std::string_view provider = target.provider;
  const bool token = target.kind == store::CredentialKind::kAccessToken;
  if (provider == "anthropic") return Dialect::kAnthropic;
  // Log-ins at OpenAI are good for Responses only.
  if (provider == "openai") return token ? Dialect::kResponses : Dialect::kOpenAi;
  if (provider == "compatible") return Dialect::kOpenAi;
  if (provider == "antigravity") return Dialect::kCodeAssist;
  if (provider == "gemini") return token && !target.google_project.empty() ? Dialect::kCodeAssist : Dialect::kGemini;
  return std::nullopt;
}

// A model's name as one segment of a path.
std::string segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

json::array messages(std::string_view prompt) {
  return {json::object{{"role", "user"}, {"content", prompt}}};
}

json::object gemini_body(std::string_view prompt) {
  return {
      {"contents", json::array{json::object{{"role", "user"}, {"parts", json::array{json::object{{"text", prompt}}}}}}},
      {"generationConfig", json::object{{"maxOutputTokens", kMostTokens}}}};
}

// Where log-ins are served is a folder of its own; elsewhere the API's root.
bool has_path(const std::string& base_url) {
  const auto base = http::parse_base_url(base_url);
  return base && !base->path_prefix.empty();
}

std::string path_of(Dialect dialect, const TestTarget& target) {
  switch (dialect) {
    case Dialect::kAnthropic:
      return "/v1/messages";
    case Dialect::kOpenAi:
      return "/v1/chat/completions";
    case Dialect::kResponses:
      return has_path(target.base_url) ? "/responses" : "/v1/responses";
    case Dialect::kCodeAssist:
      return "/v1internal:streamGenerateContent?alt=sse";
    case Dialect::kGemini:
      return "/v1beta/models/" + segment(target.model) + ":streamGenerateContent?alt=sse";
  }
  return {};
}

json::object body_of(Dialect dialect, const TestTarget& target, std::string_view prompt) {
  switch (dialect) {
    case Dialect::kAnthropic:
      return {{"model", target.model}, {"max_tokens", kMostTokens}, {"stream", true}, {"messages", messages(prompt)}};
    case Dialect::kOpenAi:
      // Compatible servers know the older name only; OpenAI's newer models the newer only.
      return {{"model", target.model},
              {target.provider == "openai" ? "max_completion_tokens" : "max_tokens", kMostTokens},
              {"stream", true},
              {"stream_options", json::object{{"include_usage", true}}},
              {"messages", messages(prompt)}};
    case Dialect::kResponses:
      // Without a limit of tokens: where log-ins are served it is refused.
      return {{"model", target.model},
              {"instructions", "Answer briefly."},
              {"input", json::array{json::object{
                            {"role", "user"},
                            {"content", json::array{json::object{{"type", "input_text"}, {"text", prompt}}}}}}},
              {"store", false},
              {"stream", true}};
    case Dialect::kCodeAssist: {
      json::object body{{"model", target.model}, {"request", gemini_body(prompt)}};
      if (!target.google_project.empty()) body["project"] = target.google_project;
      return body;
    }
    case Dialect::kGemini:
      return gemini_body(prompt);
  }
  return {};
}

}  // namespace

Result<TestRequest> test_request(const TestTarget& target, std::string_view prompt) {
  const auto dialect = dialect_of(target);
  if (!dialect) {
    return fail(ErrorCode::kFailedPrecondition,
                fmt::format("there is no live test for the provider {}", target.provider));
  }
  if (prompt.size() > kLongestPrompt) return fail(ErrorCode::kInvalidArgument, "prompt: at most 4000 bytes");
  std::string base = target.base_url;
  while (base.ends_with('/'))
    base.pop_back();
  TestRequest request;
  request.dialect = *dialect;
  request.url = base + path_of(*dialect, target);
  request.body = json::serialize(body_of(*dialect, target, prompt.empty() ? kGreeting : prompt));
  const bool token = target.kind == store::CredentialKind::kAccessToken;
  const auto field = [&request](std::string_view name, std::string_view value) {
    request.fields.emplace_back(fmt::format("{}: {}", name, value));
  };
  field("content-type", "application/json");
  field("accept", "text/event-stream");
  if (*dialect == Dialect::kAnthropic) field("anthropic-version", "2023-06-01");
  // The vendor takes access tokens under this beta only.
  if (*dialect == Dialect::kAnthropic && token) field("anthropic-beta", "oauth-2025-04-20");
  if (token || *dialect == Dialect::kOpenAi)
    field("authorization", fmt::format("Bearer {}", target.secret.reveal()));
  else
    field(*dialect == Dialect::kAnthropic ? "x-api-key" : "x-goog-api-key", target.secret.reveal());
  return request;
}

}  // namespace sluice::accounts
