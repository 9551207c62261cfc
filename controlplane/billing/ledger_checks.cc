#include "controlplane/billing/ledger_checks.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include "common/base/uuid.h"
#include "common/observe/log.h"
#include "controlplane/store/row_access.h"

namespace sluice::billing {

namespace {

namespace json = boost::json;

// Of advisory locks: taken while the books are checked.
constexpr std::int64_t kLock = 7'340'221'907'117;
constexpr std::chrono::days kKept{90};
constexpr std::chrono::minutes kPause{1};

std::string to_json(const std::vector<Drift>& drifts) {
  json::array out;
  for (const Drift& drift : drifts)
    out.push_back(json::array{drift.invariant, drift.id, drift.expected_nano_usd, drift.actual_nano_usd});
  return json::serialize(out);
}

std::vector<Drift> from_json(const std::string& text) {
  std::vector<Drift> out;
  const json::value all = json::parse(text);
  const auto word = [](const json::value& one, std::size_t i) {
    return json::value_to<std::string>(one.as_array().at(i));
  };
  for (const json::value& one : all.as_array())
    out.push_back({word(one, 0), word(one, 1), word(one, 2), word(one, 3)});
  return out;
}

LedgerCheck read_check(const db::Row& row) {
  return {.id = row.get<std::string>("id"),
          .at = row.get<SystemTime>("at"),
          .duration_us = row.get<std::int64_t>("duration_us"),
          .drifts = from_json(row.get<std::string>("drifts"))};
}

Result<bool> is_due(db::Transaction& tx, SystemTime now, std::chrono::seconds interval) {
  const auto locked = tx.exec("SELECT pg_try_advisory_xact_lock($1) AS mine", kLock);
  if (!locked) return std::unexpected(locked.error());
  if (!locked->front().get<bool>("mine")) return false;
  const auto recent = tx.exec("SELECT FROM ledger_checks WHERE at > $1 LIMIT 1", now - interval);
  if (!recent) return std::unexpected(recent.error());
  return recent->empty();
}

Result<> store_check(db::Transaction& tx, const LedgerCheck& check) {
  const auto stored = tx.exec("INSERT INTO ledger_checks (id, at, duration_us, drifts) VALUES ($1, $2, $3, $4)",
                              check.id, check.at, check.duration_us, to_json(check.drifts));
  if (!stored) return std::unexpected(stored.error());
  const auto trimmed = tx.exec("DELETE FROM ledger_checks WHERE at < $1", check.at - kKept);
  if (!trimmed) return std::unexpected(trimmed.error());
  return {};
}

}  // namespace

Result<bool> check_if_due(db::Pool& pool, const Clock& clock, std::chrono::seconds interval) {
  return db::in_transaction(pool, [&](db::Transaction& tx) -> Result<bool> {
    LedgerCheck found{.id = Uuid::generate(clock.now()).to_string(), .at = clock.now()};
    const auto due = is_due(tx, found.at, interval);
    if (!due || !*due) return due;
    // It reads everything, which takes as long as it takes.
    if (const auto set = tx.exec("SET LOCAL statement_timeout = 0"); !set) return std::unexpected(set.error());
    const auto begun = clock.steady();
    auto drifts = check(tx);
    if (!drifts) return std::unexpected(drifts.error());
    found.drifts = std::move(*drifts);
    found.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(clock.steady() - begun).count();
    if (!found.drifts.empty()) {
      observe::log(observe::Level::kError, "ledger_drift",
                   {{"invariant", found.drifts.front().invariant},
                    {"id", found.drifts.front().id},
                    {"drifts", static_cast<std::int64_t>(found.drifts.size())}});
    }
    if (Result<> stored = store_check(tx, found); !stored) return std::unexpected(stored.error());
    return true;
  });
}

Result<store::Page<LedgerCheck>> list_checks(db::Transaction& tx, const store::PageRequest& page) {
  const auto position = store::decode_cursor(page.cursor);
  if (!position) return std::unexpected(position.error());
  const auto rows = tx.exec("SELECT id, at, duration_us, drifts FROM ledger_checks WHERE " SLUICE_KEYSET("at")
                                SLUICE_KEYSET_ORDER("at"),
                            store::time_of(*position), store::id_of(*position), store::page_size(page) + 1);
  if (!rows) return std::unexpected(rows.error());
  return store::make_page<LedgerCheck>(*rows, store::page_size(page), read_check,
                                       [](const LedgerCheck& row) { return store::Position{row.at, row.id}; });
}

LedgerCheckJob::~LedgerCheckJob() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void LedgerCheckJob::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kPause, [this] { return stop_; })) {
    lock.unlock();
    const auto done = check_if_due(pool_, clock_, kLedgerCheckInterval);
    if (!done) observe::log(observe::Level::kWarn, "ledger_check_failed", {{"cause", done.error().message}});
    lock.lock();
  }
}

}  // namespace sluice::billing
