// One PostgreSQL connection (libpq, blocking). One thread at a time. Usually taken from a Pool inside a Transaction.
//
// Errors: unique violation kAlreadyExists (the message names the constraint); foreign key
// kFailedPrecondition; check, not-null and malformed values kInvalidArgument; statement timeout kDeadlineExceeded;
// serialization failure, deadlock, server away or connection lost kUnavailable; everything else kInternal.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "controlplane/db/param.h"
#include "controlplane/db/rows.h"

struct pg_conn;

namespace sluice::db {

struct ConnectOptions {
  // 0: no limit. Also a limit for waiting on locks.
  std::chrono::milliseconds statement_timeout{30'000};
  std::chrono::seconds connect_timeout{5};
  // Shown in pg_stat_activity.
  std::string application_name = "sluice-controlplane";
};

// A statement to prepare once per connection. The name must be unique in the program.
struct Statement {
  std::string_view name;
  std::string_view sql;
};

class Connection {
 public:
  // `conninfo`: "host=... dbname=..." or a postgresql:// URL; never repeated in errors. Times are UTC.
  [[nodiscard]] static Result<Connection> open(const std::string& conninfo, const ConnectOptions& options = {});
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) noexcept = default;

  // One statement with its parameters $1, $2, ...
  template <class... P>
  Result<Rows> exec(std::string_view sql, const P&... params) {
    return run(sql, {Param(params)...});
  }
  // The same, prepared on first use on this connection: for statements that run often.
  template <class... P>
  Result<Rows> exec(const Statement& statement, const P&... params) {
    return run(statement, {Param(params)...});
  }
  // Several statements without parameters, for migrations.
  Result<> exec_script(std::string_view sql);

  // False once the connection is lost: it will not come back.
  [[nodiscard]] bool healthy() const;
  // True if the server said something while nothing was asked: that it is gone, as a rule. For connections that lay
  // idle.
  [[nodiscard]] bool disturbed() const;
  // True between BEGIN and COMMIT or ROLLBACK, also when the transaction has failed.
  [[nodiscard]] bool in_transaction() const;
  // True if a statement of the open transaction has failed, so that it can only be rolled back.
  [[nodiscard]] bool failed_transaction() const;
  // SQLSTATE of the last statement if it failed, e.g. "23505"; "" if it worked or failed without one (connection lost).
  [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }
  // The libpq handle, for Listener.
  [[nodiscard]] pg_conn* handle() const { return conn_.get(); }

 private:
  struct Finish {
    void operator()(pg_conn* conn) const;
  };
  explicit Connection(pg_conn* owned) : conn_(owned) {}
  Result<Rows> run(std::string_view sql, std::vector<Param> params);
  Result<Rows> run(const Statement& statement, std::vector<Param> params);
  Result<Rows> check(pg_result* owned);
  Result<> prepare(const Statement& statement);

  std::unique_ptr<pg_conn, Finish> conn_;
  std::map<std::string, std::string, std::less<>> prepared_;  // name -> SQL
  std::string sqlstate_;
};

}  // namespace sluice::db
