// The tunnel through an HTTP proxy: CONNECT (RFC 9110, section 9.3.6). Use begin_proxy_handshake().
#pragma once

#include "common/io/proxy_handshake.h"

namespace sluice::io {

// No answer's head may be larger.
inline constexpr std::size_t kMaxConnectAnswerBytes = 8 * 1024;

// `host` was checked. kInvalidArgument: a user name that Basic cannot carry.
[[nodiscard]] Result<std::unique_ptr<ProxyHandshake>> begin_connect(const Proxy& proxy, std::string_view host,
                                                                    std::uint16_t port);

}  // namespace sluice::io
