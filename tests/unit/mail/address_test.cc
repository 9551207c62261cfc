#include "controlplane/mail/address.h"

#include <catch2/catch.hpp>

namespace sluice::mail {

TEST_CASE("addresses that every server takes are allowed") {
  for (const char* good : {"ada@example.com", "a.b+c@x-y.example", "o'neil@example.com", "root@localhost"}) {
    INFO(good);
    CHECK(check_address("email", good));
  }
  CHECK(domain_of("Ada@Example.COM") == "example.com");
  CHECK(domain_of("nobody").empty());
}

TEST_CASE("addresses that could break out of a header or a command are not") {
  const std::string long_part(65, 'a');
  const std::string long_label(64, 'a');
  for (const std::string& bad :
       {std::string("ada"), std::string("@example.com"), std::string("ada@"), std::string("ada @example.com"),
        std::string("ada@exam ple.com"), std::string("ada@example.com\r\nBcc: x@example.com"),
        std::string("<ada@example.com>"), std::string("a,b@example.com"), std::string("ada..b@example.com"),
        std::string(".ada@example.com"), std::string("ada@-example.com"), std::string("ada@example..com"),
        std::string("\"a b\"@example.com"), std::string("ada@[127.0.0.1]"), std::string("ad\xc3\xa4@example.com"),
        std::string("a\0b@example.com", 15), long_part + "@example.com", "a@" + long_label + ".com",
        "a@" + std::string(260, 'b')}) {
    INFO(bad);
    const Result<> checked = check_address("email", bad);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::kInvalidArgument);
    CHECK(checked.error().message.starts_with("email: "));
  }
}

}  // namespace sluice::mail
