// Who calls the fake: what each credential is told to do, and how many requests of each credential and of each tag
// (#tag:NAME# in the body) are open at once. A request is open from its last byte read until its answer has been handed
// to the kernel or its connection is gone, so with one thread a peak above a gateway's limit is over-admission.
// Thread-safe (one mutex).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/anthropic/script.h"

namespace sluice::fakes {

enum class Ending : std::uint8_t { kCompleted, kInterrupted, kPeerLeft };

class Accounts {
 public:
  // The steering text for calls with this credential, until changed; empty: none. "sk-fake:TEXT" steers by itself.
  void steer(std::string_view credential, std::string_view text);
  void steer_none();
  std::string steering(std::string_view credential);

  void opened(const Caller& caller, int status);
  void ended(const Caller& caller, Ending ending, const Usage& usage);

  // {"accounts": {credential: counters}, "tags": {name: counters}}
  std::string json();
  // Forgets the counts; what is open stays open. The steering stays.
  void reset();

 private:
  struct Count {
    std::uint64_t requests = 0, completed = 0, interrupted = 0, peer_left = 0, input = 0, output = 0;
    std::int64_t open = 0, peak_open = 0;
    std::map<int, std::uint64_t> by_status;
  };
  using Counts = std::map<std::string, Count, std::less<>>;

  static void open_one(Count& count, int status);
  static void end_one(Count& count, Ending ending, const Usage& usage);
  static void reset_one(Counts& counts);

  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> steering_;
  Counts accounts_, tags_;
};

}  // namespace sluice::fakes
