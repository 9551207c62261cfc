#include "tests/fakes/anthropic/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::fakes {

namespace {

int choose_http1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                 unsigned int size, void*) {
  static constexpr unsigned char kHttp1[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, kHttp1, sizeof kHttp1 - 1, offered, size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Transport::Result ssl_result(SSL* ssl, int result) {
  const int problem = SSL_get_error(ssl, result);
  ERR_clear_error();
  const bool later = problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE;
  return later ? Transport::Result::kLater : Transport::Result::kEnd;
}

Transport::Result socket_result(ssize_t result, std::size_t& count) {
  if (result > 0) {
    count = static_cast<std::size_t>(result);
    return Transport::Result::kBytes;
  }
  const bool later = result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return later ? Transport::Result::kLater : Transport::Result::kEnd;
}

}  // namespace

SslContext make_tls_context(const std::string& certificate_file, const std::string& key_file, std::string& error) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_http1, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1) {
    return context;
  }
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  error = "cannot use the TLS certificate " + certificate_file + " with the key " + key_file + ": " + text;
  return nullptr;
}

Transport::Transport(int fd, SSL_CTX* tls) : fd_(fd) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls == nullptr) return;
  ssl_ = SSL_new(tls);
  SSL_set_fd(ssl_, fd_);
  SSL_set_accept_state(ssl_);
}

Transport::~Transport() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  close(fd_);
}

Transport::Result Transport::read(char* to, std::size_t size, std::size_t& got) {
  if (ssl_ == nullptr) return socket_result(recv(fd_, to, size, 0), got);
  const int result = SSL_read_ex(ssl_, to, size, &got);
  return result == 1 ? Result::kBytes : ssl_result(ssl_, result);
}

Transport::Result Transport::write(const char* from, std::size_t size, std::size_t& written) {
  if (ssl_ == nullptr) return socket_result(send(fd_, from, size, MSG_NOSIGNAL), written);
  const int result = SSL_write_ex(ssl_, from, size, &written);
  return result == 1 ? Result::kBytes : ssl_result(ssl_, result);
}

void Transport::reset_on_close() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace sluice::fakes
