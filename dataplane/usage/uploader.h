// Reports finished events to the control plane and deletes them from the journal once acknowledged. Owns one thread and
// one gRPC stream at a time; delivery is at least once. Methods are thread-safe.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "common/base/secret.h"
#include "dataplane/usage/acknowledgement.h"
#include "dataplane/usage/journal.h"

namespace sluice::usage {

struct UploaderOptions {
  std::string node_id;
  Secret node_token;
  // Asked at each new stream, so that a renewed certificate is used; empty: the constructor's channel.
  std::function<std::shared_ptr<grpc::Channel>()> open_channel = {};
  std::size_t batch_events = 500;
  std::chrono::milliseconds batch_wait{100};
  std::size_t batches_in_flight = 4;
  // A batch without an answer for this long: the stream is dropped and everything unacknowledged is sent again.
  std::chrono::milliseconds ack_timeout{30'000};
  // Reconnect waits are random in [0, min(cap, base x 2^failures)].
  std::chrono::milliseconds backoff_base{100};
  std::chrono::milliseconds backoff_cap{10'000};
  // Decision records in one batch at most; they go along with events, or alone.
  std::size_t batch_decisions = 200;
  // Called once per acknowledged batch that names purses, on the uploader's thread, so it must not block for long. At
  // most one entry per purse in each span. Both belong together: what is unacknowledged is lowered only in the same
  // step that adopts the balances. It is called BEFORE the records leave the journal: a crash in between leaves costs
  // counted twice until the next acknowledgement (the records come again and are found at the next start), never a
  // moment in which a cost is in neither the balance nor the unacknowledged. May be empty.
  std::function<void(std::span<const AckedCost>, std::span<const PurseBalance>)> on_acknowledged = {};
};

struct UploaderStats {
  bool connected = false;          // the last thing heard from the control plane was an acknowledgement
  std::uint64_t acknowledged = 0;  // events
  std::uint64_t duplicates = 0;    // of these, already known there
  std::uint64_t quarantined = 0;   // of these, stored there as not billable
  std::uint64_t reconnects = 0;
  std::uint64_t in_flight = 0;  // events sent and not acknowledged
  std::uint64_t decisions = 0;  // decision records acknowledged
  std::string last_error;       // empty while all is well
};

class Uploader {
 public:
  // Starts at once. `journal` outlives the uploader; `channel` may be shared.
  Uploader(Journal& journal, std::shared_ptr<grpc::Channel> channel, UploaderOptions options);
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;
  // Stops without waiting for acknowledgements: what is not acknowledged stays in the journal.
  ~Uploader();

  // For an orderly end: waits until the journal's finished events are all acknowledged; false if `limit` passed first.
  [[nodiscard]] bool flush(std::chrono::milliseconds limit);
  [[nodiscard]] UploaderStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::usage
