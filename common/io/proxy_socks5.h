// The tunnel through a SOCKS5 proxy (RFC 1928), with user name and password (RFC 1929). Use begin_proxy_handshake().
#pragma once

#include "common/io/proxy_handshake.h"

namespace sluice::io {

// `host` was checked; a name is sent as it is, for the proxy to resolve. kInvalidArgument: credentials over 255 bytes.
[[nodiscard]] Result<std::unique_ptr<ProxyHandshake>> begin_socks5(const Proxy& proxy, std::string_view host,
                                                                   std::uint16_t port);

}  // namespace sluice::io
