// What the fake has been asked and what it has delivered: the numbers a gateway's books must agree with, and the last
// requests as they came. Thread-safe (one mutex; held for a few additions).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/anthropic/accounts.h"
#include "tests/fakes/anthropic/call_log.h"
#include "tests/fakes/anthropic/http_request.h"
#include "tests/fakes/anthropic/script.h"

namespace sluice::fakes {

class Books {
 public:
  explicit Books(std::size_t log_size) : log_size_(log_size), calls_(log_size) {}

  void connection(int change);
  // A request has been read and its answer decided; gives the caller its number.
  void request(const HttpRequest& request, Script& script);
  // Its answer is over: delivered whole, or begun and not finished, steered so or because the peer went away. `deltas`:
  // content pieces sent.
  void ended(const Script& script, Ending ending, std::uint64_t deltas);
  // How many requests of this steering id came before: for times=N.
  std::uint32_t count_steered(const std::string& id);

  Accounts& accounts() { return accounts_; }
  // The next so many accepted connections end at once, with a reset if `reset`.
  void refuse_next(std::int64_t connections, bool reset);
  // Whether the connection just accepted is one of these.
  bool refuses(bool& reset);

  std::string stats_json();
  std::string calls_json(std::uint64_t since) { return calls_.json(since); }
  std::string log_json();
  // Forgets everything; keeps so many requests from now on, if given.
  void reset(const std::size_t* log_size);

 private:
  struct Model {
    std::uint64_t requests = 0, completed = 0, interrupted = 0, peer_left = 0, partial_deltas = 0,
                  interrupted_input = 0;
    Usage usage;
  };

  std::mutex mutex_;
  std::atomic<std::size_t> log_size_;
  std::atomic<std::int64_t> refuse_{0};
  std::atomic<bool> refuse_with_reset_{false};
  Accounts accounts_;
  CallLog calls_;
  std::uint64_t requests_ = 0;
  std::uint64_t last_number_ = 0;  // outlives a reset
  std::int64_t open_ = 0;
  std::uint64_t accepted_ = 0;
  std::map<int, std::uint64_t> by_status_;
  std::map<std::string, std::uint64_t, std::less<>> by_path_;
  std::map<std::string, Model, std::less<>> models_;
  std::map<std::string, std::uint32_t, std::less<>> steered_;
  std::deque<std::string> log_;
};

}  // namespace sluice::fakes
