#include "common/http/inflater.h"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace sluice::http {
namespace {

constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string in(text);
  std::string out(deflateBound(&stream, in.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

// Text that does not shrink much, of a fixed seed.
std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string text(size, ' ');
  for (char& c : text)
    c = static_cast<char>(random());
  return text;
}

Inflater inflater(std::string_view encoding) {
  Result<Inflater> made = Inflater::for_encoding(encoding);
  REQUIRE(made.has_value());
  return std::move(*made);
}

struct Inflated {
  std::string text;
  std::size_t largest_piece = 0;
  std::optional<Error> error;
  bool finished = false;
};

// Pushes `wire` in pieces of `piece` bytes, each in memory of its own.
Inflated inflate_all(std::string_view encoding, std::string_view wire, std::size_t piece) {
  Inflater decoder = inflater(encoding);
  Inflated all;
  while (!wire.empty() && !all.error) {
    const std::string input(wire.substr(0, piece));
    wire.remove_prefix(input.size());
    Result<> pushed = decoder.push(input, [&all](std::string_view out) {
      all.largest_piece = std::max(all.largest_piece, out.size());
      all.text += out;
    });
    if (!pushed) all.error = pushed.error();
  }
  all.finished = decoder.finished();
  return all;
}

TEST_CASE("inflater: both codings, however the bytes are cut") {
  const auto [encoding, bits] = GENERATE(table<std::string, int>(
      {{"gzip", kGzip}, {"GZip", kGzip}, {"x-gzip", kGzip}, {"deflate", kZlib}, {"Deflate", kZlib}}));
  const std::string text = R"({"type":"message","content":[{"type":"text","text":"hello, hello, hello"}]})";
  const std::string wire = deflated(text, bits);
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    const Inflated all = inflate_all(encoding, wire, piece);
    REQUIRE_FALSE(all.error.has_value());
    REQUIRE(all.text == text);
    REQUIRE(all.finished);
  }
}

TEST_CASE("inflater: a large body comes in bounded pieces") {
  const std::string text = noise(300'000) + std::string(200'000, 'a') + noise(1000);
  const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{1000}, std::size_t{16 * 1024}, std::size_t{1} << 20);
  const Inflated all = inflate_all("gzip", deflated(text, kGzip), piece);
  CHECK_FALSE(all.error.has_value());
  CHECK(all.text == text);
  CHECK(all.finished);
  CHECK(all.largest_piece <= Inflater::kMaxPieceBytes);
}

TEST_CASE("inflater: each flush of a stream comes out at once") {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Inflater decoder = inflater("gzip");
  for (int i = 0; i < 100; ++i) {
    std::string event = "event: content_block_delta\ndata: {\"index\":" + std::to_string(i) + "}\n\n";
    std::string wire(1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(event.data());
    stream.avail_in = static_cast<uInt>(event.size());
    stream.next_out = reinterpret_cast<Bytef*>(wire.data());
    stream.avail_out = static_cast<uInt>(wire.size());
    REQUIRE(deflate(&stream, Z_SYNC_FLUSH) == Z_OK);
    wire.resize(wire.size() - stream.avail_out);
    std::string got;
    REQUIRE(decoder.push(wire, [&got](std::string_view out) { got += out; }).has_value());
    REQUIRE(got == event);
    REQUIRE_FALSE(decoder.finished());
  }
  deflateEnd(&stream);
}

TEST_CASE("inflater: several gzip members are one body") {
  const std::string wire = deflated("one, ", kGzip) + deflated("", kGzip) + deflated("two", kGzip);
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    const Inflated all = inflate_all("gzip", wire, piece);
    REQUIRE_FALSE(all.error.has_value());
    REQUIRE(all.text == "one, two");
    REQUIRE(all.finished);
  }
}

TEST_CASE("inflater: a body that was cut is not finished") {
  const int bits = GENERATE(kGzip, kZlib);
  const std::string encoding = bits == kGzip ? "gzip" : "deflate";
  const std::string wire = deflated("a body of some length, long enough to be cut", bits);
  for (std::size_t kept = 1; kept < wire.size(); ++kept) {
    const Inflated all = inflate_all(encoding, wire.substr(0, kept), 7);
    REQUIRE_FALSE(all.error.has_value());
    REQUIRE_FALSE(all.finished);
  }
  // A second member that was begun is to be ended.
  const Inflated second = inflate_all("gzip", deflated("x", kGzip) + deflated("y", kGzip).substr(0, 3), 1000);
  CHECK_FALSE(second.finished);
  CHECK(inflater(encoding).finished());
}

TEST_CASE("inflater: damage, another format and bytes behind the end are refused for good") {
  std::string damaged = deflated("some text that is checked by its sum", kGzip);
  damaged[damaged.size() - 6] ^= 1;
  const auto [encoding, wire] = GENERATE_COPY(table<std::string, std::string>({
      {"gzip", damaged},
      {"gzip", "{\"type\":\"error\"}"},
      {"gzip", deflated("zlib format", kZlib)},
      {"gzip", deflated("text", kGzip) + "trailing"},
      {"deflate", "<html>"},
      {"deflate", deflated("gzip format", kGzip)},
      {"deflate", deflated("raw", -15)},
      {"deflate", deflated("text", kZlib) + "x"},
  }));
  const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{1000});
  const Inflated all = inflate_all(encoding, wire, piece);
  REQUIRE(all.error.has_value());
  CHECK(all.error->code == ErrorCode::kDataLoss);
  CHECK_FALSE(all.finished);

  Inflater decoder = inflater(encoding);
  Result<> first = decoder.push(wire, [](std::string_view) {});
  Result<> again = decoder.push(deflated("good", encoding == "gzip" ? kGzip : kZlib), [](std::string_view) {});
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().message == first.error().message);
}

TEST_CASE("inflater: a bomb is stopped early, a well compressed small body is not") {
  const Inflated small = inflate_all("gzip", deflated(std::string(1'000'000, 'a'), kGzip), 100'000);
  CHECK_FALSE(small.error.has_value());
  CHECK(small.text.size() == 1'000'000);

  const std::string bomb = deflated(std::string(64 << 20, 'a'), kGzip);
  const std::size_t piece = GENERATE(std::size_t{64}, std::size_t{1} << 20);
  const Inflated all = inflate_all("gzip", bomb, piece);
  REQUIRE(all.error.has_value());
  CHECK(all.error->code == ErrorCode::kResourceExhausted);
  CHECK(all.text.size() <= 2 * Inflater::kFreeBytes);
}

TEST_CASE("inflater: random bytes never do harm") {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string wire = deflated(noise(random() % 2000), round % 2 == 0 ? kGzip : kZlib);
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips)
      wire[random() % wire.size()] = static_cast<char>(random());
    const Inflated all = inflate_all(round % 2 == 0 ? "gzip" : "deflate", wire, 1 + random() % 500);
    CHECK(all.text.size() <= Inflater::kFreeBytes + Inflater::kMaxRatio * wire.size());
  }
}

TEST_CASE("inflater: other codings are refused") {
  const std::string encoding = GENERATE("", "identity", "br", "zstd", "compress", "gzip, gzip", "gzip;q=1", "gzipp");
  Result<Inflater> made = Inflater::for_encoding(encoding);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("inflater: pulled piece by piece") {
  const std::string text = noise(50'000);
  const std::string wire = deflated(text, kGzip);
  Inflater decoder = inflater("gzip");
  decoder.feed(wire);
  std::string got;
  for (;;) {
    Result<std::string_view> piece = decoder.next();
    REQUIRE(piece.has_value());
    if (piece->empty()) break;
    CHECK(piece->size() <= Inflater::kMaxPieceBytes);
    got += *piece;
  }
  CHECK(got == text);
  CHECK(decoder.finished());
}

}  // namespace
}  // namespace sluice::http
