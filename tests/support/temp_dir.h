// A private temporary folder (mode 0700), removed with everything in it at the end. For tests, any thread.
#pragma once

#include <filesystem>

namespace sluice::testing {

class TempDir {
 public:
  // Throws std::runtime_error if the folder cannot be made: a test without its folder has no meaning.
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::testing
