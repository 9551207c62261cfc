#include <fmt/format.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "common/http/client_pool.h"

namespace sluice::http {

namespace {

std::uint16_t default_port(bool tls) {
  return tls ? 443 : 80;
}

std::string in_brackets(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

}  // namespace

std::string Origin::host_and_port() const {
  return fmt::format("{}:{}", in_brackets(host), port);
}

std::string Origin::host_field() const {
  return port == default_port(tls) ? in_brackets(host) : host_and_port();
}

Result<BaseUrl> parse_base_url(std::string_view text) {
  const auto refused = [text](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' cannot be a base URL: {}", text, why));
  };
  const boost::urls::result<boost::urls::url_view> parsed =
      boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!parsed) return fail(ErrorCode::kInvalidArgument, "a base URL looks like https://host/path");
  const boost::urls::url_view& url = *parsed;
  // First, so that no other message repeats a password.
  if (url.has_userinfo()) return fail(ErrorCode::kInvalidArgument, "a base URL must not hold a user name or password");
  if (url.scheme_id() != boost::urls::scheme::http && url.scheme_id() != boost::urls::scheme::https) {
    return refused("only http and https are possible");
  }
  if (url.has_query() || url.has_fragment()) return refused("it must not have a query or a fragment");
  BaseUrl base;
  base.origin.tls = url.scheme_id() == boost::urls::scheme::https;
  base.origin.host = url.host_address();
  if (base.origin.host.empty()) return refused("it has no host");
  std::transform(base.origin.host.begin(), base.origin.host.end(), base.origin.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  base.origin.port = default_port(base.origin.tls);
  if (url.has_port() && !url.port().empty()) {
    const boost::urls::string_view port = url.port();
    const std::errc error = std::from_chars(port.data(), port.data() + port.size(), base.origin.port).ec;
    if (error != std::errc() || base.origin.port == 0) return refused("its port is not between 1 and 65535");
  }
  const boost::urls::string_view path = url.encoded_path();
  base.path_prefix.assign(path.data(), path.size());
  // Boost.URL 1.81 takes "10.0.0.1.evil.example" for an address and a path, where others see one host name.
  if (!base.path_prefix.empty() && !base.path_prefix.starts_with('/')) return refused("it must name one host");
  while (base.path_prefix.ends_with('/'))
    base.path_prefix.pop_back();
  return base;
}

}  // namespace sluice::http
