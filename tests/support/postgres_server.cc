#include "tests/support/postgres_server.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.h"

namespace sluice::testing {
namespace {

constexpr const char* kSystemUser = "postgres";

std::filesystem::path newest_installation() {
  std::filesystem::path best;
  int best_version = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > best_version && std::filesystem::exists(entry.path() / "bin/postgres")) {
      best_version = version;
      best = entry.path() / "bin";
    }
  }
  if (best_version == 0) throw std::runtime_error("no PostgreSQL server under /usr/lib/postgresql");
  return best;
}

void give_to_system_user(const std::filesystem::path& path) {
  if (geteuid() != 0) return;
  const passwd* user = getpwnam(kSystemUser);
  if (user == nullptr || chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("cannot give " + path.string() + " to user postgres");
  }
}

std::vector<pid_t> children_of(pid_t parent) {
  std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  std::vector<pid_t> out;
  for (pid_t pid = 0; file >> pid;)
    out.push_back(pid);
  return out;
}

}  // namespace

PostgresServer::PostgresServer(std::vector<std::string> settings)
    : settings_(std::move(settings)), bin_(newest_installation()) {
  give_to_system_user(dir_.path());
  Process initdb({.argv = {(bin_ / "initdb").string(), "-D", (dir_ / "data").string(), "-U", "postgres", "-A", "trust",
                           "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
                  .log = dir_ / "initdb.log",
                  .cwd = dir_.path(),
                  .run_as = kSystemUser});
  if (initdb.wait(std::chrono::minutes(2)) != 0) throw std::runtime_error("initdb failed: " + initdb.log_text());
  start();
}

PostgresServer::~PostgresServer() {
  kill9();
}

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

void PostgresServer::start() {
  // fsync off: tests kill processes, not the machine, and what a process wrote survives it.
  std::vector<std::string> argv = {(bin_ / "postgres").string(), "-D", (dir_ / "data").string()};
  std::vector<std::string> settings = {"listen_addresses=",   "unix_socket_directories=" + dir_.path().string(),
                                       "port=5432",           "fsync=off",
                                       "shared_buffers=64MB", "max_connections=200"};
  settings.insert(settings.end(), settings_.begin(), settings_.end());
  for (const auto& setting : settings) {
    argv.emplace_back("-c");
    argv.push_back(setting);
  }
  process_ = std::make_unique<Process>(
      ProcessOptions{.argv = argv, .log = dir_ / "log", .cwd = dir_.path(), .run_as = kSystemUser});
  const std::string target = conninfo("postgres");
  const bool ready =
      eventually(std::chrono::minutes(2), [&] { return PQping(target.c_str()) == PQPING_OK || !process_->running(); });
  if (!ready || !process_->running()) throw std::runtime_error("PostgreSQL did not start: " + log_text());
}

std::string PostgresServer::conninfo(std::string_view database) const {
  return "host=" + dir_.path().string() + " port=5432 user=postgres dbname='" + std::string(database) + "'";
}

std::string PostgresServer::log_text() const {
  return process_ ? process_->log_text() : std::string();
}

std::string PostgresServer::run(const std::string& conninfo, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(conninfo.c_str()), &PQfinish);
  PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

void PostgresServer::create_database(const std::string& name, const std::string& from) {
  run(conninfo("postgres"), "CREATE DATABASE \"" + name + "\" TEMPLATE \"" + from + "\"");
}

std::string PostgresServer::fresh_database() {
  const std::lock_guard lock(mutex_);
  const std::string name = "test" + std::to_string(next_database_++);
  create_database(name, "template0");
  return conninfo(name);
}

std::string PostgresServer::fresh_database(std::string_view name, const Prepare& prepare) {
  const std::lock_guard lock(mutex_);
  const std::string from = "template_" + std::string(name);
  if (!templates_.contains(from)) {
    // A prepare() that threw has left its database.
    run(conninfo("postgres"), "DROP DATABASE IF EXISTS \"" + from + "\" WITH (FORCE)");
    create_database(from, "template0");
    prepare(conninfo(from));
    templates_.insert(from);
  }
  const std::string copy = "test" + std::to_string(next_database_++);
  create_database(copy, from);
  return conninfo(copy);
}

void PostgresServer::kill9() {
  if (!process_) return;
  const auto backends = children_of(process_->pid());
  process_->kill(SIGKILL);
  (void)process_->wait(kGenerous);
  // Backends notice the postmaster's death by themselves, but may finish a transaction first.
  for (const pid_t pid : backends)
    ::kill(pid, SIGKILL);
  for (const pid_t pid : backends)
    (void)eventually(kGenerous, [&] { return process_ended(pid); });
}

void PostgresServer::stop() {
  process_->kill(SIGINT);
  if (!process_->wait(kGenerous)) throw std::runtime_error("PostgreSQL did not stop: " + log_text());
}

void PostgresServer::restart() {
  if (process_->running()) stop();
  start();
}

}  // namespace sluice::testing
