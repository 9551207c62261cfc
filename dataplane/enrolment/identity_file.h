// What a node is known by, in one file: its private key, its certificate and the authorities that it believes. Replaced
// as a whole, so that key and certificate always belong together. Free functions, any thread.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::enrolment {

struct Identity {
  Secret key_pem;
  std::string certificate_pem;
  std::string ca_pem;  // one or more certificates
};

// kNotFound if there is none; kDataLoss if it is damaged; kPermissionDenied if others may read it.
[[nodiscard]] Result<Identity> load_identity(const std::filesystem::path& path);
// Readable by its owner only. On disk when it returns.
[[nodiscard]] Result<> save_identity(const std::filesystem::path& path, const Identity& identity);

}  // namespace sluice::enrolment
