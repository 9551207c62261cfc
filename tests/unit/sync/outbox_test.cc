#include "dataplane/sync/outbox.h"

#include <catch2/catch.hpp>

namespace sluice::sync {

namespace {

config::v1::SubscribeRequest report(std::uint64_t revision) {
  config::v1::SubscribeRequest message;
  message.mutable_credential_report()->set_revision(revision);
  return message;
}

}  // namespace

TEST_CASE("an outbox keeps the newest in order and gives everything out once") {
  Outbox outbox(3);
  CHECK(outbox.take().empty());
  for (std::uint64_t n = 1; n <= 5; ++n)
    outbox.put(report(n));
  const auto taken = outbox.take();
  REQUIRE(taken.size() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(taken[i].credential_report().revision() == 3 + i);
  CHECK(outbox.take().empty());
}

}  // namespace sluice::sync
