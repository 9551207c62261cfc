// A browser that signs in at a control plane over HTTP, for tests.
#pragma once

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "tests/integration/api/control_plane.h"

namespace sluice::testing {

inline constexpr const char* kPassword = "correct horse battery";

struct Person {
  std::string id;
  std::string email;
};

// With kPassword.
inline Person make_person(const ControlPlane& plane, const std::string& role = "USER_ROLE_USER") {
  Person person{.id = make_user(plane, role), .email = {}};
  person.email = text_at(plane.ok("GET", "/admin/v1/users/" + person.id), "user.email");
  (void)plane.ok("POST", "/admin/v1/users/" + person.id + "/password",
                 boost::json::serialize(boost::json::object{{"password", kPassword}}));
  return person;
}

class Browser {
 public:
  explicit Browser(const ControlPlane& plane, std::string address = "203.0.113." + std::to_string(next_address()))
      : plane_(&plane), address_(std::move(address)) {}

  // Goes to another replica from now on.
  void use(const ControlPlane& plane) { plane_ = &plane; }

  HttpAnswer login(const std::string& email, const std::string& password = kPassword, const std::string& code = "") {
    HttpAnswer answer =
        call("POST", "/auth/v1/login",
             boost::json::serialize(boost::json::object{{"email", email}, {"password", password}, {"code", code}}));
    const std::string set = answer.header("set-cookie");
    if (set.starts_with("sluice_session=")) cookie = set.substr(0, set.find(';'));
    if (answer.status == 200 && !set.empty()) csrf = text_at(answer.json(), "csrfToken");
    return answer;
  }

  HttpAnswer call(const std::string& method, const std::string& target, const std::string& body = "",
                  const Headers& more = {}) const {
    Headers headers{{"x-forwarded-for", address_}, {"user-agent", "Test/1"}};
    if (!cookie.empty()) headers.emplace_back("cookie", "theme=dark; " + cookie);
    if (!csrf.empty()) headers.emplace_back("x-csrf-token", csrf);
    headers.insert(headers.end(), more.begin(), more.end());
    return plane_->http(method, target, body, "", headers);
  }
  // Whether it is signed in.
  [[nodiscard]] bool in() const { return call("GET", "/admin/v1/me/session").status == 200; }

  std::string cookie;  // "sluice_session=..."
  std::string csrf;

 private:
  static int next_address() {
    static int last = 0;
    return last++ % 200 + 1;
  }
  const ControlPlane* plane_;
  std::string address_;
};

}  // namespace sluice::testing
