#include "common/crypto/sealed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/crypto/seal.h"

namespace sluice::crypto {

namespace {

std::unexpected<Error> system_error(std::string_view doing, const std::filesystem::path& path) {
  const int error = errno;
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
  return fail(code, fmt::format("{} {}: {}", doing, path.string(), std::strerror(error)));
}

class File {
 public:
  File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool read_all(int fd, std::string& bytes) {
  std::size_t used = 0;
  while (used < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return true;
}

Result<> replace(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  {
    // Never written through: what another process may have left there stays that process's.
    ::unlink(temporary.c_str());
    const File file(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (file.get() < 0) return system_error("cannot create", temporary);
    if (!write_all(file.get(), bytes) || ::fsync(file.get()) != 0) {
      const auto error = system_error("cannot write", temporary);
      ::unlink(temporary.c_str());
      return error;
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return system_error("cannot replace", path);
  // The new name survives a power cut only once the folder is on disk.
  const File folder(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."), O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return system_error("cannot sync the folder of", path);
  return {};
}

}  // namespace

Result<> write_sealed_file(const std::filesystem::path& path, const Secret& key, std::string_view context,
                           std::string_view content) {
  if (content.size() > kMaxSealedFileBytes - kSealOverhead) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} bytes are too many for {}", content.size(), path.string()));
  }
  return replace(path, seal(key, 1, context, content));
}

Result<std::string> read_sealed_file(const std::filesystem::path& path, const Secret& key, std::string_view context) {
  const File file(path, O_RDONLY);
  struct stat info{};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return system_error("cannot read", path);
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) > kMaxSealedFileBytes) {
    return fail(ErrorCode::kDataLoss, fmt::format("{} is no sealed file of ours", path.string()));
  }
  std::string sealed(static_cast<std::size_t>(info.st_size), '\0');
  if (!read_all(file.get(), sealed)) return system_error("cannot read", path);
  Result<std::string> content = unseal(key, context, sealed);
  if (!content) return fail(path.string(), content.error());
  return content;
}

}  // namespace sluice::crypto
