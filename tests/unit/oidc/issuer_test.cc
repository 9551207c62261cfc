// URLs that may be asked, discovery documents, and domains of addresses.
#include <catch2/catch.hpp>

#include "controlplane/oidc/id_token.h"
#include "controlplane/oidc/issuers.h"

namespace sluice::oidc {

namespace {

constexpr const char* kIssuer = "https://login.example.com/t";

std::string document(const std::string& more = "", const std::string& token = "https://login.example.com/token") {
  return R"({"issuer":"https://login.example.com/t",)"
         R"("authorization_endpoint":"https://login.example.com/authorize?p=1",)"
         R"("jwks_uri":"https://keys.example.com/keys","token_endpoint":")" +
         token + "\"" + more + "}";
}

}  // namespace

TEST_CASE("https anywhere, http to the loopback alone") {
  for (const char* good :
       {"https://login.example.com", "https://login.example.com/a/b?c=d", "https://[2001:db8::1]:444/",
        "http://127.0.0.1:80", "http://localhost:8080/x", "http://[::1]/x"}) {
    INFO(good);
    CHECK(check_url("issuer", good));
  }
  for (const char* bad :
       {"", "login.example.com", "http://login.example.com", "http://127.0.0.2/", "http://127.0.0.1.evil.example/",
        "http://127.0.0.1.evil.example", "http://127.0.0.1evil/x", "http://localhost.evil.example/",
        "https://a@b.example/", "https://b.example/#x", "https://b.example/ x", "https://b.example/\"",
        "ftp://b.example/", "javascript:alert(1)", "https://"}) {
    INFO(bad);
    const Result<> checked = check_url("issuer", bad);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::kInvalidArgument);
    CHECK(checked.error().message.starts_with("issuer: "));
  }
  CHECK_FALSE(check_url("issuer", "https://b.example/" + std::string(500, 'x')));
}

TEST_CASE("a discovery document says where to go") {
  auto read = parse_discovery(document(), kIssuer);
  REQUIRE(read);
  CHECK(read->token_endpoint == "https://login.example.com/token");
  CHECK(read->authorization_endpoint == "https://login.example.com/authorize?p=1");
  CHECK(read->keys_url == "https://keys.example.com/keys");
  CHECK(read->basic_auth);
  CHECK_FALSE(read->names_itself);
  const std::string methods = R"(,"token_endpoint_auth_methods_supported":)";
  CHECK_FALSE(parse_discovery(document(methods + R"(["client_secret_post"])"), kIssuer)->basic_auth);
  CHECK(parse_discovery(document(methods + R"(["client_secret_post","client_secret_basic"])"), kIssuer)->basic_auth);
  CHECK(parse_discovery(document(methods + R"(["private_key_jwt"])"), kIssuer)->basic_auth);
  CHECK(parse_discovery(document(R"(,"authorization_response_iss_parameter_supported":true)"), kIssuer)->names_itself);
}

TEST_CASE("a discovery document of another issuer, or with bad URLs, is refused") {
  for (const std::string& other : {std::string(kIssuer) + "/", std::string("https://login.example.com"),
                                   std::string("https://LOGIN.example.com/t")})
    CHECK_FALSE(parse_discovery(document(), other));
  for (const std::string& bad : {std::string(), std::string("[]"), std::string("{}"), document("", ""),
                                 document("", "http://login.example.com/token"), document("", "file:///etc/passwd")}) {
    INFO(bad);
    const auto read = parse_discovery(bad, kIssuer);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::kUnavailable);
  }
}

TEST_CASE("an address is in exactly its domain") {
  CHECK(in_domains("a@example.com", {}));
  CHECK(in_domains("a@Example.COM", {"b.example", "example.com"}));
  for (const char* other : {"a@sub.example.com", "a@example.com.evil", "a@evilexample.com", "example.com", "", "a@"}) {
    INFO(other);
    CHECK_FALSE(in_domains(other, {"example.com"}));
  }
}

}  // namespace sluice::oidc
