#include "controlplane/publish/book.h"

#include <algorithm>

namespace sluice::publish {

using config::v1::Resource;

bool same(const Version& a, const Version& b) {
  return a.epoch() == b.epoch() && a.number() == b.number() && a.digest() == b.digest();
}

void Book::reset(const std::string& epoch, std::uint64_t number, std::vector<Resource> all, std::deque<Touch> history) {
  *this = Book();
  for (Resource& resource : all) {
    digest_.add(resource::hash(resource));
    ResourceKey key{resource.kind(), resource.id()};
    live_.insert_or_assign(std::move(key), std::make_shared<const Resource>(std::move(resource)));
  }
  released_.set_epoch(epoch);
  released_.set_number(number);
  released_.set_digest(digest_.bytes());
  known_since_ = history.empty() ? number : history.front().number - 1;
  history_ = std::move(history);
  digests_[number] = released_.digest();
}

const Resource* Book::newest_of(const ResourceKey& key) const {
  for (auto batch = waiting_.rbegin(); batch != waiting_.rend(); ++batch) {
    for (const ResourcePtr& changed : batch->changed) {
      if (changed->kind() != key.first || changed->id() != key.second) continue;
      return changed->state() == config::v1::STATE_DELETED ? nullptr : changed.get();
    }
  }
  const auto found = live_.find(key);
  return found == live_.end() ? nullptr : found->second.get();
}

void Book::add(std::uint64_t number, std::vector<Resource> changed, SteadyTime) {
  Batch batch;
  batch.digest = waiting_.empty() ? digest_ : waiting_.back().digest;
  for (Resource& resource : changed) {
    if (const Resource* old = newest_of({resource.kind(), resource.id()})) batch.digest.remove(resource::hash(*old));
    if (resource.state() != config::v1::STATE_DELETED) batch.digest.add(resource::hash(resource));
    batch.changed.push_back(std::make_shared<const Resource>(std::move(resource)));
  }
  batch.to.set_epoch(released_.epoch());
  batch.to.set_number(number);
  batch.to.set_digest(batch.digest.bytes());
  digests_[number] = batch.to.digest();
  waiting_.push_back(std::move(batch));
}

void Book::release_up_to(std::uint64_t number, SteadyTime now) {
  while (!waiting_.empty() && waiting_.front().to.number() <= number) {
    Batch& batch = waiting_.front();
    for (ResourcePtr& changed : batch.changed) {
      ResourceKey key{changed->kind(), changed->id()};
      history_.push_back({batch.to.number(), key, changed->revision(), now});
      if (changed->state() == config::v1::STATE_DELETED) {
        live_.erase(key);
      } else {
        live_.insert_or_assign(std::move(key), std::move(changed));
      }
    }
    released_ = batch.to;
    digest_ = batch.digest;
    waiting_.pop_front();
  }
  trim(now);
}

void Book::trim(SteadyTime now) {
  // A version's changes go together, or half of one would be taken for all of it.
  while (!history_.empty() && (history_.size() > kHistory || now - history_.front().at > kHistoryAge)) {
    known_since_ = history_.front().number;
    while (!history_.empty() && history_.front().number == known_since_)
      history_.pop_front();
  }
  digests_.erase(digests_.begin(), digests_.lower_bound(known_since_));
}

bool Book::is_waiting(const Version& version) const {
  return std::ranges::any_of(waiting_, [&](const Batch& batch) { return same(batch.to, version); });
}

std::optional<std::vector<ResourcePtr>> Book::delta(const Version& have, const Version& to) const {
  if (have.epoch() != to.epoch() || have.number() > to.number() || have.number() < known_since_) return std::nullopt;
  if (have.number() > released_.number() && !is_waiting(have)) return std::nullopt;
  // What an earlier process published is not known here; the node checks the digest of the result in any case.
  const auto known = digests_.find(have.number());
  if (known != digests_.end() && known->second != have.digest()) return std::nullopt;

  std::map<ResourceKey, ResourcePtr> merged;
  const auto first = std::ranges::upper_bound(history_, have.number(), {}, &Touch::number);
  for (auto touch = first; touch != history_.end(); ++touch) {
    const auto live = live_.find(touch->key);
    if (live != live_.end()) {
      merged.insert_or_assign(touch->key, live->second);
      continue;
    }
    auto gone = std::make_shared<Resource>();
    gone->set_kind(touch->key.first);
    gone->set_id(touch->key.second);
    gone->set_revision(touch->revision);
    gone->set_state(config::v1::STATE_DELETED);
    merged.insert_or_assign(touch->key, std::move(gone));
  }
  for (const Batch& batch : waiting_) {
    if (batch.to.number() <= have.number() || batch.to.number() > to.number()) continue;
    for (const ResourcePtr& changed : batch.changed) {
      merged.insert_or_assign(ResourceKey{changed->kind(), changed->id()}, changed);
    }
  }
  std::vector<ResourcePtr> out;
  out.reserve(merged.size());
  for (auto& [key, resource] : merged)
    out.push_back(std::move(resource));
  return out;
}

std::vector<ResourcePtr> Book::snapshot() const {
  std::vector<ResourcePtr> out;
  out.reserve(live_.size());
  for (const auto& [key, resource] : live_)
    out.push_back(resource);
  return out;
}

}  // namespace sluice::publish
