#include "dataplane/redis/endpoint.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>

namespace sluice::redis {

namespace {

std::unexpected<Error> malformed(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("\"{}\" is no Redis address; allowed: unix:/path, host:port, [ipv6]:port", text));
}

Result<Endpoint> parse_unix(std::string_view text, std::string_view path) {
  if (path.starts_with("//")) path.remove_prefix(2);
  if (!path.starts_with('/')) return malformed(text);
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the Redis socket path {} is longer than {} characters", path,
                                                         sizeof(sockaddr_un::sun_path) - 1));
  }
  return Endpoint{.unix_path = std::string(path), .host = {}, .port = 0};
}

}  // namespace

std::string Endpoint::to_string() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text, text.substr(5));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("[]/@ ") != std::string_view::npos) return malformed(text);
  if (!bracketed && host.find(':') != std::string_view::npos) return malformed(text);
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end || port == 0) return malformed(text);
  return Endpoint{.unix_path = {}, .host = std::string(host), .port = port};
}

}  // namespace sluice::redis
