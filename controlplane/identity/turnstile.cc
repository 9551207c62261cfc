#include "controlplane/identity/turnstile.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sluice::identity {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestToken = 2'048;

Secret body_of(const HumanQuestion& question) {
  json::object body{{"secret", std::string(question.secret.reveal())}, {"response", question.token}};
  // An IPv6 network is not the address that Turnstile saw.
  if (question.network.ends_with("/32")) {
    body["remoteip"] = question.network.substr(0, question.network.find('/'));
  }
  return Secret(json::serialize(body));
}

std::string reasons(const json::object& answer) {
  std::string out;
  const json::value* codes = answer.if_contains("error-codes");
  if (codes == nullptr || !codes->is_array()) return "no reason";
  for (const json::value& code : codes->get_array()) {
    if (code.is_string() && out.size() < 200) out += (out.empty() ? "" : ", ") + std::string(code.get_string());
  }
  return out;
}

}  // namespace

Result<> check_human(const HumanQuestion& question, const oauth::FetchOptions& options) {
  if (question.token.empty()) return fail(ErrorCode::kInvalidArgument, "turnstile_token: is required");
  if (question.token.size() > kLongestToken) return fail(ErrorCode::kInvalidArgument, "turnstile_token: too long");
  const auto answer =
      oauth::fetch({.url = question.url, .body = body_of(question), .content_type = "application/json"}, options);
  if (!answer) return fail(ErrorCode::kUnavailable, "cannot ask whether you are human: " + answer.error().message);
  boost::system::error_code bad;
  const json::value parsed = json::parse(answer->body.reveal(), bad);
  const json::object* said = bad ? nullptr : parsed.if_object();
  const json::value* success = said == nullptr ? nullptr : said->if_contains("success");
  if (success == nullptr || !success->is_bool()) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot ask whether you are human: the service answered {}", answer->status));
  }
  if (success->get_bool()) return {};
  return fail(ErrorCode::kInvalidArgument, "turnstile_token: refused: " + reasons(*said));
}

}  // namespace sluice::identity
