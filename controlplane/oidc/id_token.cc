#include "controlplane/oidc/id_token.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>

#include "common/crypto/digest.h"
#include "controlplane/mail/address.h"

namespace sluice::oidc {

namespace {

namespace json = boost::json;

constexpr std::size_t kLongestSubject = 255;
constexpr std::size_t kLongestName = 200;

std::unexpected<Error> refused(std::string_view why) {
  return fail(ErrorCode::kUnauthenticated, "the provider's ID token " + std::string(why));
}

std::string text_of(const json::object& claims, std::string_view key) {
  const json::value* value = claims.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// A NumericDate; a number that no clock shows counts as none.
std::optional<SystemTime> time_of(const json::object& claims, std::string_view key) {
  const json::value* value = claims.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  if (!(seconds > 0 && seconds < 1e11)) return std::nullopt;
  return SystemTime(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

Result<> check_audience(const json::object& claims, const std::string& client_id) {
  const json::value* audience = claims.if_contains("aud");
  const std::string party = text_of(claims, "azp");
  if (claims.contains("azp") && party != client_id) return refused("was made for another client (azp)");
  if (audience != nullptr && audience->is_string()) {
    if (audience->get_string() == client_id) return {};
    return refused("is for another audience (aud)");
  }
  if (audience == nullptr || !audience->is_array()) return refused("names no audience (aud)");
  const json::array& all = audience->get_array();
  const bool ours = std::ranges::any_of(
      all, [&](const json::value& one) { return one.is_string() && one.get_string() == client_id; });
  if (!ours) return refused("is for another audience (aud)");
  if (all.size() > 1 && party.empty()) return refused("has several audiences and does not say whose it is (azp)");
  return {};
}

Result<> check_times(const json::object& claims, SystemTime now) {
  const auto end = time_of(claims, "exp");
  if (!end || *end + kLeeway <= now) return refused("has expired, or a clock is wrong (exp)");
  const auto made = time_of(claims, "iat");
  if (!made || *made > now + kLeeway) return refused("is from the future, or a clock is wrong (iat)");
  const auto begin = time_of(claims, "nbf");
  if (begin && *begin > now + kLeeway) return refused("is not valid yet, or a clock is wrong (nbf)");
  return {};
}

// One that mail could be sent to, else none.
std::string email_in(const json::object& claims) {
  std::string email = text_of(claims, "email");
  return mail::check_address("email", email) ? email : std::string();
}

// Some providers write the word.
bool is_true(const json::object& claims, std::string_view key) {
  const json::value* value = claims.if_contains(key);
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  return value->is_string() && value->get_string() == "true";
}

// Whole characters of UTF-8 without control characters; the parser has checked that it is UTF-8.
std::string name_in(const json::object& claims) {
  std::string name = text_of(claims, "name");
  if (name.size() > kLongestName) {
    std::size_t end = kLongestName;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80)
      --end;
    name.resize(end);
  }
  std::ranges::replace_if(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return name;
}

}  // namespace

Result<Person> check_claims(const json::object& claims, const Expected& expected, SystemTime now) {
  if (text_of(claims, "iss") != expected.issuer) return refused("is of another issuer (iss)");
  if (Result<> ours = check_audience(claims, expected.client_id); !ours) return std::unexpected(ours.error());
  if (Result<> timely = check_times(claims, now); !timely) return std::unexpected(timely.error());
  if (expected.nonce.empty() || !crypto::constant_time_equal(text_of(claims, "nonce"), expected.nonce)) {
    return refused("belongs to another sign-in (nonce)");
  }
  Person person;
  person.subject = text_of(claims, "sub");
  if (person.subject.empty() || person.subject.size() > kLongestSubject || !is_printable_ascii(person.subject)) {
    return refused("names no subject (sub)");
  }
  person.email = email_in(claims);
  person.email_verified = !person.email.empty() && is_true(claims, "email_verified");
  person.name = name_in(claims);
  return person;
}

bool in_domains(std::string_view email, const std::vector<std::string>& domains) {
  return domains.empty() || std::ranges::find(domains, mail::domain_of(email)) != domains.end();
}

}  // namespace sluice::oidc
