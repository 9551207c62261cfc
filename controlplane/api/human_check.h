// Asks whether somebody without a session is human, if the settings want it. Immutable; any thread, blocking.
#pragma once

#include <string>

#include "controlplane/api/admin_call.h"
#include "controlplane/oauth/fetch.h"

namespace sluice::api {

class HumanCheck {
 public:
  // `admin` outlives it.
  HumanCheck(const AdminContext& admin, oauth::FetchOptions options) : admin_(admin), options_(std::move(options)) {}

  // Never inside of a transaction. Errors as identity::check_human().
  [[nodiscard]] Result<> ask(const std::string& token, const std::string& network) const;

 private:
  const AdminContext& admin_;
  const oauth::FetchOptions options_;
};

}  // namespace sluice::api
