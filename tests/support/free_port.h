// A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot be told to take port 0. It lies below
// the range that the kernel takes the local ports of outgoing connections from (32768 on,
// net.ipv4.ip_local_port_range), so that no connection takes it before the program does. Any thread.
#pragma once

#include <cstdint>

namespace sluice::testing {

// Throws std::runtime_error if the machine has none left.
[[nodiscard]] std::uint16_t free_port();

}  // namespace sluice::testing
