// How nodes are kept out again, on every replica, and how certificates and authorities are replaced while nodes run.
#include <catch2/catch.hpp>

#include "dataplane/enrolment/enrolment_client.h"
#include "tests/integration/enrolment/plane.h"

namespace sluice::testing {

using Catch::Contains;
using grpc::StatusCode;
using std::chrono::milliseconds;

namespace {

namespace v1 = admin::v1;

int revoke_node(const Plane& plane, const std::string& node_id) {
  v1::RevokeNodeRequest request;
  request.set_node_id(node_id);
  v1::RevokeNodeResponse response;
  REQUIRE(plane.admin()->RevokeNode(Plane::context().get(), request, &response).ok());
  return response.certificates();
}

std::vector<v1::NodeCertificate> certificates(const Plane& plane, const std::string& node_id) {
  v1::ListNodeCertificatesRequest request;
  request.set_node_id(node_id);
  v1::ListNodeCertificatesResponse response;
  REQUIRE(plane.admin()->ListNodeCertificates(Plane::context().get(), request, &response).ok());
  return {response.node_certificates().begin(), response.node_certificates().end()};
}

v1::ListCertificateAuthoritiesResponse authorities(const Plane& plane) {
  v1::ListCertificateAuthoritiesResponse response;
  REQUIRE(plane.admin()->ListCertificateAuthorities(Plane::context().get(), {}, &response).ok());
  return response;
}

}  // namespace

TEST_CASE("a revoked node loses its stream at every replica and cannot come back without a new token") {
  Plane plane;
  Plane replica({}, plane.database());
  const auto token = plane.make_token("node-1");
  TlsNode node("node-1");
  must(node.open(replica, token.ca_pem(), token.token()));
  node.subscribe();
  REQUIRE(eventually(kGenerous, [&] { return node.connected(); }));
  const enrolment::Identity stolen = node.credentials().current();

  TlsNode bystander("node-2");
  must(bystander.open(replica, token.ca_pem(), plane.make_token("node-2").token()));
  bystander.subscribe();
  REQUIRE(eventually(kGenerous, [&] { return bystander.connected(); }));

  CHECK(revoke_node(plane, "node-1") == 1);
  CHECK(eventually(kGenerous, [&] { return !node.connected(); }));
  CHECK(bystander.connected());
  const auto refused = [&] {
    return say_hello(node.endpoint(), "node-1").error_code() == StatusCode::PERMISSION_DENIED;
  };
  CHECK(eventually(kGenerous, refused));
  CHECK(report_usage(node.endpoint(), "node-1").error_code() == StatusCode::PERMISSION_DENIED);
  for (const Plane* each : {&plane, &replica}) {
    const auto renewed = enrolment::renew({each->address(), token.ca_pem()}, stolen);
    REQUIRE_FALSE(renewed.has_value());
    CHECK(renewed.error().code == ErrorCode::kPermissionDenied);
  }
  CHECK_FALSE(node.connected());
  REQUIRE(certificates(plane, "node-1").size() == 1);
  CHECK(certificates(plane, "node-1").front().has_revoked_at());

  node.close();
  std::filesystem::remove(node.file());
  CHECK_FALSE(node.open(plane, token.ca_pem(), token.token()).has_value());
  must(node.open(plane, token.ca_pem(), plane.make_token("node-1").token()));
  node.subscribe();
  CHECK(eventually(kGenerous, [&] { return node.connected(); }));
}

TEST_CASE("one revoked certificate of a node ends without the others") {
  Plane plane;
  const auto token = plane.make_token("node-1");
  const enrolment::Server server{plane.address(), token.ca_pem()};
  TlsNode node("node-1");
  must(node.open(plane, token.ca_pem(), token.token()));
  const auto next = must(enrolment::renew(server, node.credentials().current()));

  v1::RevokeNodeCertificateRequest request;
  request.set_serial(node.serial());
  v1::RevokeNodeCertificateResponse response;
  REQUIRE(plane.admin()->RevokeNodeCertificate(Plane::context().get(), request, &response).ok());
  CHECK(response.node_certificate().node_id() == "node-1");
  CHECK(eventually(kGenerous,
                   [&] { return say_hello(node.endpoint(), "node-1").error_code() == StatusCode::PERMISSION_DENIED; }));
  CHECK(enrolment::renew(server, next).has_value());
  request.set_serial("00");
  CHECK(plane.admin()->RevokeNodeCertificate(Plane::context().get(), request, &response).error_code() ==
        StatusCode::NOT_FOUND);
}

TEST_CASE("a node renews its certificate in time and goes on with it, without a restart") {
  Plane plane("  node_certificate_life: 10s\n");
  const auto token = plane.make_token("node-1");
  TlsNode node("node-1");
  must(node.open(plane, token.ca_pem(), token.token()));
  node.subscribe();
  REQUIRE(eventually(kGenerous, [&] { return node.connected(); }));
  const std::string first = node.serial();
  const sync::Endpoint before = node.endpoint();
  const SystemTime end = must(pki::read_certificate(before.certificate_pem)).not_after;
  REQUIRE(eventually(kGenerous, [&] { return node.serial() != first; }));
  CHECK(real_clock().now() < end);

  // The old one ends, and with it its stream; the node comes back with a newer one.
  REQUIRE(eventually(kGenerous, [&] { return real_clock().now() > end + std::chrono::seconds(2); }));
  CHECK_FALSE(say_hello(before, "node-1").ok());
  CHECK(eventually(kGenerous, [&] { return node.connected(); }));
  CHECK(report_usage(node.endpoint(), "node-1").ok());
  CHECK(certificates(plane, "node-1").size() >= 1);
}

TEST_CASE("an authority is replaced while nodes run") {
  Plane plane;
  const auto token = plane.make_token("node-1");
  TlsNode node("node-1");
  must(node.open(plane, token.ca_pem(), token.token(), milliseconds(300)));
  const std::string old_authority = authorities(plane).certificate_authorities(0).id();

  v1::CreateCertificateAuthorityResponse made;
  REQUIRE(plane.admin()->CreateCertificateAuthority(Plane::context().get(), {}, &made).ok());
  const v1::CertificateAuthority& next = made.certificate_authority();
  CHECK(next.state() == v1::CERTIFICATE_AUTHORITY_STATE_TRUSTED);
  CHECK(eventually(kGenerous, [&] { return node.credentials().trusted().contains(next.certificate_pem()); }));

  v1::ActivateCertificateAuthorityRequest activate;
  activate.set_id(next.id());
  v1::ActivateCertificateAuthorityResponse activated;
  REQUIRE(plane.admin()->ActivateCertificateAuthority(Plane::context().get(), activate, &activated).ok());
  // The server changes over to it: who believes only the new one gets through as well.
  const enrolment::Server by_new{plane.address(), next.certificate_pem()};
  CHECK(eventually(kGenerous, [&] { return enrolment::get_trust(by_new).has_value(); }));
  CHECK(say_hello(node.endpoint(), "node-1").ok());
  const auto renewed = must(enrolment::renew(by_new, node.credentials().current()));

  v1::RetireCertificateAuthorityRequest retire;
  v1::RetireCertificateAuthorityResponse retired;
  retire.set_id(next.id());
  CHECK(plane.admin()->RetireCertificateAuthority(Plane::context().get(), retire, &retired).error_code() ==
        StatusCode::FAILED_PRECONDITION);
  retire.set_id(old_authority);
  REQUIRE(plane.admin()->RetireCertificateAuthority(Plane::context().get(), retire, &retired).ok());
  CHECK(authorities(plane).certificate_authorities_size() == 1);
  CHECK(eventually(kGenerous, [&] { return !say_hello(node.endpoint(), "node-1").ok(); }));
  const sync::Endpoint now{.address = plane.address(),
                           .token = {},
                           .ca_pem = next.certificate_pem(),
                           .certificate_pem = renewed.certificate_pem,
                           .key_pem = renewed.key_pem};
  CHECK(say_hello(now, "node-1").ok());
}

TEST_CASE("two replicas that start at once have one authority") {
  const std::string database = PostgresServer::shared().fresh_database();
  const Plane one({}, database);
  const Plane two({}, database);
  CHECK(authorities(one).certificate_authorities_size() == 1);
  CHECK(authorities(two).certificate_authorities(0).id() == authorities(one).certificate_authorities(0).id());
}

}  // namespace sluice::testing
