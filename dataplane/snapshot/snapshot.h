// One state of the whole config on a node: immutable, shared by every worker, replaced as a whole. Reading needs no
// lock and no I/O. Pointers, spans and views from it live as long as the Snapshot. Built by
// dataplane/snapshot/builder.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/snapshot/entries.h"

namespace sluice::snapshot {

struct Tables;

class Snapshot {
 public:
  // For the builder. Use empty() otherwise.
  explicit Snapshot(std::unique_ptr<const Tables> tables);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // The one without any resource: every lookup finds nothing, settings are the built-in ones.
  [[nodiscard]] static std::shared_ptr<const Snapshot> empty();

  // Every lookup is null where the object is unknown. An object that is there may be inactive: look at `active`.
  [[nodiscard]] const KeyEntry* find_key(std::span<const std::uint8_t, 32> hmac) const;
  // The key that replaced the one with this HMAC, while the old one still works.
  [[nodiscard]] const KeyEntry* find_successor(std::span<const std::uint8_t, 32> hmac, SystemTime at) const;
  [[nodiscard]] const UserEntry* user(std::string_view id) const;
  [[nodiscard]] const GroupEntry* group(std::string_view id) const;
  [[nodiscard]] const AccountEntry* account(std::string_view id) const;
  [[nodiscard]] const EgressProxyEntry* egress_proxy(std::string_view id) const;
  // Null as well where the credential is disabled: an account without a usable credential serves nobody.
  [[nodiscard]] const CredentialEntry* credential(std::string_view account_id) const;

  // Accounts that name this group, by priority and then id; inactive ones included.
  [[nodiscard]] std::span<const AccountEntry* const> accounts_of_group(std::string_view group_id) const;
  // The newest price of the model that is active and effective at `at`.
  [[nodiscard]] const PriceEntry* price(std::string_view model, SystemTime at) const;
  // The price in effect of every model that has one, by model name.
  [[nodiscard]] std::vector<const PriceEntry*> models(SystemTime at) const;
  [[nodiscard]] const config::v1::Settings& settings() const;

  [[nodiscard]] std::uint64_t version_number() const;
  [[nodiscard]] std::string_view epoch() const;
  // 32 bytes (common/resource/digest.h).
  [[nodiscard]] std::string_view digest() const;
  // Live resources, rejected ones included.
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] const Tables& tables() const { return *tables_; }

 private:
  std::unique_ptr<const Tables> tables_;
};

}  // namespace sluice::snapshot
