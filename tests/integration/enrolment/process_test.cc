// The real programs: a node's process, sluicectl, and what they refuse to do in plain text.
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "common/pki/authority.h"
#include "common/pki/request.h"
#include "sluice/admin/v1/nodes.grpc.pb.h"
#include "sluice/enrolment/v1/enrolment.grpc.pb.h"
#include "tests/integration/enrolment/plane.h"
#include "tests/support/free_port.h"

namespace sluice::testing {

using Catch::Contains;
using grpc::StatusCode;

namespace {

bool knows_ready_node(const Plane& plane, const std::string& node_id) {
  const auto stub =
      admin::v1::NodeService::NewStub(grpc::CreateChannel(plane.local_address(), grpc::InsecureChannelCredentials()));
  admin::v1::GetNodeRequest request;
  request.set_id(node_id);
  admin::v1::GetNodeResponse response;
  return stub->GetNode(Plane::context().get(), request, &response).ok() && response.node().ready();
}

// A data plane's folder with its secrets and config.
void write_node_config(const TempDir& dir, const std::string& control_plane, const std::string& more) {
  write_private(dir / "pepper", std::string(64, 'b'));
  write_private(dir / "snapshot_key", std::string(64, 'c'));
  std::ofstream(dir / "dataplane.yaml")
      << "node_id: node-1\nlisten: \"127.0.0.1:" << free_port() << "\"\nadmin_listen: \"127.0.0.1:" << free_port()
      << "\"\nworkers: 1\nredis: \"127.0.0.1:" << free_port() << "\"\ncontrol_plane: \"" << control_plane << "\"\n"
      << "data_dir: data\nsecrets:\n  api_key_pepper_file: pepper\n  snapshot_key_file: snapshot_key\n"
      << more;
}

Process start_node(const TempDir& dir) {
  return Process({.argv = {program("dataplane", "sluice-dataplane"), "--config", dir / "dataplane.yaml"},
                  .log = dir / "log",
                  .cwd = dir.path()});
}

}  // namespace

TEST_CASE("a node's process enrols, serves, and starts again without its token") {
  Plane plane;
  const auto token = plane.make_token("node-1");
  TempDir dir;
  write_private(dir / "token", token.token());
  write_private(dir / "ca.pem", token.ca_pem());
  write_node_config(dir, plane.address(), "control_plane_tls:\n  ca_file: ca.pem\n  enrolment_token_file: token\n");
  {
    Process node = start_node(dir);
    INFO(node.log_text());
    REQUIRE(eventually(kGenerous, [&] { return knows_ready_node(plane, "node-1"); }));
    node.kill(SIGTERM);
    CHECK(node.wait(kGenerous) == 0);
  }
  std::filesystem::remove(dir / "token");
  PostgresServer::shared().run(plane.database(), "DELETE FROM nodes");
  Process again = start_node(dir);
  INFO(again.log_text());
  CHECK(eventually(kGenerous, [&] { return knows_ready_node(plane, "node-1"); }));
}

TEST_CASE("a node without certificate and token does not start, and says what to do") {
  Plane plane;
  TempDir dir;
  write_private(dir / "ca.pem", plane.make_token("node-1").ca_pem());
  write_node_config(dir, plane.address(), "control_plane_tls:\n  ca_file: ca.pem\n");
  Process node = start_node(dir);
  CHECK(node.wait(kGenerous) == 1);
  CHECK_THAT(node.log_text(), Contains("enrolment_token_file"));
}

TEST_CASE("neither plane speaks plain text to other machines") {
  TempDir dir;
  write_private(dir / "node_token", "t");
  write_node_config(dir, "192.0.2.1:7443", "  node_token_file: node_token\n");
  Process node = start_node(dir);
  CHECK(node.wait(kGenerous) == 2);
  CHECK_THAT(node.log_text(), Contains("control_plane_tls"));

  std::ofstream(dir / "controlplane.yaml") << "database: x\ngrpc_listen: \"0.0.0.0:7070\"\nsecrets:\n"
                                           << "  key_encryption_key_file: a\n  api_key_pepper_file: b\n"
                                           << "  node_token_file: c\n  bootstrap_token_file: d\n";
  Process plane({.argv = {program("controlplane", "sluice-controlplane"), "--config", dir / "controlplane.yaml"},
                 .log = dir / "plane.log"});
  CHECK(plane.wait(kGenerous) == 2);
  CHECK_THAT(plane.log_text(), Contains("grpc_tls.listen"));
}

TEST_CASE("the TLS port knows no plain text, and nobody enrols in plain text") {
  Plane plane;
  const sync::Endpoint plain{.address = plane.address(), .token = Secret("t")};
  CHECK(say_hello(plain, "node-1").error_code() == StatusCode::UNAVAILABLE);
  const auto stub = sluice::enrolment::v1::EnrolmentService::NewStub(
      grpc::CreateChannel(plane.local_address(), grpc::InsecureChannelCredentials()));
  sluice::enrolment::v1::EnrolRequest request;
  request.set_token(plane.make_token("node-1").token());
  sluice::enrolment::v1::EnrolResponse response;
  CHECK(stub->Enrol(Plane::context().get(), request, &response).error_code() == StatusCode::FAILED_PRECONDITION);
  sluice::enrolment::v1::RenewResponse renewed;
  CHECK_FALSE(stub->Renew(Plane::context().get(), {}, &renewed).ok());
}

TEST_CASE("the operator's own certificate serves as well as the fleet's") {
  TempDir dir;
  const SystemTime now = real_clock().now();
  const pki::Validity validity{.from = now - std::chrono::minutes(5), .to = now + std::chrono::hours(1)};
  const pki::Authority own = must(pki::make_authority("own", validity));
  const Secret key = must(pki::make_key());
  const std::vector<std::string> names{"127.0.0.2"};
  write_private(dir / "key.pem", std::string(key.reveal()));
  write_private(dir / "certificate.pem", must(pki::sign_server(own, key, names, validity)));
  Plane plane("  certificate_file: \"" + (dir / "certificate.pem").string() + "\"\n  key_file: \"" +
              (dir / "key.pem").string() + "\"\n");
  const auto token = plane.make_token("node-1");
  TlsNode node("node-1");
  CHECK_FALSE(node.open(plane, token.ca_pem(), token.token()).has_value());
  must(node.open(plane, own.certificate_pem, token.token()));
  CHECK(say_hello(node.endpoint(), "node-1").ok());
}

TEST_CASE("an administrator works over TLS, with a token and no certificate") {
  Plane plane;
  TempDir dir;
  write_private(dir / "ca.pem", plane.make_token("node-1").ca_pem());
  const auto sluicectl = [&](const std::string& endpoint, const std::string& token) {
    std::filesystem::remove(dir / "log");
    Process process(
        {.argv = {program("controlplane", "sluicectl"), "--endpoint", endpoint, "--ca-file", dir / "ca.pem", "whoami"},
         .env = {"SLUICE_TOKEN=" + token, "HOME=" + dir.path().string(), "XDG_CONFIG_HOME="},
         .log = dir / "log"});
    return process.wait(kGenerous);
  };
  CHECK(sluicectl(plane.address(), "bootstrap-token-of-the-enrolment-tests-000") == 0);
  CHECK(sluicectl(plane.address(), "wrong") != 0);
}

}  // namespace sluice::testing
