#include "controlplane/enrolment/server_files.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace sluice::enrolment {

namespace fs = std::filesystem;

namespace {

bool write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  return !file.fail();
}

}  // namespace

Result<std::unique_ptr<ServerFiles>> ServerFiles::make() {
  std::error_code failed;
  std::string name = (fs::temp_directory_path(failed) / "sluice-controlplane-XXXXXX").string();
  if (failed || mkdtemp(name.data()) == nullptr) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("no directory for TLS files can be made in TMPDIR: {}", std::strerror(errno)));
  }
  return std::unique_ptr<ServerFiles>(new ServerFiles(name));
}

ServerFiles::~ServerFiles() {
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

Result<> ServerFiles::write(const Secret& key_pem, std::string_view certificate_pem, std::string_view ca_pem) {
  const fs::path old = dir_ / std::to_string(number_);
  const fs::path set = dir_ / std::to_string(++number_);
  const fs::path link = dir_ / "next";
  std::error_code failed;
  fs::create_directory(set, failed);
  const bool written = !failed && write_file(set / "key.pem", key_pem.reveal()) &&
                       write_file(set / "certificate.pem", certificate_pem) && write_file(set / "ca.pem", ca_pem);
  if (written) fs::remove(link, failed);
  if (written) fs::create_directory_symlink(set.filename(), link, failed);
  if (written && !failed) fs::rename(link, dir_ / "current", failed);
  if (!written || failed) {
    return fail(ErrorCode::kUnavailable, fmt::format("TLS files cannot be written to {}", dir_.string()));
  }
  fs::remove_all(old, failed);
  return {};
}

}  // namespace sluice::enrolment
