#include "controlplane/identity/scopes.h"

#include <catch2/catch.hpp>

#include "controlplane/identity/roles.h"

namespace sluice::identity {

TEST_CASE("scopes are read, compared and listed") {
  const std::vector<std::string> names{"users.read", "groups.write"};
  const auto scopes = Scopes::parse(names);
  REQUIRE(scopes);
  CHECK(scopes->has("users.read"));
  CHECK_FALSE(scopes->has("users.write"));
  CHECK_FALSE(scopes->has("no such"));
  CHECK(scopes->list() == std::vector<std::string>{"groups.write", "users.read"});
  CHECK(Scopes::all().covers(*scopes));
  CHECK_FALSE(scopes->covers(Scopes::all()));
  CHECK((*scopes & Scopes{"users.read", "jobs.read"}) == Scopes{"users.read"});
  const std::vector<std::string> unknown{"users.read", "users.rea"};
  const auto refused = Scopes::parse(unknown);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("users.rea\"") != std::string::npos);
}

TEST_CASE("no role but the owner may change owners, and readers change nothing") {
  using store::Role;
  for (const Role role :
       {Role::kAdmin, Role::kOperator, Role::kFinance, Role::kSupport, Role::kReadOnly, Role::kUser}) {
    CHECK_FALSE(scopes_of(role).has("owners.write"));
    CHECK_FALSE(scopes_of(role).covers(scopes_of(Role::kOwner)));
    CHECK(scopes_of(Role::kOwner).covers(scopes_of(role)));
  }
  for (const std::string& name : scopes_of(Role::kReadOnly).list())
    CHECK((name == "self" || name.ends_with(".read")));
  CHECK(scopes_of(Role::kUser) == Scopes{"self"});
}

}  // namespace sluice::identity
