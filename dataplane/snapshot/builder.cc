#include "dataplane/snapshot/builder.h"

#include <fmt/format.h>

#include "common/resource/limits.h"
#include "common/resource/validate.h"
#include "dataplane/snapshot/make_entry.h"

namespace sluice::snapshot {

using config::v1::Resource;

namespace {

template <class Entry>
struct MessageOf;
template <>
struct MessageOf<SettingsEntry> : std::type_identity<config::v1::Settings> {};
template <>
struct MessageOf<UserEntry> : std::type_identity<config::v1::User> {};
template <>
struct MessageOf<KeyEntry> : std::type_identity<config::v1::ApiKey> {};
template <>
struct MessageOf<GroupEntry> : std::type_identity<config::v1::Group> {};
template <>
struct MessageOf<AccountEntry> : std::type_identity<config::v1::Account> {};
template <>
struct MessageOf<CredentialEntry> : std::type_identity<config::v1::Credential> {};
template <>
struct MessageOf<EgressProxyEntry> : std::type_identity<config::v1::EgressProxy> {};
template <>
struct MessageOf<PriceEntry> : std::type_identity<config::v1::Price> {};

}  // namespace

Builder::Builder(std::shared_ptr<const Snapshot> current, Base base)
    : current_(std::move(current)),
      next_(base == Base::kCurrent ? std::make_unique<Tables>(current_->tables()) : std::make_unique<Tables>()),
      rejected_(*next_->rejected),
      count_(base == Base::kCurrent ? current_->size() : 0) {}

Result<> Builder::apply(const google::protobuf::RepeatedPtrField<Resource>& resources) {
  for (const bool deletions : {true, false}) {
    for (const Resource& resource : resources) {
      if ((resource.state() == config::v1::STATE_DELETED) != deletions) continue;
      if (Result<> applied = apply_one(resource); !applied) return applied;
    }
  }
  return {};
}

Result<> Builder::apply_one(const Resource& resource) {
  const Tables& lender = current_->tables();
  Tables& next = *next_;
  switch (resource.kind()) {
    case config::v1::KIND_SETTINGS:
      return apply_to(next.settings, lender.settings, resource);
    case config::v1::KIND_USER:
      return apply_to(next.users, lender.users, resource);
    case config::v1::KIND_API_KEY:
      return apply_to(next.keys, lender.keys, resource);
    case config::v1::KIND_GROUP:
      return apply_to(next.groups, lender.groups, resource);
    case config::v1::KIND_ACCOUNT:
      return apply_to(next.accounts, lender.accounts, resource);
    case config::v1::KIND_CREDENTIAL:
      return apply_to(next.credentials, lender.credentials, resource);
    case config::v1::KIND_EGRESS_PROXY:
      return apply_to(next.egress_proxies, lender.egress_proxies, resource);
    case config::v1::KIND_PRICE:
      return apply_to(next.prices, lender.prices, resource);
    default:
      break;
  }
  // A kind of a newer control plane: counted and named, so that the digest agrees and a newer build can use it.
  forget_rejected({resource.kind(), resource.id()});
  if (resource.state() != config::v1::STATE_DELETED) reject(resource, "this build does not know the kind");
  return {};
}

template <class Entry>
Result<> Builder::apply_to(Table<Entry>& table, const Table<Entry>& lender, const Resource& resource) {
  const ResourceKey key{resource.kind(), resource.id()};
  const auto refused = rejected_.find(key);
  const Row<Entry>* held = table.find(resource.id());
  const std::uint64_t newest = refused != rejected_.end() ? refused->second.resource.revision()
                               : held != nullptr          ? held->revision
                                                          : 0;
  if (resource.revision() < newest) {
    return fail(ErrorCode::kFailedPrecondition,
                fmt::format("{} {} would go back from revision {} to {}", resource::name(resource.kind()),
                            resource.id(), newest, resource.revision()));
  }
  // A row that a refused revision stands before is not counted in the digest.
  if (refused != rejected_.end()) {
    forget_rejected(key);
  } else if (held != nullptr) {
    next_->digest.remove(held->hash);
    --count_;
  }
  if (resource.state() == config::v1::STATE_DELETED) {
    erase(table, resource.id());
    return {};
  }
  if (count_ >= resource::kMaxResources || next_->payload_bytes > resource::kMaxTotalBytes) {
    return fail(ErrorCode::kResourceExhausted, "the config is larger than a node takes");
  }
  Result<std::shared_ptr<const Row<Entry>>> row = decode<Entry>(resource);
  if (!row) {
    keep_good_revision(table, lender, resource);
    reject(resource, std::move(row.error().message));
    return {};
  }
  next_->digest.add((*row)->hash);
  ++count_;
  put(table, std::move(*row));
  return {};
}

template <class Entry>
Result<std::shared_ptr<const Row<Entry>>> Builder::decode(const Resource& resource) const {
  using Message = typename MessageOf<Entry>::type;
  if (Result<> known = resource::validate_envelope(resource.kind(), resource.id(), resource.state()); !known) {
    return std::unexpected(std::move(known.error()));
  }
  Result<Message> message = resource::decode<Message>(resource.payload(), resource.moment());
  if (!message) return std::unexpected(std::move(message.error()));
  auto row = std::make_shared<Row<Entry>>();
  row->revision = resource.revision();
  row->state = resource.state();
  row->hash = resource::hash(resource);
  row->payload = resource.payload();
  row->moment = resource.moment();
  row->entry.id = resource.id();
  row->entry.active = resource.state() == config::v1::STATE_ACTIVE;
  if (Result<> filled = fill(*row, std::move(*message)); !filled) return std::unexpected(std::move(filled.error()));
  if constexpr (std::is_same_v<Entry, KeyEntry>) {
    const Row<KeyEntry>* other = next_->keys_by_hmac.find(row->entry.hmac);
    if (other != nullptr && other->entry.id != row->entry.id) {
      return fail(ErrorCode::kAlreadyExists, fmt::format("key_hmac is already that of key {}", other->entry.id));
    }
  }
  return std::shared_ptr<const Row<Entry>>(std::move(row));
}

template <class Entry>
void Builder::keep_good_revision(Table<Entry>& table, const Table<Entry>& lender, const Resource& refused) {
  const Row<Entry>* good = table.find(refused.id());
  if (good == nullptr) good = lender.find(refused.id());
  if (good == nullptr) return;
  const bool keeps_state = refused.state() == config::v1::STATE_ACTIVE || good->state == config::v1::STATE_DISABLED;
  Resource kept;
  kept.set_kind(refused.kind());
  kept.set_id(refused.id());
  kept.set_revision(good->revision);
  kept.set_state(keeps_state ? good->state : config::v1::STATE_DISABLED);
  kept.set_payload(good->payload);
  kept.set_moment(good->moment);
  // Decoded again rather than copied: a row may view into its own payload. What was good cannot fail, but for a key
  // whose HMAC another key has taken meanwhile: that one must not work any more.
  if (Result<std::shared_ptr<const Row<Entry>>> row = decode<Entry>(kept)) {
    put(table, std::move(*row));
  } else {
    erase(table, refused.id());
  }
}

template <class Entry>
void Builder::put(Table<Entry>& table, std::shared_ptr<const Row<Entry>> next) {
  erase(table, next->entry.id);
  next_->payload_bytes += next->payload.size();
  index(next);
  table.put(std::move(next));
}

template <class Entry>
void Builder::erase(Table<Entry>& table, std::string_view id) {
  const std::shared_ptr<const Row<Entry>> old = table.share(id);
  if (old == nullptr) return;
  next_->payload_bytes -= old->payload.size();
  unindex(*old);
  table.erase(id);
}

void Builder::reject(const Resource& resource, std::string reason) {
  config::v1::Rejection& note = rejections_.emplace_back();
  note.set_kind(resource.kind());
  note.set_id(resource.id());
  note.set_revision(resource.revision());
  note.set_reason(reason);
  const resource::ResourceHash hash = resource::hash(resource);
  next_->digest.add(hash);
  next_->payload_bytes += resource.payload().size();
  ++count_;
  rejected_.insert_or_assign({resource.kind(), resource.id()}, Rejected{resource, std::move(reason), hash});
}

void Builder::forget_rejected(const ResourceKey& key) {
  const auto found = rejected_.find(key);
  if (found == rejected_.end()) return;
  next_->digest.remove(found->second.hash);
  next_->payload_bytes -= found->second.resource.payload().size();
  --count_;
  rejected_.erase(found);
}

Result<std::shared_ptr<const Snapshot>> Builder::finish(const config::v1::Version& target) {
  next_->digest_bytes = next_->digest.bytes();
  if (next_->digest_bytes != target.digest()) {
    return fail(ErrorCode::kDataLoss,
                fmt::format("config version {} does not have the digest it should have", target.number()));
  }
  next_->epoch = target.epoch();
  next_->number = target.number();
  rebuild_groups();
  rebuild_models();
  next_->count = count_;
  next_->rejected = std::make_shared<const RejectedMap>(std::move(rejected_));
  return std::make_shared<const Snapshot>(std::unique_ptr<const Tables>(std::move(next_)));
}

}  // namespace sluice::snapshot
