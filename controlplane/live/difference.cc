#include <google/protobuf/util/message_differencer.h>

#include <map>

#include "controlplane/live/overview.h"

namespace sluice::live {

namespace {

using google::protobuf::util::MessageDifferencer;

template <class Item>
void compare(const google::protobuf::RepeatedPtrField<Item>& before,
             const google::protobuf::RepeatedPtrField<Item>& after, google::protobuf::RepeatedPtrField<Item>& changed,
             google::protobuf::RepeatedPtrField<std::string>& removed) {
  std::map<std::string_view, const Item*> old;
  for (const Item& item : before)
    old.emplace(item.id(), &item);
  for (const Item& item : after) {
    const auto found = old.find(item.id());
    if (found == old.end() || !MessageDifferencer::Equals(*found->second, item)) *changed.Add() = item;
    if (found != old.end()) old.erase(found);
  }
  for (const auto& [id, item] : old)
    *removed.Add() = item->id();
}

}  // namespace

admin::v1::OverviewDelta difference(const admin::v1::Overview& before, const admin::v1::Overview& after) {
  admin::v1::OverviewDelta delta;
  compare(before.nodes(), after.nodes(), *delta.mutable_nodes(), *delta.mutable_removed_node_ids());
  compare(before.accounts(), after.accounts(), *delta.mutable_accounts(), *delta.mutable_removed_account_ids());
  if (!MessageDifferencer::Equals(before.traffic(), after.traffic())) *delta.mutable_traffic() = after.traffic();
  return delta;
}

bool is_empty(const admin::v1::OverviewDelta& delta) {
  return delta.ByteSizeLong() == 0;
}

}  // namespace sluice::live
