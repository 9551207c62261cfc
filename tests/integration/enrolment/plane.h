// The real sluice-controlplane with a TLS port, and what its administrators and nodes do there. Main thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "dataplane/enrolment/node_credentials.h"
#include "dataplane/sync/client.h"
#include "sluice/admin/v1/node_certificates.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/postgres_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace sluice::testing {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline const RealClock& real_clock() {
  static const RealClock clock;
  return clock;
}

void write_private(const std::filesystem::path& path, const std::string& text);
// Of the same build.
[[nodiscard]] std::filesystem::path program(const std::string& plane, const std::string& name);

class Plane {
 public:
  // `tls`: further lines of the section grpc_tls. `database`: that of another plane, whose replica this becomes.
  explicit Plane(const std::string& tls = {}, const std::string& database = {});

  // "127.0.0.2:port": TLS, as seen from another machine.
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& local_address() const { return local_address_; }
  [[nodiscard]] const std::string& database() const { return database_; }
  [[nodiscard]] std::string log_text() const { return process_->log_text(); }

  // An administrator on this machine, by the bootstrap token.
  [[nodiscard]] std::unique_ptr<admin::v1::NodeCertificateService::Stub> admin() const;
  [[nodiscard]] static std::unique_ptr<grpc::ClientContext> context();
  [[nodiscard]] admin::v1::CreateEnrolmentTokenResponse make_token(const std::string& node_id) const;

 private:
  TempDir dir_;
  std::string database_;
  std::string address_;
  std::string local_address_;
  std::unique_ptr<Process> process_;
};

// A node as the data plane runs it: its credentials and its config stream.
class TlsNode {
 public:
  explicit TlsNode(std::string node_id) : node_id_(std::move(node_id)) {}

  // Enrols, if need be, with this token.
  [[nodiscard]] Result<> open(const Plane& plane, const std::string& ca_pem, const std::string& token,
                              std::chrono::milliseconds trust_poll = std::chrono::hours(1));
  // Subscribes as `as`, or as itself.
  void subscribe(const std::string& as = {});
  void unsubscribe() { client_.reset(); }
  // Gives up what it has in memory; the file stays.
  void close();

  [[nodiscard]] enrolment::NodeCredentials& credentials() { return *credentials_; }
  [[nodiscard]] sync::Endpoint endpoint() const;
  [[nodiscard]] bool connected() const { return client_ != nullptr && client_->status().connected; }
  [[nodiscard]] std::filesystem::path file() const { return dir_ / "node_identity.pem"; }
  [[nodiscard]] std::string serial() const;

 private:
  const std::string node_id_;
  TempDir dir_;
  std::string address_;
  std::unique_ptr<enrolment::NodeCredentials> credentials_;
  std::unique_ptr<sync::Client> client_;
};

// What Subscribe says to a hello of this node.
[[nodiscard]] grpc::Status say_hello(const sync::Endpoint& endpoint, const std::string& node_id);
// What Report says to an empty batch of this node; OK: it was acknowledged.
[[nodiscard]] grpc::Status report_usage(const sync::Endpoint& endpoint, const std::string& node_id);

}  // namespace sluice::testing
