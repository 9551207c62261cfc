#include "controlplane/bootstrap/database_probe.h"

#include <chrono>

#include "common/observe/log.h"

namespace sluice::bootstrap {

namespace {

constexpr std::chrono::milliseconds kEvery{500};
constexpr std::chrono::milliseconds kPatience{1'000};

std::string ask(db::Pool& pool) {
  auto lease = pool.acquire(kPatience);
  // All connections are busy, so the database works.
  if (!lease && lease.error().code == ErrorCode::kResourceExhausted) return {};
  if (!lease) return lease.error().message;
  const auto answered = (*lease)->exec("SELECT 1");
  return answered ? std::string() : answered.error().message;
}

}  // namespace

DatabaseProbe::DatabaseProbe(db::Pool& pool) : pool_(pool), thread_([this] { run(); }) {}

DatabaseProbe::~DatabaseProbe() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::string DatabaseProbe::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void DatabaseProbe::run() {
  std::unique_lock lock(mutex_);
  bool was_good = true;
  while (!stopping_) {
    lock.unlock();
    std::string found = ask(pool_);
    const bool good = found.empty();
    if (good != was_good) {
      using observe::Level;
      observe::log(good ? Level::kInfo : Level::kWarn, good ? "database_back" : "database_away", {{"cause", found}});
      was_good = good;
    }
    lock.lock();
    problem_ = std::move(found);
    wake_.wait_for(lock, kEvery, [this] { return stopping_; });
  }
}

}  // namespace sluice::bootstrap
