// Keeps the node's config up to date: one thread that runs the session, its gRPC stream, and hands each new snapshot to
// every worker and to the disk writer. The constructor starts it, the destructor stops it. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/snapshot/disk_writer.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/sync/outbox.h"
#include "dataplane/sync/session.h"
#include "dataplane/sync/stream.h"

namespace sluice::sync {

struct ClientOptions {
  Endpoint endpoint;
  // Asked at each dial instead of `endpoint`, so that a renewed certificate is used; may be empty.
  std::function<Endpoint()> find_endpoint = {};
  Identity identity;
  // From the disk copy; null or empty: the node has nothing yet.
  std::shared_ptr<const snapshot::Snapshot> start = nullptr;
  // One per worker; all must outlive the client.
  std::vector<snapshot::SnapshotHolder*> holders = {};
  // May be null; must outlive the client.
  snapshot::DiskWriter* disk = nullptr;
  // Called on the client's thread; may be empty.
  std::function<Report()> report = {};
  std::function<void(bool drain)> on_drain = {};
  std::function<void(const std::shared_ptr<const snapshot::Snapshot>&)> on_change = {};
  // A serialized usage.v1.DecisionRecord of that request, or empty if this node remembers none. Not called while the
  // option is empty: the answer is then "none".
  std::function<std::string(const std::string& request_id)> find_decision = {};
};

// For readiness and metrics.
struct Status {
  bool has_config = false;
  bool connected = false;
  std::string epoch;
  std::uint64_t number = 0;
  std::size_t rejected = 0;
  std::uint64_t applied = 0;  // change sets since the start
  std::uint64_t refused = 0;
  std::chrono::milliseconds since_change{0};     // since the snapshot in force came
  std::chrono::milliseconds since_confirmed{0};  // since the control plane last said that it is the current one
};

class Client {
 public:
  Client(ClientOptions options, const Clock& clock);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  [[nodiscard]] Status status() const;
  // Nodes in the fleet, at least 1: each one's share of a limit while Redis is away.
  [[nodiscard]] std::uint32_t live_nodes() const;
  // For people: an account's health changed; an upstream refused a credential. Never block. While the control plane is
  // away the newest 1,000 wait for it.
  void report_health(config::v1::AccountHealth health);
  void report_credential(config::v1::CredentialReport report);

 private:
  struct Opened {};
  struct Ended {
    std::string reason;
    std::shared_ptr<Stream> stream;  // goes with the event, on the client's thread
  };
  using Body = std::variant<Opened, Ended, config::v1::SubscribeResponse>;
  struct Event {
    std::uint64_t stream = 0;
    Body body;
  };

  void run();
  void post(Event event);
  void tell(config::v1::SubscribeRequest message);
  void send_outbox();
  void handle(Event event);
  void perform(Actions actions);
  void dial();
  void answer(const config::v1::DecisionQuery& query);
  void use(const Use& use);
  void note_status();

  const ClientOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  bool told_ = false;  // the outbox has got something since it was last looked at
  Status status_;
  std::uint32_t live_nodes_ = 1;
  SteadyTime changed_at_;
  SteadyTime confirmed_at_;
  bool stopping_ = false;
  int open_streams_ = 0;  // whose on_done has not come
  Outbox outbox_;
  // The client's thread only.
  Session session_;
  std::shared_ptr<Stream> stream_;
  std::uint64_t stream_number_ = 0;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::sync
