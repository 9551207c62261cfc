// What an ID token must say (OpenID Connect Core, section 3.1.3.7). Pure; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace sluice::oidc {

// Clocks of others may differ by as much.
inline constexpr std::chrono::minutes kLeeway{2};

struct Expected {
  std::string issuer;
  std::string client_id;
  std::string nonce;
};

// What the provider says of a person.
struct Person {
  std::string subject;  // 1 to 255 characters of ASCII
  std::string email;    // "" if it says none, or none that can be one
  bool email_verified = false;
  std::string name;  // at most 200 bytes, printable; may be empty
};

// `claims` of a token whose signature is right. kUnauthenticated naming the claim that is not.
[[nodiscard]] Result<Person> check_claims(const boost::json::object& claims, const Expected& expected, SystemTime now);

// Whether the address is in one of the domains, which are in lower case; in any if there are none.
[[nodiscard]] bool in_domains(std::string_view email, const std::vector<std::string>& domains);

}  // namespace sluice::oidc
