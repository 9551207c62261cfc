// One non-blocking step on a socket: what it did or what it waits for. Plain functions, no suspension.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::io {

struct Step {
  enum class Kind : std::uint8_t { kDone, kEnd, kWantRead, kWantWrite, kFailed };
  Kind kind = Kind::kDone;
  std::size_t bytes = 0;  // for kDone
  std::string why;        // for kFailed
};

// What is still to be written of a list of pieces.
class Outgoing {
 public:
  explicit Outgoing(std::span<const std::string_view> pieces) : pieces_(pieces) { skip_empty(); }
  [[nodiscard]] bool empty() const { return index_ == pieces_.size(); }
  void consume(std::size_t bytes);
  // The rest as one string.
  [[nodiscard]] std::string copy() const;

 private:
  friend Step write_plain(int descriptor, const Outgoing& out);
  friend Step write_tls(SSL* session, const Outgoing& out);
  void skip_empty();
  [[nodiscard]] std::string_view piece(std::size_t index) const {
    return index == index_ ? pieces_[index].substr(offset_) : pieces_[index];
  }
  std::span<const std::string_view> pieces_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
};

[[nodiscard]] Step read_plain(int descriptor, std::span<char> buffer);
[[nodiscard]] Step write_plain(int descriptor, const Outgoing& out);
// Whether there is something to read, without taking it: kDone, kEnd, kWantRead or kFailed.
[[nodiscard]] Step peek_plain(int descriptor);

[[nodiscard]] Step handshake_tls(SSL* session);
[[nodiscard]] Step read_tls(SSL* session, std::span<char> buffer);
[[nodiscard]] Step write_tls(SSL* session, const Outgoing& out);
[[nodiscard]] Step peek_tls(SSL* session);

}  // namespace sluice::io
