// A child process of a test: started at construction, killed at destruction, dead when the test dies.
// One thread at a time. The kernel ties the child to the *thread* that constructed it, so construct it on a thread that
// outlives it (the main thread in most tests).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::testing {

struct ProcessOptions {
  // Program and arguments; a program without a slash is looked up in PATH.
  std::vector<std::string> argv;
  // "NAME=VALUE", on top of the test's own environment.
  std::vector<std::string> env = {};
  // Gets stdout and stderr, appended; empty discards both.
  std::filesystem::path log = {};
  // Working folder; empty keeps the test's.
  std::filesystem::path cwd = {};
  // System user to run as when the test is root; empty keeps the test's user.
  std::string run_as = {};
};

class Process {
 public:
  // Throws std::runtime_error if the program cannot be started at all.
  explicit Process(ProcessOptions options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  // SIGKILL, then waits for the end.
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  // Sends `signal` if the process still runs.
  void kill(int signal);
  // The exit status (0..255), or 128 + signal if one ended it; empty if it still runs after `limit`.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds limit);
  // Everything logged so far.
  [[nodiscard]] std::string log_text() const;

 private:
  ProcessOptions options_;
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// True if there is no such process, or only its unreaped remains: init may take its time with an orphan.
[[nodiscard]] bool process_ended(pid_t pid);

}  // namespace sluice::testing
