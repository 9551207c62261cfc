#include "dataplane/enrolment/identity_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace sluice::enrolment {

namespace fs = std::filesystem;

namespace {

constexpr mode_t kOthers = 077;
constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";

std::unexpected<Error> failed(const fs::path& path) {
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] bool good() const { return fd_ >= 0; }
  [[nodiscard]] bool write_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  [[nodiscard]] bool sync() const { return fsync(fd_) == 0; }

 private:
  int fd_;
};

}  // namespace

Result<Identity> load_identity(const fs::path& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return fail(ErrorCode::kNotFound, path.string() + ": there is none");
  if ((status.st_mode & kOthers) != 0) {
    return fail(ErrorCode::kPermissionDenied,
                path.string() + ": others may read this key; revoke the node, remove the file and enrol it again");
  }
  std::ifstream file(path, std::ios::binary);
  const Secret text(std::string{std::istreambuf_iterator<char>(file), {}});
  // The key, then the node's certificate, then those of authorities.
  const std::string_view all = text.reveal();
  const std::size_t certificate = all.find("-----BEGIN CERTIFICATE-----");
  const std::size_t end = certificate == std::string_view::npos ? certificate : all.find(kEnd, certificate);
  if (end == std::string_view::npos || certificate == 0) {
    return fail(ErrorCode::kDataLoss, path.string() + ": damaged; remove it and enrol the node again");
  }
  const std::size_t rest = end + kEnd.size();
  return Identity{.key_pem = Secret(std::string(all.substr(0, certificate))),
                  .certificate_pem = std::string(all.substr(certificate, rest - certificate)),
                  .ca_pem = std::string(all.substr(rest))};
}

Result<> save_identity(const fs::path& path, const Identity& identity) {
  const fs::path next = path.string() + ".new";
  std::error_code ignored;
  fs::remove(next, ignored);
  const Descriptor file(open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  const bool written = file.good() && file.write_all(identity.key_pem.reveal()) &&
                       file.write_all(identity.certificate_pem) && file.write_all(identity.ca_pem) && file.sync();
  if (!written || rename(next.c_str(), path.c_str()) != 0) return failed(path);
  const Descriptor directory(open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.good() || !directory.sync()) return failed(path);
  return {};
}

}  // namespace sluice::enrolment
