// Request targets and hosts (RFC 9112, section 3.2; RFC 3986). Pure; any thread.
#pragma once

#include <string_view>

namespace sluice::http {

struct Target {
  std::string_view authority = {};  // of an absolute target; else empty
  std::string_view path = {};       // starts with '/'; not decoded
  std::string_view query = {};      // without '?'
  std::string_view problem = {};    // what is wrong, for a person; empty if the target is good
};

// Takes an origin-form target ("/v1/x?y") or an absolute one ("http://host/v1/x"). Refuses fragments, backslashes, dot
// segments (also encoded ones), encoded slashes and control characters, and everything that is not visible ASCII.
[[nodiscard]] Target parse_target(std::string_view target);

// A name, an IPv4 address or an IPv6 address in brackets, with an optional port.
[[nodiscard]] bool is_valid_host(std::string_view host);

}  // namespace sluice::http
