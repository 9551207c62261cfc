// A blocking client that sends exactly the bytes it is given. Every wait ends after ten seconds, which fails the test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

struct RawAnswer {
  unsigned status = 0;
  std::string head;  // with its empty line
  std::string body;  // without its transfer coding
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  // A server that closed already is no error here: what it answered is looked at.
  void send(std::string_view bytes);
  void end_sending();
  // The next final answer (100 Continue is counted and passed over); status 0 if the connection ended.
  [[nodiscard]] RawAnswer read_answer(bool to_head = false);
  // All that comes up to and including `text`. Throws if the server closes before.
  [[nodiscard]] std::string read_until(std::string_view text);
  // Everything else until the server closes. Throws if it does not.
  [[nodiscard]] std::string read_to_end();
  // Waits for 100 Continue.
  void await_continue();
  [[nodiscard]] unsigned continues() const { return continues_; }

 private:
  bool receive();  // false at the end
  std::string take(std::size_t size);
  std::string take_head();
  std::string take_chunks();

  int socket_;
  std::string received_;
  unsigned continues_ = 0;
};

}  // namespace sluice::http
