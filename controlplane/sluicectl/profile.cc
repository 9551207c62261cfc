#include "controlplane/sluicectl/profile.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "common/config/scalars.h"

namespace sluice::sluicectl {

namespace json = boost::json;

namespace {

constexpr mode_t kOthers = 077;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<> write_all(int fd, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0) return fail(ErrorCode::kInternal, fmt::format("{}: {}", path.string(), std::strerror(errno)));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_local(const std::string& endpoint) {
  return endpoint.starts_with("unix:") || endpoint.starts_with("127.0.0.1:") || endpoint.starts_with("[::1]:") ||
         endpoint.starts_with("localhost:");
}

Result<> check_endpoint(const std::string& endpoint) {
  if (endpoint.starts_with("unix:/")) return {};
  const auto parsed = config::parse_host_port(endpoint);
  if (parsed && parsed->port != 0) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("endpoint \"{}\": must be unix:/path or host:port, such as 127.0.0.1:7070", endpoint));
}

Result<std::filesystem::path> profile_path() {
  std::filesystem::path base = environment("XDG_CONFIG_HOME");
  if (base.empty()) {
    const std::string home = environment("HOME");
    if (home.empty()) return fail(ErrorCode::kFailedPrecondition, "neither XDG_CONFIG_HOME nor HOME is set");
    base = std::filesystem::path(home) / ".config";
  }
  return base / "sluice" / "sluicectl.json";
}

Result<Profile> load_profile(const std::filesystem::path& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return Profile{};
  if ((status.st_mode & kOthers) != 0) {
    return fail(ErrorCode::kPermissionDenied,
                fmt::format("{}: others may read it; run chmod 600, and revoke its token if they have", path.string()));
  }
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  json::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kInvalidArgument, path.string() + ": damaged; run sluicectl login again");
  }
  const json::object& object = value.as_object();
  return Profile{.endpoint = text_of(object, "endpoint"),
                 .ca_file = text_of(object, "ca_file"),
                 .token = Secret(text_of(object, "token"))};
}

Result<> save_profile(const std::filesystem::path& path, const Profile& profile) {
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  const std::filesystem::path next = path.string() + ".new";
  std::filesystem::remove(next, failed);
  const int fd = open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return fail(ErrorCode::kInternal, fmt::format("{}: {}", next.string(), std::strerror(errno)));
  const json::object object{
      {"endpoint", profile.endpoint}, {"ca_file", profile.ca_file}, {"token", std::string(profile.token.reveal())}};
  Result<> written = write_all(fd, json::serialize(object) + "\n", next);
  if (close(fd) != 0 && written) written = fail(ErrorCode::kInternal, next.string() + ": cannot be written");
  if (!written) return written;
  std::filesystem::rename(next, path, failed);
  if (failed) return fail(ErrorCode::kInternal, path.string() + ": " + failed.message());
  return {};
}

Result<> forget_profile(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::remove(path, failed);
  if (failed) return fail(ErrorCode::kInternal, path.string() + ": " + failed.message());
  return {};
}

Result<Profile> find_profile(const std::string& endpoint_flag, const std::string& ca_flag) {
  Profile profile;
  if (const auto path = profile_path()) {
    Result<Profile> stored = load_profile(*path);
    if (!stored) return stored;
    profile = std::move(*stored);
  }
  const std::string endpoint = endpoint_flag.empty() ? environment("SLUICE_ENDPOINT") : endpoint_flag;
  // A stored token is for the server that it was stored for.
  if (!endpoint.empty() && endpoint != profile.endpoint) profile = Profile{.endpoint = endpoint};
  const std::string ca = ca_flag.empty() ? environment("SLUICE_CA_FILE") : ca_flag;
  if (!ca.empty()) profile.ca_file = ca;
  if (std::string token = environment("SLUICE_TOKEN"); !token.empty()) profile.token = Secret(std::move(token));
  return profile;
}

}  // namespace sluice::sluicectl
