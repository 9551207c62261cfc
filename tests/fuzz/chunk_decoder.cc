// A body decodes to the same bytes, the same end and the same verdict however it is cut.
#include "common/http/chunk_decoder.h"

#include <cstdlib>
#include <string>

namespace {

using sluice::http::ChunkDecoder;

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  ChunkDecoder::Status status = ChunkDecoder::Status::kMore;
};

Decoded decode(std::string_view wire, std::size_t piece, std::size_t max_trailer) {
  ChunkDecoder decoder(max_trailer);
  Decoded decoded;
  while (decoded.consumed < wire.size() && decoded.status == ChunkDecoder::Status::kMore) {
    std::string input(wire.substr(decoded.consumed, piece));
    const ChunkDecoder::Step step = decoder.decode(input);
    if (step.payload.size() > step.consumed || step.consumed > input.size()) std::abort();
    decoded.body += step.payload;
    decoded.consumed += step.consumed;
    decoded.status = step.status;
  }
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t max_trailer = data[0] % 2 == 0 ? 0 : 32;
  const Decoded whole = decode(wire, wire.size() + 1, max_trailer);
  const Decoded cut = decode(wire, 1 + data[1] % 16, max_trailer);
  if (whole.body != cut.body || whole.consumed != cut.consumed || whole.status != cut.status) std::abort();
  return 0;
}
