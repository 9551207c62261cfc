#include "controlplane/live/hub.h"

#include <algorithm>
#include <utility>

#include "common/observe/log.h"
#include "controlplane/db/transaction.h"
#include "controlplane/live/overview.h"

namespace sluice::live {

Hub::Hub(db::Pool& pool, const Clock& clock, std::string series, HubOptions options)
    : pool_(pool), clock_(clock), options_(options), log_(std::move(series)), thread_([this] { run(); }) {}

Hub::~Hub() {
  end();
  thread_.join();
}

Result<> Hub::add(std::shared_ptr<Watcher> watcher) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return fail(ErrorCode::kUnavailable, "the control plane is stopping");
  if (fresh_.size() + watchers_.size() >= options_.most_watchers) {
    return fail(ErrorCode::kResourceExhausted, "too many watch already: close a window, or come back");
  }
  fresh_.push_back(std::move(watcher));
  changed_.notify_all();
  return {};
}

void Hub::remove(const Watcher* watcher) {
  Watchers removed;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  for (Watchers* list : {&fresh_, &watchers_}) {
    const auto found = std::ranges::find_if(*list, [&](const auto& other) { return other.get() == watcher; });
    if (found == list->end()) continue;
    removed.push_back(std::move(*found));
    list->erase(found);
  }
}

void Hub::end() {
  Watchers ended;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ended = std::exchange(watchers_, {});
    std::ranges::move(std::exchange(fresh_, {}), std::back_inserter(ended));
    changed_.notify_all();
  }
  for (const auto& watcher : ended)
    watcher->end();
}

std::uint64_t Hub::number_of(const std::string& event_id) const {
  const std::lock_guard lock(mutex_);
  return log_.number_of(event_id);
}

std::optional<admin::v1::WatchOverviewResponse> Hub::take(std::uint64_t& seen) const {
  const std::lock_guard lock(mutex_);
  if (seen == log_.newest()) return std::nullopt;
  auto event = log_.after(seen);
  seen = log_.next(seen);
  return event;
}

std::size_t Hub::watchers() const {
  const std::lock_guard lock(mutex_);
  return fresh_.size() + watchers_.size();
}

Hub::Watchers Hub::all() const {
  const std::lock_guard lock(mutex_);
  return watchers_;
}

// Without watchers it sleeps: who comes first waits for one look.
void Hub::run() {
  SteadyTime next_look{};
  for (;;) {
    Watchers fresh;
    {
      std::unique_lock lock(mutex_);
      const auto called = [this] { return stopping_ || !fresh_.empty(); };
      if (watchers_.empty()) {
        changed_.wait(lock, called);
      } else {
        changed_.wait_until(lock, next_look, called);
      }
      if (stopping_) return;
      fresh = fresh_;
    }
    if (clock_.steady() >= next_look) {
      look();
      next_look = clock_.steady() + options_.every;
      // Also without news: a watcher minds its time.
      for (const auto& watcher : all())
        watcher->news();
    }
    begin(fresh);
  }
}

void Hub::begin(const Watchers& fresh) {
  for (const auto& watcher : fresh) {
    const bool taken = watcher->begin();
    {
      const std::lock_guard lock(mutex_);
      // It may have left meanwhile.
      const auto found = std::ranges::find(fresh_, watcher);
      if (found == fresh_.end()) continue;
      fresh_.erase(found);
      if (taken) watchers_.push_back(watcher);
    }
    if (taken) watcher->news();
  }
}

void Hub::look() {
  const SystemTime now = clock_.now();
  auto overview = db::in_transaction(pool_, [&](db::Transaction& tx) { return load_overview(tx, now); });
  if (!overview) {
    if (!std::exchange(failing_, true)) {
      observe::log(observe::Level::kWarn, "overview_cannot_be_read", {{"reason", overview.error().message}});
    }
    return;
  }
  failing_ = false;
  if (clock_.steady() >= next_traffic_) {
    auto traffic =
        db::in_transaction(pool_, [&](db::Transaction& tx) { return load_traffic(tx, now); }, {.attempts = 1});
    traffic_ = traffic ? std::optional(std::move(*traffic)) : std::nullopt;
    next_traffic_ = clock_.steady() + options_.traffic_every;
  }
  if (traffic_) *overview->mutable_traffic() = *traffic_;
  const std::lock_guard lock(mutex_);
  (void)log_.update(std::move(*overview));
}

}  // namespace sluice::live
