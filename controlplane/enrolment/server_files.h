// The files from which gRPC reads the server's key and certificates, in a directory of their own that nobody else may
// enter and that is gone with the object. A new set is put in place in one step. Not thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/secret.h"
#include "common/base/status.h"

namespace sluice::enrolment {

class ServerFiles {
 public:
  // Below the directory for temporary files.
  [[nodiscard]] static Result<std::unique_ptr<ServerFiles>> make();
  ServerFiles(const ServerFiles&) = delete;
  ServerFiles& operator=(const ServerFiles&) = delete;
  ~ServerFiles();

  // `key_pem` may be empty where the operator's own files are used.
  [[nodiscard]] Result<> write(const Secret& key_pem, std::string_view certificate_pem, std::string_view ca_pem);

  [[nodiscard]] std::filesystem::path key() const { return dir_ / "current" / "key.pem"; }
  [[nodiscard]] std::filesystem::path certificate() const { return dir_ / "current" / "certificate.pem"; }
  [[nodiscard]] std::filesystem::path authorities() const { return dir_ / "current" / "ca.pem"; }

 private:
  explicit ServerFiles(std::filesystem::path dir) : dir_(std::move(dir)) {}

  const std::filesystem::path dir_;
  int number_ = 0;
};

}  // namespace sluice::enrolment
