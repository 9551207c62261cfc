// Random changes, taken as deltas in random groups, must lead to the same content as one snapshot of the result.
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/snapshot/resources.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using snapshot::Builder;
using snapshot::Snapshot;

// Every row, every index entry and every refused resource as text.
std::map<std::string, std::string> content(const Snapshot& of) {
  std::map<std::string, std::string> out;
  const snapshot::Tables& tables = of.tables();
  for_each_row(tables, [&](v1::Kind kind, const auto& row) {
    out[fmt::format("row {} {}", static_cast<int>(kind), row.entry.id)] =
        fmt::format("{} {} {} {}", row.revision, static_cast<int>(row.state), row.entry.active, row.payload);
  });
  tables.keys_by_hmac.for_each([&](const auto& row) { out["hmac " + std::string(row.entry.hmac)] = row.entry.id; });
  tables.accounts_by_group.for_each([&](const snapshot::GroupAccounts& group) {
    for (const auto* entry : group.accounts)
      out["group " + group.group_id] += entry->id + " ";
  });
  tables.prices_by_model.for_each([&](const snapshot::ModelPrices& model) {
    for (const auto* entry : model.prices)
      out["model " + model.model] += fmt::format("{} {} ", entry->id, entry->input);
  });
  for (const auto& [id, rejected] : *tables.rejected) {
    out[fmt::format("rejected {} {}", static_cast<int>(id.first), id.second)] = rejected.resource.SerializeAsString();
  }
  return out;
}

v1::Resource random_change(std::mt19937& random, std::uint64_t revision) {
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
  const int number = below(12);
  const v1::State state = below(5) == 0 ? v1::STATE_DELETED : below(4) == 0 ? v1::STATE_DISABLED : v1::STATE_ACTIVE;
  switch (below(6)) {
    case 0:
      return user(number, revision, state);
    case 1:
      return group(number, revision, state);
    case 2:
      return key(number, revision, below(12), below(12), state);
    case 3:
      return account(number, revision, below(2) == 0 ? std::vector{1, below(3) + 2} : std::vector{below(4)}, below(3),
                     state);
    case 4:
      return credential(number, revision, state);
    default:
      return price(number, revision, fmt::format("model-{}", below(3)), below(1000), below(100), state);
  }
}

// A merged delta: the newest of each resource, in random order.
Resources merged(std::mt19937& random, const std::vector<v1::Resource>& changes) {
  std::map<std::pair<v1::Kind, std::string>, v1::Resource> newest;
  for (const v1::Resource& change : changes)
    newest.insert_or_assign({change.kind(), change.id()}, change);
  std::vector<v1::Resource> out;
  for (const auto& [id, change] : newest)
    out.push_back(change);
  std::ranges::shuffle(out, random);
  return list(out);
}

TEST_CASE("deltas in any grouping equal the snapshot") {
  const unsigned seed = GENERATE(take(40, random(0U, 1'000'000'000U)));
  CAPTURE(seed);
  std::mt19937 random(seed);
  Model model;
  SnapshotPtr node = Snapshot::empty();
  std::uint64_t revision = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<v1::Resource> changes(1 + random() % 9);
    for (v1::Resource& change : changes) {
      change = random_change(random, ++revision);
      model.put(change);
    }
    Builder delta(node, Builder::Base::kCurrent);
    REQUIRE(delta.apply(merged(random, changes)));
    const Result<SnapshotPtr> next = delta.finish(model.version());
    REQUIRE(next);
    node = *next;
  }
  Builder whole(Snapshot::empty(), Builder::Base::kEmpty);
  REQUIRE(whole.apply(model.all()));
  const Result<SnapshotPtr> full = whole.finish(model.version());
  REQUIRE(full);
  CHECK(content(*node) == content(**full));
  CHECK(node->digest() == (*full)->digest());
  CHECK(node->size() == (*full)->size());
  CHECK(node->tables().payload_bytes == (*full)->tables().payload_bytes);
}

TEST_CASE("deltas with unreadable payloads keep the digest") {
  const unsigned seed = GENERATE(take(20, random(0U, 1'000'000'000U)));
  CAPTURE(seed);
  std::mt19937 random(seed);
  Model model;
  SnapshotPtr node = Snapshot::empty();
  std::uint64_t revision = 0;
  for (int round = 0; round < 60; ++round) {
    v1::Resource change = random_change(random, ++revision);
    if (random() % 3 == 0) change.set_payload("\xff unreadable");
    model.put(change);
    Builder delta(node, Builder::Base::kCurrent);
    REQUIRE(delta.apply(list({change})));
    const Result<SnapshotPtr> next = delta.finish(model.version());
    REQUIRE(next);
    node = *next;
    // What the node holds besides never widens what was ordered.
    REQUIRE(node->size() == static_cast<std::size_t>(model.all().size()));
    for (const v1::Resource& one : model.all()) {
      if (one.kind() != v1::KIND_API_KEY || one.state() == v1::STATE_ACTIVE) continue;
      const auto* row = node->tables().keys.find(one.id());
      CHECK((row == nullptr || !row->entry.active));
    }
  }
}

}  // namespace
