#include "controlplane/db/connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <array>

#include "controlplane/db/sqlstate.h"

namespace sluice::db {
namespace {

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

// libpq's message about a connection string that does not parse would quote it, password and all.
bool parses(const std::string& conninfo) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), &message);
  PQfreemem(message);
  if (options == nullptr) return false;
  PQconninfoFree(options);
  return true;
}

// What libpq wants: parallel arrays of pointers.
struct Wire {
  explicit Wire(const std::vector<Param>& params) {
    for (const auto& param : params) {
      values.push_back(param.null() ? nullptr : param.value().c_str());
      lengths.push_back(param.null() ? 0 : static_cast<int>(param.value().size()));
      formats.push_back(param.binary() ? 1 : 0);
    }
  }
  [[nodiscard]] int count() const { return static_cast<int>(values.size()); }

  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
};

Result<> check_sendable(const std::vector<Param>& params) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].unsendable()) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("value {} holds a NUL character", i + 1));
    }
  }
  return {};
}

std::string describe(const pg_result* result, const pg_conn* conn) {
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string text = primary != nullptr ? first_line(primary) : first_line(PQerrorMessage(conn));
  if (const char* constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME); constraint != nullptr) {
    text += fmt::format(" ({})", constraint);
  }
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return sqlstate != nullptr ? fmt::format("database: {} [{}]", text, sqlstate) : "database: " + text;
}

}  // namespace

void Connection::Finish::operator()(pg_conn* conn) const {
  PQfinish(conn);
}

Result<Connection> Connection::open(const std::string& conninfo, const ConnectOptions& options) {
  if (!parses(conninfo)) return fail(ErrorCode::kInvalidArgument, "the database connection string is malformed");
  const std::string timeout = std::to_string(options.connect_timeout.count());
  // Later entries win: what the connection string says beats the defaults before it.
  const std::array<const char*, 6> keywords = {"connect_timeout", "tcp_user_timeout", "fallback_application_name",
                                               "dbname",          "client_encoding",  nullptr};
  const std::array<const char*, 6> values = {timeout.c_str(),  "10000", options.application_name.c_str(),
                                             conninfo.c_str(), "UTF8",  nullptr};
  Connection connection(PQconnectdbParams(keywords.data(), values.data(), 1));
  if (!connection.healthy()) {
    return fail(ErrorCode::kUnavailable,
                "cannot connect to the database: " + first_line(PQerrorMessage(connection.handle())));
  }
  PQsetNoticeProcessor(connection.handle(), [](void*, const char*) {}, nullptr);
  auto prepared = connection.exec(
      "SELECT set_config('statement_timeout', $1, false), set_config('timezone', 'UTC', false), "
      "set_config('datestyle', 'ISO', false), set_config('bytea_output', 'hex', false)",
      options.statement_timeout.count());
  if (!prepared) return std::unexpected(prepared.error());
  return connection;
}

bool Connection::healthy() const {
  return PQstatus(conn_.get()) == CONNECTION_OK;
}

bool Connection::disturbed() const {
  pollfd fd{PQsocket(conn_.get()), POLLIN, 0};
  return poll(&fd, 1, 0) != 0;
}

bool Connection::in_transaction() const {
  const auto status = PQtransactionStatus(conn_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool Connection::failed_transaction() const {
  return PQtransactionStatus(conn_.get()) == PQTRANS_INERROR;
}

Result<Rows> Connection::check(pg_result* owned) {
  Rows rows(owned);
  const auto status = PQresultStatus(owned);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return rows;
  if (const char* sqlstate = PQresultErrorField(owned, PG_DIAG_SQLSTATE); sqlstate != nullptr) sqlstate_ = sqlstate;
  return fail(code_of(sqlstate_), describe(owned, conn_.get()));
}

Result<Rows> Connection::run(std::string_view sql, std::vector<Param> params) {
  sqlstate_.clear();
  if (auto ok = check_sendable(params); !ok) return std::unexpected(ok.error());
  const Wire wire(params);
  return check(PQexecParams(conn_.get(), std::string(sql).c_str(), wire.count(), nullptr, wire.values.data(),
                            wire.lengths.data(), wire.formats.data(), 0));
}

Result<Rows> Connection::run(const Statement& statement, std::vector<Param> params) {
  sqlstate_.clear();
  if (auto ok = check_sendable(params); !ok) return std::unexpected(ok.error());
  if (auto ok = prepare(statement); !ok) return std::unexpected(ok.error());
  const Wire wire(params);
  return check(PQexecPrepared(conn_.get(), std::string(statement.name).c_str(), wire.count(), wire.values.data(),
                              wire.lengths.data(), wire.formats.data(), 0));
}

Result<> Connection::prepare(const Statement& statement) {
  if (const auto known = prepared_.find(statement.name); known != prepared_.end()) {
    if (known->second == statement.sql) return {};
    return fail(ErrorCode::kInternal, fmt::format("two statements are named {}", statement.name));
  }
  const std::string name(statement.name);
  const std::string sql(statement.sql);
  auto done = check(PQprepare(conn_.get(), name.c_str(), sql.c_str(), 0, nullptr));
  if (!done) return std::unexpected(done.error());
  prepared_.emplace(name, sql);
  return {};
}

Result<> Connection::exec_script(std::string_view sql) {
  sqlstate_.clear();
  auto done = check(PQexec(conn_.get(), std::string(sql).c_str()));
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace sluice::db
