// Where the control plane is and what to show it: flags before the environment before the stored login. One thread.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::sluicectl {

struct Profile {
  std::string endpoint = {};  // unix:/path, 127.0.0.1:port, [::1]:port, localhost:port (plain), or host:port (TLS)
  std::string ca_file = {};   // who signs the server's certificate; empty: whom this machine trusts
  Secret token = {};
};

// Plain text stays on this machine.
[[nodiscard]] bool is_local(const std::string& endpoint);
// kInvalidArgument if it is no endpoint.
[[nodiscard]] Result<> check_endpoint(const std::string& endpoint);

// $XDG_CONFIG_HOME/sluice/sluicectl.json or ~/.config/...; kFailedPrecondition if neither is known.
[[nodiscard]] Result<std::filesystem::path> profile_path();
// An absent file is an empty profile. kPermissionDenied if others may read it.
[[nodiscard]] Result<Profile> load_profile(const std::filesystem::path& path);
// Readable by its owner only, and whole or not at all.
[[nodiscard]] Result<> save_profile(const std::filesystem::path& path, const Profile& profile);
// Not there: fine.
[[nodiscard]] Result<> forget_profile(const std::filesystem::path& path);

// The stored login, overridden by SLUICE_ENDPOINT, SLUICE_CA_FILE and SLUICE_TOKEN, overridden by flags that are set.
[[nodiscard]] Result<Profile> find_profile(const std::string& endpoint_flag, const std::string& ca_flag);
// The variable's value, or "".
[[nodiscard]] std::string environment(const char* name);

}  // namespace sluice::sluicectl
