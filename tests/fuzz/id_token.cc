// Whatever a provider sends as a token, as keys, as claims or as its discovery document is read or refused, and nothing
// is believed that the key of RFC 7515, appendix A.3, did not sign.
#include "controlplane/oidc/id_token.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "controlplane/oidc/issuers.h"
#include "controlplane/oidc/jose.h"

namespace {

constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
constexpr std::string_view kToken =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace sluice;
  static const auto keys = oidc::parse_keys(kKeys);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto token = oidc::parse_token(text);
  check(token || !token.error().message.empty());
  if (token) {
    const oidc::PublicKey* key = oidc::key_for(*token, *keys);
    // Nobody else can sign.
    if (key != nullptr && oidc::verify(*token, *key)) check(text == kToken);
    const auto person = oidc::check_claims(token->claims, {"i", "c", "n"}, SystemTime(std::chrono::days(20'000)));
    if (person) check(!person->subject.empty() && person->subject.size() <= 255 && person->name.size() <= 200);
  }
  const auto own = oidc::parse_keys(text);
  if (own) check(own->size() <= oidc::kMostKeys);
  const auto issuer = oidc::parse_discovery(text, "https://a.example");
  if (issuer) check(issuer->name == "https://a.example" && oidc::check_url("x", issuer->keys_url).has_value());
  return 0;
}
