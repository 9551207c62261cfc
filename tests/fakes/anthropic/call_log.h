// The last calls of the vendor's API, one short record each: who, what, when, how it ended. Thread-safe (one mutex).
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "tests/fakes/anthropic/accounts.h"
#include "tests/fakes/anthropic/script.h"

namespace sluice::fakes {

class CallLog {
 public:
  explicit CallLog(std::size_t size) : size_(size) {}

  void opened(const Script& script);
  void ended(const Script& script, Ending ending, std::uint64_t deltas);
  // Records with a number above `since`, oldest first; "end" is "open" while the answer is under way.
  std::string json(std::uint64_t since);
  void reset(const std::size_t* size);

 private:
  struct Record {
    std::uint64_t number = 0;
    std::string account, model;
    std::vector<std::string> tags;
    int status = 0;
    bool stream = false;
    std::int64_t start_ms = 0, end_ms = 0;
    const char* end = "open";
    std::uint64_t deltas = 0;
    Usage usage;
  };

  std::mutex mutex_;
  std::size_t size_;
  std::deque<Record> records_;  // numbers rise
};

}  // namespace sluice::fakes
