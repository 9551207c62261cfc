// Takes the chunked transfer coding (RFC 9112, section 7.1) off a body, strictly: CRLF only, sizes of 1 to 16 hex
// digits, no white space, nothing between the data and its CRLF. For requests (trailers refused) and for responses
// (trailers passed over). No I/O, no allocation; one per body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::http {

class ChunkDecoder {
 public:
  // Bytes of trailer fields to pass over: 0 refuses any.
  explicit ChunkDecoder(std::size_t max_trailer_bytes = 0) : max_trailer_bytes_(max_trailer_bytes) {}

  enum class Status : std::uint8_t { kMore, kDone, kMalformed };
  struct Step {
    std::string_view payload;  // what this input held of the body, moved to the front of the input; may be empty
    std::size_t consumed = 0;  // of the input; less than its size only when done or malformed
    Status status = Status::kMore;
  };
  // Feeds the next bytes. Overwrites `input` up to `consumed`; bytes behind it belong to the next message.
  // After kDone or kMalformed the decoder must not be fed again.
  [[nodiscard]] Step decode(std::span<char> input);

  // What was wrong, for a person; empty unless malformed.
  [[nodiscard]] std::string_view problem() const { return problem_; }

 private:
  enum class State : std::uint8_t {
    kSizeStart,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kEndLf,
    kDone,
    kMalformed
  };

  // Handles one byte that is not data.
  void step(unsigned char byte);
  void on_size_digit(unsigned char byte);
  void on_extension(unsigned char byte);
  void on_trailer(unsigned char byte);
  void expect(unsigned char byte, unsigned char wanted, State next, std::string_view problem);
  void refuse(std::string_view problem);

  State state_ = State::kSizeStart;
  std::uint8_t digits_ = 0;
  std::uint8_t extension_bytes_ = 0;
  std::uint64_t left_ = 0;  // of the chunk whose size was read
  std::size_t trailer_bytes_ = 0;
  std::size_t max_trailer_bytes_;
  std::string_view problem_;
};

}  // namespace sluice::http
