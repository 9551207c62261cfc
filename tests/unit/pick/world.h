// A config of accounts for tests of the choice, changed by deltas as on a node.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "dataplane/pick/candidates.h"
#include "tests/unit/snapshot/resources.h"

namespace sluice::testing {

inline constexpr std::string_view kModel = "model-a";
inline constexpr std::string_view kProvider = "anthropic";

struct AccountSpec {
  std::vector<int> groups = {1};
  int priority = 0;
  std::uint32_t concurrency = 0;
  std::vector<std::string> models = {};
  std::map<std::string, std::string> mapping = {};
  std::string provider = "anthropic";
  std::vector<int> proxies = {};
  v1::State state = v1::STATE_ACTIVE;
};

inline v1::Resource account_of(int number, std::uint64_t revision, const AccountSpec& spec) {
  v1::Account message;
  message.set_display_name("account");
  message.set_provider(spec.provider);
  message.set_base_url("https://api.anthropic.com");
  message.set_priority(spec.priority);
  message.set_concurrency(spec.concurrency);
  for (const int group : spec.groups)
    message.add_group_ids(uuid(2, group));
  for (const std::string& model : spec.models)
    message.add_models(model);
  message.mutable_model_mapping()->insert(spec.mapping.begin(), spec.mapping.end());
  for (const int proxy : spec.proxies)
    message.add_egress_proxy_ids(uuid(6, proxy));
  return raw(v1::KIND_ACCOUNT, uuid(4, number), revision, spec.state, message.SerializeAsString());
}

inline v1::Resource proxy_of(int number, std::uint64_t revision, v1::State state) {
  v1::EgressProxy message;
  message.set_url("http://proxy.example:3128");
  return raw(v1::KIND_EGRESS_PROXY, uuid(6, number), revision, state, message.SerializeAsString());
}

inline v1::Resource credential_until(int number, std::uint64_t revision, SystemTime until) {
  v1::Resource out = credential(number, revision);
  v1::Credential message;
  message.ParseFromString(out.payload());
  message.mutable_expires_at()->set_seconds(until.time_since_epoch().count() / 1'000'000);
  out.set_payload(message.SerializeAsString());
  return out;
}

class World {
 public:
  // One delta; `snapshot` is the newest afterwards.
  void apply(const std::vector<v1::Resource>& resources) {
    for (const v1::Resource& one : resources)
      model_.put(one);
    snapshot::Builder builder(snapshot, snapshot::Builder::Base::kCurrent);
    if (const auto applied = builder.apply(list(resources)); !applied)
      throw std::runtime_error(applied.error().message);
    if (!builder.rejections().empty()) throw std::runtime_error(builder.rejections().front().reason());
    auto next = builder.finish(model_.version());
    if (!next) throw std::runtime_error(next.error().message);
    snapshot = std::move(*next);
  }
  // With a credential.
  void add(int number, const AccountSpec& spec) {
    apply({account_of(number, ++revision, spec), credential(number, ++revision)});
  }
  void add_many(int first, int count, const AccountSpec& spec) {
    std::vector<v1::Resource> resources;
    for (int i = first; i < first + count; ++i) {
      resources.push_back(account_of(i, ++revision, spec));
      resources.push_back(credential(i, ++revision));
    }
    apply(resources);
  }

  SnapshotPtr snapshot = snapshot::Snapshot::empty();
  std::uint64_t revision = 0;

 private:
  Model model_;
};

// What a test knows to be blocked; asks it of the chooser under test.
struct Blocks {
  std::map<std::string, pick::Blocked> by_account;
  int asked = 0;

  [[nodiscard]] pick::BlockedFn fn() {
    return [this](const snapshot::AccountEntry& account, const snapshot::CredentialEntry&, std::string_view,
                  SystemTime) -> std::optional<pick::Blocked> {
      ++asked;
      const auto found = by_account.find(account.id);
      return found == by_account.end() ? std::nullopt : std::optional(found->second);
    };
  }
};

inline constexpr SystemTime kNow{std::chrono::seconds(1'790'000'000)};
inline constexpr SteadyTime kSteady{std::chrono::hours(24)};

inline pick::ChooseAsk ask_of(const World& world, int group = 1) {
  static std::map<int, std::string> ids;
  return {.snapshot = *world.snapshot,
          .group_id = ids.try_emplace(group, uuid(2, group)).first->second,
          .provider = kProvider,
          .model = kModel,
          .sticky = {},
          .now = kNow,
          .steady = kSteady};
}

inline std::vector<std::string> ids_of(const pick::Selection& selection) {
  std::vector<std::string> out;
  for (const pick::Candidate& candidate : selection.candidates())
    out.push_back(candidate.account->id);
  return out;
}

inline pick::Skip skip_of(const pick::Selection& selection, const std::string& id) {
  for (const pick::Considered& one : selection.considered()) {
    if (one.account->id == id) return one.skip;
  }
  throw std::runtime_error("not considered: " + id);
}

}  // namespace sluice::testing
