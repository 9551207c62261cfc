// A load generator on one thread. Closed loop: `connections` keep-alive clients, each sending its next request when the
// last answer is complete. Open loop: requests come at a fixed rate, whether answers come or not.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::bench {

struct LoadOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string request;            // the whole request, head and body
  std::vector<std::string> keys;  // in turn, each instead of the first, which stands in the request; all of one length
  std::size_t connections = 1;    // closed loop: that many; open loop: at most
  std::uint64_t requests = 0;     // in all; 0: until `time` is over
  std::chrono::milliseconds pause{0};     // closed loop: between an answer and the next request of a connection
  std::chrono::milliseconds time{0};      // how long to go on; answers after that do not count
  std::chrono::milliseconds warm_up{0};   // answers before that do not count
  std::uint64_t rate = 0;                 // open loop: requests per second
  std::chrono::milliseconds deadline{0};  // open loop: a later answer is not `good`
  bool hold = false;  // one request a connection; stop once each has had its first byte, then wait for stdin
};

struct LoadResult {
  std::uint64_t answers = 0;
  std::uint64_t good = 0;         // status 200, in time
  std::uint64_t failures = 0;     // broken connections
  std::uint64_t not_started = 0;  // open loop: no connection was left
  std::map<int, std::uint64_t> statuses;
  std::uint64_t reads = 0;
  std::uint64_t body_bytes = 0;
  std::vector<std::uint32_t> first_byte_us;
  std::vector<std::uint32_t> whole_us;
  double seconds = 0;  // that counted
};

// Block until done. In hold mode prints "held N" to stdout and returns when stdin ends.
[[nodiscard]] LoadResult run_closed_loop(const LoadOptions& options);
[[nodiscard]] LoadResult run_open_loop(const LoadOptions& options);

}  // namespace sluice::bench
