// A transaction on one connection: rolled back when destroyed unless committed. One thread at a time.
#pragma once

#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/base/status.h"
#include "controlplane/db/connection.h"
#include "controlplane/db/pool.h"

namespace sluice::db {

enum class Isolation {
  kReadCommitted,
  // One unchanging view of the data over several reads, e.g. for a config snapshot.
  kRepeatableRead,
  kSerializable,
};

class Transaction {
 public:
  // The connection must outlive the transaction.
  [[nodiscard]] static Result<Transaction> begin(Connection& connection,
                                                 Isolation isolation = Isolation::kReadCommitted);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // After an error every further statement fails until the transaction ends.
  template <class... P>
  Result<Rows> exec(std::string_view sql, const P&... params) {
    return note(connection_->exec(sql, params...));
  }
  template <class... P>
  Result<Rows> exec(const Statement& statement, const P&... params) {
    return note(connection_->exec(statement, params...));
  }

  // kUnavailable if the connection broke meanwhile: then it is unknown whether the commit took place.
  [[nodiscard]] Result<> commit();
  void rollback();

  // True if a statement failed in a way that a new attempt from the start may cure: serialization failure, deadlock,
  // or a connection that broke before commit() was called.
  [[nodiscard]] bool worth_retrying() const { return worth_retrying_; }

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Result<Rows> note(Result<Rows> result);

  Connection* connection_;
  bool open_ = true;
  bool worth_retrying_ = false;
};

struct TransactionOptions {
  Isolation isolation = Isolation::kReadCommitted;
  // Attempts in all, each on a healthy connection.
  int attempts = 5;
};

namespace detail {
// Waits a short random time before attempt `attempt` (2, 3, ...).
void pause_before_attempt(int attempt);
}  // namespace detail

// Runs `fn(Transaction&) -> Result<T>` in a transaction and commits when it succeeds; an error rolls back and is
// returned. `fn` runs again, from the start, after a serialization failure, a deadlock or a connection lost before the
// commit (for example by a restart of PostgreSQL), so it must not have effects outside of the database.
template <class Fn>
auto in_transaction(Pool& pool, Fn&& fn, const TransactionOptions& options = {})
    -> std::invoke_result_t<Fn&, Transaction&> {
  for (int attempt = 1;; ++attempt) {
    if (attempt > 1) detail::pause_before_attempt(attempt);
    auto lease = pool.acquire();
    if (!lease) return std::unexpected(lease.error());
    const bool last = attempt >= options.attempts;
    auto transaction = Transaction::begin(**lease, options.isolation);
    if (!transaction) {
      if (last || (*lease)->healthy()) return std::unexpected(transaction.error());
      continue;
    }
    auto result = std::invoke(fn, *transaction);
    if (result) {
      auto committed = transaction->commit();
      if (committed) return result;
      if (last || !transaction->worth_retrying()) return std::unexpected(committed.error());
    } else if (last || !transaction->worth_retrying()) {
      return result;
    }
  }
}

}  // namespace sluice::db
