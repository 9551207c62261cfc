#include <catch2/catch.hpp>

#include "dataplane/snapshot/make_entry.h"
#include "tests/unit/snapshot/resources.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using snapshot::Builder;
using snapshot::Snapshot;

constexpr SystemTime kNow{std::chrono::seconds(1'000'000)};

v1::Resource replaced(int id, std::uint64_t revision, int hmac_byte, int previous_byte) {
  v1::Resource resource = key(id, revision, 1, 1);
  v1::ApiKey message;
  REQUIRE(message.ParseFromString(resource.payload()));
  const auto bytes = [](int n) {
    const auto value = hmac(n);
    return std::string(value.begin(), value.end());
  };
  message.set_key_hmac(bytes(hmac_byte));
  message.set_previous_hmac(bytes(previous_byte));
  message.mutable_previous_until()->set_seconds(1'000'010);
  resource.set_payload(message.SerializeAsString());
  return resource;
}

SnapshotPtr apply(Model& model, const SnapshotPtr& current, const std::vector<v1::Resource>& changes) {
  for (const v1::Resource& change : changes)
    model.put(change);
  Builder builder(current, Builder::Base::kCurrent);
  REQUIRE(builder.apply(list(changes)));
  const Result<SnapshotPtr> built = builder.finish(model.version());
  REQUIRE(built);
  return *built;
}

}  // namespace

TEST_CASE("the key that another replaced is found until its time is over") {
  Model model;
  SnapshotPtr now = apply(model, Snapshot::empty(), {user(1, 1), group(1, 1), key(1, 1, 1, 1)});
  now = apply(model, now, {replaced(1, 2, 7, 1)});
  REQUIRE(now->find_key(hmac(7)) != nullptr);
  CHECK(now->find_key(hmac(1)) == nullptr);
  REQUIRE(now->find_successor(hmac(1), kNow) != nullptr);
  CHECK(now->find_successor(hmac(1), kNow)->id == uuid(3, 1));
  CHECK(now->find_successor(hmac(1), kNow + std::chrono::seconds(10)) == nullptr);
  CHECK(now->find_successor(hmac(7), kNow) == nullptr);

  // Replaced once more: only the last one still works.
  now = apply(model, now, {replaced(1, 3, 8, 7)});
  CHECK(now->find_successor(hmac(1), kNow) == nullptr);
  CHECK(now->find_successor(hmac(7), kNow) != nullptr);
  now = apply(model, now, {key(1, 4, 1, 1)});
  CHECK(now->find_successor(hmac(7), kNow) == nullptr);
}

TEST_CASE("a key's models are names, or beginnings of names") {
  snapshot::Row<snapshot::KeyEntry> row;
  CHECK(row.entry.permits("anything"));
  row.entry.rules = std::make_unique<const snapshot::KeyRules>(snapshot::KeyRules{
      .allow_networks = {}, .deny_networks = {}, .models = {"claude-a", "gpt-*"}, .previous_hmac = {}});
  CHECK(row.entry.permits("claude-a"));
  CHECK_FALSE(row.entry.permits("claude-ab"));
  CHECK(row.entry.permits("gpt-"));
  CHECK(row.entry.permits("gpt-5-mini"));
  CHECK_FALSE(row.entry.permits("my-gpt-5"));
}
