// Keeps the TLS side of one control-plane process in step with the fleet: which certificates are revoked, which
// authorities are believed, and the server's own certificate. One thread of its own; NOTIFY wakes it, a look every
// second makes sure. While PostgreSQL is away it goes on with what it knows. Thread-safe.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/base/status.h"
#include "common/crypto/vault.h"
#include "controlplane/db/listener.h"
#include "controlplane/db/pool.h"
#include "controlplane/enrolment/authorities.h"
#include "controlplane/enrolment/node_gate.h"
#include "controlplane/enrolment/server_files.h"

namespace sluice::enrolment {

struct KeeperOptions {
  Secret conninfo;  // for LISTEN, on a connection of its own
  std::chrono::milliseconds poll{1'000};
  // DNS names and IP addresses of this server, for the certificate that the fleet's authority gives it.
  std::vector<std::string> names = {};
  // The operator's own instead; both or none. Read again when they change.
  std::filesystem::path certificate_file = {};
  std::filesystem::path key_file = {};
  std::chrono::seconds server_life = std::chrono::hours(24 * 90);
  // After each look, on the keeper's thread: end the streams of those who are no longer let in.
  std::function<void()> on_look = {};
};

class Keeper {
 public:
  // Looks for the first time before it returns, and makes the fleet's authority if there is none. All outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Keeper>> open(KeeperOptions options, db::Pool& pool,
                                                            const crypto::Vault& vault, NodeGate& gate,
                                                            const Clock& clock);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

  // For the port of nodes and clients on other machines: asks for the client's certificate, and lets it be absent.
  [[nodiscard]] std::shared_ptr<grpc::ServerCredentials> credentials() const;

 private:
  Keeper(KeeperOptions options, db::Pool& pool, const crypto::Vault& vault, NodeGate& gate, const Clock& clock,
         std::unique_ptr<ServerFiles> files);
  [[nodiscard]] Result<> look();
  [[nodiscard]] Result<> renew_server(const AuthorityRow& signing, const std::string& ca_pem);
  void run();

  const KeeperOptions options_;
  db::Pool& pool_;
  const crypto::Vault& vault_;
  NodeGate& gate_;
  const Clock& clock_;
  const std::unique_ptr<ServerFiles> files_;
  db::Listener listener_;
  // What the files hold.
  std::string authority_id_;
  std::string ca_pem_;
  SystemTime renew_at_{};
  bool failing_ = false;  // logged once until it works again
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::enrolment
