// Builds the next Snapshot beside the current one. A snapshot from the control plane is a delta on the empty set, so
// one function applies both. One thread; nothing of it is seen by anyone before finish() succeeds.
//
// A resource that does not validate is refused alone: an active one keeps its last good revision (a new one is absent),
// DISABLED and DELETED are obeyed even if the payload is unreadable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/snapshot/tables.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::snapshot {

class Builder {
 public:
  enum class Base : std::uint8_t {
    kCurrent,  // a delta: changes to what the node has
    kEmpty,    // a snapshot: everything; the current one only lends its good revisions to rejected resources
  };
  Builder(std::shared_ptr<const Snapshot> current, Base base);

  // One message's resources, deletions first. Fails only for the change set as a whole: a limit, or a delta that goes
  // back to an older revision. The builder is useless after that.
  [[nodiscard]] Result<> apply(const google::protobuf::RepeatedPtrField<config::v1::Resource>& resources);

  // The new Snapshot; kDataLoss if the digest is not `target`'s. Call once.
  [[nodiscard]] Result<std::shared_ptr<const Snapshot>> finish(const config::v1::Version& target);

  // What apply() refused so far.
  [[nodiscard]] const std::vector<config::v1::Rejection>& rejections() const { return rejections_; }

 private:
  [[nodiscard]] Result<> apply_one(const config::v1::Resource& resource);
  // `lender`: where a refused resource finds its last good revision if `table` has none.
  template <class Entry>
  [[nodiscard]] Result<> apply_to(Table<Entry>& table, const Table<Entry>& lender,
                                  const config::v1::Resource& resource);
  template <class Entry>
  [[nodiscard]] Result<std::shared_ptr<const Row<Entry>>> decode(const config::v1::Resource& resource) const;
  template <class Entry>
  void keep_good_revision(Table<Entry>& table, const Table<Entry>& lender, const config::v1::Resource& refused);
  template <class Entry>
  void put(Table<Entry>& table, std::shared_ptr<const Row<Entry>> next);
  template <class Entry>
  void erase(Table<Entry>& table, std::string_view id);
  void reject(const config::v1::Resource& resource, std::string reason);
  void forget_rejected(const ResourceKey& key);

  template <class Entry>
  void unindex(const Row<Entry>&) {}
  void unindex(const Row<KeyEntry>& row);
  void unindex(const Row<GroupEntry>& row);
  void unindex(const Row<AccountEntry>& row);
  void unindex(const Row<PriceEntry>& row);
  template <class Entry>
  void index(const std::shared_ptr<const Row<Entry>>&) {}
  void index(const std::shared_ptr<const Row<KeyEntry>>& row);
  void index(const std::shared_ptr<const Row<GroupEntry>>& row);
  void index(const std::shared_ptr<const Row<AccountEntry>>& row);
  void index(const std::shared_ptr<const Row<PriceEntry>>& row);
  void rebuild_groups();
  void rebuild_models();

  std::shared_ptr<const Snapshot> current_;
  std::unique_ptr<Tables> next_;
  RejectedMap rejected_;
  std::size_t count_;
  std::vector<config::v1::Rejection> rejections_;
  // Which parts of the two indexes must be put together again, and what goes in: id -> row, null where it went away.
  std::map<std::string, std::map<std::string, const AccountEntry*>> touched_groups_;
  std::map<std::string, std::map<std::string, const PriceEntry*>> touched_models_;
};

}  // namespace sluice::snapshot
