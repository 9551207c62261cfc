// TLS towards anything that is not this machine's loopback name, and plain text within it.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/integration/sluicectl/run.h"
#include "tests/support/free_port.h"

namespace sluice::testing {

using Catch::Contains;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a server on the network is asked over TLS, if its certificate can be trusted") {
  Desk desk;
  const Ran made = desk.shell(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out ca.pem "
      "-subj /CN=sluice -addext subjectAltName=IP:127.0.0.2 && "
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout k2.pem -out other.pem "
      "-subj /CN=other");
  INFO(made.out);
  REQUIRE(made.code == 0);

  // Knows no call: an answer at all shows that TLS has worked.
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({read(desk.dir() / "key.pem"), read(desk.dir() / "ca.pem")});
  grpc::ServerBuilder builder;
  const std::string endpoint = "127.0.0.2:" + std::to_string(free_port());
  builder.AddListeningPort(endpoint, grpc::SslServerCredentials(tls));
  grpc::CallbackGenericService nothing;
  builder.RegisterCallbackGenericService(&nothing);
  const auto server = builder.BuildAndStart();
  REQUIRE(server != nullptr);

  const auto ask = [&](const std::string& ca) {
    return desk.run_bare({"--endpoint", endpoint, "--ca-file", ca, "whoami"}, {"SLUICE_TOKEN=t"});
  };
  const Ran trusted = ask("ca.pem");
  INFO(trusted.out);
  CHECK(trusted.code == 1);
  CHECK_THAT(trusted.out, Contains("the server does not know this call"));
  const Ran stranger = ask("other.pem");
  INFO(stranger.out);
  CHECK(stranger.code == 5);
  CHECK(ask("key.pem").code == 2);
  const Ran doctor = desk.run_bare({"--endpoint", endpoint, "--ca-file", "other.pem", "doctor"}, {"SLUICE_TOKEN=t"});
  CHECK_THAT(doctor.out, Contains("nobody answers with a certificate to trust"));
  server->Shutdown(std::chrono::system_clock::now());
}

TEST_CASE("a Unix socket is an endpoint, without TLS") {
  Desk desk;
  grpc::CallbackGenericService nothing;
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&nothing);
  const std::string endpoint = "unix:" + (desk.dir() / "socket").string();
  builder.AddListeningPort(endpoint, grpc::InsecureServerCredentials());
  const auto server = builder.BuildAndStart();
  REQUIRE(server != nullptr);
  const Ran ran = desk.run_bare({"--endpoint", endpoint, "whoami"}, {"SLUICE_TOKEN=t"});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.out, Contains("the server does not know this call"));
  server->Shutdown(std::chrono::system_clock::now());
}

}  // namespace sluice::testing
