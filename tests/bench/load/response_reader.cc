#include "tests/bench/load/response_reader.h"

#include <algorithm>
#include <charconv>

namespace sluice::bench {

namespace {

constexpr std::string_view kChunkedEnd = "0\r\n\r\n";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

}  // namespace

void ResponseReader::reset() {
  *this = ResponseReader();
}

void ResponseReader::read_head() {
  const std::string head = lower(head_);
  if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, status_);
  chunked_ = head.find("\r\ntransfer-encoding: chunked") != std::string::npos;
  closes_ = head.find("\r\nconnection: close") != std::string::npos;
  constexpr std::string_view kLength = "\r\ncontent-length: ";
  if (const std::size_t at = head.find(kLength); at != std::string::npos) {
    std::from_chars(head.data() + at + kLength.size(), head.data() + head.size(), length_);
  }
}

bool ResponseReader::push(std::string_view bytes) {
  if (!head_done_) {
    const std::size_t before = head_.size();
    head_.append(bytes);
    const std::size_t end = head_.find("\r\n\r\n", before > 3 ? before - 3 : 0);
    if (end == std::string::npos) return false;
    head_done_ = true;
    bytes.remove_prefix(end + 4 - before);
    head_.resize(end + 4);
    read_head();
  }
  body_bytes_ += bytes.size();
  if (!chunked_) return body_bytes_ >= length_;
  tail_.append(bytes.substr(bytes.size() > kChunkedEnd.size() ? bytes.size() - kChunkedEnd.size() : 0));
  if (tail_.size() > kChunkedEnd.size()) tail_.erase(0, tail_.size() - kChunkedEnd.size());
  return tail_ == kChunkedEnd;
}

}  // namespace sluice::bench
