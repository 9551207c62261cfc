#include "controlplane/db/transaction.h"

#include <thread>

#include "common/base/random.h"
#include "controlplane/db/sqlstate.h"

namespace sluice::db {
namespace {

std::string_view begin_sql(Isolation isolation) {
  switch (isolation) {
    case Isolation::kReadCommitted:
      return "BEGIN ISOLATION LEVEL READ COMMITTED";
    case Isolation::kRepeatableRead:
      return "BEGIN ISOLATION LEVEL REPEATABLE READ";
    case Isolation::kSerializable:
      return "BEGIN ISOLATION LEVEL SERIALIZABLE";
  }
  return {};
}

}  // namespace

Result<Transaction> Transaction::begin(Connection& connection, Isolation isolation) {
  auto begun = connection.exec(begin_sql(isolation));
  if (!begun) return std::unexpected(begun.error());
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(other.connection_),
      open_(std::exchange(other.open_, false)),
      worth_retrying_(other.worth_retrying_) {}

Transaction::~Transaction() {
  if (open_) rollback();
}

Result<Rows> Transaction::note(Result<Rows> result) {
  if (!result && (is_conflict(connection_->sqlstate()) || !connection_->healthy())) worth_retrying_ = true;
  return result;
}

Result<> Transaction::commit() {
  open_ = false;
  worth_retrying_ = false;
  // A transaction in which a statement failed answers COMMIT with success and rolls back.
  const bool failed = connection_->failed_transaction();
  auto done = connection_->exec(failed ? "ROLLBACK" : "COMMIT");
  if (failed) return fail(ErrorCode::kFailedPrecondition, "database: a statement of this transaction has failed");
  if (done) return {};
  if (!connection_->healthy()) {
    return fail(ErrorCode::kUnavailable,
                "the database connection broke during commit; whether the change took place is unknown");
  }
  worth_retrying_ = is_conflict(connection_->sqlstate());
  return std::unexpected(done.error());
}

void Transaction::rollback() {
  open_ = false;
  if (connection_->healthy()) (void)connection_->exec("ROLLBACK");
}

namespace detail {

void pause_before_attempt(int attempt) {
  const std::uint64_t most = std::uint64_t{10} << std::min(attempt, 6);
  std::this_thread::sleep_for(std::chrono::milliseconds(random_below(most) + 1));
}

}  // namespace detail
}  // namespace sluice::db
