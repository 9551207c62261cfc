// The session of a browser as a cookie, and where a client comes from. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/network.h"
#include "common/http/message_server.h"

namespace sluice::api {

// Metadata at the end of a call: the token of a session that began, or that the session ended.
inline constexpr const char* kSetSessionMetadata = "x-sluice-set-session";
inline constexpr const char* kClearSessionMetadata = "x-sluice-clear-session";
// Metadata of a call, made by REST: the client's network ("203.0.113.7/32") and its user-agent.
inline constexpr const char* kNetworkMetadata = "x-sluice-network";
inline constexpr const char* kUserAgentMetadata = "x-sluice-user-agent";

// "" if there is none.
[[nodiscard]] std::string_view session_cookie(const http::WholeRequest& request);
// Values of set-cookie. Without `secure` also browsers that speak plain http keep it.
[[nodiscard]] std::string session_cookie_field(std::string_view token, bool secure);
[[nodiscard]] std::string no_session_cookie_field(bool secure);

// "203.0.113.7/32" or "2001:db8:0:1::/64". REST listens on the loopback only, so its peer is a proxy or a program of
// this machine: as far as that, and what stands right of an address in x-forwarded-for, is among the trusted ones. ""
// if it cannot be known.
[[nodiscard]] std::string client_network(const http::WholeRequest& request, std::span<const Network> trusted);

// The same of gRPC's name of a peer: "ipv4:203.0.113.7:443", "ipv6:%5B2001:db8::1%5D:443". "" for any other.
[[nodiscard]] std::string peer_network(std::string_view peer);

}  // namespace sluice::api
