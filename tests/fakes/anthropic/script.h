// What to send in answer to one request, step by step, and what the books must say once it has been sent.
// Built by the request's thread, played by the same thread's event loop.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fakes {

struct Usage {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::uint64_t thinking = 0;  // part of output
  std::uint64_t cache_read = 0;
  std::uint64_t cache_5m = 0;
  std::uint64_t cache_1h = 0;
  std::uint64_t searches = 0;
};

enum class End : std::uint8_t { kNext, kClose, kReset, kHold };  // next request, FIN, RST, silence until the peer goes

class Script {
 public:
  struct Step {
    std::string_view bytes;  // in storage_ or static
    std::uint32_t delay_ms = 0;
    std::uint32_t deltas = 0;  // output pieces in it
  };

  Script() = default;
  Script(Script&&) = default;
  Script& operator=(Script&&) = default;

  void add(std::string bytes, std::uint32_t delay_ms = 0, std::uint32_t deltas = 0) {
    add_static(storage_.emplace_back(std::move(bytes)), delay_ms, deltas);
  }
  // `bytes` must outlive the script.
  void add_static(std::string_view bytes, std::uint32_t delay_ms = 0, std::uint32_t deltas = 0) {
    steps_.push_back({bytes, delay_ms, deltas});
  }
  const std::vector<Step>& steps() const { return steps_; }
  // Cuts every step into pieces of at most `size` bytes, 1 ms apart.
  void slice(std::size_t size);

  End end = End::kNext;
  int status = 200;
  bool answer = false;    // an answer of /v1/messages: the books count it
  bool complete = false;  // playing it to the end delivers the whole answer
  std::string model;
  Usage usage;

 private:
  std::deque<std::string> storage_;
  std::vector<Step> steps_;
};

}  // namespace sluice::fakes
