// Reads HTTP/1.1 responses just well enough for a load generator: status, where the head ends, where the body ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::bench {

class ResponseReader {
 public:
  // Takes the next bytes. True once the response is complete; bytes beyond it are not expected.
  bool push(std::string_view bytes);
  void reset();

  [[nodiscard]] int status() const { return status_; }
  // The server closes the connection after this answer.
  [[nodiscard]] bool closes() const { return closes_; }
  // Body bytes, with the chunk framing where there is one.
  [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  void read_head();

  std::string head_;
  std::string tail_;  // the last bytes of a chunked body
  bool head_done_ = false;
  bool chunked_ = false;
  bool closes_ = false;
  int status_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t body_bytes_ = 0;
};

}  // namespace sluice::bench
