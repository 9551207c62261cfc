// Signed tokens: the examples of RFC 7515, and what is no token or no key.
#include "controlplane/oidc/jose.h"

#include <catch2/catch.hpp>

namespace sluice::oidc {

namespace {

// Appendix A.2.
constexpr const char* kRsaKey =
    R"({"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-)"
    R"(4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-b)"
    R"(Sf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6)"
    R"(_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]})";
constexpr const char* kRsaToken =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
    "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12"
    "jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
    "Ge77Rw";
// Appendix A.3.
constexpr const char* kEcKey =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzR)"
    R"(u9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
constexpr const char* kEcToken =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

bool is_good(std::string_view token, std::string_view keys) {
  const auto parsed = parse_token(token);
  const auto known = parse_keys(keys);
  if (!parsed || !known) return false;
  const PublicKey* key = key_for(*parsed, *known);
  return key != nullptr && verify(*parsed, *key);
}

std::size_t keys_in(std::string_view json) {
  const auto keys = parse_keys(json);
  return keys ? keys->size() : 1'000;
}

}  // namespace

TEST_CASE("the examples of RFC 7515 are good, and nothing else") {
  for (const auto& [text, keys] : {std::pair{kRsaToken, kRsaKey}, std::pair{kEcToken, kEcKey}}) {
    const std::string token = text;
    CHECK(is_good(token, keys));
    CHECK(parse_token(token)->claims.at("iss").as_string() == "joe");
    // Any other character anywhere: of the head, of the claims or of the signature.
    for (std::size_t i = 0; i < token.size(); i += 7) {
      if (token[i] == '.') continue;
      std::string other = token;
      other[i] = other[i] == 'A' ? 'B' : 'A';
      INFO(i);
      CHECK_FALSE(is_good(other, keys));
    }
    for (std::size_t size :
         {token.size() - 1, token.size() - 2, token.size() / 2, token.rfind('.'), token.rfind('.') + 1})
      CHECK_FALSE(is_good(token.substr(0, size), keys));
  }
  CHECK_FALSE(is_good(kRsaToken, kEcKey));
  CHECK_FALSE(is_good(kEcToken, kRsaKey));
}

TEST_CASE("what is no token is refused") {
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("..."), std::string("a.b"),
        std::string(kEcToken) + ".x", std::string(kEcToken) + "=", " " + std::string(kEcToken),
        std::string("e30.e30.AA"),                      // {}
        std::string("eyJhbGciOiJub25lIn0.e30."),        // {"alg":"none"}
        std::string("eyJhbGciOiJIUzI1NiJ9.e30.AA"),     // {"alg":"HS256"}
        std::string("W10.W10.AA"),                      // []
        std::string("eyJhbGciOlsiUlMyNTYiXX0.e30.AA"),  // {"alg":["RS256"]}
        std::string(40'000, 'A')}) {
    INFO(bad.substr(0, 60));
    const auto parsed = parse_token(bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::kUnauthenticated);
  }
}

TEST_CASE("keys that cannot be trusted are passed over") {
  CHECK(keys_in(kRsaKey) == 1);
  CHECK(keys_in(kEcKey) == 1);
  for (const char* none : {"", "[]", "{}", R"({"keys":{}})", "nonsense"}) {
    INFO(none);
    CHECK_FALSE(parse_keys(none));
  }
  for (const char* key : {R"({})", R"(7)", R"({"kty":"oct","k":"AAAA"})", R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
                          R"({"kty":"RSA","n":"","e":""})", R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})",
                          R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})",
                          // Not on the curve.
                          R"({"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",)"
                          R"("y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"})"}) {
    INFO(key);
    CHECK(keys_in(R"({"keys":[)" + std::string(key) + "]}") == 0);
  }
  std::string for_encryption = kEcKey;
  for_encryption.insert(for_encryption.find("\"crv\""), R"("use":"enc",)");
  CHECK(keys_in(for_encryption) == 0);
  std::string other = kEcKey;
  other.insert(other.find("\"crv\""), R"("alg":"ES512",)");
  CHECK(keys_in(other) == 0);
}

}  // namespace sluice::oidc
