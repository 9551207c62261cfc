#include "controlplane/usage/decisions.h"

#include <algorithm>
#include <map>
#include <vector>

#include "common/base/uuid.h"
#include "common/observe/log.h"

namespace sluice::usage {

namespace {

// A few milliseconds of work: it happens in front of an acknowledgement.
constexpr int kDroppedAtOnce = 5'000;

std::string day_of(SystemTime at) {
  return db::format_time(at).substr(0, 10);
}

SystemTime time_of(const google::protobuf::Timestamp& at, SystemTime otherwise) {
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (at.seconds() <= 0 || at.seconds() >= kYear10000) return otherwise;
  return SystemTime(std::chrono::seconds(at.seconds()) + std::chrono::microseconds(at.nanos() / 1000));
}

// The rows as the arrays that unnest takes; sorted by request id, so that overlapping batches do not deadlock.
struct Columns {
  std::vector<std::string> days;
  std::vector<Uuid> ids;
  std::vector<std::optional<std::string>> users;
  std::vector<SystemTime> started;
  std::vector<int> status;
  std::vector<db::Bytes> records;
};

Columns columns_of(const DecisionStore::Records& records, SystemTime now) {
  std::map<Uuid, const v1::DecisionRecord*> sorted;
  for (const v1::DecisionRecord& record : records) {
    const Result<Uuid> id = Uuid::parse(record.request_id());
    if (!id || id->version() != 7 || id->time() < now - kDecisionsKept || id->time() > now + std::chrono::days(1)) {
      continue;
    }
    sorted.emplace(*id, &record);
  }
  Columns columns;
  for (const auto& [id, record] : sorted) {
    const Result<Uuid> user = Uuid::parse(record->user_id());
    columns.days.push_back(day_of(id.time()));
    columns.ids.push_back(id);
    columns.users.push_back(user ? std::optional(user->to_string()) : std::nullopt);
    columns.started.push_back(time_of(record->started_at(), id.time()));
    columns.status.push_back(static_cast<int>(std::min(record->status(), 999U)));
    columns.records.push_back({record->SerializeAsString()});
  }
  return columns;
}

constexpr db::Statement kInsert{
    "usage_insert_decisions",
    "INSERT INTO request_decisions (day, request_id, user_id, started_at, status, record, node_id)"
    "  SELECT t.*, $7 FROM unnest($1::date[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::integer[], $6::bytea[]) "
    "AS t ON CONFLICT DO NOTHING"};

}  // namespace

Result<std::optional<Decision>> find_decision(db::Transaction& tx, std::string_view request_id) {
  const Result<Uuid> id = Uuid::parse(request_id);
  if (!id) return std::unexpected(id.error());
  const auto rows = tx.exec("SELECT record, node_id FROM request_decisions WHERE day = $1::date AND request_id = $2",
                            day_of(id->time()), *id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  Decision found{.record = {}, .node_id = rows->front().get<std::string>("node_id")};
  if (!found.record.ParseFromString(rows->front().get<db::Bytes>("record").value)) return std::nullopt;
  return found;
}

Result<> DecisionStore::store(const std::string& node_id, const Records& records) {
  if (records.empty()) return {};
  const SystemTime now = clock_.now();
  const Columns rows = columns_of(records, now);
  if (!rows.ids.empty()) {
    std::string node = node_id;
    std::ranges::replace(node, '\0', '?');
    const auto done = db::in_transaction(pool_, [&](db::Transaction& tx) {
      return tx.exec(kInsert, rows.days, rows.ids, rows.users, rows.started, rows.status, rows.records, node);
    });
    if (!done) return std::unexpected(done.error());
  }
  return trim(std::chrono::floor<std::chrono::days>(now));
}

Result<> DecisionStore::trim(std::chrono::sys_days today) {
  {
    const std::lock_guard lock(mutex_);
    if (trimmed_ == today) return {};
  }
  const auto dropped = db::in_transaction(pool_, [&](db::Transaction& tx) {
    return tx.exec(
        "DELETE FROM request_decisions WHERE (day, request_id) IN "
        "(SELECT day, request_id FROM request_decisions WHERE day < $1::date LIMIT $2 FOR UPDATE SKIP LOCKED)",
        day_of(SystemTime(today - kDecisionsKept)), kDroppedAtOnce);
  });
  if (!dropped) return std::unexpected(dropped.error());
  if (dropped->affected() != 0) return {};
  const std::lock_guard lock(mutex_);
  trimmed_ = today;
  return {};
}

}  // namespace sluice::usage
