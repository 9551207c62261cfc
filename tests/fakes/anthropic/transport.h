// One accepted socket, plain or TLS, non-blocking. Used by its loop's thread.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>

namespace sluice::fakes {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

// Null and a message if the files cannot be used.
SslContext make_tls_context(const std::string& certificate_file, const std::string& key_file, std::string& error);

class Transport {
 public:
  enum class Result { kBytes, kLater, kEnd };

  // Takes the socket over; `tls` may be null and must outlive this.
  Transport(int fd, SSL_CTX* tls);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  bool tls() const { return ssl_ != nullptr; }
  Result read(char* to, std::size_t size, std::size_t& got);
  Result write(const char* from, std::size_t size, std::size_t& written);
  // The destructor sends RST instead of FIN.
  void reset_on_close();

 private:
  int fd_;
  SSL* ssl_ = nullptr;
};

}  // namespace sluice::fakes
