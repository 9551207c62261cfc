// Codes by time against the vectors of RFC 6238, appendix B, cut to six digits.
#include "controlplane/identity/totp.h"

#include <catch2/catch.hpp>

namespace sluice::identity {

namespace {

SystemTime at(std::int64_t seconds) {
  return SystemTime{} + std::chrono::seconds(seconds);
}

const Secret kSecret("12345678901234567890");

}  // namespace

TEST_CASE("codes are those of the RFC") {
  CHECK(totp_code(kSecret, totp_step(at(59))) == "287082");
  CHECK(totp_code(kSecret, totp_step(at(1111111109))) == "081804");
  CHECK(totp_code(kSecret, totp_step(at(1111111111))) == "050471");
  CHECK(totp_code(kSecret, totp_step(at(1234567890))) == "005924");
  CHECK(totp_code(kSecret, totp_step(at(2000000000))) == "279037");
  CHECK(totp_code(kSecret, totp_step(at(20000000000))) == "353130");
}

TEST_CASE("a code is right for one step before and after") {
  const SystemTime now = at(1'000'000'010);
  const std::int64_t step = totp_step(now);
  for (const std::int64_t near : {step - 1, step, step + 1})
    CHECK(find_totp_step(kSecret, totp_code(kSecret, near), now) == near);
  for (const std::int64_t far : {step - 2, step + 2})
    CHECK_FALSE(find_totp_step(kSecret, totp_code(kSecret, far), now));
  for (const char* wrong : {"", "12345", "1234567", "abcdef"})
    CHECK_FALSE(find_totp_step(kSecret, wrong, now));
}

TEST_CASE("secrets are shown as apps take them") {
  CHECK(base32("") == "");
  CHECK(base32("f") == "MY");
  CHECK(base32("foobar") == "MZXW6YTBOI");
  CHECK(base32(kSecret.reveal()) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  CHECK(totp_uri(kSecret, "ada+x@example.com").reveal() ==
        "otpauth://totp/Sluice:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sluice&algorithm="
        "SHA1&digits=6&period=30");
  CHECK(new_totp_secret().reveal().size() == 20);
  CHECK(new_totp_secret().reveal() != new_totp_secret().reveal());
}

}  // namespace sluice::identity
