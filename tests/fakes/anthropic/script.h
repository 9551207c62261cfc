// What to send in answer to one request, step by step, and what the books must say once it has been sent.
// Built by the request's thread, played by the same thread's event loop.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
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

// Who asked, as the books count it. `number` 0: a page of the fake's own, not counted.
struct Caller {
  std::uint64_t number = 0;  // of the request, from 1
  std::string credential;
  std::vector<std::string> tags;  // from #tag:NAME# in the body
};

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
  // Drops everything after so many bytes.
  void truncate(std::uint64_t size);
  // After the last step comes step number `first` again, for ever; it must have a delay.
  void repeat_from(std::size_t first) { repeat_from_ = first; }
  std::optional<std::size_t> repeat_from() const { return repeat_from_; }

  End end = End::kNext;
  int status = 200;
  bool answer = false;    // an answer of /v1/messages: the books count it
  bool complete = false;  // playing it to the end delivers the whole answer
  std::string model;
  bool stream = false;
  Usage usage;
  Caller caller;

 private:
  std::deque<std::string> storage_;
  std::vector<Step> steps_;
  std::optional<std::size_t> repeat_from_;
};

}  // namespace sluice::fakes
