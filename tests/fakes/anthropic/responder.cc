#include "tests/fakes/anthropic/responder.h"

#include <algorithm>
#include <charconv>
#include <optional>

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

std::optional<std::size_t> number_in(const HttpRequest& request, std::string_view name) {
  const std::string_view text = request.query(name);
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} ? std::optional(number) : std::nullopt;
}

Script streamed(const Answer& answer, const Steering& steering) {
  Script out;
  const std::size_t framing = steering.until_close ? kUntilClose : kChunked;
  out.add(reply_head(steering, 200, kEventStream, framing, make_id("req_"), steering.gzip), steering.headers_delay_ms);
  StreamWriter(answer, steering, out).write();
  if (steering.until_close && out.end == End::kNext) out.end = End::kClose;
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
  if (steering.endless != Endless::kNone) return endless_json(steering);
  if (!steering.error_event.empty()) return error_body(steering, delay_ms);
  const bool cut = steering.cut != Cut::kNone || steering.stall || steering.stall_after;
  if (!cut) {
    Script out = json_reply(steering, 200, message_json(answer), delay_ms);
    out.complete = true;
    return out;
  }
  return cut_reply(steering, message_json(answer), delay_ms);
}

// A response to a request that nobody has sent.
constexpr std::string_view kTrailing = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nSTALE";

void disturb_transport(const Steering& steering, Script& out) {
  if (steering.cut_at && !out.steps().empty()) {
    const std::string_view first = out.steps().front().bytes;
    out.truncate(std::min(first.find("\r\n\r\n"), first.size() - 4) + 4 + *steering.cut_at);
    out.end = steering.reset_connection ? End::kReset : End::kClose;
    out.complete = false;
  }
  if (steering.trailing) out.add_static(kTrailing);
  if (steering.close_after && out.end == End::kNext) out.end = End::kClose;
  if (steering.slice > 0) out.slice(steering.slice);
}

// The names between "#tag:" and the next '#'.
std::vector<std::string> tags_of(std::string_view body) {
  constexpr std::string_view kMark = "#tag:";
  std::vector<std::string> out;
  for (std::size_t at = body.find(kMark); at != std::string_view::npos; at = body.find(kMark, at)) {
    at += kMark.size();
    const std::size_t end = body.find('#', at);
    if (end == std::string_view::npos || end - at > 100) break;
    out.emplace_back(body.substr(at, end - at));
  }
  return out;
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
  if (request.path.starts_with("/__fake/") || request.path == "/healthz") return script;
  script.caller.credential = credential_of(request);
  script.caller.tags = tags_of(request.body);
  books_.request(request, script);
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
  if (request.path == "/__fake/calls") return page(200, books_.calls_json(number_in(request, "since").value_or(0)));
  if (request.path == "/__fake/accounts" && request.method == "GET") return page(200, books_.accounts().json());
  if (request.path.starts_with("/__fake/accounts")) return steer_account(request);
  const bool refuse = request.path == "/__fake/refuse";
  if (!refuse && request.path != "/__fake/reset") return page(404, R"({"error":"no such page"})");
  if (request.method != "POST") return page(405, R"({"error":"use POST"})");
  if (refuse) {
    books_.refuse_next(static_cast<std::int64_t>(number_in(request, "next").value_or(1)),
                       !request.query("rst").empty());
    return page(200, "{}");
  }
  const std::optional<std::size_t> log_size = number_in(request, "log");
  books_.reset(log_size ? &*log_size : nullptr);
  return page(200, "{}");
}

Script Responder::steer_account(const HttpRequest& request) {
  constexpr std::string_view kFolder = "/__fake/accounts/";
  if (request.path == "/__fake/accounts" && request.method == "DELETE") {
    books_.accounts().steer_none();
    return page(200, "{}");
  }
  if (!request.path.starts_with(kFolder)) return page(404, R"({"error":"no such page"})");
  const std::string credential = percent_decoded(request.path.substr(kFolder.size()));
  const std::string_view text = request.method == "DELETE" ? std::string_view{} : trimmed(request.body);
  Steering steering;
  if (std::string error; !parse_steering(text, steering, error)) {
    return page(400, cat({"{\"error\":", json_string(error), "}"}));
  }
  books_.accounts().steer(credential, text);
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
    script.stream = call.stream;
    disturb_transport(steering, script);
    return script;
  };
  if (steering.hang || steering.cut == Cut::kBeforeHeaders || steering.cut == Cut::kBadHead) {
    return named(no_head(steering));
  }
  if (steering.status != 200) {
    return named(error_reply(steering, steering.status, default_message(steering.status), steering.headers_delay_ms));
  }
  if (count_only) {
    const std::uint64_t tokens =
        steering.input.value_or(call.input_tokens + call.cache_5m_tokens + call.cache_1h_tokens);
    return named(
        json_reply(steering, 200, cat({"{\"input_tokens\":", std::to_string(tokens), "}"}), steering.headers_delay_ms));
  }
  if (steering.html) return named(html_reply(steering, steering.headers_delay_ms));
  const Answer answer = compose(call, steering);
  const bool stream = (call.stream || steering.as_stream) && !steering.as_json;
  Script out = named(stream ? streamed(answer, steering) : whole(answer, steering));
  out.answer = true;
  out.usage = answer.usage;
  return out;
}

bool Responder::steer(const HttpRequest& request, const Call& call, Steering& out, std::string& error) {
  const std::string_view credential = credential_of(request);
  std::string_view text = request.header("x-fake");
  if (text.empty()) text = steering_of_model(call.model);
  return lay(text, credential, {}, out, error) &&
         lay(books_.accounts().steering(credential), credential, credential, out, error);
}

bool Responder::lay(std::string_view text, std::string_view credential, std::string_view scope, Steering& out,
                    std::string& error) {
  if (text.empty()) return true;
  Steering laid = out;
  laid.times = 0;
  laid.only_key.clear();
  if (!parse_steering(text, laid, error)) return false;
  const bool other_key = !laid.only_key.empty() && credential.find(laid.only_key) == std::string_view::npos;
  if (other_key) return true;
  if (laid.times > 0 && books_.count_steered(cat({scope, " ", laid.id})) >= laid.times) return true;
  out = std::move(laid);
  return true;
}

}  // namespace sluice::fakes
