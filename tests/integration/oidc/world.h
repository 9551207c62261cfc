// A provider, a control plane that knows it, and browsers that sign in through it.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "tests/integration/identity/browser.h"
#include "tests/integration/oidc/idp.h"

namespace sluice::testing {

inline constexpr const char* kPublicUrl = "https://sluice.example.com";

// What the page of the web UI keeps while the person is at the provider.
struct Begun {
  std::string url;
  std::string state;
  std::string binding;
};

struct OidcWorld {
  // `more`: further fields of the provider.
  explicit OidcWorld(const ControlPlane& the_plane = ControlPlane::shared(), const boost::json::object& more = {})
      : plane(the_plane) {
    (void)plane.ok("PATCH", "/admin/v1/sign-in/settings",
                   boost::json::serialize(boost::json::object{{"publicUrl", kPublicUrl}}));
    boost::json::object provider{{"slug", slug},
                                 {"displayName", "Example"},
                                 {"issuer", idp.issuer()},
                                 {"clientId", Idp::kClientId},
                                 {"clientSecret", Idp::kClientSecret}};
    for (const auto& [key, value] : more)
      provider[key] = value;
    made = plane.ok("POST", "/admin/v1/oidc-providers",
                    boost::json::serialize(boost::json::object{{"oidcProvider", provider}}));
  }

  [[nodiscard]] std::string path() const { return "/admin/v1/oidc-providers/" + text_at(made, "oidcProvider.id"); }

  [[nodiscard]] static Begun begun_in(const HttpAnswer& answer) {
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return {text_at(answer.json(), "authorizationUrl"), text_at(answer.json(), "state"),
            text_at(answer.json(), "binding")};
  }
  [[nodiscard]] Begun begin(const Browser& browser) const {
    return begun_in(browser.call("POST", "/auth/v1/oidc/" + slug + "/begin", "{}"));
  }
  [[nodiscard]] static HttpAnswer finish(Browser& browser, const Begun& begun, const std::string& code,
                                         boost::json::object more = {}) {
    boost::json::object body{{"state", begun.state}, {"binding", begun.binding}};
    if (!code.empty()) body["code"] = code;
    for (const auto& [key, value] : more)
      body[key] = value;
    HttpAnswer answer = browser.call("POST", "/auth/v1/oidc/finish", boost::json::serialize(body));
    const std::string set = answer.header("set-cookie");
    if (set.starts_with("sluice_session=")) browser.cookie = set.substr(0, set.find(';'));
    if (answer.status == 200 && !set.empty()) browser.csrf = text_at(answer.json(), "csrfToken");
    return answer;
  }
  // From the button to the answer.
  [[nodiscard]] HttpAnswer sign_in(Browser& browser, const Someone& someone) {
    const Begun begun = begin(browser);
    return finish(browser, begun, idp.agree(begun.url, someone));
  }
  [[nodiscard]] static HttpAnswer link(const Browser& browser, const Begun& begun, const std::string& code) {
    return browser.call("POST", "/admin/v1/me/identities",
                        boost::json::serialize(
                            boost::json::object{{"state", begun.state}, {"binding", begun.binding}, {"code", code}}));
  }
  [[nodiscard]] HttpAnswer begin_link(const Browser& browser, const std::string& password = kPassword) const {
    return browser.call("POST", "/admin/v1/me/identities/begin",
                        boost::json::serialize(boost::json::object{{"slug", slug}, {"currentPassword", password}}));
  }
  // Of somebody signed in.
  void link_to(const Browser& browser, const Someone& someone) {
    const Begun begun = begun_in(begin_link(browser));
    const HttpAnswer linked = link(browser, begun, idp.agree(begun.url, someone));
    INFO(linked.body);
    REQUIRE(linked.status == 200);
  }
  [[nodiscard]] static std::string who(const Browser& browser) {
    const HttpAnswer me = browser.call("GET", "/admin/v1/me/session");
    return me.status == 200 ? text_at(me.json(), "userId") : std::string();
  }

  const ControlPlane& plane;
  Idp idp;
  std::string slug = "idp-" + std::to_string(next());
  boost::json::value made;

 private:
  static int next() {
    static int last = 0;
    return ++last;
  }
};

// Without a password: his address may lead to him.
inline Person make_invited(const ControlPlane& plane, const std::string& role = "USER_ROLE_USER") {
  Person person{.id = make_user(plane, role), .email = {}};
  person.email = text_at(plane.ok("GET", "/admin/v1/users/" + person.id), "user.email");
  return person;
}

inline std::string detail_of(const HttpAnswer& answer) {
  return text_at(answer.json(), "detail");
}

}  // namespace sluice::testing
