#include "common/crypto/seal.h"

#include <catch2/catch.hpp>

#include "common/crypto/vault.h"

namespace sluice::crypto {
namespace {

Secret key(char fill) {
  return Secret(std::string(32, fill));
}

TEST_CASE("what was sealed opens under the same key and context only") {
  const std::string sealed = seal(key('k'), 7, "table|1|column", "the content");
  CHECK(sealed.size() == kSealOverhead + 11);
  CHECK(sealed.find("content") == std::string::npos);
  CHECK(unseal(key('k'), "table|1|column", sealed).value() == "the content");
  CHECK(sealed_key_version(sealed).value() == 7);

  CHECK(unseal(key('x'), "table|1|column", sealed).error().code == ErrorCode::kDataLoss);
  CHECK(unseal(key('k'), "table|2|column", sealed).error().code == ErrorCode::kDataLoss);
  CHECK(unseal(key('k'), "", sealed).error().code == ErrorCode::kDataLoss);
}

TEST_CASE("every flipped byte of a sealed value is noticed, the header's included") {
  const std::string sealed = seal(key('k'), 0x01020304, "c", "abc");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string broken = sealed;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    CAPTURE(i);
    CHECK_FALSE(unseal(key('k'), "c", broken).has_value());
  }
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    CHECK_FALSE(unseal(key('k'), "c", sealed.substr(0, length)).has_value());
  }
}

TEST_CASE("sealing twice gives different bytes") {
  CHECK(seal(key('k'), 1, "c", "same") != seal(key('k'), 1, "c", "same"));
  CHECK(unseal(key('k'), "c", seal(key('k'), 1, "c", "")).value().empty());
}

TEST_CASE("ciphertexts swapped between two rows do not open") {
  const Vault vault({{1, key('a')}});
  const std::string one = vault.seal("account_credentials|1|sealed", Secret("first"));
  const std::string two = vault.seal("account_credentials|2|sealed", Secret("second"));
  CHECK(vault.open("account_credentials|1|sealed", one).value().reveal() == "first");
  CHECK_FALSE(vault.open("account_credentials|1|sealed", two).has_value());
  CHECK_FALSE(vault.open("account_credentials|2|sealed", one).has_value());
}

TEST_CASE("rotation: both keys open, the newest seals, the old one can then go") {
  const Vault before({{1, key('a')}});
  const std::string old_value = before.seal("c", Secret("v"));

  const Vault during({{1, key('a')}, {2, key('b')}});
  CHECK(during.open("c", old_value).value().reveal() == "v");
  CHECK(during.is_outdated(old_value).value());
  const std::string new_value = during.seal("c", during.open("c", old_value).value());
  CHECK_FALSE(during.is_outdated(new_value).value());

  const Vault after({{2, key('b')}});
  CHECK(after.open("c", new_value).value().reveal() == "v");
  const auto gone = after.open("c", old_value);
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().code == ErrorCode::kFailedPrecondition);
  CHECK(gone.error().message.find("version 1") != std::string::npos);
}

}  // namespace
}  // namespace sluice::crypto
