#include "controlplane/bootstrap/database.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "common/observe/log.h"
#include "controlplane/db/connection.h"
#include "controlplane/db/migrate.h"

namespace sluice::bootstrap {

namespace {

Result<int> try_once(const Secret& conninfo) {
  auto connection = db::Connection::open(std::string(conninfo.reveal()));
  if (!connection) return std::unexpected(connection.error());
  return db::migrate(*connection);
}

}  // namespace

Result<> prepare_database(const Secret& conninfo, const std::atomic<bool>& stopping) {
  std::chrono::milliseconds pause{100};
  for (;;) {
    const Result<int> applied = try_once(conninfo);
    if (applied) {
      observe::log(observe::Level::kInfo, "database_ready", {{"migrations_applied", *applied}});
      return {};
    }
    if (applied.error().code != ErrorCode::kUnavailable) return std::unexpected(applied.error());
    observe::log(observe::Level::kWarn, "database_away",
                 {{"cause", applied.error().message}, {"retry_ms", pause.count()}});
    for (auto waited = std::chrono::milliseconds(0); waited < pause; waited += std::chrono::milliseconds(50)) {
      if (stopping) return fail(ErrorCode::kCancelled, "stopped while waiting for the database");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    pause = std::min(pause * 2, std::chrono::milliseconds(5'000));
  }
}

}  // namespace sluice::bootstrap
