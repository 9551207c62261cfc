#include "tests/integration/api/control_plane.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "common/base/random.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"

namespace sluice::testing {

namespace {

void write_private(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  chmod(path.c_str(), 0600);
}

std::filesystem::path program() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path() / "controlplane" / "sluice-controlplane";
}

// A socket to the port; its destruction closes it.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(fd_); }

  bool send_all(const std::string& bytes) const {
    return connected_ && send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // Until the peer closes.
  [[nodiscard]] std::string read_all() const {
    std::string out;
    char buffer[16384];
    for (ssize_t n = 0; (n = recv(fd_, buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }
  // Closing resets the connection.
  void reset_at_close() const {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int fd_;
  bool connected_ = false;
};

// "" if nobody listens.
std::string send_and_read(std::uint16_t port, const std::string& bytes) {
  const Connection connection(port);
  return connection.send_all(bytes) ? connection.read_all() : std::string();
}

HttpAnswer parse_answer(const std::string& text) {
  HttpAnswer answer;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return answer;
  std::istringstream head(text.substr(0, end + 2));
  std::string line;
  std::getline(head, line);
  answer.status = std::stoi(line.substr(line.find(' ') + 1));
  while (std::getline(head, line)) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t colon = line.find(':');
    std::string name = line.substr(0, colon);
    for (char& c : name)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers.emplace_back(name, line.substr(line.find_first_not_of(' ', colon + 1)));
  }
  answer.body = text.substr(end + 4);
  return answer;
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

boost::json::value HttpAnswer::json() const {
  boost::json::error_code error;
  auto value = boost::json::parse(body, error);
  if (error) throw std::runtime_error("status " + std::to_string(status) + ", no JSON: " + body);
  return value;
}

ControlPlane::ControlPlane(PostgresServer& postgres)
    : ControlPlane(postgres.fresh_database(), random_base62(43), random_base62(43)) {}

std::unique_ptr<ControlPlane> ControlPlane::replica() const {
  return std::unique_ptr<ControlPlane>(new ControlPlane(database_, token_, node_token_));
}

ControlPlane::ControlPlane(std::string database, std::string token, std::string node_token)
    : database_(std::move(database)),
      token_(std::move(token)),
      node_token_(std::move(node_token)),
      http_port_(free_port()),
      grpc_port_(free_port()) {
  write_private(dir_ / "kek", std::string(64, 'a'));
  write_private(dir_ / "pepper", std::string(64, 'b'));
  write_private(dir_ / "node_token", node_token_);
  write_private(dir_ / "bootstrap_token", token_ + "\n");
  write_private(dir_ / "setup_token", setup_token());
  std::ofstream config(dir_ / "controlplane.yaml");
  config << "database: \"" << database_ << "\"\n"
         << "grpc_listen: \"127.0.0.1:" << grpc_port_ << "\"\n"
         << "http_listen: \"127.0.0.1:" << http_port_ << "\"\n"
         << "secrets:\n  key_encryption_key_file: kek\n  api_key_pepper_file: pepper\n"
         << "  node_token_file: node_token\n  bootstrap_token_file: bootstrap_token\n"
         << "  setup_token_file: setup_token\ntrusted_proxies: [\"127.0.0.0/8\"]\n"
         << "allow_private_upstreams: [\"127.0.0.0/8\"]\n"
         << "log:\n  level: debug\n";
  config.close();
  start();
  wait_until_ready();
}

void ControlPlane::wait_until_ready() const {
  if (!eventually(kGenerous, [this] { return ready(); })) {
    throw std::runtime_error("the control plane does not get ready: " + log_text());
  }
}

ControlPlane& ControlPlane::shared() {
  (void)PostgresServer::shared();  // outlives it
  static ControlPlane plane;
  return plane;
}

std::vector<std::string> ControlPlane::command(const std::vector<std::string>& more) const {
  std::vector<std::string> argv{program(), "--config", dir_ / "controlplane.yaml"};
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

void ControlPlane::start() {
  process_.reset();
  process_ = std::make_unique<Process>(ProcessOptions{.argv = command(), .log = dir_ / "log"});
}

HttpAnswer ControlPlane::http(const std::string& method, const std::string& target, const std::string& body,
                              const std::string& token, const Headers& more) const {
  std::string request = method + " " + target + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
  if (!token.empty()) request += "authorization: Bearer " + token + "\r\n";
  for (const auto& [name, value] : more)
    request += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST" || method == "PATCH" || method == "PUT") {
    request += "content-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n";
  }
  return parse_answer(send_and_read(http_port_, request + "\r\n" + body));
}

HttpAnswer ControlPlane::http(const std::string& method, const std::string& target, const std::string& body) const {
  return http(method, target, body, token_);
}

boost::json::value ControlPlane::ok(const std::string& method, const std::string& target,
                                    const std::string& body) const {
  const HttpAnswer answer = http(method, target, body);
  if (answer.status != 200) {
    throw std::runtime_error(method + " " + target + ": " + std::to_string(answer.status) + " " + answer.body);
  }
  return answer.json();
}

void ControlPlane::send_and_leave(const std::string& bytes) const {
  const Connection connection(http_port_);
  connection.reset_at_close();
  (void)connection.send_all(bytes);
}

std::shared_ptr<grpc::Channel> ControlPlane::channel() const {
  return grpc::CreateChannel(grpc_address(), grpc::InsecureChannelCredentials());
}

std::unique_ptr<grpc::ClientContext> ControlPlane::context(const std::string& token) {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
  context->set_deadline(std::chrono::system_clock::now() + kGenerous);
  return context;
}

bool ControlPlane::ready() const {
  return http("GET", "/readyz", {}, {}).status == 200;
}

std::string unique(const std::string& prefix) {
  return prefix + "-" + random_base62(12);
}

std::string text_at(const boost::json::value& value, const std::string& path) {
  const boost::json::value* at = &value;
  std::istringstream parts(path);
  for (std::string part; std::getline(parts, part, '.');)
    at = &at->at(part);
  return std::string(at->as_string());
}

std::string make_user(const ControlPlane& plane, const std::string& role) {
  return text_at(plane.ok("POST", "/admin/v1/users",
                          R"({"user": {"displayName": "U", "email": ")" + unique("u") + R"(@example.test", "role": ")" +
                              role + R"("}})"),
                 "user.id");
}

std::string make_group(const ControlPlane& plane) {
  return text_at(plane.ok("POST", "/admin/v1/groups", R"({"group": {"name": ")" + unique("g") + R"("}})"), "group.id");
}

}  // namespace sluice::testing
