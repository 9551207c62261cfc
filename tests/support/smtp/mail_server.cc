#include "tests/support/smtp/mail_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "tests/support/smtp/base64.h"

namespace sluice::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

template <class Stream>
struct Lines {
  Stream& stream;
  std::string buffer = {};

  // Without its end. False at the end of the connection.
  bool read(std::string& line) {
    boost::system::error_code bad;
    const std::size_t n = asio::read_until(stream, asio::dynamic_buffer(buffer), "\r\n", bad);
    if (bad) return false;
    line = buffer.substr(0, n - 2);
    buffer.erase(0, n);
    return true;
  }
  void write(const std::string& line) {
    boost::system::error_code bad;
    asio::write(stream, asio::buffer(line + "\r\n"), bad);
  }
};

std::string in_brackets(const std::string& line) {
  const std::size_t start = line.find('<') + 1;
  return line.substr(start, line.find('>', start) - start);
}

template <class Stream>
std::string read_text(Lines<Stream>& lines) {
  std::string text;
  for (std::string line; lines.read(line) && line != ".";)
    text += (line.starts_with("..") ? line.substr(1) : line) + "\n";
  return text;
}

}  // namespace

MailServer::MailServer(SmtpSecurity security, const std::string& certificate, const std::string& key)
    : security_(security) {
  if (security != SmtpSecurity::kNone) {
    tls_.use_certificate_chain(asio::buffer(certificate));
    tls_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
  }
  acceptor_.open(tcp::v4());
  acceptor_.bind({asio::ip::address_v4::loopback(), 0});
  acceptor_.listen();
  port_ = acceptor_.local_endpoint().port();
  thread_ = std::thread([this] { run(); });
}

MailServer::~MailServer() {
  stopped_ = true;
  boost::system::error_code bad;
  // Wakes accept().
  tcp::socket(context_).connect({asio::ip::address_v4::loopback(), port_}, bad);
  thread_.join();
}

void MailServer::answer(const std::string& command, const std::string& line, int times) {
  const std::lock_guard lock(mutex_);
  answers_[command] = {line, times};
}

std::vector<SmtpMail> MailServer::mails() const {
  const std::lock_guard lock(mutex_);
  return mails_;
}

std::string MailServer::special(const std::string& command) {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(command);
  if (found == answers_.end() || found->second.second == 0) return {};
  --found->second.second;
  return found->second.first;
}

void MailServer::run() {
  while (!stopped_) {
    boost::system::error_code bad;
    asio::ssl::stream<tcp::socket> stream(context_, tls_);
    acceptor_.accept(stream.next_layer(), bad);
    if (bad || stopped_) continue;
    SmtpMail mail;
    bool upgrade = security_ == SmtpSecurity::kTls;
    if (!upgrade) upgrade = talk(stream.next_layer(), mail, security_ == SmtpSecurity::kStartTls);
    if (!upgrade) continue;
    stream.handshake(asio::ssl::stream_base::server, bad);
    mail.tls = true;
    if (!bad) (void)talk(stream, mail, false);
  }
}

// True: the client wants TLS now.
template <class Stream>
bool MailServer::talk(Stream& stream, SmtpMail& mail, bool may_start_tls) {
  Lines<Stream> lines{stream};
  if (!mail.tls || security_ == SmtpSecurity::kTls) lines.write("220 test ESMTP");
  for (std::string line; lines.read(line);) {
    const std::string command = line.substr(0, 4);
    if (const std::string said = special(command); !said.empty()) {
      lines.write(said);
    } else if (command == "EHLO") {
      mail.hello = line.substr(5);
      lines.write("250-test");
      if (may_start_tls) lines.write("250-STARTTLS");
      lines.write("250 AUTH PLAIN");
    } else if (command == "STAR" && may_start_tls) {
      lines.write("220 go on");
      return true;
    } else if (command == "AUTH") {
      mail.login = line.size() > 11 ? line.substr(11) : "";
      if (mail.login.empty()) {
        lines.write("334 ");
        if (!lines.read(mail.login)) return false;
      }
      lines.write("235 welcome");
    } else if (command == "MAIL") {
      mail.from = in_brackets(line);
      lines.write("250 fine");
    } else if (command == "RCPT") {
      mail.to = in_brackets(line);
      lines.write("250 fine");
    } else if (command == "DATA") {
      lines.write("354 go on");
      mail.text = read_text(lines);
      const std::lock_guard lock(mutex_);
      mails_.push_back(mail);
      lines.write("250 taken");
    } else if (command == "QUIT") {
      lines.write("221 bye");
      return false;
    } else {
      lines.write("502 unknown");
    }
  }
  return false;
}

std::string MailServer::body_of(const SmtpMail& mail) {
  std::string body = mail.text.substr(mail.text.find("\n\n") + 2);
  std::erase(body, '\n');
  std::string decoded = decode_base64(body);
  std::erase(decoded, '\r');
  return decoded;
}

}  // namespace sluice::testing
