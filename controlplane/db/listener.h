// Waits for NOTIFY on its own connection, which it reopens with back-off when lost. A notification is only a hint to
// look at the tables, so several may be merged and one may be lost while disconnected: every reconnect is reported as
// well. One thread waits; interrupt() may be called from any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/base/secret.h"
#include "common/base/status.h"
#include "controlplane/db/connection.h"

namespace sluice::db {

enum class Wake {
  kNotified,     // look now
  kConnected,    // just (re)connected; look now, notifications may have been missed
  kTimeout,      // nothing for the whole limit, or the server is away (see error())
  kInterrupted,  // interrupt() was called
};

class Listener {
 public:
  // Connects on the first wait(). At most one interrupt is remembered.
  Listener(Secret conninfo, std::vector<std::string> channels);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // Returns as soon as there is something to report, at the latest after about `limit` (plus the time of one connect).
  [[nodiscard]] Wake wait(std::chrono::milliseconds limit);
  void interrupt();

  [[nodiscard]] bool connected() const { return connection_.has_value(); }
  // Why it is not connected; empty while connected.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  Result<> connect();
  void lost(Error why);
  Wake wait_to_redial(Deadline deadline);
  bool take_notifications();
  bool interrupted_within(int extra_fd, std::chrono::milliseconds limit);

  Secret conninfo_;
  std::vector<std::string> channels_;
  std::optional<Connection> connection_;
  std::optional<Error> error_;
  std::chrono::milliseconds backoff_{0};
  Deadline redial_at_{};
  int event_fd_;
};

}  // namespace sluice::db
