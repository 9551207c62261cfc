#include "common/http/chunk_decoder.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::http {
namespace {

struct Decoded {
  std::string body;
  std::string rest;
  ChunkDecoder::Status status = ChunkDecoder::Status::kMore;
};

// Feeds `wire` in pieces of `piece` bytes.
Decoded run(std::string_view wire, std::size_t piece, std::size_t max_trailer = 0) {
  ChunkDecoder decoder(max_trailer);
  Decoded decoded;
  while (!wire.empty() && decoded.status == ChunkDecoder::Status::kMore) {
    std::string input(wire.substr(0, piece));
    const ChunkDecoder::Step step = decoder.decode(input);
    REQUIRE((step.status != ChunkDecoder::Status::kMore || step.consumed == input.size()));
    decoded.body += step.payload;
    decoded.status = step.status;
    wire.remove_prefix(step.consumed);
  }
  decoded.rest = wire;
  CHECK(decoder.problem().empty() == (decoded.status != ChunkDecoder::Status::kMalformed));
  return decoded;
}

TEST_CASE("a chunked body decodes the same however it is cut") {
  const std::string wire = "7\r\n{\"a\":1}\r\n0A;x=y\r\n0123456789\r\n001\r\n!\r\n0\r\n\r\nGET / HTTP/1.1";
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    const Decoded decoded = run(wire, piece);
    REQUIRE(decoded.status == ChunkDecoder::Status::kDone);
    REQUIRE(decoded.body == "{\"a\":1}0123456789!");
    REQUIRE(decoded.rest == "GET / HTTP/1.1");
  }
}

TEST_CASE("what is not strictly chunked is malformed however it is cut") {
  const auto wire = GENERATE(values<std::string>({"+7\r\n",
                                                  "0x7\r\n",
                                                  " 7\r\n",
                                                  "7 \r\n",
                                                  "\r\n",
                                                  "00000000000000007\r\n",
                                                  "ffffffffffffffff\r\n",
                                                  "7\n",
                                                  "7\r{",
                                                  "7\r\n1234567XX",
                                                  "7\r\n1234567\n",
                                                  "7\r\n1234567\rX",
                                                  "7;\n",
                                                  "7;\r\n",
                                                  "7;a\n",
                                                  "g\r\n",
                                                  "-1\r\n",
                                                  "0\n",
                                                  "0\r\n\n",
                                                  "0\r\nX: y\r\n\r\n",
                                                  "0\r\n\rX",
                                                  "7,7\r\n",
                                                  "7\r\n1234567\r\n\r\n",
                                                  std::string("7;a=\0\r\n", 7),
                                                  "7;a=\x7f\r\n",
                                                  "7;" + std::string(65, 'a') + "\r\n"}));
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    INFO(wire);
    REQUIRE(run(wire, piece).status == ChunkDecoder::Status::kMalformed);
  }
}

TEST_CASE("an extension of 64 bytes is passed over") {
  CHECK(run("1;" + std::string(64, 'a') + "\r\nx\r\n0\r\n\r\n", 5).body == "x");
}

TEST_CASE("an unfinished body asks for more") {
  const std::string wire = "3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < wire.size(); ++size) {
    CHECK(run(wire.substr(0, size), 64).status == ChunkDecoder::Status::kMore);
  }
}

TEST_CASE("trailers are passed over up to the limit where they are allowed") {
  const std::string wire = "1\r\nx\r\n0\r\nDigest: abc\r\nMore:\t1\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    const Decoded decoded = run(wire, piece, 64);
    REQUIRE(decoded.status == ChunkDecoder::Status::kDone);
    REQUIRE(decoded.body == "x");
    REQUIRE(decoded.rest == "rest");
  }
  CHECK(run(wire, 64, 19).status == ChunkDecoder::Status::kMalformed);
  CHECK(run("0\r\nA: b\n\r\n", 64, 64).status == ChunkDecoder::Status::kMalformed);
}

TEST_CASE("a chunk beyond what fits into memory keeps counting") {
  CHECK(run("3fffffffffffffff\r\nabc", 4).status == ChunkDecoder::Status::kMore);
}

}  // namespace
}  // namespace sluice::http
