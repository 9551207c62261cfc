// The real sluice-controlplane on a real PostgreSQL, and clients for its two sides. Construct on the main thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/postgres_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace sluice::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  int status = 0;
  Headers headers;
  std::string body;

  // The header of that lower-case name, or "".
  [[nodiscard]] std::string header(const std::string& name) const;
  // Throws if the body is no JSON.
  [[nodiscard]] boost::json::value json() const;
};

class ControlPlane {
 public:
  // Starts the process and waits until it is ready.
  explicit ControlPlane(PostgresServer& postgres = PostgresServer::shared());
  // Another process with the same database, secrets and tokens.
  [[nodiscard]] std::unique_ptr<ControlPlane> replica() const;

  // The one that tests share which do not stop it.
  [[nodiscard]] static ControlPlane& shared();

  // One request on a connection of its own. `token`: "" sends none.
  [[nodiscard]] HttpAnswer http(const std::string& method, const std::string& target, const std::string& body,
                                const std::string& token, const Headers& more = {}) const;
  // With the bootstrap token.
  [[nodiscard]] HttpAnswer http(const std::string& method, const std::string& target,
                                const std::string& body = {}) const;
  // The same, which must be answered with 200; the answer as JSON.
  [[nodiscard]] boost::json::value ok(const std::string& method, const std::string& target,
                                      const std::string& body = {}) const;

  // By kill -9; start() begins it anew.
  void kill() { process_.reset(); }

  // Sends the bytes and resets the connection without waiting for an answer.
  void send_and_leave(const std::string& bytes) const;

  [[nodiscard]] std::shared_ptr<grpc::Channel> channel() const;
  // A context that carries the token.
  [[nodiscard]] static std::unique_ptr<grpc::ClientContext> context(const std::string& token);

  [[nodiscard]] bool ready() const;
  void start();
  // Throws with the log if it takes too long.
  void wait_until_ready() const;
  [[nodiscard]] Process& process() { return *process_; }
  [[nodiscard]] const std::string& token() const { return token_; }
  // For the first owner.
  [[nodiscard]] std::string setup_token() const { return "setup-" + token_; }
  // What nodes show, and where they dial.
  [[nodiscard]] const std::string& node_token() const { return node_token_; }
  [[nodiscard]] std::string grpc_address() const { return "127.0.0.1:" + std::to_string(grpc_port_); }
  [[nodiscard]] const std::string& database() const { return database_; }
  [[nodiscard]] std::string log_text() const { return process_->log_text(); }
  // argv of the program with this configuration and further arguments.
  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& more = {}) const;

 private:
  ControlPlane(std::string database, std::string token, std::string node_token);

  TempDir dir_;
  std::string database_;
  std::string token_;
  std::string node_token_;
  std::uint16_t http_port_;
  std::uint16_t grpc_port_;
  std::unique_ptr<Process> process_;
};

// Ids of objects made for a test, by the shared control plane.
[[nodiscard]] std::string make_user(const ControlPlane& plane, const std::string& role = "USER_ROLE_USER");
[[nodiscard]] std::string make_group(const ControlPlane& plane);
// A word that no other test uses.
[[nodiscard]] std::string unique(const std::string& prefix);
// The text below `path` ("user.id").
[[nodiscard]] std::string text_at(const boost::json::value& value, const std::string& path);

}  // namespace sluice::testing
