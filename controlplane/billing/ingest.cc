#include "controlplane/billing/ingest.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "common/crypto/digest.h"
#include "common/observe/log.h"
#include "controlplane/billing/columns.h"
#include "controlplane/store/users.h"

namespace sluice::billing {

namespace {

// Within in_transaction: how often a batch is tried before the node is told to come again.
constexpr int kAttempts = 3;

// The batch itself is at fault, not the database: without the guilty row the others can be stored.
bool poisoned(ErrorCode code) {
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kFailedPrecondition ||
         code == ErrorCode::kAlreadyExists;
}

Result<std::set<std::string>> known_users(db::Transaction& tx, const std::vector<EventRow>& rows) {
  std::set<Uuid> wanted;
  for (const EventRow& row : rows)
    wanted.insert(row.user_id);
  auto found = tx.exec("SELECT id::text AS id FROM users WHERE id = ANY($1::uuid[])",
                       std::vector<Uuid>(wanted.begin(), wanted.end()));
  if (!found) return std::unexpected(found.error());
  std::set<std::string> known;
  for (const db::Row row : *found)
    known.insert(row.get<std::string>("id"));
  return known;
}

std::string payer_of(const std::string& subscription_id, const std::string& user_id) {
  return subscription_id + " " + user_id;
}

// Whose the named subscriptions are, revoked ones too: what was admitted before is still theirs to pay.
Result<std::set<std::string>> known_subscriptions(db::Transaction& tx, const std::vector<EventRow>& rows) {
  std::set<Uuid> wanted;
  for (const EventRow& row : rows) {
    if (row.subscription_id) wanted.insert(*row.subscription_id);
  }
  std::set<std::string> known;
  if (wanted.empty()) return known;
  auto found = tx.exec("SELECT id::text AS id, user_id::text AS user_id FROM subscriptions WHERE id = ANY($1::uuid[])",
                       std::vector<Uuid>(wanted.begin(), wanted.end()));
  if (!found) return std::unexpected(found.error());
  for (const db::Row row : *found)
    known.insert(payer_of(row.get<std::string>("id"), row.get<std::string>("user_id")));
  return known;
}

Result<> put_in_quarantine(db::Transaction& tx, const std::string& node_id, const usage::v1::UsageEvent& event,
                           const std::string& reason) {
  const std::string payload = event.SerializeAsString();
  const crypto::Sha256 hash = crypto::sha256(payload);
  const auto done = tx.exec(
      "INSERT INTO usage_quarantine (payload_sha256, payload, event_id, node_id, reason) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT DO NOTHING",
      db::Bytes{std::string(hash.begin(), hash.end())}, db::Bytes{payload}, clean_text(event.event_id()),
      clean_text(node_id), clean_text(reason));
  if (!done) return std::unexpected(done.error());
  if (done->affected() == 0) return {};
  observe::log(observe::Level::kError, "usage_event_quarantined",
               {{"node", node_id}, {"event_id", event.event_id()}, {"reason", reason}});
  return {};
}

// Nodes go by the pushed balance where they have no better one, so they must hear when it shrinks. Deleted users have
// nothing to be pushed.
Result<> push_due(db::Transaction& tx, const std::vector<std::string>& users) {
  for (const std::string& id : users) {
    const auto user = store::get_user(tx, id);
    if (!user) return std::unexpected(user.error());
    if (user->status == store::Status::kDeleted) continue;
    if (const auto touched = store::touch_user(tx, id); !touched) return std::unexpected(touched.error());
  }
  return {};
}

BatchResult operator+(BatchResult a, const BatchResult& b) {
  a.stored += b.stored;
  a.duplicates += b.duplicates;
  a.quarantined += b.quarantined;
  keep_newest(a.purses, b.purses);
  return a;
}

Purses moved_purses(const db::Row& row) {
  const auto ids = row.get<std::vector<std::string>>("purses");
  const auto nano_usd = row.get<std::vector<std::int64_t>>("nano_usd");
  const auto versions = row.get<std::vector<std::int64_t>>("versions");
  Purses purses;
  for (std::size_t i = 0; i < ids.size(); ++i)
    purses[ids[i]] = {.nano_usd = nano_usd[i], .version = versions[i]};
  return purses;
}

}  // namespace

Result<BatchResult> Ingest::store(const std::string& node_id, const Events& events) {
  Rows rows;
  std::vector<Rejected> rejected;
  const SystemTime now = clock_.now();
  for (const usage::v1::UsageEvent& event : events) {
    if (Result<EventRow> row = to_row(event, now)) {
      rows.push_back(std::move(*row));
    } else {
      rejected.push_back({&event, row.error().message});
    }
  }
  std::ranges::sort(rows, {}, &EventRow::event_id);
  if (Result<> ready = ensure_partitions(rows); !ready) return std::unexpected(ready.error());
  if (Result<> done = quarantine(node_id, rejected); !done) return std::unexpected(done.error());
  BatchResult counts{.quarantined = static_cast<std::uint32_t>(rejected.size())};
  if (rows.empty()) return counts;
  const Result<BatchResult> stored = store_or_split(node_id, std::move(rows));
  if (!stored) return stored;
  return counts + *stored;
}

Result<> Ingest::ensure_partitions(const Rows& rows) {
  std::set<std::chrono::sys_days> missing;
  {
    const std::lock_guard lock(mutex_);
    for (const EventRow& row : rows) {
      if (!days_.contains(row.day)) missing.insert(row.day);
    }
  }
  for (const std::chrono::sys_days day : missing) {
    const auto made = db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<db::Rows> {
      return tx.exec("SELECT ensure_usage_partition($1::date)", db::format_time(SystemTime(day)).substr(0, 10));
    });
    if (!made) return fail("making the partition of a day", made.error());
    const std::lock_guard lock(mutex_);
    days_.insert(day);
  }
  return {};
}

Result<> Ingest::quarantine(const std::string& node_id, const std::vector<Rejected>& rejected) {
  if (rejected.empty()) return {};
  return db::in_transaction(pool_, [&](db::Transaction& tx) -> Result<> {
    for (const Rejected& one : rejected) {
      if (Result<> done = put_in_quarantine(tx, node_id, *one.event, one.reason); !done) return done;
    }
    return {};
  });
}

// A row that the database refuses must not hold up the others: halve until it stands alone.
Result<BatchResult> Ingest::store_or_split(const std::string& node_id, Rows rows) {
  Result<BatchResult> stored = db::in_transaction(
      pool_, [&](db::Transaction& tx) { return store_in(tx, node_id, rows); }, {.attempts = kAttempts});
  if (stored || !poisoned(stored.error().code)) return stored;
  if (rows.size() == 1) {
    if (Result<> done = quarantine(node_id, {{rows[0].event, stored.error().message}}); !done) {
      return std::unexpected(done.error());
    }
    return BatchResult{.quarantined = 1};
  }
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  Rows second(std::make_move_iterator(middle), std::make_move_iterator(rows.end()));
  rows.erase(middle, rows.end());
  const Result<BatchResult> first_counts = store_or_split(node_id, std::move(rows));
  if (!first_counts) return first_counts;
  const Result<BatchResult> second_counts = store_or_split(node_id, std::move(second));
  if (!second_counts) return second_counts;
  return *first_counts + *second_counts;
}

Result<BatchResult> Ingest::store_in(db::Transaction& tx, const std::string& node_id, const Rows& rows) {
  const Result<std::set<std::string>> known = known_users(tx, rows);
  if (!known) return std::unexpected(known.error());
  const Result<std::set<std::string>> payers = known_subscriptions(tx, rows);
  if (!payers) return std::unexpected(payers.error());
  BatchResult counts;
  Rows good;
  for (const EventRow& row : rows) {
    const std::string user = row.user_id.to_string();
    const bool known_user = known->contains(user);
    if (known_user && (!row.subscription_id || payers->contains(payer_of(row.subscription_id->to_string(), user)))) {
      good.push_back(row);
      continue;
    }
    ++counts.quarantined;
    const std::string reason = known_user ? "no such subscription of this user" : "no such user";
    if (Result<> done = put_in_quarantine(tx, node_id, *row.event, reason); !done) {
      return std::unexpected(done.error());
    }
  }
  if (good.empty()) return counts;
  const Result<db::Rows> posted = insert_and_post(tx, node_id, good);
  if (!posted) return std::unexpected(posted.error());
  const db::Row result = posted->front();
  counts.stored = static_cast<std::uint32_t>(result.get<std::int64_t>("stored"));
  counts.duplicates = static_cast<std::uint32_t>(good.size()) - counts.stored;
  counts.purses = moved_purses(result);
  if (Result<> read = read_unmoved_purses(tx, good, counts.purses); !read) return std::unexpected(read.error());
  if (Result<> pushed = push_due(tx, result.get<std::vector<std::string>>("due")); !pushed) {
    return std::unexpected(pushed.error());
  }
  return counts;
}

}  // namespace sluice::billing
