#include "common/crypto/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/hex.h"

namespace sluice::crypto {

namespace {

constexpr std::size_t kMaxFileBytes = 64 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The whole file, untrimmed.
Result<Secret> read_all(int fd, const std::string& where) {
  std::string bytes(kMaxFileBytes + 1, '\0');
  std::size_t used = 0;
  while (used < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", where, std::strerror(errno)));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  Secret content(std::move(bytes));
  if (used > kMaxFileBytes) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} is larger than {} bytes", where, kMaxFileBytes));
  }
  return content;
}

Result<Secret> read_private(const std::filesystem::path& path, std::string_view what, std::string_view how_to_make) {
  const std::string where = fmt::format("{} file {}", what, path.string());
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) {
    return fail(ErrorCode::kNotFound, fmt::format("{} does not exist{}", where, how_to_make));
  }
  struct stat info{};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("{} cannot be read: {}", where, std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::kInvalidArgument, fmt::format("{} is not a regular file", where));
  if ((info.st_mode & 07) != 0) {
    return fail(ErrorCode::kPermissionDenied, fmt::format("{} is open to every user (mode {:04o}); run: chmod o= {}",
                                                          where, info.st_mode & 07777, path.string()));
  }
  return read_all(file.get(), where);
}

}  // namespace

Result<Secret> read_key_file(const std::filesystem::path& path, std::string_view what) {
  const std::string make = fmt::format("(umask 077; openssl rand -hex {} > {})", kKeyBytes, path.string());
  Result<Secret> content = read_private(path, what, "; to make one: " + make);
  if (!content) return content;
  const std::string_view text = trim(content->reveal());
  std::optional<std::string> key = from_hex(text);
  if (!key || key->size() != kKeyBytes) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{} file {} must hold {} hex digits, but holds {} characters{}; a good one is made by: {}",
                            what, path.string(), kKeyBytes * 2, text.size(),
                            text.size() == kKeyBytes * 2 ? ", not all of them hex digits" : "", make));
  }
  return Secret(std::move(*key));
}

Result<Secret> read_secret_file(const std::filesystem::path& path, std::string_view what) {
  Result<Secret> content = read_private(path, what, "");
  if (!content) return content;
  const std::string_view text = trim(content->reveal());
  if (text.empty()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} file {} is empty", what, path.string()));
  }
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} file {} must hold one line", what, path.string()));
  }
  return Secret(std::string(text));
}

}  // namespace sluice::crypto
