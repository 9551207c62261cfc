// What is remembered of issuers, for how long, and how many of them are asked at once.
#include "controlplane/oidc/issuers.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/integration/oidc/idp.h"
#include "tests/support/eventually.h"

namespace sluice::testing {

namespace {

struct Asker {
  ManualClock clock{RealClock().now()};
  oidc::Issuers issuers{{.allowed_networks = {*parse_network("127.0.0.0/8")}}, clock};
  Idp idp;
};

}  // namespace

TEST_CASE("what an issuer says is remembered for ten minutes, and a failure for some seconds") {
  Asker asker;
  const std::string issuer = asker.idp.issuer();
  const auto found = asker.issuers.find(issuer);
  REQUIRE(found);
  REQUIRE(asker.issuers.keys(*found, false));
  REQUIRE(asker.issuers.keys(*found, false));
  CHECK(asker.idp.key_reads() == 1);
  REQUIRE(asker.issuers.keys(*found, true));
  CHECK(asker.idp.key_reads() == 2);
  asker.idp.away = true;
  asker.clock.advance(oidc::kRemembered - std::chrono::seconds(1));
  CHECK(asker.issuers.find(issuer));
  CHECK(asker.issuers.keys(*found, false));
  asker.clock.advance(std::chrono::seconds(2));
  CHECK_FALSE(asker.issuers.find(issuer));
  CHECK_FALSE(asker.issuers.keys(*found, false));
  asker.idp.away = false;
  CHECK_FALSE(asker.issuers.find(issuer));
  asker.clock.advance(oidc::kPause);
  CHECK(asker.issuers.find(issuer));
  CHECK(asker.issuers.keys(*found, false));
}

TEST_CASE("an internal issuer is not asked unless it is listed") {
  Asker asker;
  oidc::Issuers careful({}, asker.clock);
  const auto found = careful.find(asker.idp.issuer());
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ErrorCode::kUnavailable);
  CHECK(found.error().message.find("internal address") != std::string::npos);
}

TEST_CASE("issuers that hang do not take all threads") {
  Asker asker;
  asker.idp.hangs = true;
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < oidc::kMostAtOnce; ++i) {
      threads.emplace_back([&] {
        if (asker.issuers.ask({.url = asker.idp.issuer() + "/keys"})) ++answered;
      });
    }
    CHECK(eventually(kGenerous, [&] { return asker.idp.waiting() == oidc::kMostAtOnce; }));
    const auto refused = asker.issuers.ask({.url = asker.idp.issuer() + "/keys"});
    CHECK((!refused && refused.error().code == ErrorCode::kResourceExhausted));
    // Being busy is not remembered as the issuer's fault.
    CHECK_FALSE(asker.issuers.find(asker.idp.issuer()));
    asker.idp.hangs = false;
  }
  CHECK(answered == oidc::kMostAtOnce);
  CHECK(asker.issuers.find(asker.idp.issuer()));
}

}  // namespace sluice::testing
