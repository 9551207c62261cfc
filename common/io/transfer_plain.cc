#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "common/io/transfer.h"

namespace sluice::io {

namespace {

Step blocked_or_failed(Step::Kind blocked) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Step{blocked, 0, {}};
  return Step{Step::Kind::kFailed, 0, std::generic_category().message(errno)};
}

Step receive(int descriptor, std::span<char> buffer, int flags) {
  ssize_t got = 0;
  do {
    got = ::recv(descriptor, buffer.data(), buffer.size(), flags | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got > 0) return Step{Step::Kind::kDone, static_cast<std::size_t>(got), {}};
  if (got == 0) return Step{Step::Kind::kEnd, 0, {}};
  return blocked_or_failed(Step::Kind::kWantRead);
}

}  // namespace

void Outgoing::skip_empty() {
  while (index_ < pieces_.size() && offset_ == pieces_[index_].size()) {
    ++index_;
    offset_ = 0;
  }
}

void Outgoing::consume(std::size_t bytes) {
  while (bytes > 0) {
    const std::size_t left = pieces_[index_].size() - offset_;
    const std::size_t taken = bytes < left ? bytes : left;
    offset_ += taken;
    bytes -= taken;
    skip_empty();
  }
}

std::string Outgoing::copy() const {
  std::size_t size = 0;
  for (std::size_t i = index_; i < pieces_.size(); ++i)
    size += piece(i).size();
  std::string rest;
  rest.reserve(size);
  for (std::size_t i = index_; i < pieces_.size(); ++i)
    rest += piece(i);
  return rest;
}

Step read_plain(int descriptor, std::span<char> buffer) {
  return receive(descriptor, buffer, 0);
}

Step peek_plain(int descriptor) {
  char byte = 0;
  return receive(descriptor, std::span(&byte, 1), MSG_PEEK);
}

Step write_plain(int descriptor, const Outgoing& out) {
  std::array<iovec, 16> vectors;
  std::size_t count = 0;
  for (std::size_t i = out.index_; i < out.pieces_.size() && count < vectors.size(); ++i) {
    const std::string_view piece = out.piece(i);
    if (!piece.empty()) vectors[count++] = iovec{const_cast<char*>(piece.data()), piece.size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return Step{Step::Kind::kDone, static_cast<std::size_t>(sent), {}};
  return blocked_or_failed(Step::Kind::kWantWrite);
}

}  // namespace sluice::io
