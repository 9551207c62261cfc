// A small outbound proxy on 127.0.0.1, HTTP CONNECT or SOCKS5, that tests can make misbehave. Blocking code on threads
// of its own; shares nothing with the code under test. Members from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sluice::testing {

class EgressProxy {
 public:
  enum class Kind { kHttpConnect, kSocks5 };
  enum class Mood {
    kServe,
    kDrip,    // serves, with its answers byte by byte
    kHang,    // takes connections and what they send, never answers
    kCut,     // closes after the first message
    kAnswer,  // answers the first message with fixed bytes, then closes
  };

  // With a user name it demands it and the password. Throws std::runtime_error if it cannot listen.
  explicit EgressProxy(Kind kind, std::string username = {}, std::string password = {});
  ~EgressProxy();
  EgressProxy(const EgressProxy&) = delete;
  EgressProxy& operator=(const EgressProxy&) = delete;

  // A name that only this proxy knows: 127.0.0.1, at any port. Numeric addresses it always knows.
  void knows(std::string name);
  void set_mood(Mood mood, std::string answer = {});
  // Stops listening and cuts all tunnels: further connections are refused.
  void stop();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] int accepted() const { return accepted_; }  // connections
  [[nodiscard]] int tunnels() const { return tunnels_; }    // opened to a target
  [[nodiscard]] int refused_logins() const { return refused_logins_; }
  // Each target asked for, as it came: "name:port"; and the messages of the last client, as they came.
  [[nodiscard]] std::vector<std::string> targets() const;
  [[nodiscard]] std::string last_messages() const;

 private:
  void accept_all();
  void serve(int client);
  // These leave the connection to a target that was agreed upon in the handshake, or -1.
  int handshake_connect(int client);
  int handshake_socks5(int client);
  bool login_socks5(int client);
  int open_target(const std::string& host, std::uint16_t port);
  // False when the client is gone or the mood has had its way.
  bool take(int client, std::string& message, std::size_t size);
  bool react(int client, Mood mood);
  bool say(int client, std::string_view bytes);
  void relay(int client, int target);

  const Kind kind_;
  const std::string username_;
  const std::string password_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0, tunnels_ = 0, refused_logins_ = 0;
  std::atomic<Mood> mood_ = Mood::kServe;
  std::atomic<bool> stopped_ = false;

  mutable std::mutex mutex_;  // for what follows
  std::string answer_;
  std::set<std::string> names_;
  std::vector<std::string> targets_;
  std::string messages_;
  std::set<int> sockets_;
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

}  // namespace sluice::testing
