// The signals that ask a program to end: SIGTERM and SIGINT. Made at the start of main, before any thread, so that all
// threads inherit the block and only wait() ever gets them.
#pragma once

#include <csignal>

namespace sluice {

class TerminationSignals {
 public:
  TerminationSignals();
  // Blocks until one comes; returns its number.
  [[nodiscard]] int wait() const;

 private:
  sigset_t signals_;
};

}  // namespace sluice
