#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/io/tls_context.h"
#include "common/io/transfer.h"

namespace sluice::io {

namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;

// `errno` must be that of the failed call.
Step judge(SSL* session, int result) {
  const int system_error = errno;
  switch (SSL_get_error(session, result)) {
    case SSL_ERROR_WANT_READ:
      return Step{Step::Kind::kWantRead, 0, {}};
    case SSL_ERROR_WANT_WRITE:
      return Step{Step::Kind::kWantWrite, 0, {}};
    case SSL_ERROR_ZERO_RETURN:
      return Step{Step::Kind::kEnd, 0, {}};
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return Step{Step::Kind::kFailed, 0,
                  system_error == 0 ? "cut without a closing alert" : std::generic_category().message(system_error)};
    default:
      return Step{Step::Kind::kFailed, 0, take_tls_error()};
  }
}

void forget_errors() {
  ERR_clear_error();
  errno = 0;
}

}  // namespace

Step handshake_tls(SSL* session) {
  forget_errors();
  const int result = SSL_do_handshake(session);
  if (result == 1) return Step{Step::Kind::kDone, 0, {}};
  Step step = judge(session, result);
  const long verdict = SSL_get_verify_result(session);
  if (step.kind == Step::Kind::kFailed && verdict != X509_V_OK) {
    step.why = std::string("the certificate was refused: ") + X509_verify_cert_error_string(verdict);
  }
  return step;
}

Step read_tls(SSL* session, std::span<char> buffer) {
  forget_errors();
  std::size_t got = 0;
  const int result = SSL_read_ex(session, buffer.data(), buffer.size(), &got);
  return result == 1 ? Step{Step::Kind::kDone, got, {}} : judge(session, result);
}

Step peek_tls(SSL* session) {
  forget_errors();
  char byte = 0;
  std::size_t got = 0;
  const int result = SSL_peek_ex(session, &byte, 1, &got);
  return result == 1 ? Step{Step::Kind::kDone, got, {}} : judge(session, result);
}

Step write_tls(SSL* session, const Outgoing& out) {
  // Small pieces share one record; a retry gathers the same bytes again, as OpenSSL demands.
  std::array<char, kRecordBytes> record;
  std::string_view bytes = out.piece(out.index_);
  if (bytes.size() < kRecordBytes && out.index_ + 1 < out.pieces_.size()) {
    std::size_t filled = 0;
    for (std::size_t i = out.index_; i < out.pieces_.size() && filled < kRecordBytes; ++i) {
      const std::string_view part = out.piece(i).substr(0, kRecordBytes - filled);
      if (!part.empty()) std::memcpy(record.data() + filled, part.data(), part.size());
      filled += part.size();
    }
    bytes = std::string_view(record.data(), filled);
  }
  forget_errors();
  std::size_t sent = 0;
  const int result = SSL_write_ex(session, bytes.data(), bytes.size(), &sent);
  return result == 1 ? Step{Step::Kind::kDone, sent, {}} : judge(session, result);
}

}  // namespace sluice::io
