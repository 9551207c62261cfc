#include "common/http/chunk_decoder.h"

#include <algorithm>
#include <cstring>

#include "common/http/syntax.h"

namespace sluice::http {

namespace {

constexpr std::uint8_t kMaxSizeDigits = 16;
constexpr std::uint8_t kMaxExtensionBytes = 64;
constexpr std::uint64_t kMaxChunk = std::uint64_t{1} << 62;

bool is_control(unsigned char byte) {
  return byte < 0x20 || byte == 0x7f;
}

}  // namespace

ChunkDecoder::Step ChunkDecoder::decode(std::span<char> input) {
  std::size_t at = 0;
  std::size_t kept = 0;
  while (at < input.size() && state_ != State::kDone && state_ != State::kMalformed) {
    if (state_ != State::kData) {
      step(static_cast<unsigned char>(input[at++]));
      continue;
    }
    const auto run = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
    if (kept != at) std::memmove(input.data() + kept, input.data() + at, run);
    kept += run;
    at += run;
    left_ -= run;
    if (left_ == 0) state_ = State::kDataCr;
  }
  Step result{.payload = {input.data(), kept}, .consumed = at};
  if (state_ == State::kDone) result.status = Status::kDone;
  if (state_ == State::kMalformed) result.status = Status::kMalformed;
  return result;
}

void ChunkDecoder::step(unsigned char byte) {
  switch (state_) {
    case State::kSizeStart:
      digits_ = extension_bytes_ = 0;
      left_ = 0;
      if (hex_value(static_cast<char>(byte)) < 0) return refuse("a chunk does not start with its size");
      state_ = State::kSize;
      return on_size_digit(byte);
    case State::kSize:
      return on_size_digit(byte);
    case State::kExtension:
      return on_extension(byte);
    case State::kSizeLf:
      return expect(byte, '\n', left_ == 0 ? State::kTrailerStart : State::kData, "a chunk size does not end in CRLF");
    case State::kDataCr:
      return expect(byte, '\r', State::kDataLf, "chunk data is not followed by CRLF");
    case State::kDataLf:
      return expect(byte, '\n', State::kSizeStart, "chunk data is not followed by CRLF");
    case State::kTrailerStart:
      if (byte == '\r') {
        state_ = State::kEndLf;
        return;
      }
      if (max_trailer_bytes_ == 0) return refuse("trailer fields are not accepted");
      state_ = State::kTrailer;
      return on_trailer(byte);
    case State::kTrailer:
      return on_trailer(byte);
    case State::kTrailerLf:
      return expect(byte, '\n', State::kTrailerStart, "a trailer line does not end in CRLF");
    case State::kEndLf:
      return expect(byte, '\n', State::kDone, "the last chunk does not end in CRLF");
    case State::kData:
    case State::kDone:
    case State::kMalformed:
      return;
  }
}

void ChunkDecoder::on_size_digit(unsigned char byte) {
  const int digit = hex_value(static_cast<char>(byte));
  if (digit >= 0) {
    if (++digits_ > kMaxSizeDigits) return refuse("a chunk size has more than 16 digits");
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    return;
  }
  if (left_ > kMaxChunk) return refuse("a chunk size is too large");
  if (byte == '\r') {
    state_ = State::kSizeLf;
  } else if (byte == ';') {
    state_ = State::kExtension;
  } else {
    refuse("a chunk size is not a hexadecimal number");
  }
}

void ChunkDecoder::on_extension(unsigned char byte) {
  if (byte == '\r' && extension_bytes_ > 0) {
    state_ = State::kSizeLf;
  } else if (is_control(byte)) {
    refuse("a chunk extension holds a control character or nothing");
  } else if (++extension_bytes_ > kMaxExtensionBytes) {
    refuse("a chunk extension is longer than 64 bytes");
  }
}

void ChunkDecoder::on_trailer(unsigned char byte) {
  if (++trailer_bytes_ > max_trailer_bytes_) return refuse("the trailer fields are too long");
  if (byte == '\r') {
    state_ = State::kTrailerLf;
  } else if (is_control(byte) && byte != '\t') {
    refuse("a trailer field holds a control character");
  }
}

void ChunkDecoder::expect(unsigned char byte, unsigned char wanted, State next, std::string_view problem) {
  if (byte != wanted) return refuse(problem);
  state_ = next;
}

void ChunkDecoder::refuse(std::string_view problem) {
  state_ = State::kMalformed;
  problem_ = problem;
}

}  // namespace sluice::http
