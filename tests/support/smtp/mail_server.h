// A mail server on 127.0.0.1 that keeps every mail: EHLO, STARTTLS, AUTH PLAIN and LOGIN, MAIL, RCPT, DATA (RFC 5321,
// 3207, 4954), one connection at a time. Members from any thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::testing {

struct SmtpMail {
  bool tls = false;
  std::string hello;  // the name that the client greeted with
  std::string login;  // base64 as it came; empty: none
  std::string from;
  std::string to;
  std::string text;  // lines end with \n
};

enum class SmtpSecurity { kNone, kStartTls, kTls };

class MailServer {
 public:
  // With TLS it shows this certificate, PEM.
  explicit MailServer(SmtpSecurity security = SmtpSecurity::kNone, const std::string& certificate = {},
                      const std::string& key = {});
  ~MailServer();
  MailServer(const MailServer&) = delete;
  MailServer& operator=(const MailServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  // The next `times` commands of this name ("RCPT", "AUTH", "DATA" ...) get this answer: "550 no such user".
  void answer(const std::string& command, const std::string& line, int times = 1);
  [[nodiscard]] std::vector<SmtpMail> mails() const;
  // What stands in the mail's text, decoded.
  [[nodiscard]] static std::string body_of(const SmtpMail& mail);

 private:
  void run();
  template <class Stream>
  [[nodiscard]] bool talk(Stream& stream, SmtpMail& mail, bool may_start_tls);
  [[nodiscard]] std::string special(const std::string& command);

  const SmtpSecurity security_;
  boost::asio::io_context context_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  boost::asio::ip::tcp::acceptor acceptor_{context_};
  std::uint16_t port_ = 0;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  std::vector<SmtpMail> mails_;
  std::map<std::string, std::pair<std::string, int>> answers_;
  std::thread thread_;
};

}  // namespace sluice::testing
