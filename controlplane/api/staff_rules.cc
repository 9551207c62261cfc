#include "controlplane/api/staff_rules.h"

#include "controlplane/identity/roles.h"

namespace sluice::api {

namespace {

// Acting for oneself is nothing that could be too much.
bool covers(const identity::Caller& caller, identity::Scopes scopes) {
  return (caller.scopes | identity::Scopes{"self"}).covers(scopes);
}

}  // namespace

Result<> may_manage(const identity::Caller& caller, store::Role role) {
  if (covers(caller, identity::scopes_of(role))) return {};
  return fail(ErrorCode::kPermissionDenied,
              "role: users with the role " + std::string(name(role)) + " may do more than you");
}

Result<> may_give(const identity::Caller& caller, identity::Scopes scopes) {
  if (covers(caller, scopes)) return {};
  return fail(ErrorCode::kPermissionDenied, "scopes: a token can do no more than you: give it a part of your scopes");
}

}  // namespace sluice::api
