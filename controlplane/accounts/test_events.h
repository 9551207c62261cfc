// Tells the caller of a live test what happens, with its time and without the credential. One thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "controlplane/accounts/live_test.h"

namespace sluice::accounts {

class TestEvents {
 public:
  // Both outlive it.
  TestEvents(const LiveTestCaller& caller, const Secret& secret)
      : caller_(caller), secret_(secret), began_(std::chrono::steady_clock::now()) {}

  // Puts the time on it and hands it on.
  void tell(admin::v1::TestAccountResponse event);
  void fail(admin::v1::AccountTestFailed failed);
  // What an upstream said: it may give the credential back.
  [[nodiscard]] std::string without_secret(std::string text) const;

  [[nodiscard]] bool gone() { return gone_ = gone_ || caller_.gone(); }
  [[nodiscard]] std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
  }

 private:
  const LiveTestCaller& caller_;
  const Secret& secret_;
  std::chrono::steady_clock::time_point began_;
  bool gone_ = false;
};

}  // namespace sluice::accounts
