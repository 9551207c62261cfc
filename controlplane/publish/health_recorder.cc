#include "controlplane/publish/health_recorder.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/uuid.h"
#include "common/observe/log.h"
#include "common/resource/limits.h"

namespace sluice::publish {

namespace {

constexpr std::size_t kMostWaiting = 10'000;
constexpr std::size_t kLongestDetail = 1'000;
constexpr std::chrono::milliseconds kPauseAfterFailure{1'000};
constexpr std::chrono::hours kAuthFailedShown{1};
constexpr std::chrono::hours kDropEvery{1};
constexpr std::chrono::days kEndedKept{30};
constexpr std::chrono::days kFurthest{400};

std::string text(std::string value, std::size_t limit) {
  // Between characters: the column is UTF-8.
  if (value.size() > limit) {
    while (limit > 0 && (static_cast<unsigned char>(value[limit]) & 0xc0) == 0x80)
      --limit;
    value.resize(limit);
  }
  std::ranges::replace(value, '\0', '?');
  return value;
}

SystemTime end_of(const google::protobuf::Timestamp& until, SystemTime now) {
  const std::int64_t latest =
      std::chrono::duration_cast<std::chrono::seconds>((now + kFurthest).time_since_epoch()).count();
  return SystemTime(std::chrono::seconds(std::clamp<std::int64_t>(until.seconds(), 0, latest)) +
                    std::chrono::microseconds(std::clamp(until.nanos(), 0, 999'999'999) / 1000));
}

}  // namespace

HealthRecorder::HealthRecorder(db::Pool& pool, const Clock& clock)
    : pool_(pool), clock_(clock), thread_([this] { run(); }) {}

HealthRecorder::~HealthRecorder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void HealthRecorder::add(const std::string& node_id, const config::v1::AccountHealth& health) {
  const Result<Uuid> account = Uuid::parse(health.account_id());
  if (!account || !config::v1::AccountHealthReason_IsValid(health.reason()) || health.reason() == 0) return;
  const SystemTime now = clock_.now();
  put({.account_id = account->to_string(),
       .model = text(health.model(), resource::kMaxNameBytes),
       .reason = health.reason(),
       .until = end_of(health.until(), now),
       .upstream_status = static_cast<std::int32_t>(std::min(health.upstream_status(), 999U)),
       .detail = text(health.detail(), kLongestDetail),
       .node_id = text(node_id, resource::kMaxNameBytes),
       .seen_at = now});
}

void HealthRecorder::add(const std::string& node_id, const config::v1::CredentialReport& report) {
  const Result<Uuid> account = Uuid::parse(report.account_id());
  if (!account) return;
  const SystemTime now = clock_.now();
  put({.account_id = account->to_string(),
       .reason = config::v1::ACCOUNT_HEALTH_REASON_AUTH_FAILED,
       .until = now + kAuthFailedShown,
       .upstream_status = static_cast<std::int32_t>(std::min(report.upstream_status(), 999U)),
       .detail = fmt::format("the upstream refused the credential in its revision {}", report.revision()),
       .node_id = text(node_id, resource::kMaxNameBytes),
       .seen_at = now});
}

void HealthRecorder::put(store::AccountHealth row) {
  {
    const std::lock_guard lock(mutex_);
    if (rows_.size() == kMostWaiting) rows_.pop_front();
    rows_.push_back(std::move(row));
  }
  changed_.notify_all();
}

void HealthRecorder::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || !rows_.empty(); });
    if (stopping_) return;
    std::deque<store::AccountHealth> rows = std::exchange(rows_, {});
    lock.unlock();
    const bool written = write(rows);
    lock.lock();
    if (written) continue;
    // Back in front of what came meanwhile, as far as there is room.
    while (!rows.empty() && rows_.size() < kMostWaiting) {
      rows_.push_front(std::move(rows.back()));
      rows.pop_back();
    }
    changed_.wait_for(lock, kPauseAfterFailure, [this] { return stopping_; });
  }
}

bool HealthRecorder::write(const std::deque<store::AccountHealth>& rows) {
  const bool drop = clock_.steady() >= next_drop_;
  const Result<> written = db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<> {
    for (const store::AccountHealth& row : rows) {
      if (Result<> put = store::put_account_health(tx, row); !put) return put;
    }
    return drop ? store::drop_account_health(tx, clock_.now() - kEndedKept) : Result<>();
  });
  if (written && drop) next_drop_ = clock_.steady() + kDropEvery;
  if (!written && !failing_) {
    observe::log(observe::Level::kError, "account_health_not_stored", {{"cause", written.error().message}});
  }
  failing_ = !written;
  // Only a database that is away is worth waiting for.
  return written || written.error().code == ErrorCode::kInvalidArgument;
}

}  // namespace sluice::publish
