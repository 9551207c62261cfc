// Runs the handshake with a proxy on a connection to it. Only for the dialer.
#pragma once

#include "common/io/proxy_handshake.h"
#include "common/io/stream_impl.h"

namespace sluice::io {

// Afterwards the next byte on `proxy` is the target's. `proxy` and `handshake` must live until the task has ended.
[[nodiscard]] Task<std::expected<void, ProxyError>> open_tunnel(Worker& worker, Stream::Impl& proxy,
                                                                ProxyHandshake& handshake, SteadyTime deadline);

// What became of the connection, told of a proxy; having given up is not the proxy's failure.
[[nodiscard]] ProxyError proxy_trouble(Error error);

}  // namespace sluice::io
