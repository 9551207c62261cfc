// A compressed body comes to the same bytes and the same verdict however it is cut, within the bounds.
#include "common/http/inflater.h"

#include <cstdlib>
#include <string>

namespace {

struct Inflated {
  std::string plain;
  bool good = true;
  bool finished = false;
};

Inflated inflate(std::string_view wire, std::size_t piece, bool gzip) {
  auto inflater = sluice::http::Inflater::for_encoding(gzip ? "gzip" : "deflate");
  if (!inflater) std::abort();
  Inflated result;
  for (std::size_t at = 0; at < wire.size() && result.good; at += piece) {
    result.good =
        inflater->push(wire.substr(at, piece), [&](std::string_view out) { result.plain += out; }).has_value();
  }
  result.finished = inflater->finished();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool gzip = data[0] % 2 == 0;
  const Inflated whole = inflate(wire, wire.size() + 1, gzip);
  const Inflated cut = inflate(wire, 1 + data[1] % 64, gzip);
  if (whole.good != cut.good) std::abort();
  if (whole.good && (whole.plain != cut.plain || whole.finished != cut.finished)) std::abort();
  const std::size_t most = sluice::http::Inflater::kFreeBytes + wire.size() * sluice::http::Inflater::kMaxRatio;
  if (whole.plain.size() > most + sluice::http::Inflater::kMaxPieceBytes) std::abort();
  return 0;
}
