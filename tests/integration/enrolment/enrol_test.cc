// How nodes get in, and who does not.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "common/pki/authority.h"
#include "common/pki/request.h"
#include "dataplane/enrolment/enrolment_client.h"
#include "tests/integration/enrolment/plane.h"

namespace sluice::testing {

using Catch::Contains;
using grpc::StatusCode;

namespace {

// One for the tests that change nothing for others.
Plane& shared_plane() {
  (void)PostgresServer::shared();  // outlives it
  static Plane plane;
  return plane;
}

}  // namespace

TEST_CASE("a node enrols by its token, syncs, and comes back without it") {
  Plane& plane = shared_plane();
  const auto token = plane.make_token("alpha");
  TlsNode node("alpha");
  must(node.open(plane, token.ca_pem(), token.token()));
  node.subscribe();
  CHECK(eventually(kGenerous, [&] { return node.connected(); }));
  CHECK(report_usage(node.endpoint(), "alpha").ok());

  struct stat status{};
  REQUIRE(stat(node.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const std::string serial = node.serial();
  node.close();
  must(node.open(plane, token.ca_pem(), ""));
  CHECK(node.serial() == serial);
  node.subscribe();
  CHECK(eventually(kGenerous, [&] { return node.connected(); }));

  TlsNode other("alpha");
  const auto again = other.open(plane, token.ca_pem(), token.token());
  REQUIRE_FALSE(again.has_value());
  CHECK_THAT(again.error().message, Contains("has been used"));
}

TEST_CASE("an answer that got lost does not use the token up for the key that it was used for") {
  Plane& plane = shared_plane();
  const auto token = plane.make_token("beta");
  const enrolment::Server server{plane.address(), token.ca_pem()};
  const Secret key = must(pki::make_key());
  const auto first = must(enrolment::enrol(server, Secret(token.token()), "beta", key));
  const auto second = must(enrolment::enrol(server, Secret(token.token()), "beta", key));
  CHECK(must(pki::read_certificate(first.certificate_pem)).serial !=
        must(pki::read_certificate(second.certificate_pem)).serial);
  const auto stranger = enrolment::enrol(server, Secret(token.token()), "beta", must(pki::make_key()));
  CHECK(stranger.error().code == ErrorCode::kPermissionDenied);
}

TEST_CASE("a token that is guessed, expired, revoked or another node's buys nothing") {
  Plane& plane = shared_plane();
  const auto good = plane.make_token("gamma");
  const enrolment::Server server{plane.address(), good.ca_pem()};
  const Secret key = must(pki::make_key());
  const auto ask = [&](const std::string& token, const std::string& node_id) {
    const auto answer = enrolment::enrol(server, Secret(token), node_id, key);
    return answer ? std::string("enrolled") : answer.error().message;
  };
  CHECK_THAT(ask("", "gamma"), Contains("unknown"));
  CHECK_THAT(ask("sluice-enrol-" + std::string(43, 'x'), "gamma"), Contains("unknown"));
  CHECK_THAT(ask(good.token(), "delta"), Contains("another node id"));
  CHECK_THAT(ask(good.token(), "a/b"), Contains("node_id"));
  CHECK_THAT(ask(good.token(), std::string(65, 'a')), Contains("node_id"));

  const auto late = plane.make_token("gamma");
  PostgresServer::shared().run(plane.database(),
                               "UPDATE enrolment_tokens SET expires_at = now() WHERE id = '" + late.id() + "'");
  CHECK_THAT(ask(late.token(), "gamma"), Contains("expired"));

  admin::v1::RevokeNodeRequest revoke;
  revoke.set_node_id("gamma");
  admin::v1::RevokeNodeResponse revoked;
  REQUIRE(plane.admin()->RevokeNode(Plane::context().get(), revoke, &revoked).ok());
  CHECK(revoked.tokens() == 1);
  CHECK_THAT(ask(good.token(), "gamma"), Contains("revoked"));
  CHECK(ask(plane.make_token("gamma").token(), "gamma") == "enrolled");
  // In no form is a token in the database.
  CHECK(PostgresServer::shared().run(plane.database(),
                                     "SELECT count(*) FROM enrolment_tokens t WHERE t::text LIKE "
                                     "'%sluice-enrol%'") == "0");
}

TEST_CASE("a request that is none buys nothing and leaves the token good") {
  Plane& plane = shared_plane();
  const auto token = plane.make_token("epsilon");
  const auto node = [&](const std::string& key) {
    return enrolment::enrol({plane.address(), token.ca_pem()}, Secret(token.token()), "epsilon", Secret(key));
  };
  CHECK_FALSE(node("no key").has_value());
  CHECK(node(std::string(must(pki::make_key()).reveal())).has_value());
}

TEST_CASE("a certificate speaks for its own node only") {
  Plane& plane = shared_plane();
  const auto token = plane.make_token("zeta");
  TlsNode node("zeta");
  must(node.open(plane, token.ca_pem(), token.token()));
  CHECK(say_hello(node.endpoint(), "zeta").ok());
  const grpc::Status hello = say_hello(node.endpoint(), "eta");
  CHECK(hello.error_code() == StatusCode::PERMISSION_DENIED);
  CHECK_THAT(hello.error_message(), Contains("zeta"));
  CHECK(report_usage(node.endpoint(), "eta").error_code() == StatusCode::PERMISSION_DENIED);
  CHECK(report_usage(node.endpoint(), "").error_code() == StatusCode::PERMISSION_DENIED);
}

TEST_CASE("on the TLS port the node token takes the place of no certificate") {
  Plane& plane = shared_plane();
  const sync::Endpoint bare{.address = plane.address(),
                            .token = Secret("node-token-of-the-enrolment-tests-00000000"),
                            .ca_pem = plane.make_token("theta").ca_pem()};
  CHECK(say_hello(bare, "theta").error_code() == StatusCode::UNAUTHENTICATED);
  CHECK(report_usage(bare, "theta").error_code() == StatusCode::UNAUTHENTICATED);
  // On this machine, in plain text, it does.
  const sync::Endpoint local{.address = plane.local_address(), .token = bare.token};
  CHECK(say_hello(local, "theta").ok());
  CHECK(report_usage(local, "theta").ok());
}

TEST_CASE("a certificate of a foreign authority opens nothing, and a foreign server learns nothing") {
  Plane& plane = shared_plane();
  const auto token = plane.make_token("iota");
  const SystemTime now = real_clock().now();
  const pki::Validity validity{.from = now - std::chrono::minutes(5), .to = now + std::chrono::hours(1)};
  const pki::Authority foreign = must(pki::make_authority("Sluice fleet CA", validity));
  const Secret key = must(pki::make_key());
  const std::string pem = must(pki::sign_client(foreign, must(pki::make_request(key, "iota")), "iota", validity));
  const sync::Endpoint forged{
      .address = plane.address(), .token = {}, .ca_pem = token.ca_pem(), .certificate_pem = pem, .key_pem = key};
  CHECK(say_hello(forged, "iota").error_code() == StatusCode::UNAVAILABLE);

  TlsNode node("iota");
  CHECK_FALSE(node.open(plane, foreign.certificate_pem, token.token()).has_value());
  CHECK_FALSE(std::filesystem::exists(node.file()));
  must(node.open(plane, token.ca_pem(), token.token()));  // the token was not shown
}

TEST_CASE("an identity of another node, or one that others may read, is not used") {
  Plane& plane = shared_plane();
  const auto token = plane.make_token("kappa");
  TlsNode node("kappa");
  must(node.open(plane, token.ca_pem(), token.token()));
  node.close();
  TlsNode other("lambda");
  std::filesystem::copy_file(node.file(), other.file());
  const auto wrong = other.open(plane, token.ca_pem(), "");
  REQUIRE_FALSE(wrong.has_value());
  CHECK_THAT(wrong.error().message, Contains("identity of the node kappa"));

  chmod(node.file().c_str(), 0644);
  CHECK_FALSE(node.open(plane, token.ca_pem(), "").has_value());
  chmod(node.file().c_str(), 0600);
  std::ofstream(node.file()) << "damaged";
  CHECK_THAT(node.open(plane, token.ca_pem(), "").error().message, Contains("damaged"));
}

}  // namespace sluice::testing
