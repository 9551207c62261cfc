// A large config must be affordable on every node, and a small change to it must be cheap.
#include <fmt/format.h>
#include <malloc.h>

#include <catch2/catch.hpp>

#include "tests/unit/snapshot/resources.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using snapshot::Builder;
using snapshot::Snapshot;

std::size_t allocated() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_CASE("100,000 keys and 10,000 accounts take about 60 MB, a change of one key almost nothing") {
  constexpr int kKeys = 100'000, kAccounts = 10'000, kUsers = 1'000, kGroups = 100;
  Model model;
  SnapshotPtr full;
  const std::size_t before = allocated();
  {
    Builder builder(Snapshot::empty(), Builder::Base::kEmpty);
    const auto apply = [&](const v1::Resource& one) {
      model.put(one);
      REQUIRE(builder.apply(list({one})));
    };
    for (int i = 0; i < kUsers; ++i)
      apply(user(i, 1));
    for (int i = 0; i < kGroups; ++i)
      apply(group(i, 1));
    for (int i = 0; i < kKeys; ++i)
      apply(key(i, 1, i % kUsers, i % kGroups));
    for (int i = 0; i < kAccounts; ++i)
      apply(account(i, 1, {i % kGroups}));
    for (int i = 0; i < kAccounts; ++i)
      apply(credential(i, 1));
    auto built = builder.finish(model.version());
    REQUIRE(built);
    full = *built;
  }
  const v1::Version version = model.version();
  model = Model();
  const std::size_t held = allocated() - before;
  fmt::print("snapshot of {} keys and {} accounts: {:.1f} MB\n", kKeys, kAccounts, static_cast<double>(held) / 1e6);
  CHECK(held < 80'000'000);
  CHECK(full->find_key(hmac(99'999)) != nullptr);

  const v1::Resource changed = key(5, 2, 6, 7);
  resource::Digest digest = full->tables().digest;
  digest.remove(resource::hash(key(5, 1, 5, 5)));
  digest.add(resource::hash(changed));
  v1::Version next = version;
  next.set_digest(digest.bytes());
  const std::size_t before_delta = allocated();
  const auto start = std::chrono::steady_clock::now();
  Builder delta(full, Builder::Base::kCurrent);
  REQUIRE(delta.apply(list({changed})));
  const auto built = delta.finish(next);
  REQUIRE(built);
  const auto took = std::chrono::steady_clock::now() - start;
  const std::size_t grown = allocated() - before_delta;
  fmt::print("change of one key: {} bytes, {} us\n", grown,
             std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  CHECK(grown < 200'000);
  CHECK((*built)->user((*built)->find_key(hmac(5))->user_id)->id == uuid(1, 6));
}

}  // namespace
