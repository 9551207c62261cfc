// A private PostgreSQL cluster for tests: a temporary folder, a unix socket, no TCP. As root it runs as user postgres.
// Every member may be called from any thread, but construct it (or call shared() first) on the main thread: the server
// dies with the thread that started it. Members throw std::runtime_error when the server cannot do what is asked.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace sluice::testing {

class PostgresServer {
 public:
  // `settings`: further "name=value" server settings.
  explicit PostgresServer(std::vector<std::string> settings = {});
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  // Kills the server and removes its folder.
  ~PostgresServer();

  // The server of this test process, started by the first call, gone at exit. Tests that kill the server make their
  // own.
  [[nodiscard]] static PostgresServer& shared();

  // The libpq connection string of a new, empty database.
  [[nodiscard]] std::string fresh_database();
  // The same, but a copy of the template `name`; the first call with a name makes the template with `prepare`, which
  // gets the template's connection string and must close its connections. See migrated_database.h for the usual one.
  using Prepare = std::function<void(const std::string& conninfo)>;
  [[nodiscard]] std::string fresh_database(std::string_view name, const Prepare& prepare);

  // Runs one statement as superuser and returns the first column of the first row, or "".
  std::string run(const std::string& conninfo, const std::string& sql);

  // kill -9 of the postmaster and every backend: what a crash of the machine's process looks like.
  void kill9();
  // An orderly, immediate-disconnect stop.
  void stop();
  // Starts it again (after kill9 or stop; otherwise stops it first) on the same socket with the same data.
  void restart();

  [[nodiscard]] std::string conninfo(std::string_view database) const;
  [[nodiscard]] std::string log_text() const;

 private:
  void start();
  void create_database(const std::string& name, const std::string& from);

  TempDir dir_;
  std::vector<std::string> settings_;
  std::filesystem::path bin_;
  std::mutex mutex_;
  std::unique_ptr<Process> process_;
  std::set<std::string> templates_;
  int next_database_ = 1;
};

}  // namespace sluice::testing
