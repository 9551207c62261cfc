#include "tests/fakes/anthropic/responder.h"

#include <charconv>

#include "tests/fakes/anthropic/answer.h"
#include "tests/fakes/anthropic/models.h"
#include "tests/fakes/anthropic/replies.h"
#include "tests/fakes/anthropic/stream_writer.h"
#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

namespace {

constexpr std::size_t kMaxBodyBytes = 32u << 20;

std::string_view credential_of(const HttpRequest& request) {
  if (const std::string_view key = request.header("x-api-key"); !key.empty()) return key;
  const std::string_view bearer = request.header("authorization");
  return bearer.starts_with("Bearer ") ? bearer.substr(7) : std::string_view{};
}

Script streamed(const Answer& answer, const Steering& steering) {
  Script out;
  out.add(reply_head(steering, 200, kEventStream, kChunked, make_id("req_"), steering.gzip), steering.headers_delay_ms);
  StreamWriter(answer, steering, out).write();
  if (steering.slice > 0) out.slice(steering.slice);
  return out;
}

// Without streaming the vendor is silent until the whole answer is there: the tokens' delays come before the headers.
std::uint32_t whole_delay(const Answer& answer, const Steering& steering) {
  return steering.headers_delay_ms + steering.first_delay_ms +
         static_cast<std::uint32_t>(answer.deltas) * steering.token_delay_ms;
}

Script whole(const Answer& answer, const Steering& steering) {
  const std::uint32_t delay_ms = whole_delay(answer, steering);
  if (steering.garbage) return json_reply(steering, 200, "\x01<<not JSON>>{\"type\":", delay_ms);
  const bool cut = steering.cut != Cut::kNone || steering.stall_after.has_value();
  if (!cut) {
    Script out = json_reply(steering, 200, message_json(answer), delay_ms);
    out.complete = true;
    return out;
  }
  return cut_reply(steering, message_json(answer), delay_ms);
}

Script head_only(const Script& whole) {
  Script out;
  out.status = whole.status;
  const std::string_view first = whole.steps().empty() ? std::string_view{} : whole.steps().front().bytes;
  out.add(std::string(first.substr(0, first.find("\r\n\r\n") + 4)));
  return out;
}

}  // namespace

Script Responder::respond(const HttpRequest& request) {
  Script script = route(request);
  if (request.method == "HEAD") script = head_only(script);
  if (!request.path.starts_with("/__fake/") && request.path != "/healthz") books_.request(request, script);
  return script;
}

Script Responder::route(const HttpRequest& request) {
  if (request.path == "/healthz") return page(200, R"({"status":"ok"})");
  if (request.path.starts_with("/__fake/")) return own_page(request);
  return vendor(request);
}

Script Responder::own_page(const HttpRequest& request) {
  if (request.path == "/__fake/stats") return page(200, books_.stats_json());
  if (request.path == "/__fake/log") return page(200, books_.log_json());
  if (request.path != "/__fake/reset") return page(404, R"({"error":"no such page"})");
  if (request.method != "POST") return page(405, R"({"error":"use POST"})");
  const std::string_view wanted = request.query("log");
  std::size_t log_size = 0;
  const auto [end, problem] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), log_size);
  books_.reset(problem == std::errc{} ? &log_size : nullptr);
  return page(200, "{}");
}

Script Responder::vendor(const HttpRequest& request) {
  const std::string_view credential = credential_of(request);
  if (credential.empty()) return error_reply({}, 401, "x-api-key header is required");
  if (!key_.empty() && credential != key_) return error_reply({}, 401, "invalid x-api-key");
  if (request.header("anthropic-version").empty()) return error_reply({}, 400, "anthropic-version: header is required");
  const bool get = request.method == "GET";
  if (request.path == "/v1/models") return get ? model_list(request) : error_reply({}, 405, "Method Not Allowed");
  if (request.path.starts_with("/v1/models/")) {
    return get ? one_model(request.path.substr(11)) : error_reply({}, 405, "Method Not Allowed");
  }
  const bool count_only = request.path == "/v1/messages/count_tokens";
  if (!count_only && request.path != "/v1/messages") return error_reply({}, 404, "Not Found");
  if (request.method != "POST") return error_reply({}, 405, "Method Not Allowed");
  if (request.body.size() > kMaxBodyBytes) return error_reply({}, 413, "Request exceeds the maximum size");
  return messages(request, count_only);
}

Script Responder::messages(const HttpRequest& request, bool count_only) {
  Call call;
  if (std::string error = read_call(request.body, !count_only, call); !error.empty())
    return error_reply({}, 400, error);
  Steering steering;
  if (std::string error; !steer(request, call, steering, error)) return error_reply({}, 400, error);
  const auto named = [&](Script script) {
    script.model = call.model;
    return script;
  };
  if (steering.cut == Cut::kBeforeHeaders) return named(silent_close(steering));
  if (steering.status != 200) {
    return named(error_reply(steering, steering.status, default_message(steering.status), steering.headers_delay_ms));
  }
  if (count_only) {
    const std::uint64_t tokens =
        steering.input.value_or(call.input_tokens + call.cache_5m_tokens + call.cache_1h_tokens);
    return named(
        json_reply(steering, 200, cat({"{\"input_tokens\":", std::to_string(tokens), "}"}), steering.headers_delay_ms));
  }
  const Answer answer = compose(call, steering);
  Script out = named(call.stream ? streamed(answer, steering) : whole(answer, steering));
  out.answer = true;
  out.usage = answer.usage;
  return out;
}

bool Responder::steer(const HttpRequest& request, const Call& call, Steering& out, std::string& error) {
  std::string_view text = request.header("x-fake");
  if (text.empty()) text = steering_of_model(call.model);
  if (text.empty()) return true;
  if (!parse_steering(text, out, error)) return false;
  const bool other_key = !out.only_key.empty() && credential_of(request).find(out.only_key) == std::string_view::npos;
  if (other_key || (out.times > 0 && books_.count_steered(out.id) >= out.times)) out = Steering{};
  return true;
}

}  // namespace sluice::fakes
