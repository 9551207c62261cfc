// A closed-loop load generator: `connections` keep-alive clients on one thread, each sending its next request when the
// last answer is complete.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

struct LoadOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string request;  // the whole request, head and body
  std::size_t connections = 1;
  std::uint64_t requests = 0;          // in all
  std::chrono::milliseconds pause{0};  // between an answer and the next request of a connection
  bool hold = false;  // one request a connection; stop once each has had its first byte, then wait for stdin
};

struct LoadResult {
  std::uint64_t answers = 0;
  std::uint64_t failures = 0;  // broken connections
  std::uint64_t not_ok = 0;    // any status but 200
  std::uint64_t reads = 0;
  std::uint64_t body_bytes = 0;
  std::vector<std::uint32_t> first_byte_us;
  std::vector<std::uint32_t> whole_us;
  double seconds = 0;
};

// Blocks until done. In hold mode prints "held N" to stdout and returns when stdin ends.
[[nodiscard]] LoadResult run_load(const LoadOptions& options);

}  // namespace sluice::bench
