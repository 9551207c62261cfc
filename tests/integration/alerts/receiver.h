// A receiver of webhooks on 127.0.0.1: keeps every request, answers with the statuses that it was given and then with
// 200. One thread; members from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::testing {

struct Received {
  std::string head;  // with lower-case field names
  std::string body;
  // The value of the field, or "".
  [[nodiscard]] std::string field(const std::string& name) const;
};

class Receiver {
 public:
  Receiver();
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/alerts"; }
  void answer_next(std::vector<int> statuses);
  // Of answers that have one; the others are empty.
  void body_next(std::vector<std::string> bodies);
  [[nodiscard]] std::vector<Received> received() const;

 private:
  void run();
  void serve(int connection);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::deque<int> statuses_;
  std::deque<std::string> bodies_;
  std::thread thread_;
};

}  // namespace sluice::testing
