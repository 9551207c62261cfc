// An upstream on 127.0.0.1 that answers every request with the same bytes and keeps what it got. Blocking code on a
// thread of its own; one connection at a time. Members from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace sluice::testing {

class Upstream {
 public:
  enum class End { kClose, kEndless };  // kEndless: repeats the last part until the peer leaves

  // `head`: the status line and fields without the blank line; `body` until the connection closes.
  Upstream(std::string head, std::string body, End end = End::kClose);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // The last request, whole.
  [[nodiscard]] std::string request() const;
  // Connections that have ended.
  [[nodiscard]] int ended() const { return ended_; }

 private:
  void accept_all();
  void serve(int client);

  const std::string head_, body_;
  const End end_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> ended_ = 0;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;  // for what follows
  std::string request_;
  std::thread acceptor_;
};

}  // namespace sluice::testing
