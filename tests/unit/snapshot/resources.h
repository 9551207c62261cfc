// Makers of pushed resources for tests, and a model of the control plane's set.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>

#include "common/resource/digest.h"
#include "common/resource/validate.h"
#include "dataplane/snapshot/builder.h"

namespace sluice::testing {

namespace v1 = config::v1;

inline std::string uuid(int kind, int number) {
  return fmt::format("01890a5d-ac96-7{:03x}-8000-{:012x}", kind, number);
}

inline v1::Resource raw(v1::Kind kind, const std::string& id, std::uint64_t revision, v1::State state,
                        std::string payload = "") {
  v1::Resource out;
  out.set_kind(kind);
  out.set_id(id);
  out.set_revision(revision);
  out.set_state(state);
  out.set_payload(std::move(payload));
  return out;
}

inline v1::Resource user(int number, std::uint64_t revision, v1::State state = v1::STATE_ACTIVE) {
  v1::User message;
  message.set_multiplier_ppm(1'000'000);
  v1::User moment;
  moment.set_balance_nano_usd(static_cast<std::int64_t>(revision) * 1'000);
  v1::Resource out = raw(v1::KIND_USER, uuid(1, number), revision, state, message.SerializeAsString());
  out.set_moment(moment.SerializeAsString());
  return out;
}

inline v1::Resource group(int number, std::uint64_t revision, v1::State state = v1::STATE_ACTIVE) {
  v1::Group message;
  message.set_multiplier_ppm(1'000'000);
  message.set_interruption_policy(v1::INTERRUPTION_POLICY_DRAIN);
  return raw(v1::KIND_GROUP, uuid(2, number), revision, state, message.SerializeAsString());
}

inline std::array<std::uint8_t, 32> hmac(int number) {
  std::array<std::uint8_t, 32> out{};
  for (std::size_t i = 0; i < 4; ++i)
    out[i] = static_cast<std::uint8_t>(number >> (8 * i));
  out[31] = 0xee;
  return out;
}

inline v1::Resource key(int number, std::uint64_t revision, int user_number, int group_number,
                        v1::State state = v1::STATE_ACTIVE) {
  v1::ApiKey message;
  message.set_user_id(uuid(1, user_number));
  message.set_group_id(uuid(2, group_number));
  const auto bytes = hmac(number);
  message.set_key_hmac(bytes.data(), bytes.size());
  message.set_pepper_version(1);
  return raw(v1::KIND_API_KEY, uuid(3, number), revision, state, message.SerializeAsString());
}

inline v1::Resource account(int number, std::uint64_t revision, const std::vector<int>& groups, int priority = 0,
                            v1::State state = v1::STATE_ACTIVE) {
  v1::Account message;
  message.set_display_name(fmt::format("account {}", number));
  message.set_provider("anthropic");
  message.set_base_url("https://api.anthropic.com/prefix");
  message.set_priority(priority);
  for (const int g : groups)
    message.add_group_ids(uuid(2, g));
  return raw(v1::KIND_ACCOUNT, uuid(4, number), revision, state, message.SerializeAsString());
}

inline v1::Resource credential(int account_number, std::uint64_t revision, v1::State state = v1::STATE_ACTIVE) {
  v1::Credential message;
  message.set_kind(v1::CREDENTIAL_KIND_API_KEY);
  message.set_secret(fmt::format("sk-{}-{}", account_number, revision));
  message.add_bound_hosts("api.anthropic.com:443");
  return raw(v1::KIND_CREDENTIAL, uuid(4, account_number), revision, state, message.SerializeAsString());
}

inline v1::Resource price(int number, std::uint64_t revision, const std::string& model, std::int64_t effective_seconds,
                          std::int64_t input, v1::State state = v1::STATE_ACTIVE) {
  v1::Price message;
  message.set_model(model);
  message.set_provider("anthropic");
  message.mutable_effective_at()->set_seconds(effective_seconds);
  message.set_input(input);
  return raw(v1::KIND_PRICE, uuid(5, number), revision, state, message.SerializeAsString());
}

// What the control plane has: the newest revision of every live resource.
class Model {
 public:
  void put(const v1::Resource& next) {
    const auto id = std::pair(next.kind(), next.id());
    if (const auto old = live_.find(id); old != live_.end()) {
      digest_.remove(resource::hash(old->second));
      live_.erase(old);
    }
    ++number_;
    if (next.state() == v1::STATE_DELETED) return;
    digest_.add(resource::hash(next));
    live_.emplace(id, next);
  }
  [[nodiscard]] v1::Version version() const {
    v1::Version out;
    out.set_epoch("e1");
    out.set_number(number_);
    out.set_digest(digest_.bytes());
    return out;
  }
  [[nodiscard]] google::protobuf::RepeatedPtrField<v1::Resource> all() const {
    google::protobuf::RepeatedPtrField<v1::Resource> out;
    for (const auto& [id, one] : live_)
      *out.Add() = one;
    return out;
  }

 private:
  std::map<std::pair<v1::Kind, std::string>, v1::Resource> live_;
  resource::Digest digest_;
  std::uint64_t number_ = 0;
};

using SnapshotPtr = std::shared_ptr<const snapshot::Snapshot>;
using Resources = google::protobuf::RepeatedPtrField<v1::Resource>;

inline Resources list(const std::vector<v1::Resource>& resources) {
  return {resources.begin(), resources.end()};
}

}  // namespace sluice::testing
