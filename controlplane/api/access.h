// Who may call which method: the option `access` of each (proto/sluice/admin/v1/access.proto) against a caller.
// Immutable; any thread.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

#include "common/base/status.h"
#include "controlplane/identity/authenticator.h"

namespace sluice::api {

struct AccessRule {
  std::string method;  // "UserService.GetUser"
  std::string scope;   // empty: no staff scope opens it
  std::string self;    // "user_id", "*", or empty: not for one's own either
  bool open = false;
  bool outside = false;
  bool safe = false;  // a GET: changes nothing
};

// Of the method that takes this request: every method has a request of its own. Aborts if no method does, if it carries
// no option, or if its option names a scope or a field that does not exist: a test calls it for all.
[[nodiscard]] AccessRule access_rule(const google::protobuf::Descriptor& request);

enum class Reach {
  kAll,  // a member of the staff: everybody's objects
  kOwn,  // only what belongs to the caller
};

// kPermissionDenied with the scope that is missing.
[[nodiscard]] Result<Reach> permit(const AccessRule& rule, const identity::Caller& caller,
                                   const google::protobuf::Message& request);

}  // namespace sluice::api
