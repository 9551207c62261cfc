#include "common/pki/authority.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>

#include "common/pki/certificate.h"
#include "common/pki/openssl.h"
#include "common/pki/request.h"

namespace sluice::pki {

namespace {

using namespace std::chrono_literals;

SystemTime now() {
  return std::chrono::floor<std::chrono::seconds>(RealClock().now());
}

Validity a_day() {
  return {.from = now() - 5min, .to = now() + 24h};
}

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().message);
  return std::move(*result);
}

// As OpenSSL checks the certificate of a peer; `purpose` is X509_PURPOSE_SSL_CLIENT or _SERVER.
bool believed(const std::string& pem, const std::string& authority, int purpose) {
  const X509Ptr certificate = must(parse_certificate(pem));
  const X509Ptr root = must(parse_certificate(authority));
  const std::unique_ptr<X509_STORE, Freed<X509_STORE_free>> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  REQUIRE(X509_STORE_add_cert(store.get(), root.get()) == 1);
  REQUIRE(X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr) == 1);
  REQUIRE(X509_STORE_CTX_set_purpose(context.get(), purpose) == 1);
  return X509_verify_cert(context.get()) == 1;
}

}  // namespace

TEST_CASE("a client's certificate says who it is, and is good for nothing else") {
  const Authority ours = must(make_authority("ours", a_day()));
  const Authority other = must(make_authority("ours", a_day()));
  const Secret key = must(make_key());
  const std::string request = must(make_request(key, "whatever"));
  const std::string pem = must(sign_client(ours, request, "node-1", a_day()));

  const Certificate read = must(read_certificate(pem));
  CHECK(read.common_name == "node-1");
  CHECK(read.for_clients);
  CHECK_FALSE(read.for_servers);
  CHECK(read.not_before == a_day().from);
  CHECK(read.not_after >= now() + 23h);
  CHECK(renewal_time(read) > now() + 15h);
  CHECK(renewal_time(read) < now() + 17h);
  CHECK(read.serial.size() >= 24);
  CHECK(read.serial != must(read_certificate(must(sign_client(ours, request, "node-1", a_day())))).serial);

  CHECK(believed(pem, ours.certificate_pem, X509_PURPOSE_SSL_CLIENT));
  CHECK_FALSE(believed(pem, ours.certificate_pem, X509_PURPOSE_SSL_SERVER));
  CHECK_FALSE(believed(pem, other.certificate_pem, X509_PURPOSE_SSL_CLIENT));
}

TEST_CASE("a server's certificate is for its names, and no client's") {
  const Authority ours = must(make_authority("ours", a_day()));
  const Secret key = must(make_key());
  const std::vector<std::string> names{"cp.example", "127.0.0.2", "::1"};
  const std::string pem = must(sign_server(ours, key, names, a_day()));
  const X509Ptr certificate = must(parse_certificate(pem));
  CHECK(X509_check_host(certificate.get(), "cp.example", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(certificate.get(), "other.example", 0, 0, nullptr) == 0);
  CHECK(X509_check_ip_asc(certificate.get(), "127.0.0.2", 0) == 1);
  CHECK(X509_check_ip_asc(certificate.get(), "::1", 0) == 1);
  CHECK(X509_check_ip_asc(certificate.get(), "127.0.0.3", 0) == 0);
  CHECK(believed(pem, ours.certificate_pem, X509_PURPOSE_SSL_SERVER));
  CHECK_FALSE(believed(pem, ours.certificate_pem, X509_PURPOSE_SSL_CLIENT));
  CHECK_FALSE(must(read_certificate(pem)).for_clients);

  const std::vector<std::string> smuggled{"a,DNS:evil.example"};
  CHECK_FALSE(sign_server(ours, key, smuggled, a_day()).has_value());
  CHECK_FALSE(sign_server(ours, key, {}, a_day()).has_value());
}

TEST_CASE("an ended certificate is not believed") {
  const Authority ours = must(make_authority("ours", a_day()));
  const std::string request = must(make_request(must(make_key()), "n"));
  const std::string pem = must(sign_client(ours, request, "n", {.from = now() - 2h, .to = now() - 1h}));
  CHECK_FALSE(believed(pem, ours.certificate_pem, X509_PURPOSE_SSL_CLIENT));
}

TEST_CASE("what is no request is refused") {
  const Authority ours = must(make_authority("ours", a_day()));
  const Secret key = must(make_key());
  const std::string good = must(make_request(key, "n"));
  CHECK(must(key_of_request(good)) == must(key_of_request(must(make_request(key, "other")))));
  CHECK(must(key_of_request(good)) != must(key_of_request(must(make_request(must(make_key()), "n")))));

  // One changed byte in the middle: the signature is wrong, or it is no request at all.
  std::string damaged = good;
  char& middle = damaged[damaged.size() / 2];
  middle = middle == 'A' ? 'B' : 'A';
  // Another kind of key.
  const Key rsa(EVP_RSA_gen(2048));
  const RequestPtr request(X509_REQ_new());
  const Bio out(BIO_new(BIO_s_mem()));
  REQUIRE(X509_REQ_set_pubkey(request.get(), rsa.get()) == 1);
  REQUIRE(X509_REQ_sign(request.get(), rsa.get(), EVP_sha256()) > 0);
  REQUIRE(PEM_write_bio_X509_REQ(out.get(), request.get()) == 1);

  for (const std::string& bad : {std::string(), std::string("x"), damaged, text_of(*out), ours.certificate_pem,
                                 std::string(10'000, 'A') + good}) {
    CHECK_FALSE(key_of_request(bad).has_value());
    CHECK_FALSE(sign_client(ours, bad, "n", a_day()).has_value());
  }
  CHECK_FALSE(read_certificate(good).has_value());
}

}  // namespace sluice::pki
