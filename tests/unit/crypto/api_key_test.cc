#include "common/crypto/api_key.h"

#include <catch2/catch.hpp>
#include <set>

#include "common/base/hex.h"
#include "common/crypto/api_key_format.h"
#include "common/crypto/digest.h"

namespace sluice::crypto {
namespace {

TEST_CASE("a key's hash is HMAC-SHA256 under the pepper") {
  // printf '%s' KEY | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f
  const ApiKeyHasher hasher(
      Secret(from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").value()));
  CHECK(to_hex(hasher.hash("sk-test")) == "e7c33ba7a51c5c67db02ad080a9f2da64ff507aca28a3311e0aba979f98cabb7");
  CHECK(to_hex(hasher.hash("")) == "d38b42096d80f45f826b44a9d5607de72496a415d3f4a1a8c88e3bb9da8dc1cb");
  CHECK(hasher.hash("sk-test") == hasher.hash("sk-test"));
}

TEST_CASE("another pepper gives another hash") {
  const ApiKeyHasher one(Secret(std::string(32, 'a')));
  const ApiKeyHasher two(Secret(std::string(32, 'b')));
  CHECK(one.hash("sk-test") != two.hash("sk-test"));
}

TEST_CASE("a new key parses to its own parts") {
  const NewApiKey made = generate_api_key();
  const std::string key(made.key.reveal());
  CHECK(key.size() == 60);
  const auto parts = parse_api_key(key);
  REQUIRE(parts.has_value());
  CHECK(parts->public_id == made.public_id);
  CHECK(parts->last4 == made.last4);
  CHECK(key.substr(3, 8) == made.public_id);
  CHECK(key.ends_with(made.last4));
}

TEST_CASE("new keys differ") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.emplace(generate_api_key().key.reveal());
  CHECK(seen.size() == 1000);
}

TEST_CASE("any changed character of a key is noticed") {
  const std::string key(generate_api_key().key.reveal());
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string typo = key;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    CAPTURE(i);
    CHECK_FALSE(parse_api_key(typo).has_value());
  }
}

TEST_CASE("keys of a wrong shape are refused") {
  const std::string key(generate_api_key().key.reveal());
  CHECK_FALSE(parse_api_key("").has_value());
  CHECK_FALSE(parse_api_key("sk-").has_value());
  CHECK_FALSE(parse_api_key(key + "a").has_value());
  CHECK_FALSE(parse_api_key(key.substr(0, key.size() - 1)).has_value());
  CHECK_FALSE(parse_api_key(" " + key.substr(1)).has_value());
}

TEST_CASE("tokens are stored as SHA-256 in hex") {
  CHECK(token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("constant-time comparison compares") {
  CHECK(constant_time_equal("", ""));
  CHECK(constant_time_equal("abc", "abc"));
  CHECK_FALSE(constant_time_equal("abc", "abd"));
  CHECK_FALSE(constant_time_equal("abc", "abcd"));
}

}  // namespace
}  // namespace sluice::crypto
