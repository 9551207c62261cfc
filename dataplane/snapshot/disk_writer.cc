#include "dataplane/snapshot/disk_writer.h"

#include <algorithm>
#include <utility>

namespace sluice::snapshot {

using std::chrono::steady_clock;

namespace {

constexpr int kRest = 10;  // times as long as the writing took

}  // namespace

DiskWriter::DiskWriter(const DiskCopy& copy, DiskWriterOptions options, Report report)
    : copy_(copy), options_(options), report_(std::move(report)), thread_([this] { run(); }) {}

DiskWriter::~DiskWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void DiskWriter::offer(std::shared_ptr<const Snapshot> snapshot) {
  {
    const std::lock_guard lock(mutex_);
    if (snapshot == saved_ && steady_clock::now() - saved_at_ < options_.renew) return;
    waiting_ = std::move(snapshot);
  }
  changed_.notify_one();
}

void DiskWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || waiting_ != nullptr; });
    if (waiting_ == nullptr) return;
    const std::shared_ptr<const Snapshot> next = std::exchange(waiting_, nullptr);
    lock.unlock();
    const auto began = steady_clock::now();
    const Result<> saved = copy_.save(*next);
    const auto took = steady_clock::now() - began;
    if (!saved) report_(saved.error());
    lock.lock();
    if (saved) {
      saved_ = next;
      saved_at_ = steady_clock::now();
    }
    const auto rest = std::max<steady_clock::duration>(options_.pause, kRest * took);
    changed_.wait_for(lock, rest, [this] { return stopping_; });
  }
}

}  // namespace sluice::snapshot
