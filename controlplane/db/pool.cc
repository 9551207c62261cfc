#include "controlplane/db/pool.h"

#include <algorithm>
#include <thread>

#include "common/base/random.h"

namespace sluice::db {
namespace {

constexpr std::chrono::milliseconds kFirstRedial{20};
constexpr std::chrono::milliseconds kLastRedial{500};

}  // namespace

Pool::Pool(PoolOptions options) : options_(std::move(options)) {}

Pool::Lease::~Lease() {
  if (pool_ != nullptr) pool_->give_back(std::move(connection_));
}

Result<Pool::Lease> Pool::acquire() {
  return acquire(options_.acquire_limit);
}

Result<Pool::Lease> Pool::acquire(std::chrono::milliseconds limit) {
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(mutex_);
  ++stats_.waiting;
  const bool free = changed_.wait_until(lock, deadline, [this] { return stats_.in_use < options_.size; });
  --stats_.waiting;
  if (!free) {
    ++stats_.timeouts;
    return fail(ErrorCode::kResourceExhausted, "all database connections stayed busy");
  }
  ++stats_.in_use;
  while (!idle_.empty()) {
    Connection connection = std::move(idle_.back());
    idle_.pop_back();
    if (!connection.disturbed()) return Lease(this, std::move(connection));
    ++stats_.dropped_broken;
  }
  lock.unlock();
  auto opened = open_until(deadline);
  lock.lock();
  if (opened) {
    ++stats_.opened;
    return Lease(this, std::move(*opened));
  }
  --stats_.in_use;
  changed_.notify_one();
  return std::unexpected(opened.error());
}

Result<Connection> Pool::open_until(Deadline deadline) {
  auto pause = kFirstRedial;
  for (;;) {
    auto opened = Connection::open(std::string(options_.conninfo.reveal()), options_.connect);
    if (opened) return opened;
    {
      const std::lock_guard lock(mutex_);
      ++stats_.open_failures;
    }
    if (opened.error().code != ErrorCode::kUnavailable) return opened;
    const auto jittered = pause / 2 + std::chrono::milliseconds(random_below(pause.count() / 2 + 1));
    if (std::chrono::steady_clock::now() + jittered >= deadline) return opened;
    std::this_thread::sleep_for(jittered);
    pause = std::min(pause * 2, kLastRedial);
  }
}

void Pool::give_back(Connection connection) {
  if (connection.healthy() && connection.in_transaction()) (void)connection.exec("ROLLBACK");
  const bool usable = connection.healthy() && !connection.in_transaction();
  const std::lock_guard lock(mutex_);
  --stats_.in_use;
  if (usable) {
    idle_.push_back(std::move(connection));
  } else {
    ++stats_.dropped_broken;
  }
  changed_.notify_one();
}

PoolStats Pool::stats() const {
  const std::lock_guard lock(mutex_);
  PoolStats out = stats_;
  out.idle = idle_.size();
  return out;
}

}  // namespace sluice::db
