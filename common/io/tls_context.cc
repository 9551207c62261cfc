#include "common/io/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <climits>

namespace sluice::io {

namespace {

constexpr unsigned char kAlpn[] = "\x08http/1.1";

// Adds every certificate of the text; the number of them, or -1 if one is damaged.
int add_certificates(X509_STORE* store, std::string_view pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                   &BIO_free);
  int added = 0;
  for (;;) {
    std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr),
                                                            &X509_free);
    if (!certificate) break;
    if (X509_STORE_add_cert(store, certificate.get()) != 1) return -1;
    ++added;
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return ended ? added : -1;
}

}  // namespace

std::string take_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown TLS error" : reason;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make(std::string_view ca_pem) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (!context) return fail(ErrorCode::kInternal, "cannot set up TLS: " + take_tls_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  // Idle sessions give their buffers back; a retried write may come from another address.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);  // one system call per record instead of two
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (ca_pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1) {
      return fail(ErrorCode::kInternal, "cannot load the system's certificate authorities: " + take_tls_error());
    }
  } else {
    if (ca_pem.size() > INT_MAX) return fail(ErrorCode::kInvalidArgument, "the CA file is too large");
    const int added = add_certificates(SSL_CTX_get_cert_store(context.get()), ca_pem);
    if (added <= 0) return fail(ErrorCode::kInvalidArgument, "the CA must be one or more certificates in PEM form");
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context)));
}

Result<TlsContext::Session> TlsContext::open(int descriptor, const std::string& host) const {
  ERR_clear_error();
  Session session(SSL_new(context_.get()), &SSL_free);
  if (!session || SSL_set_fd(session.get(), descriptor) != 1) {
    return fail(ErrorCode::kInternal, "cannot open a TLS session: " + take_tls_error());
  }
  SSL_set_connect_state(session.get());
  bool named = false;
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), host.c_str()) == 1;
  } else {
    SSL_set_hostflags(session.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    named =
        SSL_set1_host(session.get(), host.c_str()) == 1 && SSL_set_tlsext_host_name(session.get(), host.c_str()) == 1;
  }
  if (host.empty() || !named) return fail(ErrorCode::kInvalidArgument, "not a host name or address: " + host);
  SSL_set_alpn_protos(session.get(), kAlpn, sizeof(kAlpn) - 1);
  return session;
}

}  // namespace sluice::io
