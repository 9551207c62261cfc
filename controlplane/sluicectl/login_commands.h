// login, logout and whoami. Main thread. All return exit codes.
#pragma once

#include <string>

#include "controlplane/sluicectl/client.h"

namespace sluice::sluicectl {

// Stores the login if the server accepts it. The token is read from SLUICE_TOKEN, the terminal (without echo) or stdin.
[[nodiscard]] int login(const api::Schema& schema, const std::string& endpoint, const std::string& ca_file);
[[nodiscard]] int logout();
[[nodiscard]] int whoami(const Client& client, const Profile& profile);

}  // namespace sluice::sluicectl
